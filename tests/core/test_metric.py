"""Distances against scipy in float64."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from explorer.core.metric import METRICS, Metric, distances, distances_of, metric_named, order
from explorer.errors import BadParameter

SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e6])
@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_scipys(metric: Metric, offset: float) -> None:
    random = np.random.default_rng(1)
    x = (random.standard_normal((200, 24)) + offset).astype(np.float32)
    q = x[0] + np.float32(0.5)
    wide, ask = x.astype(np.float64), q.astype(np.float64)
    expected = wide @ ask if metric == "dot" else cdist(ask[None], wide, SCIPY[metric])[0]
    np.testing.assert_allclose(distances(metric, x, q), expected, rtol=1e-12, atol=1e-15)


def test_small_angles_keep_their_digits() -> None:
    q = np.array([1.0, 0.0], np.float32)
    x = np.array([[1.0, 1e-10]], np.float32)
    np.testing.assert_allclose(distances("cosine", x, q), float(x[0, 1]) ** 2 / 2, rtol=1e-6)


def test_a_zero_vector_has_no_cosine() -> None:
    x = np.array([[0, 0], [1, 0]], np.float32)
    found = distances("cosine", x, x[1])
    assert np.isnan(found[0])
    assert found[1] == 0
    assert np.isnan(distances("cosine", x, x[0])).all()


def test_order_turns_nearer_into_smaller() -> None:
    assert order("dot", np.array([1.0, 3.0, np.nan])).tolist() == [-1.0, -3.0, np.inf]
    assert order("cosine", np.array([1.0, np.nan])).tolist() == [1.0, np.inf]


@pytest.mark.parametrize("metric", METRICS)
def test_distances_of_rows_are_the_same_in_blocks(metric: Metric) -> None:
    x = np.random.default_rng(2).standard_normal((700, 1000)).astype(np.float32)
    x[600:] = x[:100]
    rows = np.arange(700)
    found = distances_of(metric, x, rows, x[3])
    np.testing.assert_allclose(found, distances(metric, x, x[3]), rtol=1e-14, atol=1e-17)
    np.testing.assert_array_equal(found[600:], found[:100])
    np.testing.assert_array_equal(distances_of(metric, x, rows[5:9], x[3]), found[5:9])


@pytest.mark.parametrize(("name", "metric"), [("L2", "euclidean"), ("ip", "dot"), (" Angular ", "cosine")])
def test_aliases(name: str, metric: Metric) -> None:
    assert metric_named(name) == metric


def test_an_unknown_metric_is_told_which_there_are() -> None:
    with pytest.raises(BadParameter, match=r"“hamming” is no metric; there are cosine, euclidean, dot, manhattan\."):
        metric_named("hamming")
