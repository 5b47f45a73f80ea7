"""Exact search against scipy in float64, and each of its scans against its own bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from explorer.core.metric import METRICS, Metric, distances
from explorer.core.progress import silent
from explorer.errors import Cancelled
from explorer.indexes.exact import batch, differences, lengths, products
from explorer.indexes.exact.bounds import Intervals, kth_smallest
from explorer.indexes.exact.searcher import SMALL, ExactSearcher

ROWS, DIMENSIONS = 9000, 32


def truth(metric: Metric, vectors: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distances by scipy, smaller is nearer; zero rows infinitely far under cosine."""
    x, q = vectors.astype(np.float64), query.astype(np.float64)[None]
    if metric == "dot":
        return np.asarray(-(x @ q[0]), np.float64)
    with np.errstate(all="ignore"):
        found: NDArray[np.float64] = cdist(q, x, {"manhattan": "cityblock"}.get(metric, metric))[0]
    return np.where(x.any(axis=1), found, np.inf) if metric == "cosine" else found


def check(metric: Metric, vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int) -> None:
    searcher = ExactSearcher(vectors, metric)
    found = searcher.search(queries, k, {})
    assert found.shape == (len(queries), min(k, len(vectors)))
    for query, rows in zip(queries, found, strict=True):
        assert len(set(rows.tolist())) == len(rows)
        ours = truth(metric, vectors, query)
        best = np.sort(ours)[: len(rows)]
        # scipy's own 1 − x·q loses digits at small angles, so what it calls nearest may differ in the last of them.
        slack = 4e-15 * max(1.0, float(np.abs(best[np.isfinite(best)]).max(initial=1.0)))
        np.testing.assert_allclose(np.sort(ours[rows]), best, rtol=1e-9, atol=slack)
        again = searcher.search(query[None], k, {})[0]
        np.testing.assert_array_equal(again, rows)
    searcher.close()


def data(kind: str) -> NDArray[np.float32]:
    """Data of one difficulty (ROWS, DIMENSIONS), large enough for the scans to be used."""
    random = np.random.default_rng(7)
    x = random.standard_normal((ROWS, DIMENSIONS)).astype(np.float32)
    if kind.startswith("offset"):
        x = (x + np.float32(float(kind.removeprefix("offset")))).astype(np.float32)
    if kind == "duplicates":
        x[1000:] = x[:1000][random.integers(0, 1000, ROWS - 1000)]
    if kind == "binary":
        x = (x > 0).astype(np.float32)
    if kind == "zeros":
        x[random.integers(0, ROWS, 300)] = 0
    if kind == "equal":
        x[:] = x[0]
    if kind == "outliers":
        x[::1000] *= np.float32(1e6)
        x[5], x[6], x[7] = x[5] * np.float32(1e-20), x[6] * np.float32(1e15), x[7] * np.float32(1e-30)
        x[8] = x[10] * np.float32(1e-20)
    if kind == "tiny":
        x *= np.float32(1e-25)
    if kind == "sorted":
        x = x[np.argsort(x[:, 0])] + np.linspace(0, 50, ROWS, dtype=np.float32)[:, None]
    return x


KINDS = ("plain", "offset1e4", "offset1e6", "duplicates", "binary", "zeros", "equal", "outliers", "tiny", "sorted")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_scipy(kind: str, metric: Metric) -> None:
    x = data(kind)
    assert x.size > SMALL
    random = np.random.default_rng(3)
    near = x[[17, 4711]] * np.float32(1.01)
    queries = np.concatenate([near, x[:1], random.standard_normal((1, DIMENSIONS)).astype(np.float32)])
    check(metric, x, queries, 10)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["plain", "offset1e4", "zeros", "outliers", "binary"])
def test_many_queries_at_once(kind: str, metric: Metric) -> None:
    x = data(kind)
    check(metric, x, x[np.flatnonzero(x.any(axis=1))[:24]], 7)


@pytest.mark.parametrize("metric", METRICS)
def test_a_thousand_neighbours(metric: Metric) -> None:
    check(metric, data("plain"), data("plain")[:1], 1000)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dimensions", [1, 5, 900])
def test_short_and_long_vectors(metric: Metric, dimensions: int) -> None:
    rows = 2 * SMALL // dimensions
    x = np.random.default_rng(1).standard_normal((rows, dimensions)).astype(np.float32)
    check(metric, x, x[:2], 10)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_more_neighbours_asked_than_rows(rows: int, metric: Metric) -> None:
    x = data("plain")[:rows]
    check(metric, x, x, 50)


