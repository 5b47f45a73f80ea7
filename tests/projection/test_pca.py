"""PCA: the components themselves, and maps of data that has none."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core.metric import METRICS
from explorer.core.progress import silent
from explorer.projection.pca import principal, unit


def test_components_equal_those_of_the_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((400, 12)) * np.linspace(3, 0.2, 12) + 100).astype(np.float32)
    centred = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ axes[:2].T
    found = principal(x, "euclidean", silent)
    for axis in range(2):
        likeness = np.corrcoef(found[:, axis], expected[:, axis])[0, 1]
        assert abs(likeness) > 0.99999
        assert np.ptp(found[:, axis]) == pytest.approx(np.ptp(expected[:, axis]), rel=1e-3)


def test_wide_vectors_have_the_components_that_narrow_ones_have() -> None:
    rng = np.random.default_rng(0)
    narrow = (rng.standard_normal((60, 3)) * [5, 2, 0.1]).astype(np.float32)
    turned, _ = np.linalg.qr(rng.standard_normal((3000, 3)))
    wide = (narrow @ turned.T).astype(np.float32)
    one, other = principal(narrow, "euclidean", silent), principal(wide, "euclidean", silent)
    assert np.allclose(np.abs(one), np.abs(other), atol=1e-3)


def test_the_map_of_cosine_does_not_depend_on_lengths() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 8)).astype(np.float32)
    lengths = rng.uniform(0.1, 50, (300, 1)).astype(np.float32)
    assert np.allclose(principal(x, "cosine", silent), principal(x * lengths, "cosine", silent), atol=1e-4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (2, 3), (3, 3), (5, 1), (2, 1), (4, 3000)])
def test_small_shapes_have_a_finite_map(metric: str, shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    found = principal(x, metric, silent)  # type: ignore[arg-type]
    assert found.shape == (shape[0], 2) and found.dtype == np.float32 and np.isfinite(found).all()
    if shape[1] == 1:
        assert not found[:, 1].any()


@pytest.mark.parametrize("size", [0.0, 1e-38, 1e-20, 1.0, 1e20, 3e38])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_numbers_of_any_size_have_a_finite_map(size: float, metric: str) -> None:
    x = (np.random.default_rng(0).uniform(-1, 1, (50, 4)) * size).astype(np.float32)
    found = principal(x, metric, silent)  # type: ignore[arg-type]
    assert np.isfinite(found).all()
    assert (np.ptp(found, axis=0) > 0).all() == (size > 0)


def test_equal_rows_lie_on_one_point() -> None:
    found = principal(np.full((20, 5), 7, np.float32), "euclidean", silent)
    assert np.ptp(found, axis=0) == pytest.approx(0, abs=1e-5)


def test_unit_leaves_zero_rows_alone() -> None:
    rows = np.array([[3, 4], [0, 0], [3e38, 0], [0, 1e-40]], np.float32)
    assert np.allclose(np.linalg.norm(unit(rows), axis=1), [1, 0, 1, 1], atol=1e-5)
