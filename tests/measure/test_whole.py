"""Pictures of a whole Dataset, against brute force on small data: recall of every row, honesty of a map, difficulty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import skew

from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric, distances, order
from explorer.errors import Cancelled
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.measure.difficulty import difficulty, intrinsic_dimension, skewness
from explorer.measure.honesty import far_away, honest, landed_far, map_places
from explorer.measure.painting import RecallMap, painted
from explorer.measure.recall import sampled
from explorer.measure.truth import TrueNeighbours, true_neighbours
from tests.measure.conftest import NewDataset


def vectors(rows: int = 700, dimensions: int = 12) -> NDArray[np.float32]:
    return np.random.default_rng(8).standard_normal((rows, dimensions)).astype(np.float32)


@contextmanager
def exact_of(dataset: Dataset, metric: Metric, folder: Path) -> Iterator[Searcher]:
    searcher = type_named("exact").open(built(dataset, "exact", metric, {}, folder), dataset)
    yield searcher
    searcher.close()


@contextmanager
def annoy_of(dataset: Dataset, metric: Metric, folder: Path) -> Iterator[tuple[IndexHandle, Searcher]]:
    handle = built(dataset, "annoy", metric, {"trees": 3, "seed": 1}, folder)
    searcher = type_named("annoy").open(handle, dataset)
    yield handle, searcher
    searcher.close()


def all_distances(metric: Metric, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Smaller is nearer; a row is infinitely far from itself."""
    found = np.array([order(metric, distances(metric, x, row)) for row in x])
    np.fill_diagonal(found, np.inf)
    return found


@pytest.mark.parametrize("metric", METRICS)
def test_a_recall_map_is_what_counting_by_hand_gives(new_dataset: NewDataset, tmp_path: Path, metric: Metric) -> None:
    x = vectors()
    dataset = new_dataset(x)
    with (
        annoy_of(dataset, metric, tmp_path / "i") as (handle, searcher),
        exact_of(dataset, metric, tmp_path / "e") as exact,
    ):
        params = asking.resolved(handle, {"search_k": 60}, 10)
        found = painted(dataset, handle, searcher, exact, 10, params)
        nearest = np.argsort(all_distances(metric, x), axis=1)[:, :10]
        for row in range(0, 700, 7):
            own = searcher.search(x[row : row + 1], 11, params)[0]
            own = own[(own >= 0) & (own != row)][:10]
            assert found.recalls[row] == pytest.approx(len(np.intersect1d(own, nearest[row])) / 10, abs=1e-6)
    assert found.recalls.dtype == np.float32 and found.recalls.shape == (700,)
    assert (found.asked, found.k, found.params) == (700, 10, {"search_k": 60})
    assert 0.1 < found.mean < 0.95
    assert found.mean == pytest.approx(found.recalls.mean())


def test_a_recall_map_of_a_sample_leaves_the_others_open(new_dataset: NewDataset, tmp_path: Path) -> None:
    dataset = new_dataset(vectors())
    with (
        annoy_of(dataset, "cosine", tmp_path / "i") as (handle, searcher),
        exact_of(dataset, "cosine", tmp_path / "e") as exact,
    ):
        params = asking.resolved(handle, {}, 5)
        whole = painted(dataset, handle, searcher, exact, 5, params)
        some = painted(dataset, handle, searcher, exact, 5, params, most=40, seed=3)
    rows = np.flatnonzero(~np.isnan(some.recalls))
    assert rows.tolist() == sampled(dataset, handle, 40, 3).tolist() and some.asked == 40
    np.testing.assert_array_equal(some.recalls[rows], whole.recalls[rows])


def test_the_worst_queries_come_first() -> None:
    told = RecallMap(np.array([0.5, np.nan, 0.2, 1.0, 0.2], np.float32), 4, 10, {})
    assert told.worst(3).tolist() == [2, 4, 0]
    assert told.worst(9).tolist() == [2, 4, 0, 3]
    assert told.worst(2, among=np.array([3, 1, 0])).tolist() == [0, 3]
    assert told.mean == pytest.approx(0.475)


