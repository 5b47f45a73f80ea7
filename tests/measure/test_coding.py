"""Distances by code, of an index whose codes are known by what it gives out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.metric import Metric, distances
from explorer.indexes import type_named
from explorer.indexes.building import built
from explorer.measure.coding import CodedDistances, coded_distances
from explorer.measure.truth import true_neighbours
from tests.measure.conftest import NewDataset
from tests.measure.test_whole import exact_of, vectors


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot"])
def test_codes_give_the_distances_to_what_they_stand_for(
    new_dataset: NewDataset, tmp_path: Path, metric: Metric
) -> None:
    x = vectors(600, 8)
    dataset = new_dataset(x)
    params = {"quantizer": "4bit"} if metric == "dot" else {}
    handle = built(dataset, "faiss-sq", metric, params, tmp_path / "sq")
    searcher = type_named("faiss-sq").open(handle, dataset)
    rows = np.arange(40)
    with exact_of(dataset, metric, tmp_path / "exact") as exact:
        sample = true_neighbours(dataset, metric, exact, np.array([3, 50]), 5)
    found = coded_distances(dataset, metric, searcher, x[7], rows, sample)
    assert found.true == pytest.approx(distances(metric, x[rows], x[7]), abs=1e-6)
    held = searcher.decoded(rows).astype(np.float64)
    query = x[7].astype(np.float64)
    wanted = {
        "euclidean": np.linalg.norm(held - query, axis=1),
        "dot": held @ query,
        "cosine": 1 - held @ query / np.linalg.norm(query),
    }[metric]
    assert found.coded == pytest.approx(wanted, abs=1e-6)
    assert 0 < abs(found.coded - found.true).max() < 1.5
    assert 60 <= len(found.sample_true) <= 70 and found.correlation > 0.9 and 0 < found.off < 0.5
    searcher.close()


def test_without_a_sample_nothing_is_told_of_it() -> None:
    none = np.empty(0)
    found = CodedDistances(np.empty(0, np.int64), none, none, none, none)
    assert np.isnan(found.correlation) and np.isnan(found.off)
