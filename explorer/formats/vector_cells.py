"""The cells of a vector's columns, as rows of a float32 matrix; a row that holds no such vector becomes NaN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.formats.list_cells import vectors_of_lists
from explorer.formats.vector_field import VectorField, is_number_type, length_of

if TYPE_CHECKING:
    import pyarrow as pa

STRIP_ROWS = 512
"""Columns are laid beside each other for so many rows at a time, so that these stay in the processor's cache."""


def dimensions_of(columns: Mapping[str, pa.Array], field: VectorField) -> int:
    """How many numbers the vectors mostly have in these records; 0 where none of them tells."""
    if field.dimensions:
        return field.dimensions
    return length_of(columns[field.names[0]], field.form)


def write_vectors(columns: Mapping[str, pa.Array], field: VectorField, out: NDArray[np.float32]) -> NDArray[np.int64]:
    """Write the vectors of some records into `out` (records, dimensions).

    Returns the records, from 0, whose vector is missing or of another length: these are NaN.
    """
    if field.form == "numbers":
        _write_columns([_numbers(columns[name]) for name in field.names], out)
        return np.zeros(0, np.int64)
    array = columns[field.names[0]]
    if field.form == "text":
        vectors_of_lists(array.fill_null(""), out)
        return np.flatnonzero(np.isnan(out).all(axis=1))
    right = _write_blobs(array, out) if field.form == "blob" else _write_lists(array, out)
    return np.zeros(0, np.int64) if right is None else np.flatnonzero(~right)


def largest_whole(columns: Mapping[str, pa.Array], field: VectorField) -> int:
    """The largest whole number, without its sign, that the vectors hold; 0 where they hold no such numbers."""
    import pyarrow.compute as pc

    if "int" not in field.dtype or field.dtype in ("int8", "uint8", "int16", "uint16"):
        return 0
    found = 0
    for name in field.names:
        array = columns[name]
        least_most = pc.min_max(array.flatten() if field.form == "list" else array)
        found = max(found, *(abs(value.as_py() or 0) for value in (least_most["min"], least_most["max"])))
    return found


def _write_lists(array: pa.Array, out: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Which records hold as many numbers as `out` has columns; None when all do."""
    import pyarrow as pa

    rows, dimensions = out.shape
    known: NDArray[np.bool_] | None = None
    if array.null_count:
        known = ~array.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        if size != dimensions:
            out[:] = np.nan
            return np.zeros(rows, bool)
        start = array.offset * size
        out[:] = _numbers(array.values.slice(start, rows * size)).reshape(rows, size)
        if known is not None:
            out[~known] = np.nan
        return known
    offsets = array.offsets.to_numpy().astype(np.int64, copy=False)
    right: NDArray[np.bool_] = np.diff(offsets) == dimensions
    if known is not None:
        right &= known
    first = int(offsets[0])
    if right.all():
        out[:] = _numbers(array.values.slice(first, rows * dimensions)).reshape(rows, dimensions)
        return None
    numbers = _numbers(array.values.slice(first, int(offsets[-1]) - first))
    out[:] = np.nan
    out[right] = numbers[(offsets[:-1][right] - first)[:, None] + np.arange(dimensions)]
    return right


def _write_blobs(array: pa.Array, out: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """The same of bytes, little-endian float32."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dimensions = out.shape[1]
    right = pc.fill_null(pc.equal(pc.binary_length(array), 4 * dimensions), False)
    cells = array.filter(right).cast(pa.large_binary())
    out[:] = np.nan
    mask: NDArray[np.bool_] = right.to_numpy(zero_copy_only=False)
    if len(cells):
        _, offsets, data = cells.buffers()
        first = int(np.frombuffer(offsets, np.int64)[cells.offset])
        out[mask] = (
            np.frombuffer(data, np.uint8)[first : first + 4 * dimensions * len(cells)]
            .view("<f4")
            .reshape(-1, dimensions)
        )
    return None if mask.all() else mask


def _write_columns(numbers: list[NDArray[Any]], out: NDArray[np.float32]) -> None:
    """A number to a column."""
    for start in range(0, len(out), STRIP_ROWS):
        strip = np.array([column[start : start + STRIP_ROWS] for column in numbers], np.float32)
        out[start : start + STRIP_ROWS] = strip.T


def _numbers(array: pa.Array) -> NDArray[Any]:
    """Numbers as numpy has them, NaN where there is none."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if not is_number_type(array.type) or pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    found: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return found