def test_painting_tells_how_far_it_is_and_stops(new_dataset: NewDataset, tmp_path: Path) -> None:
    dataset = new_dataset(vectors())
    heard: list[float] = []

    def progress(fraction: float | None, note: str = "") -> None:
        heard.append(fraction or 0.0)
        if fraction is not None and fraction > stop_at:
            raise Cancelled

    with (
        annoy_of(dataset, "cosine", tmp_path / "i") as (handle, searcher),
        exact_of(dataset, "cosine", tmp_path / "e") as exact,
    ):
        params = asking.resolved(handle, {}, 5)
        stop_at = 2.0
        painted(dataset, handle, searcher, exact, 5, params, progress=progress)
        assert heard == sorted(heard) and 0.8 < heard[-1] <= 1
        stop_at = 0.5
        with pytest.raises(Cancelled):
            painted(dataset, handle, searcher, exact, 5, params, progress=progress)


@pytest.mark.parametrize("metric", METRICS)
def test_true_neighbours_are_brute_force(new_dataset: NewDataset, tmp_path: Path, metric: Metric) -> None:
    x = vectors(300)
    dataset = new_dataset(x)
    rows = np.array([3, 77, 299])
    with exact_of(dataset, metric, tmp_path / "e") as exact:
        truth = true_neighbours(dataset, metric, exact, rows, 8)
        everything = true_neighbours(dataset, metric, exact, rows, 1000)
    expected = np.argsort(all_distances(metric, x)[rows], axis=1)[:, :8]
    np.testing.assert_array_equal(truth.neighbours, expected)
    for row, neighbours, apart in zip(rows, truth.neighbours, truth.distances, strict=True):
        np.testing.assert_allclose(apart, distances(metric, x[neighbours], x[row]))
    assert everything.neighbours.shape == (3, 299)


