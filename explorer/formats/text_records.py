"""The columns about the rows of a text table, without the vectors that it may hold as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import dialect as dialects
from explorer.formats.arrow import column_of
from explorer.formats.choosing import vector_columns
from explorer.formats.text_table import Ragged, batches, listed, translated

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "tsv")
"""The formats that are read so."""
VECTOR = 8
"""So many columns of numbers that would be a vector, in a table of vectors of its own, are not about the rows."""


def columns_of(
    path: Path, options: Mapping[str, str], progress: Progress, rows: int | None = None
) -> tuple[Column, ...]:
    """The columns of a text table, with a header or without; where the first line could be either, the count of
    `rows` decides. Raises BadFile when the table cannot be read."""
    import pyarrow as pa

    head, whole = dialects.read_head(path)
    dialect = dialects.sniffed(path, head, whole, options)
    vector = vector_columns(dialect)
    features = set(vector.names) if vector and (vector.lists or len(vector.names) >= VECTOR) else set()
    wanted = [name for name in dialect.columns if name not in features]
    if not wanted:
        raise BadFile(path, "it holds only vectors, and no column about the rows.")
    types = dict.fromkeys(wanted, pa.large_string())
    ragged = Ragged(len(dialect.columns))
    most = int(options["rows"]) if "rows" in options else None
    try:
        try:
            table = _table(path, dialect, types, ragged, progress, most)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):
                raise
            dialect, ragged = replace(dialect, encoding="latin-1"), Ragged(len(dialect.columns))
            table = _table(path, dialect, types, ragged, progress, most)
    except (pa.ArrowException, UnicodeError) as error:
        raise translated(path, error) from None
    if ragged.lines and most is None:
        where = listed("line", ragged.lines)
        raise BadFile(
            path,
            f"{where} of the metadata table {'has' if len(ragged.lines) == 1 else 'have'} not "
            f"{ragged.expected} cells, so its rows cannot be matched with the vectors.",
        )
    columns: dict[str, pa.ChunkedArray] = {name: table.column(name) for name in wanted}
    if rows is not None and len(table) != rows:
        columns = _with_the_first_line_read_otherwise(dialect, columns, rows) or columns
    return tuple(column_of(name, cells, dialect.decimal) for name, cells in columns.items())


def _with_the_first_line_read_otherwise(
    dialect: dialects.Dialect, columns: dict[str, pa.ChunkedArray], rows: int
) -> dict[str, pa.ChunkedArray] | None:
    """The columns with the header taken for a record, or the first record for the header; None if no count fits."""
    import pyarrow as pa

    records = len(next(iter(columns.values())))
    places = [dialect.columns.index(name) for name in columns]
    if dialect.named and records == rows - 1:
        made_up = dialect.without_header().columns
        first = [pa.array([name], pa.large_string()) for name in columns]
        return {
            made_up[i]: pa.chunked_array([cell, *column.chunks])
            for i, cell, column in zip(places, first, columns.values(), strict=True)
        }
    if not dialect.named and records == rows + 1:
        header = dialects.distinct(dialect.rows[0])
        return {header[i]: column.slice(1) for i, column in zip(places, columns.values(), strict=True)}
    return None


def _table(
    path: Path, dialect: dialects.Dialect, types: dict[str, Any], ragged: Ragged, progress: Progress, most: int | None
) -> Any:
    import pyarrow as pa

    found, records = [], 0
    for batch in batches(path, dialect, types, ragged, progress):
        found.append(batch)
        records += batch.num_rows
        if most is not None and records >= most:
            break
    table = pa.Table.from_batches(found, pa.schema(types.items()))
    return table if most is None else table.slice(0, most)
