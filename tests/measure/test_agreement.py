"""What two indexes find of the same truth, against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.metric import METRICS, Metric
from explorer.core.neighbours import Neighbours
from explorer.core.recall import judged
from explorer.indexes import asking
from explorer.measure.agreement import Agreement, agreement, found_of, found_of_sample
from explorer.measure.recall import measured, sampled
from tests.measure.conftest import NewDataset
from tests.measure.test_whole import all_distances, annoy_of, exact_of, vectors


def test_the_counts_are_those_of_sets() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random((50, 10)) < 0.8, rng.random((50, 10)) < 0.6
    told = agreement(a, b)
    cells = [(row, place) for row in range(50) for place in range(10)]
    in_a, in_b = {c for c in cells if a[c]}, {c for c in cells if b[c]}
    assert told == Agreement(
        len(in_a & in_b), len(in_a - in_b), len(in_b - in_a), len(set(cells) - in_a - in_b), queries=50
    )
    assert (told.true, told.a, told.b) == (500, len(in_a), len(in_b))
    assert told.recall_a == pytest.approx(a.mean()) and told.recall_b == pytest.approx(b.mean())


def test_one_query_and_nothing_to_find() -> None:
    assert agreement(np.array([True, True, False]), np.array([True, False, False])) == Agreement(1, 1, 0, 1)
    nothing = agreement(np.zeros(0, bool), np.zeros(0, bool))
    assert nothing.true == 0 and nothing.recall_a == nothing.recall_b == 1.0


def test_an_equally_near_row_stands_for_a_true_one() -> None:
    truth = Neighbours(np.array([4, 7]), np.array([0.5, 1.0]))
    tied, other = Neighbours(np.array([4, 9]), np.array([0.5, 1.0])), Neighbours(np.array([7]), np.array([1.0]))
    assert found_of(truth, judged(tied, truth, "euclidean")).tolist() == [True, True]
    assert found_of(truth, judged(other, truth, "euclidean")).tolist() == [False, True]


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_found_over_a_sample_is_what_brute_force_says(
    new_dataset: NewDataset, tmp_path: Path, metric: Metric
) -> None:
    x = vectors()
    dataset = new_dataset(x)
    with (
        annoy_of(dataset, metric, tmp_path / "i") as (handle, searcher),
        exact_of(dataset, metric, tmp_path / "e") as exact,
    ):
        nearest = np.argsort(all_distances(metric, x), axis=1)[:, :10]
        rows = sampled(dataset, handle, 300, 2)
        both = []
        for search_k in (40, 200):
            params = asking.resolved(handle, {"search_k": search_k}, 10)
            found = found_of_sample(dataset, handle, searcher, exact, 10, params, 300, 2)
            assert found.shape == (300, 10) and found.dtype == bool
            for row, own in zip(rows, found, strict=True):
                answer = searcher.search(x[row : row + 1], 11, params)[0]
                answer = answer[(answer >= 0) & (answer != row)][:10]
                assert own.tolist() == np.isin(nearest[row], answer).tolist()
            assert found.mean() == pytest.approx(
                measured(dataset, handle, searcher, exact, 10, params, 300, 2).recall, abs=1e-9
            )
            both.append(found)
    told = agreement(*both)
    assert told.only_b > told.only_a and told.both > 0 and told.neither > 0 and told.queries == 300


def test_fewer_rows_than_neighbours(new_dataset: NewDataset, tmp_path: Path) -> None:
    dataset = new_dataset(vectors(6, 4))
    with (
        annoy_of(dataset, "euclidean", tmp_path / "i") as (handle, searcher),
        exact_of(dataset, "euclidean", tmp_path / "e") as exact,
    ):
        found = found_of_sample(dataset, handle, searcher, exact, 10, asking.resolved(handle, {}, 10))
    assert found.shape == (6, 5) and found.all()
