"""What graphs show of themselves: their links as the libraries tell them, walks that end where the libraries' do, and
why a walk did not come to a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import explorer
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import ranked
from explorer.core.recall import judged
from explorer.core.structure import Layers
from explorer.core.trace import DESCEND, VISIT, Trace
from explorer.errors import Cancelled
from explorer.indexes import asking, reaching, type_named
from explorer.indexes.agreeing import difference
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.indexes.layered import Given
from explorer.indexes.saved import open_saved

MakeDataset = Callable[..., Dataset]

SMALL: dict[str, dict[str, object]] = {
    "faiss-hnsw": {"M": 6, "seed": 1},
    "hnswlib": {"M": 5, "seed": 3},
    "usearch": {"connectivity": 5, "threads": 1},
    "voyager": {"M": 5, "seed": 3},
}
EFFORT = {"faiss-hnsw": "efSearch", "hnswlib": "ef", "usearch": "expansion_search", "voyager": "query_ef"}
METRICS: tuple[Metric, ...] = ("cosine", "euclidean", "dot")
HERE = [
    pytest.param(name, marks=pytest.mark.skipif(bool(reason := type_named(name).unavailable()), reason=str(reason)))
    for name in SMALL
]
EACH = pytest.mark.parametrize("name", HERE)


def vectors(rows: int = 900, dimensions: int = 10) -> NDArray[np.float32]:
    random = np.random.default_rng(2)
    found = random.standard_normal((rows, dimensions)) * random.uniform(0.5, 2, (rows, 1))
    return found.astype(np.float32)


def opened(dataset: Dataset, name: str, metric: Metric, folder: Path) -> tuple[IndexHandle, Searcher]:
    handle = built(dataset, name, metric, SMALL[name], folder)
    return handle, type_named(name).open(handle, dataset)


def layers_of(searcher: Searcher) -> Layers:
    found = searcher.structure()[0]
    assert isinstance(found, Layers)
    return found


def links(layers: Layers, row: int, layer: int) -> list[int]:
    found: list[int] = layers.links[layer][layers.starts[layer][row] : layers.starts[layer][row + 1]].tolist()
    return found


def replays(
    dataset: Dataset, name: str, metric: Metric, folder: Path, queries: NDArray[np.float32], **given: Any
) -> None:
    """Every replay finds the library's own rows, up to equal scores, and says so."""
    handle, searcher = opened(dataset, name, metric, folder)
    k = int(given.pop("k", 10))
    params = asking.resolved(handle, given, k)
    for query in queries:
        trace = searcher.trace(query, k, params)
        assert trace is not None
        theirs = searcher.search(query[None], k, params)[0]
        theirs = theirs[theirs >= 0]
        assert trace.differs == ""
        assert len(trace.found) == len(theirs)
        if not np.array_equal(trace.found, theirs):
            ours, own = (ranked(dataset.vectors, query, rows, metric, k).distances for rows in (trace.found, theirs))
            np.testing.assert_allclose(ours, own, rtol=1e-5, atol=1e-5)
    searcher.close()


@EACH
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("effort", [1, 12, 80])
def test_a_replay_ends_at_the_librarys_own_rows(
    make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric, effort: int
) -> None:
    x = vectors()
    queries = x[:40] + np.float32(0.1) * x[40:80]
    replays(make_dataset(x), name, metric, tmp_path / "i", queries, **{EFFORT[name]: effort})


@EACH
@pytest.mark.parametrize(("sample", "metric"), [("digits", "euclidean"), ("digits", "dot"), ("wordnet", "cosine")])
def test_a_replay_over_real_vectors_full_of_ties(
    make_dataset: MakeDataset, tmp_path: Path, name: str, sample: str, metric: Metric
) -> None:
    x = np.array(explorer.load(f"sample:{sample}").vectors[:1700])
    replays(make_dataset(x), name, metric, tmp_path / "i", x[::20])


