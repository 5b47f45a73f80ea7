"""Arrow's own files: Feather version 2, the same under the name Arrow IPC, and its stream without an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats import vector_field
from explorer.formats.arrow_errors import translating
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.gathering import choice, gathered
from explorer.formats.typed_columns import flattened, wanted

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"ARROW1"
OLD_MAGIC = b"FEA1"
CONTINUES = b"\xff\xff\xff\xff"
"""How each message of a stream begins."""
SLICE_BYTES = 8 << 20


class Feather(Format):
    """A table of typed columns, mapped: what is not compressed is read where it lies."""

    name = "feather"
    title = "Arrow or Feather table"
    suffixes = (".arrow", ".feather", ".ipc", ".arrows")
    options = (ARRAY,)
    chooses_columns = True
    native = True
    rank = 21

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes of a file, or by those of a stream's first message, which is a schema."""
        if head.startswith((MAGIC, OLD_MAGIC)):
            return True
        size = int.from_bytes(head[4:8], "little")
        return head.startswith(CONTINUES) and 0 < size <= len(head) and size % 8 == 0 and b"\x10\x00" in head[8:24]

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its columns of vectors, where there are several."""
        with _batches(path) as (batches, rows, _):
            first = next(batches, None)
            return () if first is None else vector_field.parts(flattened(first), rows or -1)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read it into memory."""
        return self._read(path, options, None, progress)

    def read_into(self, path: Path, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        """Read it, the vectors into a file."""
        return self._read(path, options, folder, progress)

    def _read(self, path: Path, options: Mapping[str, str], folder: Path | None, progress: Progress) -> Contents:
        progress(0.0, "reading")
        with _batches(path) as (batches, rows, schema):
            first = next((batch for batch in batches if batch.num_rows), None)
            if first is None:
                raise BadFile(path, "there is no record in it.")
            field, notes = choice(flattened(first), options)
            columns = wanted(schema, () if field is None else field.names)
            pieces = _sliced(chain([first], batches), columns)
            return gathered(path, field, pieces, rows or first.num_rows, folder, progress, warnings=notes)


@contextmanager
def _batches(path: Path) -> Iterator[tuple[Iterator[pa.RecordBatch], int, Any]]:
    """The batches of a file, checked one by one, how many records there are (0 where nobody says), and the schema."""
    import pyarrow as pa

    with translating(path, "an Arrow table"), pa.memory_map(str(path)) as source:
        head = source.read_at(8, 0)
        if head.startswith(OLD_MAGIC):
            raise BadFile(
                path,
                "it is Feather of version 1, which nothing reads any more; write it again with pyarrow before 24, or "
                "with pandas: frame.to_feather(FILE).",
            )
        if head.startswith(MAGIC):
            reader = pa.ipc.open_file(source)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            rows = _rows_of(reader)
        else:
            reader = pa.ipc.open_stream(source)
            batches, rows = iter(reader), 0
        yield _checked(batches), rows, reader.schema


def _rows_of(reader: Any) -> int:
    """About how many records a file holds: all batches but the last have as many as the first."""
    return reader.get_batch(0).num_rows * int(reader.num_record_batches) if reader.num_record_batches else 0


def _checked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Arrow believes what a file says about itself, places in memory included."""
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _sliced(batches: Iterator[pa.RecordBatch], columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The batches, without the columns that nobody wants, in slices that stay near the processor."""
    names = set(columns)
    for batch in batches:
        # By number, for a name may be there twice.
        batch = batch.select([i for i, field in enumerate(batch.schema) if field.name in names])
        step = max(1, batch.num_rows * SLICE_BYTES // max(1, batch.nbytes))
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


TYPES = [Feather()]
