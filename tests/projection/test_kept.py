"""Maps kept beside their Dataset: found again, and never believed when they are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.core.projection import Projection
from explorer.formats import reading
from explorer.projection import kept

ROWS = 30


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    path = tmp_path / "vectors.npy"
    np.save(path, np.random.default_rng(0).normal(size=(ROWS, 4)).astype(np.float32))
    return reading.read(path)


@pytest.fixture
def made() -> Projection:
    positions = np.random.default_rng(1).normal(size=(ROWS, 2)).astype(np.float32)
    stages = {"layout": 0.25}
    return Projection(positions, "umap", "cosine", {"n_neighbors": 5}, 3, 1.5, stages, "A note.")


def found(dataset: Dataset, **changes: Any) -> Projection | None:
    asked = {"metric": "cosine", "method": "umap", "params": {"n_neighbors": 5}, "seed": 3, **changes}
    return kept.found(dataset, **asked)


def test_a_map_is_found_under_the_request_that_made_it(dataset: Dataset, made: Projection) -> None:
    assert found(dataset) is None
    kept.keep(made, made.params, dataset)
    again = found(dataset)
    assert again is not None
    np.testing.assert_array_equal(again.positions, made.positions)
    assert (again.params, again.seed, again.stages, again.note) == (made.params, 3, made.stages, "A note.")
    assert found(dataset, metric="dot") is not None, "dot maps are made with cosine"
    others = ({"metric": "euclidean"}, {"method": "pca"}, {"params": {}}, {"seed": None})
    assert [found(dataset, **change) for change in others] == [None] * 4


def spoilt_facts(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(stem: Path) -> None:
        facts = json.loads(stem.with_suffix(".json").read_text("utf-8"))
        stem.with_suffix(".json").write_text(json.dumps(change(facts)), "utf-8")

    return spoil


def spoilt_positions(change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Callable[[Path], None]:
    return lambda stem: np.save(stem.with_suffix(".npy"), change(np.load(stem.with_suffix(".npy"))))


@pytest.mark.parametrize(
    "spoil",
    [
        spoilt_facts(lambda facts: {**facts, "colour": "blue"}),
        spoilt_facts(lambda facts: {key: facts[key] for key in facts if key != "method"}),
        spoilt_facts(lambda facts: list(facts)),
        spoilt_facts(lambda facts: {**facts, "method": "tsne"}),
        spoilt_facts(lambda facts: {**facts, "metric": "hamming"}),
        spoilt_facts(lambda facts: {**facts, "stages": None}),
        spoilt_positions(lambda xy: xy.astype(np.float64)),
        spoilt_positions(lambda xy: xy[:-1]),
        spoilt_positions(lambda xy: np.where(np.arange(ROWS)[:, None] == 7, np.float32(np.nan), xy)),
        lambda stem: stem.with_suffix(".npy").write_bytes(stem.with_suffix(".npy").read_bytes()[:-9]),
        lambda stem: stem.with_suffix(".npy").write_bytes(b""),
        lambda stem: stem.with_suffix(".json").write_bytes(b"\xff{"),
    ],
    ids=[
        *("another key", "a key less", "a list", "another method", "another metric", "no stages"),
        *("float64", "too short", "NaN", "cut", "empty", "noise"),
    ],
)
def test_what_is_not_the_map_that_was_kept_is_made_anew(
    dataset: Dataset, made: Projection, spoil: Callable[[Path], None]
) -> None:
    kept.keep(made, made.params, dataset)
    (stem,) = {path.with_suffix("") for path in (dataset.folder / "maps").iterdir()}
    spoil(stem)
    assert found(dataset) is None
    kept.keep(made, made.params, dataset)
    assert found(dataset) is not None