def test_ties_stand_in_the_order_of_rows() -> None:
    x = np.tile(np.eye(4, dtype=np.float32), (20_000, 1))
    found = ExactSearcher(x, "euclidean").search(x[2:3], 5, {})
    assert found.tolist() == [[2, 6, 10, 14, 18]]


def test_zero_rows_come_last() -> None:
    x = data("zeros")
    zero = np.flatnonzero(~x.any(axis=1))
    found = ExactSearcher(x, "cosine").search(x[:1], ROWS, {})[0]
    assert set(found[-len(zero) :].tolist()) == set(zero.tolist())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["plain", "offset1e4", "duplicates", "zeros", "outliers"])
def test_bounds_hold(kind: str, metric: Metric) -> None:
    """Every interval holds the row's true score, computed in float64 from the formula of the scan."""
    x = data(kind)
    q = x[11] + np.float32(0.01)
    wide, ask = x.astype(np.float64), q.astype(np.float64)
    size, norms = np.sqrt(ask @ ask), np.sqrt((wide**2).sum(axis=1))
    with np.errstate(all="ignore"):
        cosine = wide @ ask / (norms * size)
    with ThreadPoolExecutor(2) as pool:
        known = lengths.measured(x, pool, silent)
        apart = distances("euclidean", x, q)
        sine = 1 - cosine**2
        exactly = {
            "euclidean": apart**2,
            "manhattan": distances("manhattan", x, q),
            "dot": -(wide - ask) @ ask / size,
            "cosine": np.where(cosine > 0, sine, 2 - sine),
        }
        found = {"differences": differences.intervals(x, q, metric, known, pool, silent)}
        scores = {"differences": exactly[metric]}
        if metric != "manhattan":
            found["products"] = products.intervals(x, q, metric, known, pool, silent)
            product = {"euclidean": norms**2 / 2 - wide @ ask, "dot": -(wide @ ask), "cosine": -cosine}
            scores["products"] = product[metric]
    for scan, intervals in found.items():
        _assert_inside(intervals, scores[scan])


def _assert_inside(intervals: Intervals, score: NDArray[np.float64]) -> None:
    assert not np.isnan(intervals.lower).any()
    assert not np.isnan(intervals.upper).any()
    score = np.where(np.isnan(score), np.inf, score)
    noise = 1e-12 * np.abs(np.where(np.isinf(score), 0, score)) + 1e-15
    assert (intervals.lower <= score + noise).all()
    assert (intervals.upper >= score - noise).all()


def test_bounds_are_narrow_enough_to_be_of_use() -> None:
    x = data("plain")
    with ThreadPoolExecutor(2) as pool:
        known = lengths.measured(x, pool, silent)
        fast = products.intervals(x, x[3], "cosine", known, pool, silent)
    assert float((fast.upper - fast.lower).max()) < 2e-5
    together = batch.candidates(x, x[:32], 10, "euclidean", known, silent)
    assert max(len(rows) for rows in together if rows is not None) < 20
    far = data("offset1e4")
    searcher = ExactSearcher(far, "euclidean")
    rows = searcher._candidates(far[3], 10, silent)
    assert rows is not None
    assert len(rows) < 20


@pytest.mark.parametrize("k", [1, 10, 1000, 9000])
def test_kth_smallest(k: int) -> None:
    values = np.random.default_rng(k).standard_normal(9000).astype(np.float32)
    values[100:400] = values[0]
    assert kth_smallest(values, k) == np.sort(values)[k - 1]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("queries", [1, 32])
def test_stops_when_told(metric: Metric, queries: int) -> None:
    x = data("plain")
    calls = 0

    def progress(fraction: float | None, note: str = "") -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise Cancelled

    searcher = ExactSearcher(x, metric)
    searcher.search(x[:1], 3, {})
    with pytest.raises(Cancelled):
        for _ in range(3):
            searcher.search(x[:queries], 3, {}, progress)
    assert len(searcher.search(x[:1], 3, {})[0]) == 3
    searcher.close()
    searcher.close()


def test_a_query_among_equal_rows_does_not_slow_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The careful scan is chosen for each query, and only where the fast one leaves too much open."""
    x = data("plain")
    x[:6000] = x[0]
    careful = []
    scan = differences.intervals
    monkeypatch.setattr(differences, "intervals", lambda *given: careful.append(given[1]) or scan(*given))
    searcher = ExactSearcher(x, "euclidean")
    for row, scans in ((0, 1), (7000, 1), (1, 2), (8000, 2)):
        found = searcher.search(x[row : row + 1], 5, {})[0]
        nearest = np.argsort(truth("euclidean", x, x[row]), kind="stable")[:5]
        np.testing.assert_array_equal(found, nearest)
        assert len(careful) == scans
    searcher.close()
