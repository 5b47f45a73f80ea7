from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.gui.map import cloud as clouds
from explorer.gui.map import picking
from explorer.gui.map.cloud import Cloud
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.mixture import mixture
from explorer.gui.map.viewport import Viewport
from tests.gui.map.conftest import scattered

N = 4000
POSITIONS = scattered(N)
VISIBLE = np.arange(N) % 7 != 0
VIEW = Viewport(0.5, -0.5, 11.0, 600, 400)
AT = VIEW.screen_of(POSITIONS)


def made(visible: bool = True) -> Cloud:
    whole = clouds.placed(clouds.plain(N), POSITIONS, np.zeros(N, np.uint16))
    return clouds.parted(whole, VISIBLE if visible else None, None)


CLOUD = made()


@settings(max_examples=200)
@given(st.floats(0, 600), st.floats(0, 400))
def test_the_nearest_row_is_the_nearest(px: float, py: float) -> None:
    apart = np.where(VISIBLE, np.hypot(*(AT - (px, py)).T), np.inf)
    row = picking.nearest(CLOUD, VIEW, px, py)
    if row < 0:
        assert apart.min() > picking.REACH - 1e-3
    else:
        assert apart[row] == pytest.approx(apart.min(), abs=1e-3)


def test_the_topmost_of_equal_points_is_picked() -> None:
    positions = np.zeros((5, 2), np.float32)
    cloud = clouds.parted(clouds.placed(clouds.plain(5), positions, np.zeros(5, np.uint16)), None, np.array([3]))
    assert picking.nearest(cloud, Viewport(0, 0, 1, 100, 100), 50, 50) == 3


def test_points_are_found_where_the_map_is_far_zoomed_in() -> None:
    view = VIEW.centred(*map(float, POSITIONS[100])).zoomed(1e4, 300, 200)
    assert picking.nearest(made(visible=False), view, 300, 200) == 100


@settings(max_examples=100)
@given(st.tuples(st.floats(0, 600), st.floats(0, 400), st.floats(0, 600), st.floats(0, 400)))
def test_a_box_holds_what_lies_in_it(corners: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = corners
    low, high = (min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))
    surely = VISIBLE & ((low < AT - 1e-3) & (high > AT + 1e-3)).all(axis=1)
    perhaps = VISIBLE & ((low < AT + 1e-3) & (high > AT - 1e-3)).all(axis=1)
    found = picking.in_box(CLOUD, VIEW, *corners)
    assert set(np.flatnonzero(surely)) <= set(found) <= set(np.flatnonzero(perhaps))
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_lasso_holds_what_lies_in_it(kernels: Kernels, seed: int, compiled: bool) -> None:
    """Against the angles that the outline turns by around each point, on stars that cross themselves too."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(3, 60))
    outline = rng.uniform((-50, -50), (650, 450), (m, 2))
    if seed % 2:
        angle = np.sort(rng.uniform(0, 2 * np.pi, m))
        outline = np.stack([300 + 180 * np.cos(angle), 200 + 180 * np.sin(angle)], axis=1)
    odd = np.zeros(N, bool)
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        across = (a[1] <= AT[:, 1]) != (b[1] <= AT[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= across & (AT[:, 0] < a[0] + (AT[:, 1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1]))
    found = picking.in_lasso(CLOUD, VIEW, outline, kernels if compiled else mixture())
    assert found.tolist() == np.flatnonzero(odd & VISIBLE).tolist()


def test_a_lasso_of_two_places_holds_nothing() -> None:
    assert picking.in_lasso(CLOUD, VIEW, np.array([[0.0, 0], [600, 400]]), mixture()).size == 0
