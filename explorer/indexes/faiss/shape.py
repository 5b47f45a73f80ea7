"""The shape of an index that suits the number of rows: many rows bear many cells and fine codes, few do not."""

from __future__ import annotations

import math

from explorer.errors import BadParameter

ROWS_PER_CELL = 39
"""So many training rows for each cell or code are what Faiss asks for; with fewer it warns."""
MOST_TRAINING_PER_CELL = 256
"""More than so many are not used."""
NUMBERS_PER_CODE = 4


def cells(rows: int, wanted: int | None) -> int:
    """`nlist`: 4·√n unless it is given, and never more than there are rows to fill the cells with."""
    if wanted is not None:
        return min(wanted, rows)
    return max(1, min(round(4 * math.sqrt(rows)), rows // ROWS_PER_CELL))


def pieces(dimensions: int, wanted: int | None) -> int:
    """`m`: into how many pieces a vector is cut; the fewest equal ones of at most four numbers, unless it is given.

    Raises BadParameter when a given one does not divide the dimensions.
    """
    divisors = [m for m in range(1, dimensions + 1) if dimensions % m == 0]
    if wanted is None:
        return next(m for m in divisors if m * NUMBERS_PER_CODE >= dimensions)
    if wanted not in divisors:
        below = max((m for m in divisors if m < wanted), default=1)
        above = min((m for m in divisors if m > wanted), default=dimensions)
        near = " or ".join(str(m) for m in sorted({below, above}))
        raise BadParameter(f"m has to divide the {dimensions} dimensions, which {wanted} does not; {near} does.")
    return wanted


def code_bits(rows: int, wanted: int) -> int:
    """`nbits`: so few that there are no more codes than rows."""
    return max(1, min(wanted, rows.bit_length() - 1))
