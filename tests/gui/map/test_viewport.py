from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.gui.map.viewport import Bounds, Viewport

numbers = st.floats(-1e3, 1e3)
sides = st.integers(100, 2000)
views = st.builds(Viewport, cx=numbers, cy=numbers, scale=st.floats(1e-2, 1e4), width=sides, height=sides)


@given(views, numbers, numbers)
def test_the_way_to_the_screen_leads_back(view: Viewport, x: float, y: float) -> None:
    assert view.to_data(*view.to_screen(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(views, st.floats(0.1, 10), st.floats(0, 100), st.floats(0, 100))
def test_zooming_leaves_what_lies_under_the_cursor(view: Viewport, factor: float, px: float, py: float) -> None:
    under = view.to_data(px, py)
    assert view.zoomed(factor, px, py).to_data(px, py) == pytest.approx(under, abs=1e-5, rel=1e-9)


def test_up_in_the_data_is_up_on_the_screen() -> None:
    view = Viewport(0, 0, 10, 200, 100)
    assert view.to_screen(0, 1) == (100, 40)


def test_a_fit_shows_all_points_with_a_margin() -> None:
    view = Viewport.around(Bounds(-5, 2, 15, 4), 600, 400, margin=40)
    left, bottom = view.to_screen(-5, 2)
    right, top = view.to_screen(15, 4)
    assert (left, right) == pytest.approx((40, 560))
    assert 40 < top < bottom < 360


@pytest.mark.parametrize("bounds", [Bounds(3, 3, 3, 3), Bounds(0, 1, 0, 5)])
def test_a_single_point_and_a_line_fit_too(bounds: Bounds) -> None:
    view = Viewport.around(bounds, 600, 400)
    assert np.isfinite([view.cx, view.cy, view.scale]).all()
    assert view.to_screen(bounds.x0, (bounds.y0 + bounds.y1) / 2) == pytest.approx((300, 200))


def test_bounds_leave_out_what_is_not_finite() -> None:
    x = np.array([1, np.nan, 3, 5], np.float32)
    y = np.array([1, 2, 4, np.inf], np.float32)
    assert Bounds.of(x, y) == Bounds(1, 1, 3, 4)
    assert Bounds.of(x[:0], y[:0]) is None


def test_a_glide_keeps_the_fixed_point_of_a_zoom_still() -> None:
    start = Viewport(1, 2, 10, 600, 400)
    goal = start.zoomed(8, 100, 50)
    under = start.to_data(100, 50)
    halfway = start.towards(goal, 0.5)
    assert start.scale < halfway.scale < goal.scale
    assert halfway.to_data(100, 50) == pytest.approx(under)
    assert start.towards(goal, 1.0).near(goal)
