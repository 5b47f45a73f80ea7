"""Seconds on other machines."""

from __future__ import annotations

from explorer.core.cost import Cost, cores, work


def test_what_is_shared_gets_shorter_with_every_core_and_what_is_not_does_not() -> None:
    cost = Cost(2.0, 8.0, 1, 1, "It", "wait")
    assert cost.seconds(cores_here=1) == 10
    assert cost.seconds(cores_here=4) == 4
    assert cost.seconds(3.0, cores_here=4) == 12
    assert cost.seconds() == 2 + 8 / cores()


def test_alone_nothing_is_shared() -> None:
    assert work(5.0, alone=True) == (5.0, 0.0)
    assert work(5.0, alone=False) == (0.0, 5.0)