@EACH
def test_duplicates_and_zero_rows(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    x = vectors(300)
    x[20:60] = x[20]
    x[100:112] = 0
    replays(make_dataset(x), name, "cosine", tmp_path / "i", x[:40], k=30)


@EACH
def test_a_walk_is_told_step_by_step(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    x = vectors()
    handle, searcher = opened(make_dataset(x), name, "euclidean", tmp_path / "i")
    layers = layers_of(searcher)
    trace = searcher.trace(x[5] * 2, 10, asking.resolved(handle, {}, 10))
    assert trace is not None
    assert (trace.kind, trace.total, trace.approximate) == ("graph", 900, False)
    top = int(layers.levels.max())
    assert trace.levels.tolist() == sorted(trace.levels.tolist(), reverse=True)
    assert trace.levels[0] == top
    assert (trace.actions == np.where(trace.levels > 0, DESCEND, VISIT)).all()
    assert trace.origins[0] == -1
    if top:
        assert trace.places[0] == layers.entry
    assert (np.diff(trace.known) >= 0).all()
    assert trace.known[-1] == len(trace.rows) == len(set(trace.rows.tolist()))
    assert trace.computed >= len(trace.rows)
    for action, place, level, origin in zip(trace.actions, trace.places, trace.levels, trace.origins, strict=True):
        # Every move goes along a link; a layer is entered where the one above was left.
        if origin >= 0 and origin != place:
            assert place in links(layers, int(origin), int(level))
        assert layers.levels[place] >= level
        assert action in (DESCEND, VISIT)
    square = np.square(x[trace.rows] - x[5] * 2).sum(axis=1)
    np.testing.assert_allclose(trace.scores, square, rtol=1e-4)
    values = np.square(x[trace.places] - x[5] * 2).sum(axis=1)
    np.testing.assert_allclose(trace.values, values, rtol=1e-4)
    searcher.close()


@EACH
def test_layers_are_the_librarys_links(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    x = vectors()
    _, searcher = opened(make_dataset(x), name, "euclidean", tmp_path / "i")
    layers = layers_of(searcher)
    assert layers.levels.min() == 0
    assert layers.levels[layers.entry] == layers.levels.max() == len(layers.links) - 1
    assert len(layers.most) == len(layers.links)
    for layer, found in enumerate(layers.links):
        counts = np.diff(layers.starts[layer])
        assert counts.max() <= layers.most[layer]
        assert not counts[layers.levels < layer].any()
        assert (layers.levels[found] >= layer).all()
    near = ranked(x, x[7], np.arange(900), "euclidean", 20).rows
    assert set(links(layers, 7, 0)) & set(near.tolist())
    if name == "faiss-hnsw":
        hnsw = searcher._index.hnsw  # type: ignore[attr-defined]
        import faiss

        flat, offsets = faiss.vector_to_array(hnsw.neighbors), faiss.vector_to_array(hnsw.offsets)
        for row in (0, 7, 899):
            own = flat[int(offsets[row]) : int(offsets[row]) + 12]
            assert links(layers, row, 0) == own[own >= 0].tolist()
    searcher.close()


@EACH
def test_a_replay_can_be_stopped(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    _, searcher = opened(make_dataset(vectors()), name, "euclidean", tmp_path / "i")

    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        searcher.trace(vectors()[0], 10, {EFFORT[name]: 900}, stop)
    with pytest.raises(Cancelled):
        searcher.structure(stop)
    searcher.close()


@EACH
def test_every_miss_has_its_cause(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    x = vectors()
    dataset = make_dataset(x)
    _, searcher = opened(dataset, name, "euclidean", tmp_path / "i")
    graph, count = Given(layers_of(searcher)), 0
    for row in range(0, 900, 9):
        trace = searcher.trace(x[row], 10, {EFFORT[name]: 10})
        assert trace is not None
        truth = ranked(x, x[row], np.arange(900), "euclidean", 10)
        found = ranked(x, x[row], trace.found, "euclidean", 10)
        for miss in judged(found, truth, "euclidean").misses.tolist():
            cause = searcher.cause(trace, x[row], miss)
            assert cause is not None
            assert (cause.param, cause.value) == ("", None)
            count += 1
            if cause.reason == "not_visited" and " away from row #" in cause.detail:
                told = cause.detail.split(" away from row #")
                steps = 1 if "one link" in told[0] else int(told[0].split()[-2])
                assert reaching.hops(graph, np.array([int(told[1].split(",")[0])]), miss) is not None
                assert steps == hops_by_hand(graph, trace, miss)
            elif cause.reason == "unreachable":
                assert miss in np.flatnonzero(~reaching.reachable(graph))
        assert searcher.cause(trace, x[row], int(trace.found[0])) is None
    assert count > 20
    searcher.close()


def hops_by_hand(graph: Given, trace: Trace, goal: int) -> int:
    """How many links it takes from what was compared on the ground layer."""
    reached = set(trace.places[trace.actions == VISIT].tolist())
    reached |= {link for row in reached for link in graph.links(row, 0).tolist()}
    for steps in range(1, 900):
        reached |= {link for row in reached for link in graph.links(row, 0).tolist()}
        if goal in reached:
            return steps
    raise AssertionError("no path")


def test_what_no_link_leads_to_is_unreachable_and_what_is_not_there_is_not_indexed() -> None:
    """0 → 1 → 2, 3 → 2, and 4 is not in the graph; 5 is reached from the upper layer only."""
    levels = np.array([1, 0, 0, 0, -1, 1], np.int8)
    ground = Layers(
        levels,
        (np.array([0, 1, 2, 2, 3, 3, 3]), np.array([0, 1, 1, 1, 1, 1, 2])),
        (np.array([1, 2, 2], np.int32), np.array([5, 0], np.int32)),
        0,
    )
    graph = Given(ground)
    assert reaching.reachable(graph).tolist() == [True, True, True, False, False, True]
    assert reaching.hops(graph, np.array([0]), 2) == (2, 0)
    assert reaching.hops(graph, np.array([0]), 3) is None
    walk = Trace(
        "graph",
        np.array([VISIT], np.uint8),
        np.array([0], np.int32),
        np.zeros(1),
        np.zeros(1, np.int16),
        np.array([-1], np.int32),
        np.array([2], np.int32),
        np.array([0, 1], np.int32),
        np.zeros(2),
        np.array([0]),
        6,
        2,
    )
    reasons = {row: reaching.cause(graph, walk, row) for row in range(6)}
    assert [getattr(reasons[row], "reason", None) for row in range(6)] == [
        None,
        None,
        "not_visited",
        "unreachable",
        "not_indexed",
        "not_visited",
    ]
    assert "one link away from row #1" in getattr(reasons[2], "detail", "")


def test_deleted_and_missing_rows_of_hnswlib(make_dataset: MakeDataset, tmp_path: Path) -> None:
    hnswlib = pytest.importorskip("hnswlib")
    x = vectors()
    dataset, path = make_dataset(x), tmp_path / "other.bin"
    index = hnswlib.Index("l2", 10)
    index.init_index(900, M=5, ef_construction=50, random_seed=1)
    index.add_items(x[200:], np.arange(200, 900), num_threads=1)
    for row in range(200, 900, 3):
        index.mark_deleted(row)
    index.save_index(str(path))
    handle = open_saved(path, dataset, "euclidean")
    searcher = type_named("hnswlib").open(handle, dataset)
    layers = layers_of(searcher)
    assert (layers.levels[:200] == -1).all()
    assert (layers.levels[200:] >= 0).all()
    for row in range(200, 400):
        trace = searcher.trace(x[row], 10, {"ef": 12})
        assert trace is not None
        assert trace.differs == ""
        assert trace.found.tolist() == searcher.search(x[row : row + 1], 10, {"ef": 12})[0].tolist()
        assert not (trace.found % 3 == 200 % 3).any()
    for row, said in ((3, "does not hold"), (200, "marked as deleted")):
        cause = searcher.cause(trace, x[300], row)
        assert cause is not None
        assert cause.reason == "not_indexed"
        assert said in cause.detail
    searcher.close()


def test_what_makes_an_answer_another() -> None:
    scores = np.array([1.0, 2.0, 2.0 + 1e-6, 3.0, np.nan])

    def of(rows: NDArray[np.int64]) -> NDArray[np.floating]:
        return scores[rows]

    def differs(ours: list[int], theirs: list[int]) -> str:
        return difference(np.array(ours), np.array(theirs), of)

    assert differs([0, 1], [0, 1]) == differs([0, 1], [0, 2]) == differs([1, 0], [0, 1]) == ""
    assert differs([0, 1], [0, 3]) == "The library found another row than this replay."
    assert differs([0, 1], [3, 4]) == "The library found 2 other rows than this replay."
    assert differs([0, 1], [0]) == "The library found one row, this replay 2."
