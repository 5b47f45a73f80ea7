"""Tables as text, .csv and .tsv: numbers in columns of their own, or whole vectors in one column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.errors import BadFile, NoVectors
from explorer.formats import dialect as dialects
from explorer.formats import sampling, text_records
from explorer.formats.arrow import column_of, matrix_of
from explorer.formats.base import EMBED, Contents, Format
from explorer.formats.choosing import VectorColumns, text_columns, vector_columns
from explorer.formats.dialect import Dialect
from explorer.formats.growing import GrowingMatrix
from explorer.formats.list_cells import dimensions_of, vectors_of_lists
from explorer.formats.pickled import is_pickle
from explorer.formats.sampling import Draw
from explorer.formats.text_table import Ragged, batches, listed, rows_kept, translated
from explorer.formats.word_vectors import layout_of

if TYPE_CHECKING:
    import pyarrow as pa


_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\{|\[\s*[\[{])")
"""How JSON begins: an object, or an array of those or of arrays."""


class Delimited(Format):
    """A text table. Delimiter, quotes, decimal mark, encoding and header are found from its content."""

    options = dialects.OPTIONS
    chooses_columns = True
    native = True

    def __init__(self, name: str, title: str, suffixes: tuple[str, ...], rank: int, *, tabs: bool) -> None:
        self.name, self.title, self.suffixes, self.rank = name, title, suffixes, rank
        self._tabs = tabs

    def recognises(self, path: Path, head: bytes) -> bool:
        """Text with columns of numbers or of lists; by its suffix also without, so that `read` can say what lacks."""
        if _JSON.match(head) or is_pickle(head):
            return False  # JSON is another format, and a pickle none
        try:
            dialect = dialects.sniffed(path, head, False, {})
            if dialect.delimiter == " " and layout_of(head) is not None:
                return False  # words and their vectors
            fits = (dialect.delimiter == "\t") == self._tabs
            return fits and (path.suffix.casefold() in self.suffixes or vector_columns(dialect) is not None)
        except BadFile:
            return False

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read the table in one pass. Raises NoVectors when no column holds numbers but some hold text, and
        BadFile when none holds either."""
        dialect = dialects.sniffed(path, *dialects.read_head(path), options)
        if EMBED.name in options:
            return _read(path, dialect, VectorColumns(()), options, progress)
        chosen = vector_columns(dialect, options.get("vectors"))
        if chosen is None:
            if texts := text_columns({name: dialect.cells(i) for i, name in enumerate(dialect.columns)}):
                raise NoVectors(path, texts)
            shown = ", ".join(dialect.columns[:12]) + (" …" if len(dialect.columns) > 12 else "")
            raise BadFile(path, f"no column of this table holds numbers to be taken as the vector; columns: {shown}")
        return _read(path, dialect, chosen, options, progress)

    def records(self, path: Path, options: Mapping[str, str], progress: Progress) -> tuple[Column, ...]:
        """The columns that make no vector."""
        return text_records.columns_of(path, options, progress)


def _read(
    path: Path, dialect: Dialect, chosen: VectorColumns, options: Mapping[str, str], progress: Progress
) -> Contents:
    """Read with Arrow's own conversion; again cell by cell where one is no number, or the encoding was mistaken."""
    import pyarrow as pa

    warnings: tuple[str, ...] = ()
    tolerant = chosen.lists
    for _ in range(3):
        try:
            contents = _read_once(path, dialect, chosen, options, progress, tolerant=tolerant)
            return replace(contents, warnings=warnings + contents.warnings)
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error) and dialect.encoding == "utf-8-sig":
                dialect = replace(dialect, encoding="latin-1")
                warnings += ("It is not UTF-8; it was read as Latin-1, so letters with accents may be wrong.",)
            elif "conversion error" in str(error) and not tolerant:
                tolerant = True
            else:
                raise translated(path, error) from None
        except (pa.ArrowException, UnicodeError) as error:
            raise translated(path, error) from None
    raise BadFile(path, "it cannot be read as a table.")


