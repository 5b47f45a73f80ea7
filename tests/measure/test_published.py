"""Recall by a query set, and published truth held against exact search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.query_set import QuerySet
from explorer.errors import BadParameter
from explorer.formats import reading
from explorer.indexes import asking, building, type_named
from explorer.measure import recall
from explorer.measure.published import rows_of

RNG = np.random.default_rng(8)
VECTORS = RNG.normal(size=(400, 6)).astype(np.float32)
QUERIES = RNG.normal(size=(30, 6)).astype(np.float32)
SCIPY: dict[Metric, str] = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
K = 10


def true(metric: Metric) -> tuple[np.ndarray, np.ndarray]:
    """The 20 nearest of each query and their distances, by another library."""
    if metric == "dot":
        found = -(QUERIES.astype(np.float64) @ VECTORS.T.astype(np.float64))
    else:
        found = cdist(QUERIES.astype(np.float64), VECTORS.astype(np.float64), SCIPY[metric])
    ids = np.argsort(found, axis=1, kind="stable")[:, :20]
    distances = np.take_along_axis(found, ids, 1)
    return ids, -distances if metric == "dot" else distances


def dataset_of(folder: Path, vectors: np.ndarray) -> Dataset:
    np.save(folder / "v.npy", vectors)
    return reading.read(folder / "v.npy")


def measured(
    dataset: Dataset, metric: Metric, queries: QuerySet, most: int = 1000, type: str = "exact"
) -> recall.RecallResult:
    folder = dataset.folder / f"{type}{metric}"
    folder.mkdir(exist_ok=True)
    exact = building.built(dataset, "exact", metric, {}, folder)
    handle = exact if type == "exact" else building.built(dataset, type, metric, {"trees": 1}, folder)
    searcher, truth = type_named(type).open(handle, dataset), type_named("exact").open(exact, dataset)
    try:
        params = asking.resolved(handle, {}, K)
        return recall.measured(dataset, handle, searcher, truth, K, params, most, query_set=queries)
    finally:
        searcher.close()
        truth.close()


@pytest.mark.parametrize("metric", [*SCIPY, "dot"])
def test_exact_search_agrees_with_what_another_library_found(metric: Metric, tmp_path: Path) -> None:
    ids, distances = true(metric)
    result = measured(dataset_of(tmp_path, VECTORS), metric, QuerySet(QUERIES, "q.npy", ids, distances))
    assert (result.recall, result.queries, result.source) == (1.0, 30, "q.npy")
    said = result.published
    assert said is not None and said.distances_agree == 1.0 and said.largest_difference is not None
    assert (said.neighbours_agree, said.absent, said.unknown, said.k, said.queries) == (1.0, 0.0, 0, K, 30)
    assert said.largest_difference < 1e-4
    assert said.sentence.startswith("of the published neighbours 100 % are true")


@pytest.mark.parametrize(
    ("metric", "convention", "published"),
    [
        ("cosine", "angular √(2 − 2cos)", lambda d: np.sqrt(2 * d)),
        ("cosine", "2 − 2cos", lambda d: 2 * d),
        ("cosine", "cos", lambda d: 1 - d),
        ("euclidean", "squared euclidean", lambda d: d**2),
        ("dot", "minus the inner product", lambda d: -d),
    ],
)
def test_distances_in_other_definitions_are_known(
    metric: Metric, convention: str, published: object, tmp_path: Path
) -> None:
    ids, distances = true(metric)
    queries = QuerySet(QUERIES, "q", ids, published(distances))  # type: ignore[operator]
    said = measured(dataset_of(tmp_path, VECTORS), metric, queries).published
    assert said is not None
    assert (said.convention, said.distances_agree) == (convention, 1.0)


def test_truth_of_another_metric_is_told_from_ours(tmp_path: Path) -> None:
    ids, distances = true("manhattan")
    said = measured(dataset_of(tmp_path, VECTORS), "cosine", QuerySet(QUERIES, "q", ids, distances)).published
    assert said is not None and said.neighbours_agree < 0.9 and said.distances_agree == 0.0
    assert "is the metric another?" in said.sentence


def test_rows_that_were_dropped_are_absent_and_the_rest_keep_their_places(tmp_path: Path) -> None:
    ids, distances = true("euclidean")
    gone = np.unique(ids[:, 0])[:5]
    holed = VECTORS.copy()
    holed[gone] = np.nan
    dataset = dataset_of(tmp_path, holed)
    assert dataset.dropped == 5
    said = measured(dataset, "euclidean", QuerySet(QUERIES, "q", ids, distances)).published
    lost = np.isin(ids[:, :K], gone).mean()
    assert said is not None
    assert (said.absent, said.neighbours_agree) == (pytest.approx(lost), pytest.approx(1 - lost))
    assert said.distances_agree == 1.0
    assert "are rows that are not in the Dataset" in said.sentence


def test_neighbours_that_are_no_rows_are_counted(tmp_path: Path) -> None:
    ids = np.full((30, 3), 10**12)
    ids[:, 1] = -1
    said = measured(dataset_of(tmp_path, VECTORS), "cosine", QuerySet(QUERIES, "q", ids)).published
    assert said is not None and (said.unknown, said.neighbours_agree, said.distances_agree) == (90, 0.0, None)
    assert "is it the right one?" in said.sentence


def test_a_query_that_is_a_row_finds_itself(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, VECTORS)
    own = QuerySet(VECTORS[:5].copy(), "q", np.arange(5)[:, None], np.zeros((5, 1)))
    said = measured(dataset, "euclidean", own).published
    assert said is not None and (said.neighbours_agree, said.distances_agree) == (1.0, 1.0)


def test_fewer_queries_are_drawn_and_the_index_is_what_is_measured(tmp_path: Path) -> None:
    ids, _ = true("cosine")
    some = measured(dataset_of(tmp_path, VECTORS), "cosine", QuerySet(QUERIES, "q", ids), most=9, type="annoy")
    assert some.queries == 9 and some.published is not None and some.published.queries == 9
    assert some.recall < 1.0 and some.published.neighbours_agree == 1.0


def test_queries_that_cannot_be_asked_are_a_sentence(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, VECTORS)
    with pytest.raises(BadParameter, match=r"have 3 dimensions, and v\.npy has 6"):
        measured(dataset, "cosine", QuerySet(QUERIES[:, :3].copy(), "q"))
    with pytest.raises(BadParameter, match="all queries of q are zero"):
        measured(dataset, "cosine", QuerySet(np.zeros((3, 6), np.float32), "q"))
    zero = QUERIES.copy()
    zero[4] = 0
    assert measured(dataset, "cosine", QuerySet(zero, "q")).queries == 29
    assert measured(dataset, "euclidean", QuerySet(zero, "q")).queries == 30


def test_rows_of_source_rows(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, VECTORS[:6])
    asked = np.array([0, 3, 5, 6, 9])
    assert rows_of(dataset, asked).tolist() == [0, 3, 5, -1, -1]
    shuffled = replace(dataset, source_row_of=np.array([9, 0, 4, 2, 8, 6]), source_rows=10)
    assert rows_of(shuffled, asked).tolist() == [1, -1, -1, 5, 0]
