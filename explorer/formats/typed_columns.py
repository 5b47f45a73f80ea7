"""Columns of Arrow's types as columns of ours: numbers, categories and text, and nothing of lists of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.core import column as columns
from explorer.core.column import Column
from explorer.core.strings import Strings
from explorer.formats.arrow import CLASSES, LOOK, strings_of

if TYPE_CHECKING:
    import pyarrow as pa

_INDEX = re.compile(r"__index_level_\d+__")
MOST_COLUMNS = 1000
"""More columns than this nobody looks at; they are left out, and counted."""


def plain(array: pa.Array) -> pa.Array:
    """The same array without what only says how it is stored: extensions, runs, views."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(array.storage)
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(array))
    if pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return array.cast(pa.large_string())
    if pa.types.is_binary_view(kind):
        return array.cast(pa.large_binary())
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return array.cast(pa.large_list(kind.value_type))
    return array


def flattened(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns by name, in order, those of a struct as `struct.field`; what bears a name twice is numbered."""
    import pyarrow as pa

    found: dict[str, pa.Array] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        column = plain(column)
        if pa.types.is_struct(column.type):
            names = [f"{field.name}.{inner.name}" for inner in column.type]
            pieces = [*zip(names, column.flatten(), strict=True)]
        else:
            pieces = [(field.name, column)]
        for name, piece in pieces:
            # So pandas calls an index without a name of its own.
            name, number = ("index" if _INDEX.fullmatch(name) else name or "column"), 2
            stem = name
            while name in found:
                name, number = f"{stem} ({number})", number + 1
            found[name] = plain(piece)
    return found


def wanted(schema: pa.Schema, own: Collection[str]) -> list[str]:
    """The columns to read: those that can be shown, and those that are the vector (`own`, named as by `flattened`)."""
    import pyarrow as pa

    def is_wanted(field: pa.Field) -> bool:
        kind = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
        inside = any(name.startswith(f"{field.name}.") or name == field.name for name in own)
        if pa.types.is_struct(kind):
            return inside or any(is_metadata(inner.type) for inner in kind)
        return inside or is_metadata(kind)

    return [field.name for field in schema if is_wanted(field)]


def is_metadata(kind: pa.DataType) -> bool:
    """Whether a column of this type can be shown as one: no bytes, and no lists but those of words."""
    import pyarrow as pa

    types = pa.types
    if types.is_null(kind) or types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return False
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = kind.value_type
        return bool(types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner))
    return True


def typed_column(name: str, pieces: list[pa.Array]) -> Column:
    """A column from its pieces, for which `is_metadata` holds. Their types may differ, as those of JSON do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = _of_one_type(pieces)
    kind = array.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return typed_column(name, [piece.cast(kind.value_type) for piece in array.chunks])
        encoded = array.unify_dictionaries().combine_chunks()
        encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
        labels = [label or "" for label in encoded.dictionary.to_pylist()]
        codes = pc.fill_null(encoded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        return _category(name, labels, codes, len(array))
    if pa.types.is_boolean(kind):
        codes = pc.fill_null(array.cast(pa.int8()), -1).to_numpy()
        return Column(name, "category", codes.astype(np.int32), ("false", "true"))
    if _is_number(kind):
        numbers = array.cast(pa.float64(), safe=False).to_numpy()
        category = name.rsplit(".", 1)[-1].casefold() in CLASSES
        return columns.from_numbers(name, numbers, category=category)
    cells = pa.chunked_array([as_text(piece) for piece in array.chunks], pa.large_string())
    if len(pc.unique(cells.slice(0, LOOK))) > columns.MOST_CATEGORIES + 1:
        return Column(name, "text", strings_of(cells))
    known = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.large_string()), cells)
    encoded = known.combine_chunks().dictionary_encode()
    if columns.repeats(len(encoded.dictionary), len(cells)):
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        return columns.from_codes(name, encoded.dictionary.to_pylist(), codes)
    return Column(name, "text", strings_of(cells))


def as_text(array: pa.Array) -> pa.Array:
    """The cells as people read them, large_string; null stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, text = array.type, pa.large_string()
    if _is_text(kind):
        return array.cast(text)
    if pa.types.is_dictionary(kind):
        return as_text(array.cast(kind.value_type))
    if pa.types.is_timestamp(kind) and (kind.tz is None or kind.tz == "UTC"):
        seconds = array.cast(pa.timestamp("s"), safe=False)
        days = seconds.cast(pa.date32())
        midnight = pc.all(pc.equal(days.cast(pa.timestamp("s")), seconds)).as_py()
        return days.cast(text) if midnight else seconds.cast(text)
    if is_metadata(kind) and hasattr(kind, "value_type"):
        return pc.binary_join(array.cast(pa.list_(pa.string())), ", ").cast(text)
    try:
        return array.cast(text)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array((_written(cell) for cell in array.to_pylist()), text)


def _of_one_type(pieces: list[pa.Array]) -> pa.ChunkedArray:
    """The pieces as one array: those without any value fit all, numbers of several types are float64, else text."""
    import pyarrow as pa

    types = list({piece.type: None for piece in pieces if not pa.types.is_null(piece.type)})
    if len(types) <= 1:
        kind = types[0] if types else pa.large_string()
    elif all(map(_is_number, types)):
        kind = pa.float64()
    elif all(pa.types.is_dictionary(kind) and _is_text(kind.value_type) for kind in types):
        kind = pa.dictionary(pa.int64(), pa.large_string())
    else:
        kind = pa.large_string()
    return pa.chunked_array([_cast(piece, kind) for piece in pieces], kind)


def _cast(piece: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_null(piece.type):
        return pa.nulls(len(piece), kind)
    if piece.type == kind:
        return piece
    return as_text(piece) if kind == pa.large_string() else piece.cast(kind, safe=False)


def _category(name: str, labels: list[str], codes: Any, rows: int) -> Column:
    """A column of codes into labels; text where the labels hardly repeat."""
    # Missing labels, and those that are there twice, are one each.
    distinct = list(dict.fromkeys(label for label in labels if label))
    place = {label: i for i, label in enumerate(distinct)}
    codes = np.array([*(place.get(label, -1) for label in labels), -1], np.int64)[codes]
    if len(distinct) <= columns.MOST_CATEGORIES:
        used = np.unique(codes[codes >= 0])
        code = np.full(len(distinct) + 1, -1, np.int64)
        code[used] = np.arange(len(used))
        return columns.from_codes(name, [distinct[i] for i in used], code[codes])
    return Column(name, "text", Strings.of((*distinct, "")).take(np.where(codes < 0, len(distinct), codes)))


def _written(cell: Any) -> str | None:
    """A cell that is no plain value, as JSON where that can be."""
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
