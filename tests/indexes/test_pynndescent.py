"""PyNNDescent: its search is followed step for step, its descent too, and what it built is opened without building."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer import machine_code
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.errors import BadFile, BadParameter
from explorer.indexes import building, type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.graph_searcher import RowSearcher
from explorer.indexes.pynndescent import graph, items, walk

MakeDataset = Callable[..., Dataset]
KIND = type_named("pynndescent")
pytestmark = pytest.mark.skipif(bool(KIND.unavailable()), reason="pynndescent is not here")


def vectors(rows: int = 1500, dimensions: int = 12) -> NDArray[np.float32]:
    random = np.random.default_rng(5)
    centres = random.standard_normal((8, dimensions)) * 2
    found = centres[random.integers(0, 8, rows)] + random.standard_normal((rows, dimensions))
    return found.astype(np.float32)


def built(dataset: Dataset, metric: Metric, folder: Path, **params: object) -> IndexHandle:
    return building.built(dataset, "pynndescent", metric, {"seed": 1, **params}, folder)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("neighbours", [30, 5])
def test_its_graph_and_its_lists_are_those_of_the_library(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, neighbours: int
) -> None:
    """With 5 neighbours the leaves of the tree hold fewer rows than a search begins from, or the walk is short."""
    dataset = make_dataset(vectors())
    handle = built(dataset, metric, tmp_path / "index", n_neighbors=neighbours)
    opened = graph.read(handle.path, dataset.rows, dataset.dimensions)
    with machine_code.kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pynndescent import NNDescent

        theirs = NNDescent(dataset.vectors.copy(), metric, n_neighbors=neighbours, random_state=1, n_jobs=1)
        theirs.prepare()
    np.testing.assert_array_equal(opened.starts, theirs._search_graph.indptr)
    np.testing.assert_array_equal(opened.links, theirs._search_graph.indices)
    np.testing.assert_array_equal(opened.rows, theirs._vertex_order)
    queries = np.concatenate([dataset.vectors[::100], vectors(30) + np.float32(0.5)])
    for k, epsilon in ((10, 0.1), (1, 0.0), (40, 0.3), (100, 0.1)):
        for query in queries:
            rows, distances = theirs.query(query[None], k=k, epsilon=epsilon)
            found = walk.found(opened, query[None], metric, k, epsilon)
            own = distances[0][np.isfinite(distances[0])]
            assert len(found) == len(own)
            if set(found.tolist()) != set(rows[0][: len(own)].tolist()):
                raise AssertionError((k, epsilon, found, rows))


@pytest.mark.parametrize("metric", METRICS)
def test_little_effort_finds_most(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    dataset = make_dataset(vectors(), metric)
    handle = built(dataset, metric, tmp_path / "index")
    exact = building.built(dataset, "exact", metric, {}, tmp_path / "exact")
    queries = dataset.vectors[::30]
    found = KIND.open(handle, dataset).search(queries, 10, {"epsilon": 0.1})
    truth = type_named("exact").open(exact, dataset).search(queries, 10, {})
    hits = [len(set(a.tolist()) & set(b.tolist())) for a, b in zip(found, truth, strict=True)]
    assert np.mean(hits) >= 9


def test_the_descent_says_its_rounds(make_dataset: MakeDataset, tmp_path: Path) -> None:
    said: list[tuple[float | None, str]] = []
    dataset = make_dataset(vectors())
    building.built(dataset, "pynndescent", "euclidean", {}, tmp_path / "x", lambda f, note="": said.append((f, note)))
    notes = [note for _, note in said]
    assert sum(note.startswith("round ") for note in notes) >= 2
    assert any("compiles" in note for note in notes)
    fractions = [fraction for fraction, _ in said if fraction is not None]
    assert fractions == sorted(fractions)


def test_a_seed_makes_the_same_index(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    once, again = (built(dataset, "cosine", tmp_path / name).path.with_name("links.npy") for name in "ab")
    assert once.read_bytes() == again.read_bytes()


def test_queries_stand_as_near_to_rows_as_under_our_metric(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(vectors(200))
    query = dataset.vectors[3:4] * 5 + 1
    for metric in METRICS:
        rows = items.as_items(dataset, metric, lambda *_: None).astype(np.float64)
        asked = items.as_queries(query, metric).astype(np.float64)
        ours = {
            "cosine": -(dataset.vectors @ query[0]) / np.linalg.norm(dataset.vectors, axis=1),
            "euclidean": np.linalg.norm(dataset.vectors - query, axis=1),
            "dot": -(dataset.vectors @ query[0]),
            "manhattan": np.abs(dataset.vectors - query).sum(axis=1),
        }[metric]
        theirs = np.linalg.norm(rows - asked, ord=1 if metric == "manhattan" else 2, axis=1)
        assert np.argsort(theirs)[:20].tolist() == np.argsort(ours)[:20].tolist()


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 29, 30, 31, 32])
@pytest.mark.parametrize("metric", METRICS)
def test_few_rows_are_all_found(make_dataset: MakeDataset, tmp_path: Path, rows: int, metric: Metric) -> None:
    dataset = make_dataset(vectors(rows))
    found = KIND.open(built(dataset, metric, tmp_path / "x"), dataset).search(dataset.vectors[:1], 50, {"epsilon": 0.1})
    assert sorted(found[0].tolist()) == list(range(rows))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("links", lambda a: a + 10_000),
        ("links", lambda a: a - 10_000),
        ("links", lambda a: a[:-1]),
        ("links", lambda a: a.astype(np.int64)),
        ("starts", lambda a: a[::-1]),
        ("starts", lambda a: a[:-1]),
        ("children", lambda a: np.where(a > 0, 0 * a + 1, a)),
        ("children", lambda a: a - 10_000),
        ("children", lambda a: np.where(a > 0, a + 10_000, a)),
        ("rows", lambda a: -a),
        ("leaves", lambda a: a + 1),
        ("vectors", lambda a: a[:, :-1]),
        ("planes", lambda a: a.T),
        ("numbers", lambda a: a[:1]),
        ("state", lambda a: np.array([{}], object)),
    ],
)
def test_arrays_that_lead_astray_are_not_opened(
    make_dataset: MakeDataset, tmp_path: Path, name: str, spoil: Callable[[NDArray[np.generic]], NDArray[np.generic]]
) -> None:
    dataset = make_dataset(vectors(300))
    handle = built(dataset, "euclidean", tmp_path / "x")
    path = handle.path.with_name(f"{name}.npy")
    spoilt = spoil(np.load(path))
    path.unlink()
    np.save(path, spoilt, allow_pickle=True)
    with pytest.raises(BadFile, match="build it again"):
        KIND.open(handle, dataset)
    path.unlink()
    with pytest.raises(BadFile, match="build it again"):
        KIND.open(handle, dataset)


def test_a_disk_that_is_full_leaves_nothing(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.errors import TaskFailed

    saved = np.save

    def full(path: Path, array: NDArray[np.generic], **options: bool) -> None:
        saved(path, array, **options)
        if Path(path).name == "links.npy":
            raise OSError(28, "No space left on device")

    dataset = make_dataset(vectors(300))
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(TaskFailed, match="disk full"):
        built(dataset, "euclidean", tmp_path / "x")
    assert list((tmp_path / "x").iterdir()) == []


def test_what_it_cannot_do_is_said(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(50))
    with pytest.raises(BadParameter, match="n_neighbors"):
        built(dataset, "euclidean", tmp_path / "x", n_neighbors=1)
    assert not KIND.suffix and KIND.family == "numba"
    assert issubclass(type(KIND.open(built(dataset, "cosine", tmp_path / "x"), dataset)), RowSearcher)


def test_a_search_in_a_new_process_needs_numba_alone_and_no_minute(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(300))
    handle = built(dataset, "manhattan", tmp_path / "x")
    script = f"""
import sys, time
import numpy as np
from explorer import machine_code
from explorer.indexes.pynndescent import graph, walk
opened = graph.read(__import__("pathlib").Path({str(handle.path)!r}), 300, 12)
found = walk.found(opened, np.asarray(opened.vectors[:1]), "manhattan", 3, 0.1)
stats = walk.compiled().stats
print(found[0] == opened.rows[0], len(stats.cache_hits), len(stats.cache_misses), "pynndescent" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True 1 0 False\n"
