from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.gui.map import cloud as clouds
from explorer.gui.map.points import Points
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
    positions = np.arange(200, dtype=np.float32).reshape(100, 2)
    whole = clouds.placed(clouds.plain(100), positions, np.arange(100))
    cloud = clouds.parted(whole, visible, selection)
    arrangement = cloud.arrangement
    assert sorted(arrangement.order[: arrangement.faint]) == list(range(10))
    assert sorted(arrangement.order[arrangement.dim :]) == [20, 30]
    assert sorted(arrangement.order) == list(range(100))
    assert np.array_equal(np.stack([cloud.x, cloud.y], axis=1), positions[arrangement.order])
    assert np.array_equal(cloud.code, arrangement.order)
    assert clouds.parted(whole, None, None) is whole


def test_lonely_points_are_found_and_crowds_are_not() -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(0, 1, (clouds.SPARSE_FROM + 3, 2)).astype(np.float32)
    positions[[7, 70, 700]] = [(40, 40), (-40, 40), (40, -40)]
    arrangement = clouds.plain(len(positions))
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert {7, 70, 700} <= set(arrangement.order[clouds.lonely(cloud)].tolist())
    assert len(clouds.lonely(cloud)) < 200


def test_the_crowd_is_about_what_shares_a_window() -> None:
    positions = np.random.default_rng(0).uniform(0, 1, (20_000, 2)).astype(np.float32)
    arrangement = clouds.plain(len(positions))
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert cloud.crowd(0.2, 0.2) == pytest.approx(800, rel=0.3)
    assert cloud.crowd(9, 9) == 20_000


def test_positions_that_are_not_finite_spoil_nothing() -> None:
    positions = scattered(60_000)
    positions[3] = np.nan
    positions[4, 1] = np.inf
    arrangement = clouds.plain(len(positions))
    cloud = clouds.placed(arrangement, positions, np.zeros(len(positions), np.uint16))
    assert cloud.bounds is not None and np.isfinite([cloud.bounds.x1, cloud.bounds.y1]).all()
    with np.errstate(invalid="ignore"):
        clouds.lonely(cloud)


def test_what_is_kept_of_the_points_follows_every_change() -> None:
    """Positions, colours, filter and selection in any order: the cloud is what it would be if made at once."""
    rng = np.random.default_rng(0)
    points = Points("#808080")
    palette = np.zeros((9, 3), np.uint8)
    state: dict[str, Any] = {"positions": scattered(300), "codes": None, "visible": None, "selected": np.empty(0, int)}
    points.place(state["positions"])
    for step in range(120):
        match rng.integers(4):
            case 0:
                state["positions"] = rng.normal(size=(300, 2)).astype(np.float32)
                points.place(state["positions"])
            case 1:
                state["codes"] = rng.integers(9, size=300).astype(np.uint8) if step % 3 else None
                points.colour(state["codes"], None if state["codes"] is None else palette)
            case 2:
                state["visible"] = rng.random(300) < 0.5 if step % 3 else None
                points.show(state["visible"])
            case _:
                state["selected"] = rng.choice(300, 20, replace=False) if step % 3 else np.empty(0, int)
                points.select(state["selected"])
        if step % 4 == 0:
            continue
        cloud = points.cloud()
        assert cloud is not None
        order, faint, dim = cloud.arrangement.order, cloud.arrangement.faint, cloud.arrangement.dim
        assert np.array_equal(np.sort(order), np.arange(300))
        assert np.array_equal(np.stack([cloud.x, cloud.y], axis=1), state["positions"][order])
        codes = np.zeros(300, int) if state["codes"] is None else state["codes"]
        assert np.array_equal(cloud.code, codes[order])
        hidden = np.zeros(300, bool) if state["visible"] is None else ~state["visible"]
        assert set(order[:faint]) == set(np.flatnonzero(hidden))
        if len(state["selected"]):
            assert set(order[dim:]) == set(state["selected"]) - set(np.flatnonzero(hidden))
        else:
            assert dim == faint
