"""Where labels stand: each at its place, the first first, never over one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_LABELS = 30
MOST_TRIED = 200
"""Labels after these are not tried."""

GAP = 4.0
"""Logical pixels between two labels."""

Label = tuple[str, float, float]
"""Text, x and y in the units of the positions."""

Rect = tuple[float, float, float, float]
"""Left, top, width and height."""


def place(anchors: NDArray[np.float64], sizes: NDArray[np.float64]) -> list[tuple[int, Rect]]:
    """The labels that find room, the first first: each one's number and its rectangle.

    `anchors` (m, 2) are where the middles should be and `sizes` (m, 2) their width and height, in logical pixels. A
    label whose place is taken may move by its own height or half its width; where that is taken too it is left out.
    """
    placed: list[tuple[int, Rect]] = []
    taken = np.empty((min(len(anchors), MOST_TRIED), 4))
    for number in range(min(len(anchors), MOST_TRIED)):
        (x, y), (width, height) = anchors[number], sizes[number]
        for shift_x, shift_y in ((0, 0), (0, -1), (0, 1), (0.5, 0), (-0.5, 0), (0.5, -1), (-0.5, 1)):
            left = x - width / 2 + shift_x * width
            top = y - height / 2 + shift_y * height
            box = np.array([left - GAP, top - GAP, left + width + GAP, top + height + GAP])
            others = taken[: len(placed)]
            clear = (
                (others[:, 0] >= box[2])
                | (others[:, 2] <= box[0])
                | (others[:, 1] >= box[3])
                | (others[:, 3] <= box[1])
            )
            if clear.all():
                taken[len(placed)] = (left, top, left + width, top + height)
                placed.append((number, (float(left), float(top), float(width), float(height))))
                break
    return placed
