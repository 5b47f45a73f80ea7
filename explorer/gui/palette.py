"""The colours of columns: categories from a table of distinct colours, numbers from one even ramp, the missing grey.

All of them can be told from a white and from a nearly black paper.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column

Codes = NDArray[np.unsignedinteger[Any]]
Palette = NDArray[np.uint8]


def _table(text: str) -> Palette:
    table = np.frombuffer(bytes.fromhex(text.replace("#", "")), np.uint8).reshape(-1, 3)
    table.flags.writeable = False
    return table


CATEGORY_COLOURS = _table(
    """
    #0072b2 #e69f00 #009e73 #cc79a7 #56b4e9 #d55e00 #8c6bb1 #b8a100
    #5b8c5a #7f7f7f #9e324a #146814 #4ace8c #e09efe #e0aaa4 #805c1a
    #625674 #9e8cf8 #98a486 #1498b6 #147468 #f27a6e #c2506e #983e8c
    #5c4aaa #5680e0 #9e7a14 #20b6aa #b0a4ce #fe8cc2 #68aa44 #b6bc74
    #b68068 #b04414 #86c2bc #8c8cb6 #388014 #925c68 #205c8c #ce9868
    #b674ce #b6569e #fe9e68 #50748c #1a9eec #6862c8 #565c3e #da8014
    #a4684a #9eaafe #da86d4 #da6262 #629214 #c2989e #aa748c #567444
    #92bc44 #929256 #804a3e #148c86 #7aaabc #689898 #6280b6 #7a569e
    """
)
"""uint8 (64, 3). The first are those of Okabe and Ito (2008), which colour-blind people can tell apart, and four quiet
ones; each further one is the colour farthest, as they and as others see it, from all before it (greedily, in Oklab,
none of them glaring, with a contrast of at least 2 : 1 to either paper)."""

MISSING: Palette = _table("#7d858e")[0]
"""uint8 (3,): a row without a value, a category that is turned off, a column without colours."""

_RAMP = _table(
    """
    #463480 #3e4a89 #355d8d #2d6f8e #27808e #20918c #1fa287 #2eb37d
    #4bc26c #73d056 #a0da39 #d0e11c
    """
)
"""Even steps of viridis (Smith, van der Walt and Firing, 2015, CC0) without its ends: each fades into one paper."""


def _ramp(steps: int) -> Palette:
    at = np.linspace(0.0, len(_RAMP) - 1.0, steps)
    known = np.arange(len(_RAMP))
    table = np.stack([np.interp(at, known, _RAMP[:, i]) for i in range(3)], axis=1).round().astype(np.uint8)
    table.flags.writeable = False
    return table


NUMBER_COLOURS = _ramp(256)
"""uint8 (256, 3) from low to high; equal steps look equal."""


def _side(end: str) -> Palette:
    """From grey to a colour in 128 steps."""
    return np.linspace(MISSING, _table(end)[0], 129)[1:].round().astype(np.uint8)


SIDE_COLOURS = np.concatenate([_side("#2f86d6")[::-1], _side("#e6862a")])
"""uint8 (256, 3): one side blue, the other orange, both grey where they meet."""


def sides(values: NDArray[np.float64]) -> tuple[float, float]:
    """The same range on both sides of 0, so that 0 lies in the middle: that of `number_range`, widened."""
    reach = max(map(abs, number_range(values)))
    return -reach, reach


def category_colour(code: int) -> tuple[int, int, int]:
    """Red, green and blue of a category; beyond the 64th the colours come round again."""
    red, green, blue = CATEGORY_COLOURS[code % len(CATEGORY_COLOURS)]
    return int(red), int(green), int(blue)


def number_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """The numbers that get the first and the last colour: the 1st and the 99th percentile of those there are.

    So a few outliers do not make all others look alike. (0, 0) where there are none.
    """
    values = np.asarray(values, np.float64)
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 0.0
    low, high = np.percentile(known[:: max(1, known.size // 200_000)], (1, 99))
    if low == high:
        low, high = known.min(), known.max()
    return float(low), float(high)


def coded(
    column: Column, hidden: frozenset[str] = frozenset(), *, diverging: bool = False
) -> tuple[Codes, Palette] | None:
    """Codes (n,) into a palette uint8 (m, 3) for a column; None for texts, which have no colours.

    The last colour is that of missing values and of the `hidden` labels. `diverging` numbers have two
    sides, which meet at 0.
    """
    values = np.asarray(column.values) if column.kind != "text" else np.empty(0)
    if column.kind == "category":
        m = len(column.labels)
        palette = np.concatenate([CATEGORY_COLOURS[np.arange(m) % len(CATEGORY_COLOURS)], MISSING[None]])
        for code, label in enumerate(column.labels):
            if label in hidden:
                palette[code] = MISSING
        return np.where(values < 0, m, values).astype(np.uint8 if m < 256 else np.uint16), palette
    if column.kind == "number":
        low, high = sides(values) if diverging else number_range(values)
        ramp = SIDE_COLOURS if diverging else NUMBER_COLOURS
        steps = len(NUMBER_COLOURS)
        known = np.isfinite(values)
        share = (np.where(known, values, low) - low) / (high - low) if high > low else np.full(len(values), 0.5)
        codes = np.clip(share * steps, 0, steps - 1).astype(np.uint16)
        codes[~known] = steps
        return codes, np.concatenate([ramp, MISSING[None]])
    return None


def shown(column: Column, hidden: frozenset[str]) -> NDArray[np.bool_] | None:
    """Which rows the legend leaves on, bool (n,); None for all of them."""
    if column.kind != "category" or not hidden:
        return None
    off = np.array([label in hidden for label in column.labels] + [False])
    on: NDArray[np.bool_] = ~off[np.asarray(column.values)]
    return on


def shading(
    column: Column | None, rows: int, hidden: frozenset[str], *, diverging: bool = False
) -> tuple[Codes | None, Palette | None, NDArray[np.bool_] | None]:
    """What the map takes for a column of so many rows: codes, palette and which rows are shown.

    Without a column, or with one of texts, codes and palette are None: all points in one quiet colour.
    """
    if column is None or len(column) != rows:
        return None, None, None
    colours = coded(column, hidden, diverging=diverging)
    if colours is None:
        return None, None, None
    return *colours, shown(column, hidden)
