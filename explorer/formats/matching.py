"""How well a table would go with an open Dataset: by row, or by which key, told before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile, BadInput
from explorer.formats import dialect as dialects
from explorer.formats import joining, metadata, preview, reading
from explorer.formats.joining import ROW_NUMBER, Key
from explorer.formats.text_records import VECTOR

BY_ROW = ""
"""The key of a table that has a record for each row, in their order."""
TEXTS = (".csv", ".tsv", ".tab", ".txt")
CLOSE = 0.2
"""A table of about as many records, but for this share, belongs to the rows as well."""


@dataclass(frozen=True, eq=False)
class Match:
    """A table beside a Dataset. `key` is how they are joined here (BY_ROW, or OURS=THEIRS), `keys` are those that may
    do, `ours` and `theirs` the columns to choose one from. `sentence` says how many fit, or why it cannot be done so.
    `belongs`: the table holds no vectors of its own, and has to do with these rows."""

    table: Path
    title: str
    records: int
    rows: int
    key: str
    keys: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    sentence: str
    fits: bool
    belongs: bool
    header: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()

    @property
    def by_row(self) -> bool:
        """Whether there is a record for each row."""
        return self.records == self.rows


@dataclass(frozen=True)
class Division:
    """Of several files the one with vectors, the table that goes with it, and those that were left. Unless it is
    `by_row`, the table has not a record for each row, and somebody has to say how they are joined."""

    vectors: Path
    table: Path | None = None
    left: tuple[Path, ...] = ()
    by_row: bool = True


def matched(dataset: Dataset, table: Path, key: str | None = None, progress: Progress = silent) -> Match:
    """How a table goes with a Dataset: by the key that is asked for, otherwise by row where the count fits, by the
    likeliest key where it does not. Raises BadFile for what is no table."""
    columns = metadata.columns_of(table, progress, dataset.source_rows)
    ours, records = own_columns(dataset), len(columns[0])
    keys = tuple(str(one) for one in joining.guessed(ours, columns))
    if key is None:
        key = BY_ROW if records == dataset.source_rows or not keys else keys[0]
    sentence, fits = _told(dataset, table, columns, ours, key)
    belongs = _holds_no_vectors(table, progress) and (
        fits or bool(keys) or abs(records - dataset.source_rows) <= CLOSE * dataset.source_rows
    )
    shown = columns[: preview.COLUMNS + preview.NUMBERS]
    return Match(
        table=table,
        title=_title(table),
        records=records,
        rows=dataset.source_rows,
        key=key,
        keys=keys,
        ours=(*(column.name for column in ours), ROW_NUMBER),
        theirs=(*(column.name for column in columns), ROW_NUMBER),
        sentence=sentence,
        fits=fits,
        belongs=belongs,
        header=tuple(column.name for column in shown),
        cells=tuple(
            tuple(preview.short(column.cell(row)) for column in shown) for row in range(min(preview.ROWS, records))
        ),
    )


def own_columns(dataset: Dataset) -> tuple[Column, ...]:
    """What a Dataset knows of its rows, the names among it."""
    called = dataset.name_column or metadata.NAME
    if dataset.names is None or dataset.column(called) is not None:
        return dataset.columns
    return (Column(called, "text", dataset.names.strings), *dataset.columns)


def divided(paths: Sequence[Path], progress: Progress = silent) -> Division:
    """Of files that were given together the one with vectors, and the table that goes with it, if one is.

    The first that holds vectors is the one; a table without any is metadata. Files that cannot be read count as
    vectors, so that somebody hears why.
    """
    tables = [path for path in paths if _is_table(path) and _holds_no_vectors(path, progress)]
    vectors = next((path for path in paths if path not in tables), None)
    table = tables[0] if tables and vectors is not None else None
    vectors = paths[0] if vectors is None else vectors
    left = tuple(path for path in paths if path not in (vectors, table))
    return Division(vectors, table, left, table is None or _goes_by_row(vectors, table, progress))


def _goes_by_row(vectors: Path, table: Path, progress: Progress) -> bool:
    """Whether there is a record for each row, as far as that can be told before they are read."""
    try:
        found = preview.previewed(vectors, {}, None, progress)
        if found.rows is None or found.about or found.problem:
            return True
        return len(metadata.columns_of(table, progress, found.rows)[0]) == found.rows
    except BadInput:
        return True


def _told(
    dataset: Dataset, table: Path, columns: tuple[Column, ...], ours: Sequence[Column], key: str
) -> tuple[str, bool]:
    """The numbers of a join, or why it cannot be; and whether it can."""
    records = len(columns[0])
    if key == BY_ROW:
        if records == dataset.source_rows:
            return f"A record for each of the {records:,} rows.", True
        return f"{records:,} records for {dataset.source_rows:,} rows: in order, it takes one for each.", False
    places = dataset.source_row_of
    places = np.arange(dataset.rows) if places is None else places
    try:
        _, found = joining.joined(columns, Key.of(key), ours, places, table)
    except BadInput as error:
        return preview.without_path(error, table), False
    return found.sentence() + ".", True


def _is_table(path: Path) -> bool:
    """Whether it is a table of any format, or a text called as tables are, which nobody takes for vectors."""
    try:
        kind = reading.format_of(path, reading.head_of(path))
        if kind is None and path.suffix.casefold() in TEXTS:
            return bool(dialects.sniffed(path, *dialects.read_head(path), {}).columns)
        return kind is not None and kind.chooses_columns
    except (BadInput, OSError):
        return False


def check_holds_no_vectors(path: Path, progress: Progress = silent) -> None:
    """Raise BadFile for what is no table, and for a table with vectors of its own; cheap, however large the file."""
    if not _holds_no_vectors(path, progress):
        raise BadFile(path, "it holds vectors of its own.")


def _holds_no_vectors(path: Path, progress: Progress) -> bool:
    """Whether a table has no vectors of its own. A few columns of numbers are none."""
    if not _is_table(path):
        return False
    try:
        return preview.previewed(path, {}, None, progress).dimensions < VECTOR
    except BadFile:
        return True


def _title(path: Path) -> str:
    try:
        return reading.recognised(path).title
    except BadInput:
        return "Text"
