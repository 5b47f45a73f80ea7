"""The neighbour graph against brute force in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from explorer.core.metric import Metric
from explorer.core.progress import silent
from explorer.errors import Cancelled
from explorer.projection.graph import neighbour_graph
from explorer.projection.partition import partitioned

NAMES = {"euclidean": "euclidean", "cosine": "cosine", "dot": "cosine", "manhattan": "cityblock"}


def clusters(n: int, d: int = 12, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((10, d)) * 3
    return (centres[rng.integers(10, size=n)] + rng.standard_normal((n, d))).astype(np.float32)


def truth(x: NDArray[Any], metric: Metric, k: int) -> NDArray[np.float64]:
    """The sorted distances of each row's k nearest, itself first."""
    between = cdist(x.astype(np.float64), x.astype(np.float64), NAMES[metric])
    np.fill_diagonal(between, 0)
    return np.sort(between, axis=1)[:, :k]


@pytest.mark.parametrize("metric", NAMES)
@pytest.mark.parametrize("origin", [0.0, 1000.0])
def test_few_rows_have_exactly_their_neighbours(metric: Metric, origin: float) -> None:
    x = clusters(700) + np.float32(origin if metric in ("euclidean", "manhattan") else origin / 1000)
    graph = neighbour_graph(x, metric, 15, silent)
    assert graph.exact
    assert (graph.rows[:, 0] == np.arange(700)).all() and not graph.distances[:, 0].any()
    assert all(len(set(rows)) == 15 for rows in graph.rows.tolist())
    assert graph.distances == pytest.approx(truth(x, metric, 15), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_many_rows_have_most_of_theirs(metric: Metric) -> None:
    x = clusters(4000)
    graph = neighbour_graph(x, metric, 15, silent, exact_rows=0)
    expected = truth(x, metric, 15)
    assert not graph.exact
    assert (graph.rows[:, 0] == np.arange(4000)).all()
    assert all(len(set(rows)) == 15 for rows in graph.rows.tolist())
    assert (graph.distances <= expected[:, -1:] * 1.00001).mean() > 0.95
    assert (np.diff(graph.distances, axis=1) >= 0).all()


def test_tight_clusters_far_apart_keep_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((5, 8))[rng.integers(5, size=600)] * 1e4 + rng.standard_normal((600, 8))).astype(
        np.float32
    )
    graph = neighbour_graph(x, "euclidean", 10, silent)
    assert graph.distances == pytest.approx(truth(x, "euclidean", 10), rel=5e-3)


@pytest.mark.parametrize("n", [50, 120, 700])
def test_many_neighbours_of_few_candidates_are_all_there(n: int) -> None:
    graph = neighbour_graph(clusters(n), "euclidean", 50, silent, exact_rows=0)
    assert all(len(set(rows)) == 50 for rows in graph.rows.tolist())
    assert graph.distances.max() < 100


def test_the_same_seed_gives_the_same_graph() -> None:
    x = clusters(3000)
    one, other = (neighbour_graph(x, "euclidean", 10, silent, seed=3, exact_rows=0) for _ in range(2))
    assert one.rows.tobytes() == other.rows.tobytes() and one.distances.tobytes() == other.distances.tobytes()


@pytest.mark.parametrize("exact_rows", [0, 10_000])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_equal_and_zero_rows(metric: Metric, exact_rows: int) -> None:
    x = clusters(900)
    x[:500] = x[0]
    x[500:520] = 0
    graph = neighbour_graph(x, metric, 10, silent, exact_rows=exact_rows)
    assert (graph.rows >= 0).all() and np.isfinite(graph.distances).all()
    assert (graph.rows[:, 0] == np.arange(900)).all()
    assert graph.distances[:500] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("size", [1e-30, 1e30])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_numbers_of_any_size(metric: Metric, size: float) -> None:
    x = clusters(200)
    graph = neighbour_graph((x.astype(np.float64) * size).astype(np.float32), metric, 5, silent)
    expected = neighbour_graph(x, metric, 5, silent)
    assert (graph.rows == expected.rows).mean() > 0.99


def test_the_vectors_are_not_written_to() -> None:
    x = clusters(300)
    x.flags.writeable = False
    neighbour_graph(x, "cosine", 5, silent)


@pytest.mark.parametrize("exact_rows", [0, 10_000])
def test_progress_can_stop_it(exact_rows: int) -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        if fraction:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        neighbour_graph(clusters(6000), "euclidean", 5, stop, exact_rows=exact_rows)


def test_a_partition_holds_each_row_once_in_small_cells() -> None:
    x = clusters(5000)
    x[:2000] = 1
    cells = partitioned(x, np.random.default_rng(0))
    assert sorted(cells.order.tolist()) == list(range(5000))
    assert np.diff(cells.starts).min() > 0 and np.diff(cells.starts).max() <= 256
    assert cells.starts[0] == 0 and cells.starts[-1] == 5000