def test_honesty_is_what_counting_by_hand_gives(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = vectors(400, 5)
    positions = np.ascontiguousarray(x[:, :2])
    with exact_of(new_dataset(x), "euclidean", tmp_path / "e") as exact:
        truth = true_neighbours(new_dataset(x), "euclidean", exact, np.arange(0, 400, 4), 6)
    on_map = cdist(positions, positions)
    np.fill_diagonal(on_map, np.inf)
    for width in (1, 3, 10):
        told = honest(positions, truth, width)
        assert told.shares.dtype == np.float32 and (told.asked, told.k, told.width) == (100, 6, width)
        asked = np.flatnonzero(~np.isnan(told.shares))
        assert asked.tolist() == truth.rows.tolist()
        for row, neighbours in zip(truth.rows, truth.neighbours, strict=True):
            near = np.argsort(on_map[row])[: 6 * width]
            assert told.shares[row] == pytest.approx(np.isin(neighbours, near).mean(), abs=1e-6)
            far = landed_far(positions, int(row), neighbours, width)
            assert far.tolist() == (~np.isin(neighbours, near)).tolist()
        assert told.chance == pytest.approx(6 * width / 399)
        assert told.chance < told.mean < 1


def test_a_map_that_shows_the_data_as_it_is_is_honest_and_a_random_one_is_chance(
    new_dataset: NewDataset, tmp_path: Path
) -> None:
    x = vectors(500, 2)
    with exact_of(new_dataset(x), "euclidean", tmp_path / "e") as exact:
        truth = true_neighbours(new_dataset(x), "euclidean", exact, np.arange(500), 5)
    assert honest(x, truth, 1).mean == 1.0
    strewn = honest(np.random.default_rng(1).permutation(x), truth, 10)
    assert strewn.mean == pytest.approx(strewn.chance, abs=0.03)
    assert honest(np.zeros((500, 2), np.float32), truth, 1).mean == 1.0, "points in one place are all as near"


def test_honesty_of_fewer_rows_than_neighbours() -> None:
    none = TrueNeighbours(np.array([0]), np.empty((1, 0), np.int64), np.empty((1, 0)))
    assert honest(np.zeros((1, 2), np.float32), none).shares.tolist() == [1.0]


def hardness(dataset: Dataset, metric: Metric, folder: Path, rows: Any = None, k: int = 15) -> Any:
    with exact_of(dataset, metric, folder) as exact:
        asked = np.arange(dataset.rows) if rows is None else rows
        return difficulty(dataset, metric, true_neighbours(dataset, metric, exact, asked, k))


def test_difficulty_is_what_counting_by_hand_gives(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = vectors(250)
    x[9] = x[8]
    told = hardness(new_dataset(x), "euclidean", tmp_path / "e", k=7)
    apart = all_distances("euclidean", x)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(told.occurrences, np.bincount(nearest.ravel(), minlength=250))
    assert told.hubness == pytest.approx(skew(told.occurrences))
    # With so few rows each is compared with all others.
    means = np.where(np.isinf(apart), 0, apart).sum(axis=1) / 249
    np.testing.assert_allclose(told.nearest_to_mean, apart.min(axis=1) / means)
    assert (told.sampled, told.duplicates) == (250, 2)
    assert told.counts.sum() > 10_000 and len(told.edges) == len(told.counts) + 1
    middle = (told.edges[1:] + told.edges[:-1]) / 2
    assert np.average(middle, weights=told.counts) == pytest.approx(means.mean(), rel=0.05)
    assert told.facts["near-duplicates"] == "2 of the sample"


@pytest.mark.parametrize("dimension", [2, 5, 10])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_the_dimension_of_a_flat_sheet_in_many_dimensions(
    new_dataset: NewDataset, tmp_path: Path, dimension: int, metric: Metric
) -> None:
    random = np.random.default_rng(2)
    flat = random.random((3000, dimension))
    axes = np.linalg.qr(random.standard_normal((40, 40)))[0][: dimension + 1]
    # For cosine the sheet stands off the origin, so that directions differ as its points do.
    x = (flat @ axes[:dimension] + 5 * axes[dimension]).astype(np.float32)
    told = hardness(new_dataset(x), metric, tmp_path / "e", np.arange(0, 3000, 5))
    assert told.dimension == pytest.approx(dimension, rel=0.25)


def test_there_is_no_dimension_where_nothing_tells_it() -> None:
    assert np.isnan(intrinsic_dimension(np.zeros((4, 5))))
    assert np.isnan(intrinsic_dimension(np.ones((4, 2))))
    assert np.isnan(intrinsic_dimension(np.ones((4, 5))))
    assert skewness(np.array([3, 3, 3])) == 0.0


def test_the_inner_product_is_no_distance(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = vectors(300)
    x[0] *= 50
    told = hardness(new_dataset(x), "dot", tmp_path / "e")
    assert np.isnan(told.dimension) and np.isnan(told.nearest_to_mean).all() and told.duplicates == 0
    assert told.hubness > 3 and told.occurrences.max() > 100
    assert "intrinsic dimension" not in told.facts


def test_difficulty_of_zero_rows_and_of_one(new_dataset: NewDataset, tmp_path: Path) -> None:
    x = vectors(60)
    x[::3] = 0
    told = hardness(new_dataset(x), "cosine", tmp_path / "e", np.flatnonzero(x.any(axis=1)), k=50)
    assert np.isfinite(told.dimension) and np.isfinite(told.edges).all() and told.counts.sum() > 0
    one = hardness(new_dataset(x[1:2]), "euclidean", tmp_path / "one")
    assert np.isnan(one.dimension) and one.occurrences.tolist() == [0] and one.counts.sum() == 0


def test_places_on_the_map_are_counted_from_the_nearest() -> None:
    positions = np.random.default_rng(5).standard_normal((900, 2)).astype(np.float32)
    positions[3] = np.nan
    neighbours = np.array([10, 500, 3, 77])
    apart = np.linalg.norm(positions - positions[42], axis=1)
    apart[np.isnan(apart)] = np.inf
    wanted = [int((apart < apart[row]).sum()) for row in neighbours.tolist()]
    wanted[2] = 0
    assert map_places(positions, 42, neighbours).tolist() == wanted
    about = map_places(positions, 42, neighbours, most=300)
    assert about[2] == 0 and (abs(about - wanted)[[0, 1, 3]] <= 60).all()
    far = far_away(positions, 42, neighbours)
    assert far.rows.tolist() == [row for row, place in zip(neighbours.tolist(), wanted, strict=True) if place > 4]
    assert far.true == 4 and far.wide == 40
    assert far.told(int(far.rows[0])) == f"true neighbour {far.ranks[0]} · place {far.places[0]:,} on the map"