def _read_once(
    path: Path,
    dialect: Dialect,
    chosen: VectorColumns,
    options: Mapping[str, str],
    progress: Progress,
    *,
    tolerant: bool,
) -> Contents:
    import pyarrow as pa

    taken = set(chosen.names)
    others = [name for name in dialect.columns if name not in taken]
    types = dict.fromkeys(chosen.names, pa.large_string() if tolerant else pa.float32())
    types |= dict.fromkeys(others, pa.large_string())
    ragged = Ragged(len(dialect.columns))
    dimensions = dimensions_of(path, dialect, chosen.names[0]) if chosen.lists else len(chosen.names)
    guess, most, draw = _guessed_rows(path, dialect), int(options.get("rows", 0)), Draw.of(options)
    wanted = min([guess, *(int(options[name]) for name in ("rows", "sample") if name in options)])
    sampling.check_memory(wanted, 4 * dimensions, "Reading this table")
    matrix = GrowingMatrix(dimensions, wanted)
    kept: dict[str, list[pa.Array]] = {name: [] for name in others}
    unread: list[NDArray[np.int64]] = []
    for batch in batches(path, dialect, types, ragged, progress):
        if most and draw.seen >= most:
            break
        batch = batch.slice(0, most - draw.seen) if most else batch
        if (drawn := draw.taken(batch.num_rows)) is not None:
            batch = batch.take(pa.array(drawn))
        first, block = matrix.rows, matrix.more(batch.num_rows)
        if chosen.lists:
            vectors_of_lists(batch.column(chosen.names[0]), block)
        elif tolerant:
            _cast(batch, chosen.names, dialect.decimal, block)
        else:
            matrix_of(batch, chosen.names, block)
        if tolerant:
            unread.append(first + np.flatnonzero(np.isnan(block).any(axis=1)))
        for name in others:
            kept[name].append(batch.column(name))
    if not matrix.rows:
        raise BadFile(path, "the table has no record that can be read.")
    if most:
        ragged = ragged.until(draw.seen, dialect)
    source_rows = draw.seen + len(ragged.lines)
    rows, kept_rows, places = rows_kept(source_rows, ragged, dialect), draw.kept(), draw.places()
    vectors = matrix.finished()
    bad = np.concatenate(unread) if unread else np.zeros(0, np.int64)
    if kept_rows is not None and places is not None:
        vectors, rows = vectors[kept_rows], places if rows is None else rows[places]
        bad = np.flatnonzero(np.isin(kept_rows, bad))
    where = bad if rows is None else rows[bad]
    what = f"The list has not {dimensions} numbers" if chosen.lists else "A cell is no number"
    warnings = [ragged.sentence()] if ragged.lines else []
    if len(bad):
        lines = listed("line", (where[:20] + 1 + dialect.skip).tolist())
        warnings.append(f"{what} in {len(bad):,} of {source_rows:,} rows: {lines}.")
    if kept_rows is not None:
        warnings.append(sampling.sentence(len(vectors), draw.seen))
    cells = {name: pa.chunked_array(chunks, pa.large_string()) for name, chunks in kept.items()}
    if kept_rows is not None:
        cells = {name: column.take(pa.array(kept_rows)) for name, column in cells.items()}
    return Contents(
        vectors,
        columns=tuple(column_of(name, column, dialect.decimal) for name, column in cells.items()),
        rows=rows,
        source_rows=source_rows,
        axes=() if chosen.lists else chosen.names,
        left_out=draw.seen - len(vectors),
        beyond=max(0, _about_rows(path, dialect) - source_rows) if most and draw.seen >= most else 0,
        guessed=True,
        warnings=tuple(warnings),
        facts={"vector columns": str(chosen)} if chosen.names else {},
    )


def _guessed_rows(path: Path, dialect: Dialect) -> int:
    """A little more than how many records there are."""
    return int(_about_rows(path, dialect) * 1.02) + 64


def _about_rows(path: Path, dialect: Dialect) -> int:
    """About how many records there are, from the length of the first ones."""
    lengths = [sum(map(len, row)) + len(row) for row in dialect.rows]
    mean = sum(lengths) / max(1, len(lengths))
    return int(path.stat().st_size / max(2.0, mean))


def _cast(batch: pa.RecordBatch, names: tuple[str, ...], decimal: str, out: NDArray[np.float32]) -> None:
    """Columns of text as numbers, NaN where a cell is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for j, name in enumerate(names):
        cells = pc.utf8_trim_whitespace(batch.column(name))
        if decimal == ",":
            cells = pc.replace_substring(cells, ",", ".")
        number = pc.match_substring_regex(cells, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
        numbers = pc.if_else(number, pc.utf8_ltrim(cells, "+"), pa.scalar(None, pa.large_string()))
        out[:, j] = numbers.cast(pa.float32()).to_numpy(zero_copy_only=False)


TYPES = [
    Delimited("csv", "Comma-separated table", (".csv", ".txt"), 80, tabs=False),
    Delimited("tsv", "Tab-separated table", (".tsv", ".tab"), 81, tabs=True),
]
