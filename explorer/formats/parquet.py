"""Parquet: a table of typed columns, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import vector_field
from explorer.formats.arrow_errors import translating
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.gathering import choice, gathered
from explorer.formats.typed_columns import flattened, wanted

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
BATCH_BYTES = 8 << 20
"""About how much is decoded at a time: little enough to stay near the processor."""
MOST_BATCH_ROWS = 32_768


class Parquet(Format):
    """A Parquet file, whose vectors are one column of lists or of bytes, or a number to a column."""

    name = "parquet"
    title = "Parquet table"
    suffixes = (".parquet", ".pq")
    options = (ARRAY,)
    chooses_columns = True
    native = True
    rank = 20

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes at its beginning."""
        return head.startswith(MAGIC)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its columns of vectors, where there are several."""
        with translating(path, "Parquet"), _opened(path) as file:
            return vector_field.parts(flattened(_first(file)), file.metadata.num_rows)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read it into memory."""
        return self._read(path, options, None, progress)

    def read_into(self, path: Path, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        """Read it, the vectors into a file."""
        return self._read(path, options, folder, progress)

    def _read(self, path: Path, options: Mapping[str, str], folder: Path | None, progress: Progress) -> Contents:
        progress(0.0, "reading")
        with translating(path, "Parquet"), _opened(path) as file:
            rows = file.metadata.num_rows
            if not rows:
                raise BadFile(path, "there is no record in it.")
            first = flattened(_first(file))
            field, notes = choice(first, options)
            columns = wanted(file.schema_arrow, () if field is None else field.names)
            return gathered(path, field, _batches(file, columns), rows, folder, progress, warnings=notes)


def _opened(path: Path) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, memory_map=True)


def _first(file: pq.ParquetFile) -> pa.RecordBatch:
    """The first records, of all columns."""
    import pyarrow as pa

    none = pa.RecordBatch.from_pylist([], schema=file.schema_arrow)
    return next((batch for batch in file.iter_batches(batch_size=vector_field.LOOK) if batch.num_rows), none)


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    described = file.metadata
    size = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
    rows = max(1, min(MOST_BATCH_ROWS, described.num_rows * BATCH_BYTES // max(1, size)))
    yield from file.iter_batches(batch_size=rows, columns=columns)


TYPES = [Parquet()]
