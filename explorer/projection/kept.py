"""Maps that were made before, kept beside the Dataset they belong to."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.projection import Projection

LAYOUT = 1
"""Raised whenever the same request would give another map than before."""


def found(
    dataset: Dataset, metric: Metric, method: str, params: Mapping[str, object], seed: int | None
) -> Projection | None:
    """The finished map of that request, if there is one."""
    stem = _stem(dataset, metric, method, params, seed)
    try:
        facts = json.loads(stem.with_suffix(".json").read_text("utf-8"))
        positions = np.load(stem.with_suffix(".npy"), allow_pickle=False)
    except (OSError, ValueError):
        return None
    return Projection(positions, **facts) if positions.shape == (dataset.rows, 2) else None


def keep(made: Projection, params: Mapping[str, object], dataset: Dataset) -> None:
    """Keep a map under the request that made it (`params` as they were asked for); a full disk is no error."""
    stem = _stem(dataset, made.metric, made.method, params, made.seed)
    facts = {key: value for key, value in asdict(made).items() if key != "positions"}
    with contextlib.suppress(OSError):
        stem.parent.mkdir(exist_ok=True)
        for suffix in (".npy", ".json"):
            beside = stem.with_name(f"{stem.name}.{os.getpid()}{suffix}")
            if suffix == ".npy":
                np.save(beside, made.positions)
            else:
                beside.write_text(json.dumps(facts), "utf-8")
            beside.replace(stem.with_suffix(suffix))


def _stem(dataset: Dataset, metric: Metric, method: str, params: Mapping[str, object], seed: int | None) -> Path:
    """Dot maps are made with cosine, so both share one."""
    metric = "cosine" if metric == "dot" else metric
    key = json.dumps([LAYOUT, metric, method, sorted(params.items()), seed], default=str)
    return dataset.folder / "maps" / hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
