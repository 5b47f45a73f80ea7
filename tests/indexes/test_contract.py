"""What every index type keeps to, in every metric it has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.neighbours import Neighbours
from explorer.core.recall import judged
from explorer.errors import BadFile, BadParameter, Cancelled
from explorer.indexes import asking, type_named, types
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.indexes.saved import open_saved, save_index

MakeDataset = Callable[..., Dataset]

BOTH = [(name, metric) for name, kind in types().items() for metric in kind.metrics if not kind.unavailable()]
SMALL: dict[str, dict[str, object]] = {
    "annoy": {"trees": 8, "seed": 1},
    # A graph that is another one every time gets more links than there are equal rows in these tests: as many of them
    # are an island to it, which no search leaves.
    "faiss-hnsw": {"M": 128},
    "hnswlib": {"seed": 1},
    "pynndescent": {"seed": 1, "n_neighbors": 120},
    "redis-search": {"M": 128},
    "redis-vset": {"M": 128},
    "usearch": {"threads": 1},
    "voyager": {"seed": 1},
}
"""Build parameters that make a test index quick and the same every time."""


def in_eight_bits(query: NDArray[np.float32]) -> NDArray[np.float32]:
    """A query as Redis compares it with vectors of eight bits: itself in eight bits."""
    widest = np.abs(query).max() / 127
    return np.round(query / widest) * widest


SHORTENED = {"redis-vset": in_eight_bits}
"""Types that shorten the query as well as the rows."""


def vectors(rows: int = 400, dimensions: int = 12) -> NDArray[np.float32]:
    random = np.random.default_rng(5)
    centres = random.standard_normal((8, dimensions)) * 3
    found = centres[random.integers(0, 8, rows)] + random.standard_normal((rows, dimensions))
    return found.astype(np.float32)


def made(dataset: Dataset, name: str, metric: Metric, folder: Path) -> IndexHandle:
    return built(dataset, name, metric, SMALL.get(name, {}), folder)


def asked(
    handle: IndexHandle, dataset: Dataset, query: NDArray[np.float32], k: int, *, full: bool = False, row: int = -1
) -> Neighbours:
    kind = type_named(handle.type)
    searcher = kind.open(handle, dataset)
    params = asking.resolved(handle, kind.full_effort(handle) if full else {}, k)
    found = asking.neighbours(searcher, handle, dataset, query, k, params, (row,) if row >= 0 else ())
    searcher.close()
    return found


def reached(name: str) -> float:
    """The recall that full effort is sure of."""
    return 1.0 if types()[name].reaches_all else 0.9


def brute(dataset: Dataset, metric: Metric, query: NDArray[np.float32], k: int, row: int = -1) -> Neighbours:
    from explorer.core.neighbours import ranked

    return ranked(np.array(dataset.vectors), query, np.arange(dataset.rows), metric, k, (row,) if row >= 0 else ())


@pytest.fixture(params=BOTH, ids="-".join)
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Metric]:
    name, metric = request.param
    if types()[name].on_server:
        server = request.getfixturevalue("redis_server")
        place = {"server": server.url, "key": "test", "existing": "replace"}
        monkeypatch.setitem(SMALL, name, {**SMALL.get(name, {}), **place})
    return name, metric


def test_there_are_types_of_all_metrics() -> None:
    assert list(types())[:2] == ["exact", "annoy"]
    assert {"faiss-flat", "faiss-ivf", "faiss-ivfpq", "faiss-sq", "faiss-hnsw", "faiss-factory"} <= set(types())
    assert types()["annoy"].metrics == types()["exact"].metrics == METRICS


def test_every_type_and_parameter_is_explained() -> None:
    for kind in types().values():
        assert kind.about.endswith(".")
        assert all(param.help.endswith(".") for param in (*kind.build_params, *kind.search_params))


def test_full_effort_is_exact(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    for row in (0, 17, 399):
        query = dataset.vectors[row]
        found = asked(handle, dataset, query, 10, full=True, row=row)
        truth = brute(dataset, metric, query, 10, row)
        assert row not in found.rows
        if types()[name].reaches_all:
            np.testing.assert_array_equal(found.distances, truth.distances)
        assert judged(found, truth, metric).recall >= reached(name)


def test_a_lossy_type_ranks_by_its_own_vectors(
    make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]
) -> None:
    """Without rerank it answers as exact search over the vectors as it holds them would."""
    name, metric = both
    kind = types()[name]
    if kind.lossless:
        pytest.skip("keeps the vectors as they are")
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    searcher = kind.open(handle, dataset)
    held = searcher.decoded(np.arange(dataset.rows)).astype(np.float64)
    assert held.shape == (400, 12)
    params = asking.resolved(handle, {**kind.full_effort(handle), "rerank": 0}, 10)
    for row in (0, 17, 399):
        query = dataset.vectors[row]
        found = searcher.search(query[None], 10, params)[0]
        assert found.shape == (10,)
        assert len(set(found.tolist())) == 10
        query = SHORTENED.get(name, lambda vector: vector)(query)
        nearness = held @ query if metric != "euclidean" else -np.linalg.norm(held - query, axis=1)
        last = np.sort(nearness)[-10]
        assert (nearness[found] >= last - 1e-4 * np.abs(nearness).max()).all()
    searcher.close()


def test_the_handle_says_what_it_is(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    assert (handle.type, handle.metric, handle.rows, handle.dimensions) == (name, metric, 400, 12)
    assert set(SMALL.get(name, {})) <= set(handle.params)
    assert handle.bytes > 0
    assert handle.build_seconds >= 0
    assert handle.path.is_file()


def test_bounds_order_and_inputs(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    searcher = types()[name].open(handle, dataset)
    queries = np.array(dataset.vectors[:5])
    queries.flags.writeable = False
    params = asking.resolved(handle, {}, 7)
    rows = searcher.search(queries, 7, params)
    if types()[name].lossless:
        assert rows.shape == (5, 7)
    else:
        assert rows.shape == (5, max(7, int(params["rerank"])))
    assert rows.dtype == np.int64
    assert ((rows >= -1) & (rows < dataset.rows)).all()
    np.testing.assert_array_equal(searcher.search(queries[2:3], 7, params)[0], rows[2])
    np.testing.assert_array_equal(dataset.vectors, vectors())
    searcher.close()
    searcher.close()


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_more_asked_than_there_are(
    make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric], rows: int
) -> None:
    name, metric = both
    dataset = make_dataset(vectors(rows))
    handle = made(dataset, name, metric, tmp_path / "index")
    query = dataset.vectors[0]
    assert sorted(asked(handle, dataset, query, 50).rows.tolist()) == list(range(rows))
    assert sorted(asked(handle, dataset, query, 50, row=0).rows.tolist()) == list(range(1, rows))


def test_duplicates_and_ties(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(np.tile(np.eye(6, dtype=np.float32), (50, 1)))
    handle = made(dataset, name, metric, tmp_path / "index")
    found = asked(handle, dataset, dataset.vectors[3], 20, full=True)
    truth = brute(dataset, metric, dataset.vectors[3], 20)
    assert judged(found, truth, metric).recall >= reached(name)
    assert len(set(found.rows.tolist())) == len(found)
    if types()[name].reaches_all:
        assert (found.rows % 6 == 3).all()


def test_all_rows_equal(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(np.ones((300, 4), np.float32))
    handle = made(dataset, name, metric, tmp_path / "index")
    found = asked(handle, dataset, dataset.vectors[0], 10, row=0)
    assert len(found) == 10
    assert judged(found, brute(dataset, metric, dataset.vectors[0], 10, 0), metric).recall == 1.0


def test_zero_rows_come_behind_all_others(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    x = vectors()
    x[::4] = 0
    dataset = make_dataset(x)
    handle = made(dataset, name, metric, tmp_path / "index")
    found = asked(handle, dataset, dataset.vectors[1], 350, full=True)
    assert judged(found, brute(dataset, metric, dataset.vectors[1], 350), metric).recall >= reached(name)
    if metric == "cosine":
        zero = found.rows % 4 == 0
        assert zero.tolist() == sorted(zero.tolist())
        assert zero.any()


@pytest.mark.parametrize("scale", [1e-30, 1e15])
def test_extreme_lengths_are_right_or_refused(
    make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric], scale: float
) -> None:
    name, metric = both
    dataset = make_dataset(vectors() * np.float32(scale))
    try:
        handle = made(dataset, name, metric, tmp_path / "index")
    except BadParameter as error:
        assert name != "exact"
        assert "scale them" in str(error)
        return
    found = asked(handle, dataset, dataset.vectors[1], 10, full=True)
    assert judged(found, brute(dataset, metric, dataset.vectors[1], 10), metric).recall >= reached(name)


def test_cancelled_at_once_or_late_nothing_is_left(
    make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]
) -> None:
    name, metric = both
    dataset = make_dataset(vectors(3000))
    folder = tmp_path / "index"
    notes: list[str] = []
    for patience in (0, 1, 3, 10):

        def progress(fraction: float | None, note: str = "", patience: int = patience) -> None:
            assert fraction is None or 0 <= fraction <= 1
            notes.append(note)
            if len(notes) > patience:
                raise Cancelled

        notes.clear()
        try:
            built(dataset, name, metric, SMALL[name] if types()[name].on_server else {}, folder, progress)
        except Cancelled:
            assert list(folder.iterdir()) == []
        else:
            assert len(notes) <= patience + 1


def test_a_saved_index_answers_the_same(make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]) -> None:
    name, metric = both
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    out = tmp_path / f"saved{types()[name].suffix}"
    if not types()[name].suffix:
        with pytest.raises(BadParameter, match="has no file of its own"):
            save_index(handle, dataset, out)
        return
    save_index(handle, dataset, out)
    again = open_saved(out, dataset)
    assert (again.type, again.metric, again.params, again.rows) == (name, metric, handle.params, 400)
    for row in (3, 200):
        before = asked(handle, dataset, dataset.vectors[row], 10, row=row)
        shutil.copy(out, tmp_path / "copy")
        after = asked(again, dataset, dataset.vectors[row], 10, row=row)
        np.testing.assert_array_equal(before.rows, after.rows)


def test_an_index_of_other_vectors_is_not_opened(
    make_dataset: MakeDataset, tmp_path: Path, both: tuple[str, Metric]
) -> None:
    name, metric = both
    if not types()[name].suffix:
        pytest.skip("has no file")
    dataset = make_dataset(vectors())
    handle = made(dataset, name, metric, tmp_path / "index")
    other = make_dataset(vectors(400)[::-1])
    with pytest.raises(BadFile):
        types()[name].open(handle, other)
    handle.path.write_bytes(handle.path.read_bytes()[:-40])
    with pytest.raises(BadFile):
        types()[name].open(handle, dataset)
    handle.path.unlink()
    with pytest.raises(BadFile):
        types()[name].open(handle, dataset)
