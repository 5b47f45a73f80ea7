"""PyNNDescent: built twice the same, rebuilt and never unpickled. It compiles itself first, which takes a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import ranked
from explorer.errors import BadFile, BadParameter
from explorer.indexes import asking, type_named
from explorer.indexes.building import built

MakeDataset = Callable[..., Dataset]
KIND = type_named("pynndescent")

pytestmark = [
    pytest.mark.timeout(1500),
    pytest.mark.skipif(bool(KIND.unavailable()), reason=str(KIND.unavailable())),
]


def vectors() -> NDArray[np.float32]:
    found = np.random.default_rng(2).standard_normal((1500, 10)) * np.linspace(0.5, 2, 1500)[:, None]
    return found.astype(np.float32)


def test_a_seed_makes_the_same_index_and_more_effort_finds_more(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    for metric in KIND.metrics:
        one, other = (
            built(dataset, "pynndescent", metric, {"seed": 3}, tmp_path / f"{metric}{turn}") for turn in range(2)
        )
        with np.load(one.path) as first, np.load(other.path) as second:
            np.testing.assert_array_equal(first["rows"], second["rows"])
        searcher, again = KIND.open(one, dataset), KIND.open(other, dataset)
        queries = dataset.vectors[::50]
        shares = []
        for epsilon in (0.0, 0.4):
            params = asking.resolved(one, {"epsilon": epsilon}, 10)
            found = searcher.search(queries, 10, params)
            np.testing.assert_array_equal(found, again.search(queries, 10, params))
            true = [ranked(dataset.vectors, query, np.arange(1500), metric, 10) for query in queries]
            hits = sum(len(set(rows.tolist()) & set(t.rows.tolist())) for rows, t in zip(found, true, strict=True))
            shares.append(hits / found.size)
        assert shares[0] <= shares[1]
        assert shares[1] > 0.95
        searcher.close()
        again.close()


def test_without_its_graph_it_has_to_be_built_again(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors()[:50])
    handle = built(dataset, "pynndescent", "euclidean", {"seed": 3}, tmp_path / "index")
    with pytest.raises(BadFile, match="is not the graph that was built"):
        KIND.open(handle, make_dataset(vectors()[:49]))
    handle.path.write_bytes(b"PK")
    with pytest.raises(BadFile, match="build it again"):
        KIND.open(handle, dataset)
    handle.path.unlink()
    with pytest.raises(BadFile, match="build it again"):
        KIND.open(handle, dataset)


def test_lengths_beyond_float32_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="too small for PyNNDescent under euclidean"):
        built(make_dataset(vectors() * np.float32(1e-30)), "pynndescent", "euclidean", {}, tmp_path / "index")


def test_it_says_that_it_compiles(make_dataset: MakeDataset, tmp_path: Path) -> None:
    notes: list[str] = []

    def progress(fraction: float | None, note: str = "") -> None:
        notes.append(note)

    built(make_dataset(vectors()[:50]), "pynndescent", "euclidean", {}, tmp_path / "index", progress)
    assert any("compiling" in note for note in notes)
