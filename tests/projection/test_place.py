"""Where a query is put."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.projection.place import placed

POSITIONS = np.array([[0, 0], [10, 0], [0, 10], [100, 100]], np.float32)


def test_it_lies_nearest_to_its_nearest_neighbour() -> None:
    x, y = placed(np.array([0, 1, 2]), np.array([0.1, 0.5, 0.9]), POSITIONS)
    assert 0 < y < x < 5


@pytest.mark.parametrize("distances", [[0, 0, 0], [5, 5, 5], [1e-30, 1e-30, 1e-30]])
def test_neighbours_equally_far_count_alike(distances: list[float]) -> None:
    assert placed(np.array([0, 1, 2]), np.array(distances), POSITIONS) == pytest.approx((10 / 3, 10 / 3))


def test_the_larger_inner_product_weighs_more() -> None:
    x, y = placed(np.array([1, 2]), np.array([9.0, 3.0]), POSITIONS, "dot")
    assert x > y


def test_one_neighbour_is_the_place() -> None:
    assert placed(np.array([3]), np.array([0.0]), POSITIONS) == (100.0, 100.0)
