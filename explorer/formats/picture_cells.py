"""Pictures that lie in the cells of a table: bytes in a column of their own, or in a struct with their path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadFile
from explorer.formats.thumbnails import is_picture

PARQUET, ARROW = b"PAR1", b"ARROW1"
BATCH_ROWS = 64
LOOK = 16
BYTES = "bytes"
"""What the bytes are called in a struct, as Hugging Face's data sets have them."""


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a Parquet or Arrow file whose first cells are pictures; none in a file of another kind."""
    import pyarrow as pa

    try:
        with path.open("rb") as file:
            head = file.read(8)
        if not head.startswith((PARQUET, ARROW)):
            return ()
        found = []
        for name in _binary(path, head):
            cells = [cell for cell, _ in zip(_cells(path, head, name), range(LOOK), strict=False) if cell]
            if cells and all(is_picture(cell[:16]) for cell in cells):
                found.append(name)
        return tuple(found)
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return ()


def pictures(path: Path, name: str, rows: NDArray[np.int64] | None) -> Iterator[bytes | None]:
    """The cells of such a column at `rows`, in order; of all rows without. Raises BadFile."""
    import pyarrow as pa

    with path.open("rb") as file:
        head = file.read(8)
    wanted = None if rows is None else iter(rows.tolist())
    at = None if wanted is None else next(wanted, None)
    try:
        for row, cell in enumerate(_cells(path, head, name)):
            if wanted is None:
                yield cell
            elif row == at:
                yield cell
                at = next(wanted, None)
                if at is None:
                    return
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise BadFile(path, f"the pictures of its column “{name}” cannot be read: {str(error)[:200]}.") from None


def _binary(path: Path, head: bytes) -> list[str]:
    """The columns of bytes, and the structs that hold some."""
    import pyarrow as pa
    from pyarrow import parquet

    if head.startswith(PARQUET):
        schema = parquet.read_schema(path)
    else:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            schema = reader.schema
    return [column.name for column in schema if _is_bytes(_inner(column.type))]


def _inner(kind: Any) -> Any:
    """The type of the bytes of a column."""
    import pyarrow as pa

    if pa.types.is_struct(kind) and kind.get_field_index(BYTES) >= 0:
        return kind.field(BYTES).type
    return kind


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _cells(path: Path, head: bytes, name: str) -> Iterator[bytes | None]:
    """All cells, a few of them at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    def of(batch: Any) -> Iterator[bytes | None]:
        array = batch.column(name)
        if pa.types.is_struct(array.type):
            array = array.field(BYTES)
        for cell in array:
            yield cell.as_py()

    if head.startswith(PARQUET):
        with parquet.ParquetFile(path, memory_map=True) as file:
            # Without this it would decode a whole group of rows, pictures and all, ahead of time.
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[name], use_threads=False):
                yield from of(batch)
    else:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            for i in range(reader.num_record_batches):
                yield from of(reader.get_batch(i))
