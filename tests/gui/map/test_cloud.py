from __future__ import annotations

import numpy as np
import pytest

from explorer.gui.map import cloud as clouds
from tests.gui.map.conftest import scattered


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 1000, 4096])
def test_mixing_is_a_permutation(n: int) -> None:
    assert np.array_equal(np.sort(clouds.mixed(n)), np.arange(n))


def test_a_prefix_is_a_fair_sample() -> None:
    classes = np.repeat(np.arange(10), 1000)
    counts = np.bincount(classes[clouds.mixed(10_000)[:1000]], minlength=10)
    assert counts.min() > 80 and counts.max() < 120


def test_groups_hold_filtered_then_dimmed_then_selected_rows() -> None:
    visible = np.arange(100) >= 10
    selection = np.array([5, 20, 30])
    arrangement = clouds.arranged(clouds.mixed(100), visible, selection)
    assert sorted(arrangement.order[: arrangement.faint]) == list(range(10))
    assert sorted(arrangement.order[arrangement.dim :]) == [20, 30]
    assert len(arrangement.order) == 100


def test_lonely_points_are_found_and_crowds_are_not() -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(0, 1, (clouds.SPARSE_FROM + 3, 2)).astype(np.float32)
    positions[[7, 70, 700]] = [(40, 40), (-40, 40), (40, -40)]
    arrangement = clouds.arranged(clouds.mixed(len(positions)), None, None)
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert {7, 70, 700} <= set(arrangement.order[clouds.lonely(cloud)].tolist())
    assert len(clouds.lonely(cloud)) < 200


def test_the_crowd_is_about_what_shares_a_window() -> None:
    positions = np.random.default_rng(0).uniform(0, 1, (20_000, 2)).astype(np.float32)
    arrangement = clouds.arranged(clouds.mixed(len(positions)), None, None)
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert cloud.crowd(0.2, 0.2) == pytest.approx(800, rel=0.3)
    assert cloud.crowd(9, 9) == 20_000


def test_positions_that_are_not_finite_spoil_nothing() -> None:
    positions = scattered(60_000)
    positions[3] = np.nan
    positions[4, 1] = np.inf
    arrangement = clouds.arranged(clouds.mixed(len(positions)), None, None)
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert cloud.bounds is not None and np.isfinite([cloud.bounds.x1, cloud.bounds.y1]).all()
    with np.errstate(invalid="ignore"):
        clouds.lonely(cloud)
