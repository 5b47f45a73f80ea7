"""From Arrow's arrays to ours, without a loop over cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.core import column as columns
from explorer.core.column import Column
from explorer.core.strings import Strings

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = ("", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None", "-")
"""What stands for no value in a column of numbers."""
LOOK = 20_000
"""How many cells tell what a column cannot be, before all of them are looked at."""
CLASSES = frozenset({"label", "class", "target", "digit", "category", "cluster", "group", "y", "labels", "species"})
"""Columns of these names are categories even when their values are whole numbers."""


def strings_of(array: pa.ChunkedArray) -> Strings:
    """Packed large_string cells; null becomes the empty string."""
    import pyarrow.compute as pc

    whole = pc.fill_null(array, "").combine_chunks()
    n = len(whole)
    _, offsets, data = whole.buffers()
    if n == 0 or offsets is None:
        return Strings.of([])
    ends = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + n + 1]
    first = int(ends[0])
    held = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return Strings(held[first : int(ends[-1])], ends[1:] - first)


def numbers_of(array: pa.ChunkedArray, decimal: str) -> NDArray[np.float64] | None:
    """The large_string cells as float64 (n,), NaN where missing; None when one of them is no number, or none is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(array) > LOOK and numbers_of(array.slice(0, LOOK), decimal) is None and _some(array.slice(0, LOOK)):
        return None
    cells = pc.utf8_trim_whitespace(array)
    cells = pc.if_else(pc.is_in(cells, pa.array(MISSING, pa.large_string())), pa.scalar(None, pa.large_string()), cells)
    if decimal == ",":
        cells = pc.replace_substring(cells, ",", ".")
    try:
        numbers = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    if numbers.null_count == len(numbers):
        return None
    return np.array(numbers.to_numpy(), np.float64)


def column_of(name: str, array: pa.ChunkedArray, decimal: str = ".") -> Column:
    """A column of large_string cells as what it is: numbers, a category when values repeat, text otherwise."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = numbers_of(array, decimal)
    if numbers is not None:
        return columns.from_numbers(name, numbers, category=name.casefold() in CLASSES)
    if len(pc.unique(array.slice(0, LOOK))) > columns.MOST_CATEGORIES + 1:
        return Column(name, "text", strings_of(array))
    cells = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.large_string()), array)
    encoded = cells.combine_chunks().dictionary_encode()
    if columns.repeats(len(encoded.dictionary), len(array)):
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        return columns.from_codes(name, encoded.dictionary.to_pylist(), codes)
    return Column(name, "text", strings_of(array))


def _some(array: pa.ChunkedArray) -> bool:
    """Whether any cell holds a value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return not pc.all(pc.is_in(array, pa.array(MISSING, pa.large_string()))).as_py()


def matrix_of(batch: pa.RecordBatch, names: Sequence[str], out: NDArray[np.float32]) -> None:
    """Write the float32 columns `names` of a batch into `out` (rows, len(names)); null becomes NaN."""
    for j, name in enumerate(names):
        out[:, j] = batch.column(name).to_numpy(zero_copy_only=False)
