"""Vectors that are in memory already: an array, or a table of pandas, polars, pyarrow or whatever speaks Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadParameter
from explorer.formats import typed_columns
from explorer.formats.arrow_errors import translating
from explorer.formats.base import Contents, Origin
from explorer.formats.table import Columns, Records, Table
from explorer.formats.vector_field import LOOK, VectorField

if TYPE_CHECKING:
    import pyarrow as pa

STREAM, ARRAY = "__arrow_c_stream__", "__arrow_c_array__"
"""What has one of these hands itself over to Arrow, without a library of its own being imported here."""
BATCH_ROWS = 8_192


def as_table(data: Any) -> pa.Table | None:
    """A table as Arrow's; None for what is none, such as an array. A dictionary is a table of its columns.

    Raises BadParameter for a table that Arrow has no types for.
    """
    import pyarrow as pa

    try:
        if isinstance(data, Mapping):
            return pa.table({str(name): _column(column) for name, column in data.items()})
        if hasattr(data, STREAM) or (hasattr(data, ARRAY) and hasattr(data, "schema")):
            return pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise BadParameter(f"Arrow cannot take this table: {str(error).splitlines()[0]}.") from None
    return None


def as_vectors(data: Any, verb: str) -> NDArray[Any]:
    """An array (n, d) of real numbers; `verb` is who takes it. Raises BadParameter for anything else."""
    try:
        vectors = np.asarray(data)
        if vectors.dtype.kind not in "fiub":
            vectors = vectors.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise BadParameter(f"{verb} takes vectors as an array (n, d) of numbers: {error}.") from None
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise BadParameter(f"{verb} takes vectors as an array (n, d), not one of shape {vectors.shape}.")
    return vectors


def origin(data: Any) -> Origin:
    """An array or a table as the origin of a Dataset, which becomes a copy. Raises BadParameter for anything else."""
    table = as_table(data)
    if table is not None:
        kind = InMemory(table)

        def read(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
            return kind.read_into(Path(kind.name), options, folder, progress)

        return Origin(Path(kind.name), kind.name, kind.title, read, kind.options, True, url="memory:table")
    vectors = as_vectors(data, "load")

    def given(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        return Contents(vectors)

    return Origin(Path("array"), "array", "Array in memory", given, url="memory:array")


class InMemory(Table):
    """A table of Arrow's, read as one in a file is."""

    name = "table"
    title = "Table in memory"
    suffixes = ()
    native = False

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def recognises(self, path: Path, head: bytes) -> bool:
        """No file is one."""
        return False

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The table itself."""
        batches = self._table.slice(0, LOOK).combine_chunks().to_batches()

        def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
            for batch in self._table.to_batches(BATCH_ROWS):
                yield typed_columns.flattened(batch), batch.num_rows

        with translating(path, "a table"):
            yield Records(typed_columns.flattened(batches[0]) if batches else {}, self._table.num_rows, blocks)


def _column(values: Any) -> pa.Array:
    """A column of a dictionary; an array (n, d) is one of vectors."""
    import pyarrow as pa

    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(array).reshape(-1)), array.shape[1])
    return (
        values
        if isinstance(values, pa.Array | pa.ChunkedArray)
        else pa.array(array if array is not None else [*values])
    )
