"""Recall over a sample, against counting by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from explorer.core.dataset import Dataset
from explorer.core.dataset import save as save_dataset
from explorer.core.metric import METRICS, Metric
from explorer.errors import BadParameter, Cancelled
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.measure.recall import measured, sampled

MakeDataset = Callable[[NDArray[np.float32]], Dataset]


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """make_dataset(vectors) → a Dataset without any file format."""

    def make(vectors: NDArray[np.float32]) -> Dataset:
        where = tmp_path / "vectors.npy"
        np.save(where, vectors)
        stamp = (where.stat().st_size, where.stat().st_mtime_ns)
        rows, dimensions = vectors.shape
        zeros = int((~vectors.any(axis=1)).sum())
        facts = {"rows": rows, "dimensions": dimensions, "source_rows": rows, "stamp": stamp, "zero_rows": zeros}
        texts = {"title": "test", "format": "npy", "dtype": "float32"}
        dataset = Dataset(folder=tmp_path, path=where, vectors_path=where, metric="cosine", **facts, **texts)  # type: ignore[arg-type]
        save_dataset(dataset)
        return dataset

    return make


@contextmanager
def opened(
    dataset: Dataset, metric: Metric, folder: Path, trees: int
) -> Iterator[tuple[IndexHandle, Searcher, Searcher]]:
    handle = built(dataset, "annoy", metric, {"trees": trees, "seed": 1}, folder)
    searcher = type_named("annoy").open(handle, dataset)
    exact = type_named("exact")
    truth = exact.open(built(dataset, "exact", metric, {}, folder), dataset)
    yield handle, searcher, truth
    searcher.close()
    truth.close()


def vectors(rows: int = 3000) -> NDArray[np.float32]:
    return np.random.default_rng(4).standard_normal((rows, 20)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_recall_is_what_counting_by_hand_gives(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    x = vectors()
    dataset = make_dataset(x)
    with opened(dataset, metric, tmp_path / "i", 5) as (handle, searcher, truth):
        params = asking.resolved(handle, {}, 10)
        result = measured(dataset, handle, searcher, truth, 10, params, 60, 7)
        rows = sampled(dataset, handle, 60, 7)
        by_hand = []
        for row in rows.tolist():
            found = searcher.search(x[row : row + 1], 11, params)[0].tolist()
            found = [other for other in found if other not in (row, -1)][:10]
            if metric == "dot":
                distance = -(x.astype(np.float64) @ x[row].astype(np.float64))
            else:
                distance = cdist(x[row : row + 1], x, {"manhattan": "cityblock"}.get(metric, metric))[0]
            distance[row] = np.inf
            by_hand.append(len(set(found) & set(np.argsort(distance)[:10].tolist())) / 10)
    assert 0.05 < result.recall < 0.95
    assert result.recall == pytest.approx(np.mean(by_hand), abs=1e-12)
    assert result.recall_sd == pytest.approx(np.std(by_hand, ddof=1), abs=1e-12)
    assert (result.queries, result.k, result.params) == (60, 10, {"trees": 5, "seed": 1, "search_k": 50})
    assert 0 < result.p50_ms <= result.p95_ms
    assert (result.bytes, result.build_seconds) == (handle.bytes, handle.build_seconds)


def test_full_effort_has_full_recall_and_queries_are_no_more_than_rows(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset(vectors(200))
    with opened(dataset, "dot", tmp_path / "i", 3) as (handle, searcher, truth):
        params = asking.resolved(handle, type_named("annoy").full_effort(handle), 10)
        result = measured(dataset, handle, searcher, truth, 10, params, 1000, 0)
    assert (result.recall, result.recall_sd, result.queries) == (1.0, 0.0, 200)


def test_one_row_has_nothing_to_miss(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(1))
    with opened(dataset, "euclidean", tmp_path / "i", 3) as (handle, searcher, truth):
        result = measured(dataset, handle, searcher, truth, 10, asking.resolved(handle, {}, 10))
    assert (result.recall, result.queries) == (1.0, 1)


def test_zero_rows_are_not_asked_under_cosine(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors(500)
    x[::2] = 0
    dataset = make_dataset(x)
    with opened(dataset, "cosine", tmp_path / "i", 3) as (handle, searcher, truth):
        rows = sampled(dataset, handle, 100, 0)
        assert len(set(rows.tolist())) == 100
        assert (rows % 2 == 1).all()
        params = asking.resolved(handle, type_named("annoy").full_effort(handle), 10)
        assert measured(dataset, handle, searcher, truth, 10, params, 300).queries == 250


def test_only_zero_rows_cannot_be_measured_under_cosine(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(np.zeros((20, 3), np.float32))
    handle = built(dataset, "exact", "cosine", {}, tmp_path / "i")
    with pytest.raises(BadParameter, match="All vectors are zero"):
        sampled(dataset, handle, 10, 0)
    for queries, seed in ((0, 0), (10, -1)):
        with pytest.raises(BadParameter, match="is at least"):
            sampled(dataset, handle, queries, seed)


def test_the_sample_depends_on_the_seed_alone(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(500))
    one, two = (built(dataset, name, "dot", {}, tmp_path / name) for name in ("exact", "annoy"))
    np.testing.assert_array_equal(sampled(dataset, one, 50, 3), sampled(dataset, two, 50, 3))
    assert sampled(dataset, one, 50, 3).tolist() != sampled(dataset, one, 50, 4).tolist()


def test_progress_rises_and_stops(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    heard: list[float] = []

    def progress(fraction: float | None, note: str = "") -> None:
        assert fraction is not None
        heard.append(fraction)
        if stop_at is not None and fraction >= stop_at:
            raise Cancelled

    with opened(dataset, "cosine", tmp_path / "i", 3) as (handle, searcher, truth):
        params = asking.resolved(handle, {}, 5)
        stop_at = None
        measured(dataset, handle, searcher, truth, 5, params, 300, progress=progress)
        assert heard == sorted(heard)
        assert 0.9 < heard[-1] <= 1
        for early in (0.2, 0.7):
            stop_at = early
            with pytest.raises(Cancelled):
                measured(dataset, handle, searcher, truth, 5, params, 300, progress=progress)
