"""Read a text table batch by batch: bad records are dropped and told by their line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats.arrow import MISSING
from explorer.formats.dialect import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 4 << 20
MOST_COLUMNS = 75_000
"""Arrow takes 9 kB of memory for each, whatever is in it. All the genes of man are fewer."""
LONGEST_LINE = 64 << 20


@dataclass(eq=False)
class Ragged:
    """The records that had too few or too many cells: their lines in the file, in order."""

    expected: int
    lines: list[int] = field(default_factory=list)

    def skip(self, record: Any) -> str:
        """Arrow's handler of such records."""
        self.lines.append(int(record.number))
        return "skip"

    def until(self, records: int, dialect: Dialect) -> Ragged:
        """Those of them that stand among the first so many whole records: Arrow looks ahead."""
        places = np.array(self.lines, np.int64) - 1 - dialect.skip
        among = places - np.arange(len(places)) < records
        return Ragged(self.expected, [line for line, there in zip(self.lines, among.tolist(), strict=True) if there])

    def sentence(self) -> str:
        """What to tell people."""
        one = len(self.lines) == 1
        count = "1 line has" if one else f"{len(self.lines):,} lines have"
        return (
            f"{count} not {self.expected} cells and {'was' if one else 'were'} dropped: {listed('line', self.lines)}."
        )


def listed(word: str, numbers: Iterable[int | str], most: int = 10) -> str:
    """“lines 10, 28 …”: the first few numbers, with the word that they count."""
    shown = list(numbers)
    more = " …" if len(shown) > most else ""
    return f"{word}{'s' if len(shown) > 1 else ''} " + ", ".join(map(str, shown[:most])) + more


def batches(
    path: Path,
    dialect: Dialect,
    types: Mapping[str, pa.DataType],
    ragged: Ragged,
    progress: Progress,
) -> Iterator[pa.RecordBatch]:
    """The records of a table, the columns in `types` only, as those Arrow types.

    Raises BadFile when the file cannot be read so; the sentence is Arrow's first line.
    """
    import pyarrow as pa
    from pyarrow import csv

    if len(dialect.columns) > MOST_COLUMNS:
        raise BadFile(
            path,
            f"it has {len(dialect.columns):,} columns, and as text at most {MOST_COLUMNS:,} are read; save the numbers "
            "with numpy.save.",
        )
    size = max(1, path.stat().st_size)
    widest = max((sum(map(len, row)) for row in dialect.rows), default=0)
    with pa.OSFile(str(path)) as file:
        reader = csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                # On one thread, for only so does Arrow know which line a bad record is.
                use_threads=False,
                block_size=min(LONGEST_LINE, max(BLOCK_BYTES, 16 * widest)),
                column_names=list(dialect.columns),
                skip_rows=dialect.skip,
                encoding="utf8" if dialect.encoding == "utf-8-sig" else dialect.encoding,
            ),
            parse_options=csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quoted else False,
                newlines_in_values=dialect.quoted,
                invalid_row_handler=ragged.skip,
            ),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                decimal_point=dialect.decimal,
                null_values=list(MISSING),
                strings_can_be_null=False,
            ),
        )
        for batch in reader:
            progress(min(1.0, file.tell() / size), "reading")
            yield batch


def translated(path: Path, error: Exception) -> BadFile:
    """Arrow's error as ours."""
    what = re.sub(r"\s+", " ", str(error).splitlines()[0])
    return BadFile(path, f"it cannot be read as a table: {what}")


def rows_kept(source_rows: int, ragged: Ragged, dialect: Dialect) -> NDArray[np.int64] | None:
    """Where the records that were read stand among all of them; None when none was dropped."""
    if not ragged.lines:
        return None
    # Line numbers count from 1 and leave blank lines out, as records do.
    dropped = np.array(ragged.lines, np.int64) - 1 - dialect.skip
    return np.delete(np.arange(source_rows, dtype=np.int64), dropped[dropped < source_rows])
