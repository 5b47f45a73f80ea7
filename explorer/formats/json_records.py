"""Records as JSON gives them, which promise nothing about their fields, as Arrow's arrays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from explorer.formats.typed_columns import MOST_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa


def parsed(text: bytes | str) -> Any:
    """A JSON text, NaN and Infinity allowed. Raises ValueError for what is none, or is nested too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def columns_of(records: Iterable[Any]) -> dict[str, list[Any]]:
    """The fields of records by name, those of an object inside as `field.inner`; None where a record has none.

    What is no object has no field at all.
    """
    found: dict[str, list[Any]] = {}
    for row, record in enumerate(records):
        for name, value in _flat(record) if isinstance(record, dict) else ():
            column = found.get(name)
            if column is None:
                if len(found) > 2 * MOST_COLUMNS:
                    continue
                column = found[name] = []
            if len(column) <= row:
                column.extend([None] * (row - len(column)))
                column.append(value)
    rows = row + 1 if found else 0
    for column in found.values():
        column.extend([None] * (rows - len(column)))
    return found


def arrays_of(columns: Mapping[str, Sequence[Any]]) -> dict[str, pa.Array]:
    """Columns of values of any kinds as arrays: lists of numbers where some are that, text where kinds mix."""
    return {name: _array(values) for name, values in columns.items()}


def _flat(record: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            for inner, held in value.items():
                yield f"{name}.{inner}", held
        else:
            yield name, value


def _array(values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        if any(isinstance(value, list) for value in values):
            return _lists(values)
        if any(isinstance(value, bytes) for value in values):
            return pa.array([value if isinstance(value, bytes) else None for value in values], pa.large_binary())
        array = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return _texts(values)
    if pa.types.is_string(array.type):
        return array.cast(pa.large_string())
    return array


def _lists(values: Sequence[Any]) -> pa.Array:
    """Lists of numbers, null for any other cell; lists of words, or text, where no cell is one."""
    import pyarrow as pa

    try:
        return pa.array(values, pa.list_(pa.float64()))
    except (pa.ArrowException, TypeError, OverflowError):
        numbers = [value if _is_vector(value) else None for value in values]
        if any(numbers):
            return pa.array(numbers, pa.list_(pa.float64()))
    if all(
        value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value)) for value in values
    ):
        return pa.array(values, pa.list_(pa.large_string()))
    return _texts(values)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(one is None or type(one) in (int, float) for one in value)


def _texts(values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array(
        (
            value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values
        ),
        pa.large_string(),
    )
