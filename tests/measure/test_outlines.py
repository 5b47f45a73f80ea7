"""Outlines of cells on a map, against scipy's convex hull."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay

from explorer.errors import Cancelled
from explorer.measure.outlines import hull, outlined


@pytest.mark.parametrize("count", [3, 7, 40, 3000])
def test_a_hull_is_that_of_all_points(count: int) -> None:
    points = np.random.default_rng(count).standard_normal((count, 2))
    corners, wanted = hull(points), points[ConvexHull(points).vertices]
    assert sorted(corners.tolist()) == sorted(wanted.tolist())
    x, y = corners.T
    assert np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)) > 0, "in order around it"


def test_points_without_width_have_fewer_corners() -> None:
    line = np.stack([np.arange(50.0), 2 * np.arange(50.0)], axis=1)
    assert hull(line).tolist() == [[0, 0], [49, 98]]
    assert hull(np.ones((40, 2))).tolist() == [[1, 1]]
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [1, 0]], float)
    assert len(hull(square)) == 4


def test_an_outline_holds_its_share_of_the_rows_and_leaves_strays_out() -> None:
    random = np.random.default_rng(1)
    positions = np.concatenate([random.standard_normal((1000, 2)), random.standard_normal((1000, 2)) + 40])
    cell_of = np.repeat([0, 2], 1000)
    positions[:50] += 100  # strays of the first cell
    positions[60], cell_of[61] = np.nan, -1
    found = outlined(positions.astype(np.float32), cell_of, 4)
    assert len(found.of(1)) == 0 and len(found.of(3)) == 0 and np.isnan(found.middles[[1, 3]]).all()
    for cell, middle in ((0, 0), (2, 40)):
        corners = found.of(cell)
        assert abs(corners - middle).max() < 4 and abs(found.middles[cell] - middle).max() < 0.2
        own = positions[(cell_of == cell) & np.isfinite(positions).all(axis=1)]
        inside = Delaunay(corners).find_simplex(own) >= 0
        # Its corners themselves lie on its edge.
        assert inside.mean() == pytest.approx(0.9, abs=0.02)


def test_small_cells_and_no_cells() -> None:
    positions = np.array([[0, 0], [1, 1], [5, 5]], np.float32)
    found = outlined(positions, np.array([0, 0, 1]), 2)
    assert found.of(1).tolist() == [[5, 5]] and len(found.of(0)) == 2
    assert len(outlined(positions, np.full(3, -1), 0).corners) == 0


def test_drawing_outlines_can_be_stopped() -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        outlined(np.zeros((3, 2), np.float32), np.zeros(3, int), 1, progress=stop)
