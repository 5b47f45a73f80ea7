"""The tables in which sqlite-vec keeps a virtual table `vec0`, read without it.

The vectors of 1024 rows make one cell of NAME_vector_chunksNN, and NAME_chunks says which places of it are taken, and
by which rows. Columns of metadata are kept in the same way (https://github.com/asg017/sqlite-vec, version 0.1).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric

if TYPE_CHECKING:
    import pyarrow as pa

_TABLE = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+vec0\s*\((.*)\)\s*;?\s*", re.IGNORECASE | re.DOTALL)
_VECTOR = re.compile(
    r"[\"'\[`]?(\w+)[\"'\]`]?\s+(float|f32|int8|i8|bit)\s*\[\s*(\d+)\s*\](.*)", re.IGNORECASE | re.DOTALL
)
_METRIC = re.compile(r"distance_metric\s*=\s*(\w+)", re.IGNORECASE)
_COLUMN = re.compile(r"(\+?)\s*[\"'\[`]?(\w+)[\"'\]`]?\s+(\w+)(.*)", re.DOTALL)
_METRICS: dict[str, Metric] = {"cosine": "cosine", "l2": "euclidean", "l1": "manhattan"}
_NUMBERS = {"integer": "<i8", "int": "<i8", "float": "<f8", "double": "<f8"}
INLINE = 12
"""So many bytes of a text stand beside its length; longer ones are in a table of their own."""


@dataclass(frozen=True)
class Vector:
    """A column of vectors; `place` is the NN of its table."""

    name: str
    dtype: str
    dimensions: int
    metric: Metric | None
    place: int

    @property
    def refusal(self) -> str:
        """Why it cannot be the vectors; empty where it can."""
        return "holds bits, not numbers; store the vectors as float or int8 as well" if self.dtype == "bit" else ""


@dataclass(frozen=True)
class Layout:
    """What a virtual table holds: `metadata` are (name, type) in the order of their tables, `beside` the names of the
    columns that are kept as they are, `partitions` those that rows are divided by, and `key` the column that names
    them, with whether it is text."""

    table: str
    vectors: tuple[Vector, ...]
    metadata: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    partitions: tuple[str, ...]
    key: str
    text_key: bool

    def vector(self, name: str) -> Vector:
        """The column of vectors of that name."""
        return next(vector for vector in self.vectors if vector.name == name)

    def rows(self, database: sqlite3.Connection) -> int:
        """How many rows there are."""
        return int(database.execute(f"SELECT count(*) FROM {quoted(self.table + '_rowids')}").fetchone()[0])

    def blocks(self, database: sqlite3.Connection, name: str) -> Iterator[tuple[dict[str, pa.Array], int]]:
        """All rows, chunk by chunk, with one column of vectors. Raises sqlite3.Error for what does not fit together."""
        import pyarrow as pa

        vector = self.vector(name)
        cells = f"{quoted(f'{self.table}_vector_chunks{vector.place:02}')}"
        parts = "".join(f", partition{i:02}" for i in range(len(self.partitions)))
        chunks = database.execute(
            f"SELECT chunk_id, size, validity, rowids{parts} FROM {quoted(self.table + '_chunks')} ORDER BY chunk_id"
        )
        for chunk, size, validity, rowids, *partitions in chunks:
            taken = _taken(validity, size)
            ids = _numbers(rowids, "<i8", size)[taken]
            held = database.execute(f"SELECT vectors FROM {cells} WHERE rowid = ?", (chunk,)).fetchone()
            numbers = _numbers(held and held[0], "<f4" if vector.dtype == "float32" else "i1", size * vector.dimensions)
            flat = numbers.reshape(size, vector.dimensions)[taken].reshape(-1)
            columns = {self.key: pa.array(self._keys(database, ids))}
            columns |= {
                column: pa.array([value] * len(ids)) for column, value in zip(self.partitions, partitions, strict=True)
            }
            columns |= self._metadata(database, chunk, size, taken, ids)
            columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(flat), vector.dimensions)
            if len(ids):
                yield {key: _plain(array) for key, array in columns.items()}, len(ids)

    def _keys(self, database: sqlite3.Connection, ids: NDArray[np.int64]) -> list[Any]:
        if not self.text_key:
            return [int(row) for row in ids]
        return _looked_up(database, "id", self.table + "_rowids", ids)

    def _metadata(
        self, database: sqlite3.Connection, chunk: int, size: int, taken: NDArray[np.intp], ids: NDArray[np.int64]
    ) -> dict[str, pa.Array]:
        import pyarrow as pa

        found: dict[str, pa.Array] = {}
        for place, (name, kind) in enumerate(self.metadata):
            cells = quoted(f"{self.table}_metadatachunks{place:02}")
            held = database.execute(f"SELECT data FROM {cells} WHERE rowid = ?", (chunk,)).fetchone()
            data = held and held[0]
            if kind in _NUMBERS:
                found[name] = pa.array(_numbers(data, _NUMBERS[kind], size)[taken])
            elif kind in ("bool", "boolean"):
                places = np.zeros(size, bool)
                places[_taken(data, size)] = True
                found[name] = pa.array(places[taken])
            else:
                longer = quoted(f"{self.table}_metadatatext{place:02}")
                views = _numbers(data, "V16", size)[taken]
                found[name] = pa.array(
                    [_text(database, longer, bytes(view), int(row)) for view, row in zip(views, ids, strict=True)]
                )
        for place, name in enumerate(self.beside):
            values = _looked_up(database, f"value{place:02}", self.table + "_auxiliary", ids)
            found[name] = pa.array([value if value is None else str(value) for value in values], pa.large_string())
        return found


def layout_of(table: str, sql: str) -> Layout | None:
    """The layout of a virtual table, from what created it; None when it is no `vec0`."""
    match = _TABLE.fullmatch(sql)
    if match is None:
        return None
    vectors: list[Vector] = []
    metadata, beside, partitions = [], [], []
    key, text_key = "rowid", False
    for said in (part.strip() for part in match[1].split(",")):
        if vector := _VECTOR.fullmatch(said):
            dtype = {"float": "float32", "f32": "float32", "bit": "bit"}.get(vector[2].casefold(), "int8")
            metric = _METRIC.search(vector[4])
            asked = _METRICS.get(metric[1].casefold()) if metric else None
            vectors.append(Vector(vector[1], dtype, int(vector[3]), asked, len(vectors)))
        elif (column := _COLUMN.fullmatch(said)) and "=" not in said:
            rest = column[4].casefold()
            if "primary" in rest:
                key, text_key = column[2], column[3].casefold() == "text"
            elif "partition" in rest:
                partitions.append(column[2])
            elif column[1]:
                beside.append(column[2])
            else:
                metadata.append((column[2], column[3].casefold()))
    return Layout(table, tuple(vectors), tuple(metadata), tuple(beside), tuple(partitions), key, text_key)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _taken(bits: object, size: int) -> NDArray[np.intp]:
    """The places of a chunk whose bit is set."""
    return np.flatnonzero(np.unpackbits(_numbers(bits, "u1", size // 8), bitorder="little"))


def _numbers(data: object, dtype: str, count: int) -> NDArray[Any]:
    """A cell's bytes as so many numbers. Raises sqlite3.DataError when there are not that many."""
    if not isinstance(data, bytes) or count < 0 or len(data) < count * np.dtype(dtype).itemsize:
        raise sqlite3.DataError("a chunk of its vectors is shorter than it says")
    return np.frombuffer(data, dtype, count)


def _looked_up(database: sqlite3.Connection, column: str, table: str, ids: NDArray[np.int64]) -> list[Any]:
    """The cells of some rows, None where there is none: those of a chunk mostly follow each other."""
    if not len(ids):
        return []
    sql, least, most = f"SELECT rowid, {column} FROM {quoted(table)} WHERE rowid", int(ids.min()), int(ids.max())
    if most - least < 4 * len(ids):
        found = dict(database.execute(f"{sql} BETWEEN ? AND ?", (least, most)))
    else:
        rows = (database.execute(f"{sql} = ?", (int(row),)).fetchone() for row in ids)
        found = dict(row for row in rows if row is not None)
    return [found.get(int(row)) for row in ids]


def _text(database: sqlite3.Connection, longer: str, view: bytes, row: int) -> str:
    length = int.from_bytes(view[:4], "little")
    if length <= INLINE:
        return view[4 : 4 + length].decode("utf-8", "replace")
    found = database.execute(f"SELECT data FROM {longer} WHERE rowid = ?", (row,)).fetchone()
    return str(found[0]) if found else view[4:].decode("utf-8", "replace")


def _plain(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    return array.cast(pa.large_string()) if pa.types.is_string(array.type) else array
