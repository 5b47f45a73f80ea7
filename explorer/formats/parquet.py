"""Parquet: a table of typed columns, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import BadFile
from explorer.formats.arrow_errors import translating
from explorer.formats.gathering import MOST_UNPACKED, SPARE_BYTES
from explorer.formats.table import Columns, Records, Table
from explorer.formats.typed_columns import flattened, wanted
from explorer.formats.vector_field import LOOK, VectorField

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
BATCH_BYTES = 8 << 20
"""About how much is decoded at a time: little enough to stay near the processor."""
MOST_BATCH_ROWS = 32_768
MOST_DIMENSIONS = 1 << 20


class Parquet(Table):
    """A Parquet file, whose vectors are one column of lists or of bytes, or a number to a column."""

    name = "parquet"
    title = "Parquet table"
    suffixes = (".parquet", ".pq")
    rank = 20

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes at its beginning."""
        return head.startswith(MAGIC)

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The table of a file."""
        import pyarrow.parquet as pq

        with translating(path, "Parquet"), pq.ParquetFile(path, memory_map=True) as file:
            _check_proportion(path, file)
            first = next((batch for batch in file.iter_batches(batch_size=LOOK) if batch.num_rows), None)

            def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
                columns = wanted(file.schema_arrow, () if field is None else field.names)
                for batch in file.iter_batches(batch_size=_batch_rows(file), columns=columns):
                    yield flattened(batch), batch.num_rows

            yield Records({} if first is None else flattened(first), file.metadata.num_rows, blocks)


def _check_proportion(path: Path, file: pq.ParquetFile) -> None:
    """Raise BadFile where a few bytes say that they are very many numbers, which equal ones can, before any is read."""
    described = file.metadata
    counts: dict[int, int] = {}
    for i in range(described.num_row_groups):
        group = described.row_group(i)
        for j in range(group.num_columns):
            counts[j] = counts.get(j, 0) + int(group.column(j).num_values)
    if 4 * sum(counts.values()) > MOST_UNPACKED * path.stat().st_size + SPARE_BYTES:
        raise BadFile(path, f"it unpacks to more than {MOST_UNPACKED} times its size, as no vectors do; it was left.")
    if max(counts.values(), default=0) > MOST_DIMENSIONS * max(1, described.num_rows):
        raise BadFile(path, f"a row of it holds more than {MOST_DIMENSIONS:,} numbers, as no vector does; it was left.")


def _batch_rows(file: pq.ParquetFile) -> int:
    described = file.metadata
    size = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
    fit: int = described.num_rows * BATCH_BYTES // max(1, size)
    return max(1, min(MOST_BATCH_ROWS, fit))


TYPES = [Parquet()]
