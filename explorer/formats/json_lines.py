"""JSON lines: an object to a line, read in blocks of lines, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from explorer.errors import BadFile
from explorer.formats.json_records import arrays_of, columns_of, parsed
from explorer.formats.table import Columns, Records, Table
from explorer.formats.text_table import listed
from explorer.formats.typed_columns import flattened
from explorer.formats.vector_field import LOOK, VectorField

BLOCK_BYTES = 8 << 20
LONGEST_LINE = 64 << 20
"""No record is longer than this; a file without line breaks is no JSON lines."""
FEW_LINES = 2_000
"""So many lines are held as Python's values at a time."""
MOST_BRACKETS = 100
"""Where lines open more brackets than this on average they are read one by one: some may be nested absurdly."""
BOM = b"\xef\xbb\xbf"


class JsonLines(Table):
    """A record to a line, as `{"text": "a", "embedding": [0.1, 0.2]}`."""

    name = "jsonl"
    title = "JSON lines"
    suffixes = (".jsonl", ".ndjson")
    rank = 60

    def recognises(self, path: Path, head: bytes) -> bool:
        """A whole object in the first line, and another one in the next, if there is any."""
        lines = _first_lines(path, head)
        if lines is None:
            return False
        first, after = lines
        if not first.startswith(b"{") or not first.endswith(b"}"):
            return False
        if not after and path.suffix.casefold() not in self.suffixes:
            return False  # one object, which may be all of a document
        try:
            return isinstance(parsed(first), dict) and after[:1] in (b"", b"{")
        except ValueError:
            return False

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The records of a file; how many there are follows from the length of the first ones."""
        size, read = path.stat().st_size, _blocks(path)
        start = next(read, b"")
        first, _ = _one_by_one(start.split(b"\n", LOOK)[:LOOK])

        def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
            bad: list[int] = []
            seen = lines = 0
            for block in chain([start], read):
                for columns, rows, wrong in _parsed(block):
                    bad.extend(seen + 1 + row for row in wrong)
                    seen += rows
                    yield columns, rows
                lines += block.count(b"\n") + (not block.endswith(b"\n"))
                # With blank lines among them nobody knows which line a record is.
                records.unit = "line" if lines == seen else "record"
            if bad and len(bad) == seen:
                raise BadFile(path, "none of its lines is a JSON object.")
            if bad:
                held = "1 line is no JSON object" if len(bad) == 1 else f"{len(bad):,} lines are no JSON objects"
                records.warnings.append(f"{held}: {listed(records.unit, bad)}.")

        rows = (start.count(b"\n") + 1) * size // max(1, len(start))
        records = Records(first, rows, blocks, counted=False, unit="line", number=1, dtype=False)
        yield records


def _first_lines(path: Path, head: bytes) -> tuple[bytes, bytes] | None:
    """The first line that is not blank, and a little of the next; None where the first does not end soon."""
    if head.removeprefix(BOM).lstrip()[:1] != b"{" or b"\0" in head:
        return None
    try:
        with path.open("rb") as file:
            file.seek(len(BOM) if head.startswith(BOM) else 0)
            first = next((line for _ in range(1000) if (line := file.readline(LONGEST_LINE).strip())), b"")
            after = next((line for _ in range(1000) if (line := file.readline(1 << 16).lstrip())), b"")
    except OSError:
        return None
    return first, after


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks of whole lines."""
    with path.open("rb") as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        while block := file.read(BLOCK_BYTES):
            block += file.readline(LONGEST_LINE)
            if not block.endswith(b"\n") and file.peek(1):
                raise BadFile(path, f"a line of it is longer than {LONGEST_LINE >> 20} MB, as no record of vectors is.")
            yield block


def _parsed(block: bytes) -> Iterator[tuple[Columns, int, list[int]]]:
    """The records of some lines as columns, how many they are, and which of them, from 0, are no objects.

    Arrow reads the block at once, unless its lines are broken or do not agree about a field.
    """
    import pyarrow as pa
    from pyarrow import json

    lines = block.count(b"\n") + 1
    if block.count(b"[") + block.count(b"{") <= MOST_BRACKETS * lines and block.strip():
        try:
            table = json.read_json(
                pa.BufferReader(block), json.ReadOptions(use_threads=False, block_size=len(block) + 64)
            )
            for batch in table.to_batches():
                yield flattened(batch), batch.num_rows, []
            return
        except (pa.ArrowException, OSError, ValueError):
            pass
    pieces = block.split(b"\n")
    for start in range(0, len(pieces), FEW_LINES):
        some = [line for line in pieces[start : start + FEW_LINES] if line.strip()]
        if some:
            columns, wrong = _one_by_one(some)
            yield columns, len(some), wrong


def _one_by_one(lines: list[bytes]) -> tuple[Columns, list[int]]:
    """The records of lines that are not blank, and which of them, from 0, are no objects."""
    records: list[Any] = []
    wrong: list[int] = []
    for line in lines:
        if not line.strip():
            continue
        try:
            record = parsed(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            wrong.append(len(records))
            record = {}
        records.append(record)
    columns = columns_of(records)
    for column in columns.values():
        column.extend([None] * (len(records) - len(column)))
    return arrays_of(columns), wrong


TYPES = [JsonLines()]
