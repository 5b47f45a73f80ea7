"""A JSON document: records in an array, vectors by name, or an array for each field, as vector stores answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer import room
from explorer.errors import BadFile
from explorer.formats.json_records import arrays_of, columns_of, parsed
from explorer.formats.projector_config import is_config
from explorer.formats.table import Columns, Records, Table
from explorer.formats.vector_field import LOOK, VectorField

TIMES_ITS_SIZE = 6
"""A document takes so many times its size in memory, for it can only be read as a whole."""
SLICE = 5_000
RECORDS = ("data", "records", "rows", "items", "results", "points", "matches", "vectors", "embeddings", "documents")
"""The fields of an answer that hold its records, the likeliest first."""
SINGULAR = {"ids": "id", "embeddings": "embedding", "vectors": "vector", "documents": "document", "uris": "uri"}
WORDS = (
    "it holds none of the shapes of vectors in JSON: records in an array, an object of names and vectors, or "
    "an array for each field, such as ids and embeddings."
)


class JsonDocument(Table):
    """Read as a whole: JSON lines hold the same in less memory."""

    name = "json"
    title = "JSON"
    suffixes = (".json",)
    native = False
    parts_take_all = True
    rank = 61

    def recognises(self, path: Path, head: bytes) -> bool:
        """An object or an array of objects or arrays at its beginning; by its suffix any of the two."""
        start = b"".join(head.removeprefix(b"\xef\xbb\xbf").split()[:3])
        if b"\0" in head or is_config(head):
            return False
        if path.suffix.casefold() in self.suffixes:
            return start[:1] in (b"[", b"{")
        return start[:2] in (b"[[", b"[{", b'{"')

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The records of a document, all of which is in memory."""
        columns, rows = _columns(path, _document(path))

        def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
            for start in range(0, rows, SLICE):
                some = {name: cells[start : start + SLICE] for name, cells in columns.items()}
                yield arrays_of(some), min(SLICE, rows - start)

        first = arrays_of({name: cells[:LOOK] for name, cells in columns.items()})
        yield Records(first, rows, blocks, unit="record", dtype=False)


def _document(path: Path) -> Any:
    size = path.stat().st_size
    room.check_memory(TIMES_ITS_SIZE * size, f"{path}: reading JSON", "write it as JSON lines, a record to a line")
    try:
        return parsed(path.read_bytes())
    except ValueError as error:
        # Python names the line and column, and some of what it says ends in the text that it found.
        raise BadFile(path, f"it is no whole JSON document: {str(error).splitlines()[0][:200]}.") from None


def _columns(path: Path, document: Any) -> tuple[dict[str, list[Any]], int]:
    """The fields of all records, each with as many cells as there are records."""
    if isinstance(document, list):
        return _of_records(path, document)
    if not isinstance(document, dict) or not document:
        raise BadFile(path, WORDS)
    if (table := _table(document)) is not None:
        return table
    lists = {name: value for name, value in document.items() if isinstance(value, list) and value}
    for name in sorted(lists, key=lambda name: RECORDS.index(name) if name in RECORDS else len(RECORDS)):
        if all(isinstance(record, dict) for record in lists[name][:SLICE]):
            return _of_records(path, lists[name])
    if lists and sum(map(_is_vector, document.values())) >= 0.8 * len(document):
        return {"name": list(document), "vector": list(document.values())}, len(document)
    if all(isinstance(value, dict) for value in document.values()):
        columns, rows = _of_records(path, list(document.values()))
        return ({"key": list(document), **columns}, rows) if "key" not in columns else (columns, rows)
    raise BadFile(path, WORDS)


def _of_records(path: Path, records: list[Any]) -> tuple[dict[str, list[Any]], int]:
    if not records:
        raise BadFile(path, "there is no record in it.")
    if sum(map(_is_vector, records[:SLICE])) >= 0.8 * len(records[:SLICE]):
        return {"vector": records}, len(records)
    columns = columns_of(records)
    if not columns:
        raise BadFile(path, WORDS)
    return columns, len(records)


def _table(document: dict[str, Any]) -> tuple[dict[str, list[Any]], int] | None:
    """A document with an array for each field, one of which holds the vectors; None for any other.

    An answer to one question, as Chroma gives it, has each of its arrays in another one.
    """
    found = {name: value for name, value in document.items() if isinstance(value, list)}
    if found and all(len(value) == 1 and isinstance(value[0], list) for value in found.values()):
        unpacked = {name: value[0] for name, value in found.items()}
        if any(_holds_vectors(value) for value in unpacked.values()):
            found = unpacked
    vectors = next((name for name, value in found.items() if _holds_vectors(value)), None)
    if vectors is None:
        return None
    rows = len(found[vectors])
    columns: dict[str, list[Any]] = {}
    for name, value in found.items():
        if len(value) != rows:
            continue
        if name == "metadatas" or (any(isinstance(cell, dict) for cell in value) and name != vectors):
            inner = columns_of(value)
            columns |= {key if key not in found else f"{name}.{key}": cells for key, cells in inner.items()}
        else:
            columns[SINGULAR.get(name, name)] = value
    return columns, rows


def _holds_vectors(value: Sequence[Any]) -> bool:
    some = [cell for cell in value[:100] if cell is not None]
    return bool(some) and all(map(_is_vector, some))


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(type(one) in (int, float) for one in value)


TYPES = [JsonDocument()]
