"""Which columns of a typed table are the vector: one of lists, of bytes or of text, or one number to a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from explorer.errors import BadParameter
from explorer.formats.base import ARRAY, Part
from explorer.formats.choosing import VectorColumns, among
from explorer.formats.dialect import is_list, is_missing, is_number, list_parts

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["list", "blob", "text", "numbers"]
NAMES = ("embedding", "embeddings", "vector", "vectors", "emb", "values", "features", "x")
"""What columns of vectors are called, the likeliest first; also at the end of `a.b` or `text_embedding`."""
_TYPED = re.compile(r"np\.float\d+\(([^()]*)\)")
"""How numpy prints the numbers of a list."""
UNKNOWN = 2 * len(NAMES)
LOOK = 200
"""So many records tell what a column holds."""
LARGEST = 1e30
"""No vector holds larger numbers than this; bytes that are no floats do, read as such."""


@dataclass(frozen=True)
class VectorField:
    """The columns `names` that make the vector, how they hold it, and the numbers' type where they come from.

    `dimensions` is 0 where records have to tell.
    """

    names: tuple[str, ...]
    form: Form
    dtype: str
    dimensions: int = 0

    def __str__(self) -> str:
        return str(VectorColumns(self.names))


def candidates(columns: Mapping[str, pa.Array]) -> list[VectorField]:
    """The columns that hold a vector in each record, the likeliest first, from the first records of the table."""
    found = [field for name, array in columns.items() if (field := _held(name, array)) is not None]
    return sorted(found, key=_likelihood)


def chosen(columns: Mapping[str, pa.Array], array: str | None = None, pattern: str | None = None) -> VectorField | None:
    """The vector's columns, from the first records; `array` and `pattern` are what somebody asked for.

    Returns None when there is nothing to choose. Raises BadParameter for what is not there, or is no vector.
    """
    there = candidates(columns)
    if array is not None:
        for field in there:
            if field.names == (array,):
                return field
        shown = ", ".join(field.names[0] for field in there) or "none"
        raise BadParameter(f"{ARRAY.name}={array} is no column of vectors here; there are: {shown}.")
    kinds = {name: _kind(column) for name, column in columns.items()}
    held = {field.names[0]: field for field in there}
    kinds |= dict.fromkeys(held, "list")
    if pattern is None and there:
        return there[0]
    found = among(kinds, pattern)
    if found is None or found.lists:
        return held[found.names[0]] if found else None
    types = {columns[name].type for name in found.names}
    return VectorField(found.names, "numbers", _dtype(types.pop()) if len(types) == 1 else "float64", len(found.names))


def parts(columns: Mapping[str, pa.Array], rows: int) -> tuple[Part, ...]:
    """What can be chosen by `array=`: nothing where a table has no more than one column of vectors."""
    there = candidates(columns)
    if len(there) < 2:
        return ()
    notes = {"text": "lists written as text", "blob": "bytes of float32"}
    return tuple(
        Part(
            field.names[0],
            (rows, field.dimensions or length_of(columns[field.names[0]], field.form)),
            field.dtype,
            notes.get(field.form, ""),
        )
        for field in there
    )


def several(field: VectorField, columns: Mapping[str, pa.Array]) -> str:
    """What to say where other columns hold vectors too; empty where none does."""
    others = [other.names[0] for other in candidates(columns) if other.names != field.names]
    if not others or field.form == "numbers":
        return ""
    return (
        f"It holds {len(others) + 1} columns of vectors, and “{field}” was taken; "
        f"--read {ARRAY.name}=NAME chooses another: {', '.join(others[:8])}{' …' if len(others) > 8 else ''}."
    )


def fits(kind: pa.DataType, form: Form) -> bool:
    """Whether cells of this type can hold vectors in that form: records of one file need not all be alike."""
    import pyarrow as pa

    if form == "list":
        return is_list_type(kind) and (is_number_type(kind.value_type) or pa.types.is_null(kind.value_type))
    if form == "blob":
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))
    return bool(pa.types.is_large_string(kind)) if form == "text" else is_number_type(kind) or pa.types.is_null(kind)


def is_list_type(kind: pa.DataType) -> bool:
    """Whether each cell is a list."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_number_type(kind: pa.DataType) -> bool:
    """Whether each cell is a number that a vector can hold."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _held(name: str, array: pa.Array) -> VectorField | None:
    """How a column holds vectors; None when it does not."""
    import pyarrow as pa

    kind = array.type
    if is_list_type(kind):
        inner = kind.value_type
        if not is_number_type(inner) and not (pa.types.is_null(inner) and _likely(name) < UNKNOWN):
            return None
        if pa.types.is_fixed_size_list(kind):
            return VectorField((name,), "list", _dtype(inner), kind.list_size) if kind.list_size > 1 else None
        lengths = length_of(array, "list")
        return VectorField((name,), "list", _dtype(inner)) if lengths != 1 else None
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return VectorField((name,), "blob", "float32") if _are_floats(array) else None
    if pa.types.is_large_string(kind):
        cells = [cell for cell in array.slice(0, LOOK).to_pylist() if cell]
        if cells and all(cell.lstrip()[:1] in "[({-.0123456789" and _is_vector(cell) for cell in cells):
            return VectorField((name,), "text", "float32")
    return None


def _is_vector(cell: str) -> bool:
    """Whether a cell is a list of numbers, not one of words, nor an object."""
    parts = list_parts(_TYPED.sub(r"\1", cell)) if is_list(cell) else []
    return len(parts) > 1 and all(is_number(part) or is_missing(part) for part in parts)


def length_of(array: pa.Array, form: Form) -> int:
    """How many numbers most of the first cells hold that hold any; 0 where none does."""
    import pyarrow.compute as pc

    if form == "text":
        return numbers_in_text(array.drop_null().slice(0, LOOK).to_pylist())
    sizes = pc.divide(pc.binary_length(array), 4) if form == "blob" else pc.list_value_length(array)
    known = np.asarray(sizes.drop_null().to_numpy(zero_copy_only=False), np.int64)
    return most_common(known[known > 0][:LOOK])


def numbers_in_text(cells: Sequence[str]) -> int:
    """How many numbers most of the cells hold, lists written as text."""
    lengths = [len(list_parts(cell)) for cell in cells if cell]
    return most_common(np.array(lengths, np.int64))


def most_common(lengths: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    """The length that comes most often, the first of several; 0 of none."""
    if not len(lengths):
        return 0
    distinct, first, counts = np.unique(lengths, return_index=True, return_counts=True)
    return int(distinct[np.lexsort((first, -counts))[0]])


def _are_floats(array: pa.Array) -> bool:
    """Whether the first cells are all of one length, and little-endian float32 of a vector's size."""
    cells = [cell for cell in array.slice(0, LOOK).to_pylist() if cell is not None]
    size = len(cells[0]) if cells else 0
    if size < 8 or size % 4 or sum(len(cell) == size for cell in cells) < 0.9 * len(cells):
        return False
    numbers = np.concatenate([np.frombuffer(cell, "<f4") for cell in cells if len(cell) == size])
    with np.errstate(invalid="ignore"):
        sizes = np.abs(numbers[np.isfinite(numbers)])
    # Text and pictures, read as floats, hold numbers of all sizes, some of them absurd.
    return len(sizes) > 0.9 * len(numbers) and bool(
        np.mean((sizes == 0) | ((sizes > 1e-20) & (sizes < LARGEST))) > 0.98
    )


def _kind(array: pa.Array) -> str:
    """What a column holds, in the words of `choosing`."""
    import pyarrow as pa

    if pa.types.is_integer(array.type):
        return "whole"
    return "number" if is_number_type(array.type) else "text"


def _dtype(kind: pa.DataType) -> str:
    """The name that numpy has for a type of numbers."""
    return {"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(kind), str(kind))


def _likely(name: str) -> int:
    """The place of a name among those that vectors bear, whole names before parts; UNKNOWN where it is no such name."""
    last = name.casefold().rsplit(".", 1)[-1]
    if last in NAMES:
        return NAMES.index(last)
    for i, known in enumerate(NAMES):
        if last.endswith((f"_{known}", f"-{known}")) or (len(known) > 4 and last.startswith(known)):
            return len(NAMES) + i
    return UNKNOWN


def _likelihood(field: VectorField) -> tuple[bool, int, bool, bool]:
    """The order of candidates: lists before bytes and text, known names first, floats before whole numbers."""
    known = _likely(field.names[0])
    return (field.form != "list" and known == UNKNOWN, known, "int" in field.dtype, field.form != "list")
