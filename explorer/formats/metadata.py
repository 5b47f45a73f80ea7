"""The table that goes with a file of vectors: columns about its rows, a record for each row or joined by a key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from explorer import formats
from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import joining, text_records
from explorer.formats.base import Contents, Format
from explorer.formats.joining import Join, Key

SUFFIXES = (".tsv", ".csv")
NAME = "name"
"""What the names of rows are called that come from no column."""


def beside(path: Path) -> Path | None:
    """The table that belongs to a file by its name: NAME.tsv or NAME.csv."""
    for suffix in SUFFIXES:
        table = path.with_suffix(suffix)
        if table != path and table.is_file():
            return table
    return None


def columns_of(path: Path, progress: Progress, rows: int | None = None) -> tuple[Column, ...]:
    """The columns of a table of any format; `rows` is how many records are expected, which tells whether the first
    line of a text is one. Raises BadFile when it cannot be read, or is no table."""
    kind = table_format(path)
    columns = None if kind is None else kind.records(path, {}, progress)
    if columns is None:
        return text_records.columns_of(path, {}, progress, rows)
    if not columns:
        raise BadFile(path, "it holds only vectors, and no column about the rows.")
    return columns


def table_format(path: Path) -> Format | None:
    """The format of a table that is no text; None for text, and for whatever else is read as such.

    Raises BadFile when it is not there, or empty.
    """
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head:
        raise BadFile(path, "the metadata table is empty.")
    tables = (kind for kind in formats.types().values() if kind.chooses_columns)
    found = next((kind for kind in tables if kind.recognises(path, head)), None)
    return None if found is None or found.name in text_records.FORMATS else found


def own_columns(contents: Contents) -> tuple[Column, ...]:
    """What a file itself says of its rows, the names among it."""
    called = contents.name_column or NAME
    if contents.names is None or any(column.name == called for column in contents.columns):
        return contents.columns
    return (Column(called, "text", contents.names), *contents.columns)


def added(contents: Contents, table: Path, key: str | None, progress: Progress) -> Contents:
    """The contents with the columns of a table: a record for each row of the file, or joined by a `key` (see
    `joining.KEY`). Raises BadFile when they do not fit, BadParameter for a key that is not there."""
    source_rows = len(contents.vectors) if contents.source_rows is None else contents.source_rows
    warnings = contents.warnings
    if key is None:
        columns = columns_of(table, progress, source_rows)
        columns = by_row(columns, source_rows, table, part=contents.beyond > 0)
        if contents.rows is not None:
            columns = tuple(column.take(contents.rows) for column in columns)
    else:
        wanted = Key.of(key)
        places = np.arange(len(contents.vectors)) if contents.rows is None else contents.rows
        columns, found = joining.joined(columns_of(table, progress), wanted, own_columns(contents), places, table)
        warnings = (*warnings, said(found, wanted, table, part=bool(contents.left_out or contents.beyond)))
    taken = {column.name for column in contents.columns}
    renamed = (replace(c, name=f"{c.name} ({table.name})") if c.name in taken else c for c in columns)
    facts = {**contents.facts, "metadata": str(table.absolute())}
    return replace(contents, columns=(*contents.columns, *renamed), warnings=warnings, facts=facts)


def by_row(columns: tuple[Column, ...], rows: int, table: Path, *, part: bool = False) -> tuple[Column, ...]:
    """The columns of a table that must hold `rows` records; more of them where these are only a `part` of the file."""
    records = len(columns[0])
    if records == rows:
        return columns
    if part and records > rows:
        return tuple(column.take(np.arange(rows)) for column in columns)
    raise BadFile(
        table,
        f"the metadata table has {records:,} rows and the file has {rows:,} vectors; where a column tells which "
        "belong together, join by it: --read key=COLUMN.",
    )


def said(found: Join, key: Key, table: Path, *, part: bool = False) -> str:
    """What is said of a join; of a `part` of the file other records are expected to be left."""
    return f"{table.name}, joined by {key}: {(replace(found, left_over=0) if part else found).sentence()}."
