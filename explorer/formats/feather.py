"""Arrow's own files: Feather version 2, the same under the name Arrow IPC, and its stream without an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import BadFile
from explorer.formats.arrow_errors import translating
from explorer.formats.base import Contents
from explorer.formats.mapping import in_place
from explorer.formats.table import Columns, Records, Table
from explorer.formats.typed_columns import flattened, wanted
from explorer.formats.vector_cells import dimensions_of
from explorer.formats.vector_field import LOOK, VectorField

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"ARROW1"
OLD_MAGIC = b"FEA1"
CONTINUES = b"\xff\xff\xff\xff"
"""How each message of a stream begins."""
SLICE_BYTES = 8 << 20


class Feather(Table):
    """A table of typed columns, mapped: what is not compressed is read where it lies."""

    name = "feather"
    title = "Arrow or Feather table"
    suffixes = (".arrow", ".feather", ".ipc", ".arrows")
    rank = 21

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes of a file, or by those of a stream's first message, which is a schema."""
        if head.startswith((MAGIC, OLD_MAGIC)):
            return True
        size = int.from_bytes(head[4:8], "little")
        return head.startswith(CONTINUES) and 0 < size <= len(head) and size % 8 == 0 and b"\x10\x00" in head[8:24]

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The table of a file, whose batches are checked one by one: Arrow believes what a file says of itself."""
        import pyarrow as pa

        with translating(path, "an Arrow table"), pa.memory_map(str(path)) as source:
            head = source.read_at(8, 0)
            if head.startswith(OLD_MAGIC):
                raise BadFile(path, "it is Feather of version 1, which is read no more; write it again with pandas.")
            if head.startswith(MAGIC):
                reader = pa.ipc.open_file(source)
                number = reader.num_record_batches
                batches = (reader.get_batch(i) for i in range(number))
                # All batches but the last have as many records as the first.
                rows = reader.get_batch(0).num_rows * number if number else 0
            else:
                reader, number = pa.ipc.open_stream(source), 0
                batches, rows = iter(reader), 0
            checked = _checked(batches)
            first = next((batch for batch in checked if batch.num_rows), None)
            if first is None:
                raise BadFile(path, "there is no record in it.")

            def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
                names = set(wanted(reader.schema, () if field is None else field.names))
                for batch in chain([first], checked):
                    # By number, for a name may be there twice.
                    kept = batch.select([i for i, column in enumerate(batch.schema) if column.name in names])
                    yield from _sliced(kept)

            def placed(field: VectorField) -> Contents | None:
                if number != 1 or field.form != "list":
                    return None
                offset = _offset(flattened(first)[field.names[0]], source.read_buffer(source.size()))
                shape = (first.num_rows, field.dimensions or dimensions_of(flattened(first), field))
                return None if offset is None else in_place(path, field.dtype, shape, offset)

            known = flattened(first.slice(0, LOOK))
            yield Records(known, rows or first.num_rows, blocks, counted=number == 1, placed=placed)


def _checked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _offset(array: pa.Array, file: pa.Buffer) -> int | None:
    """The byte of a mapped file at which the numbers of a column of lists lie in C order; None where they do not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if array.null_count or not len(array) or not pa.types.is_floating(array.type.value_type):
        return None
    if pa.types.is_fixed_size_list(array.type):
        numbers = array.values.slice(array.offset * array.type.list_size, len(array) * array.type.list_size)
    else:
        lengths = pc.min_max(pc.list_value_length(array))
        if lengths["min"] != lengths["max"]:
            return None
        numbers = array.flatten()
    if numbers.null_count:
        return None
    width = numbers.type.bit_width // 8
    place: int = numbers.buffers()[1].address + numbers.offset * width - file.address
    # What is packed was unpacked into memory, which is outside of the file.
    return place if 0 <= place <= file.size - len(numbers) * width else None


def _sliced(batch: pa.RecordBatch) -> Iterator[tuple[Columns, int]]:
    """A batch in slices that stay near the processor."""
    step = max(1, batch.num_rows * SLICE_BYTES // max(1, batch.nbytes))
    for start in range(0, batch.num_rows, step):
        piece = batch.slice(start, step)
        yield flattened(piece), piece.num_rows


TYPES = [Feather()]
