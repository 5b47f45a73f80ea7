"""Maps that were made before, kept beside the Dataset they belong to."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from explorer import unfinished
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.projection import Projection

LAYOUT = 2
"""Raised whenever the same request would give another map than before."""


def found(
    dataset: Dataset, metric: Metric, method: str, params: Mapping[str, object], seed: int | None
) -> Projection | None:
    """The finished map of that request, if there is one."""
    stem = _stem(dataset, metric, method, params, seed)
    try:
        facts = json.loads(stem.with_suffix(".json").read_text("utf-8"))
        found = Projection(np.load(stem.with_suffix(".npy"), allow_pickle=False), **facts)
    except (OSError, ValueError, TypeError, EOFError):
        # Another version of the program may have kept something else, and disks lose halves of files.
        return None
    return found if _is_sound(found, dataset) and found.method == method else None


def keep(made: Projection, params: Mapping[str, object], dataset: Dataset) -> None:
    """Keep a map under the request that made it (`params` as they were asked for); a full disk is no error."""
    stem = _stem(dataset, made.metric, made.method, params, made.seed)
    facts = {key: value for key, value in asdict(made).items() if key != "positions"}
    with contextlib.suppress(OSError):
        stem.parent.mkdir(exist_ok=True)
        with unfinished.beside(stem.with_suffix(".npy")) as part, part.open("wb") as file:
            np.save(file, made.positions)
        with unfinished.beside(stem.with_suffix(".json")) as part:
            part.write_text(json.dumps(facts), "utf-8")


def _is_sound(made: Projection, dataset: Dataset) -> bool:
    """Whether what was kept is a map of this Dataset: a file that is not is made anew, and never shown."""
    positions = made.positions
    right = positions.shape == (dataset.rows, 2) and positions.dtype == np.float32 and np.isfinite(positions).all()
    kinds = ((made.params, dict), (made.stages, dict), (made.seconds, float), (made.note, str), (made.stopped, bool))
    return bool(right) and made.metric in METRICS and all(isinstance(value, kind) for value, kind in kinds)


def _stem(dataset: Dataset, metric: Metric, method: str, params: Mapping[str, object], seed: int | None) -> Path:
    """Dot maps are made with cosine, so both share one."""
    metric = "cosine" if metric == "dot" else metric
    key = json.dumps([LAYOUT, metric, method, sorted(params.items()), seed], default=str)
    return dataset.folder / "maps" / hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
