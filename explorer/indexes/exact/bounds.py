"""What float32 arithmetic can be trusted with: error bounds, and the rows that they leave in the running.

A scan gives every row an interval that surely holds its true score (smaller is nearer). The k rows with the lowest
upper ends show how far the k-th nearest can be at most; every row whose lower end is not farther stays a candidate.
Bounds are those of N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1: they hold for any
order of summation, with or without fused multiply-add.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROUNDING = 2.0**-24
"""The unit roundoff of float32."""
SMALLEST_LENGTH, LARGEST_LENGTH = 1e-12, 1e12
"""Vectors of a length outside these could overflow or underflow in float32 products, and are left to float64."""
UNDERFLOW = 1e-37
"""More than one product that underflows can lose, each."""
FEWEST_GROUPS = 4096


class Intervals(NamedTuple):
    """Where the true score of each row surely lies: float32 (n,) each, −inf and +inf allowed, never NaN."""

    lower: NDArray[np.float32]
    upper: NDArray[np.float32]


def gamma(operations: int) -> float:
    """The relative error that a chain of so many float32 roundings can reach at most."""
    return operations * ROUNDING / (1 - operations * ROUNDING)


def usable(length: float) -> bool:
    """Whether a vector of this length can be multiplied in float32 without overflow or harmful underflow."""
    return SMALLEST_LENGTH <= length <= LARGEST_LENGTH


def kth_smallest(values: NDArray[np.float32], k: int) -> float:
    """The k-th smallest of (n,) values, 1 ≤ k ≤ n, in little more time than reading them takes.

    The minima of strided groups give a value that at least k others do not exceed; only those are partitioned.
    Groups are strided because neighbours often stand beside each other in a file.
    """
    groups = max(FEWEST_GROUPS, 8 * k)
    members = len(values) // groups
    if members > 1:
        minima = values[: members * groups].reshape(members, groups).min(axis=0)
        values = values[values <= np.partition(minima, k - 1)[k - 1]]
    return float(np.partition(values, k - 1)[k - 1])


def candidates(intervals: Intervals, k: int) -> NDArray[np.intp]:
    """Every row that can be among the k nearest, ascending."""
    return np.flatnonzero(intervals.lower <= np.float32(kth_smallest(intervals.upper, k)))


def at_least(value: Any) -> NDArray[np.float32]:
    """float64 as float32, rounded up, so that a bound stays a bound."""
    rounded = np.asarray(value, np.float32)
    return np.nextafter(rounded, np.float32(np.inf), dtype=np.float32)
