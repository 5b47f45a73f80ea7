"""SQLite: a table with a column of vectors, as bytes or as text, or a virtual table of sqlite-vec."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from explorer.errors import BadFile, BadParameter
from explorer.formats import sqlite_vec, vector_field
from explorer.formats.base import ARRAY, Part
from explorer.formats.json_records import arrays_of
from explorer.formats.sqlite_vec import quoted
from explorer.formats.table import Columns, Records, Table
from explorer.formats.typed_columns import plain
from explorer.formats.vector_field import LOOK, VectorField

MAGIC = b"SQLite format 3\0"
LONGEST_CELL = 64 << 20
FETCH = 4_000
MOST_TABLES = 200


@dataclass(frozen=True)
class _Held:
    """A table with vectors in one column, and how it is read: as it is, or by sqlite-vec's layout."""

    table: str
    field: VectorField
    rows: int
    layout: sqlite_vec.Layout | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """What `--read array=` says for it."""
        return f"{self.table}.{self.field.names[0]}"


class Sqlite(Table):
    """Opened to be read only, as a file that nobody changes: nothing is written beside it, and no extension loaded."""

    name = "sqlite"
    title = "SQLite database"
    suffixes = (".db", ".sqlite", ".sqlite3", ".db3")
    rank = 22

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes."""
        return head.startswith(MAGIC)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """The columns of vectors of all its tables."""
        with _connected(path) as database:
            held = _all_held(database)
        parts = tuple(
            Part(one.name, (one.rows, one.field.dimensions or -1), one.field.dtype or "float32", one.note)
            for one in held
        )
        return parts if len(parts) > 1 else ()

    @contextmanager
    def opened(self, path: Path, options: Mapping[str, str]) -> Iterator[Records]:
        """The table that holds the vectors; without any the one with the most records."""
        with _connected(path) as database:
            held, asked = _all_held(database), options.get(ARRAY.name)
            usable = [one for one in held if not one.note]
            if asked is not None:
                usable = [one for one in usable if asked in (one.name, one.field.names[0])]
                if not usable:
                    shown = ", ".join(one.name for one in held) or "none"
                    raise BadParameter(f"{ARRAY.name}={asked} is no column of vectors here; there are: {shown}.")
            records = _records(path, database, usable[0]) if usable else _largest(path, database, held)
            if usable and asked is None and len(held) > 1:
                others = ", ".join(one.name for one in held if one is not usable[0])
                records.warnings.append(
                    f"It holds {len(held)} columns of vectors, and “{usable[0].name}” was taken; "
                    f"--read {ARRAY.name}=NAME chooses another: {others}."
                )
            if path.with_name(path.name + "-wal").is_file() and path.with_name(path.name + "-wal").stat().st_size:
                records.warnings.append(
                    "Changes that wait beside it (-wal) are not in it yet; close the program that writes it first."
                )
            yield records


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """The database of a file; what SQLite finds wrong with it becomes a BadFile."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
            database.execute("PRAGMA trusted_schema=OFF")
            database.text_factory = lambda cell: cell.decode("utf-8", "replace")
            yield database
    except (sqlite3.Error, UnicodeError, OverflowError) as error:
        # The names of columns are decoded by the library itself, and need not be text.
        raise BadFile(path, f"it cannot be read as a SQLite database: {error}.") from None


def _all_held(database: sqlite3.Connection) -> list[_Held]:
    """Every column of vectors, the likeliest first; those of sqlite-vec before the rest."""
    found: list[_Held] = []
    plain_tables, layouts = _tables(database)
    for layout in layouts:
        for vector in layout.vectors:
            form = VectorField((vector.name,), "list", vector.dtype, vector.dimensions)
            found.append(_Held(layout.table, form, layout.rows(database), layout, vector.refusal))
    for table in plain_tables[:MOST_TABLES]:
        rows = _count(database, table)
        found += [_Held(table, field, rows) for field in vector_field.candidates(_first(database, table))]
    return sorted(found, key=lambda one: (bool(one.note), one.layout is None))


def _tables(database: sqlite3.Connection) -> tuple[list[str], list[sqlite_vec.Layout]]:
    """The ordinary tables, and the virtual ones of sqlite-vec, whose shadows are no tables for people."""
    said = [
        (str(name), str(sql or ""))
        for name, sql in database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    ]
    layouts = [layout for name, sql in said if (layout := sqlite_vec.layout_of(name, sql)) is not None]
    shadows = tuple(f"{layout.table}_" for layout in layouts)
    tables = [
        name
        for name, sql in said
        if not sql.lstrip().upper().startswith("CREATE VIRTUAL")
        and not name.startswith("sqlite_")
        and not (shadows and name.startswith(shadows))
    ]
    return tables, layouts


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])


def _records(path: Path, database: sqlite3.Connection, held: _Held) -> Records:
    layout = held.layout
    if layout is not None:
        name = held.field.names[0]
        first = next(layout.blocks(database, name), ({}, 0))[0]
        metric = layout.vector(name).metric
        return Records(
            {key: array.slice(0, LOOK) for key, array in first.items()},
            held.rows,
            lambda field: layout.blocks(database, name),
            prefix=f"{held.table}.",
            metric=metric,
            facts={"table": held.table},
        )
    return _plain(database, held.table, held.rows)


def _largest(path: Path, database: sqlite3.Connection, held: list[_Held]) -> Records:
    """The table with the most records, which may hold numbers, or text."""
    if held:
        raise BadFile(path, f"{held[0].name} {held[0].note}.")
    tables, _ = _tables(database)
    counts = {table: _count(database, table) for table in tables[:MOST_TABLES]}
    table = max(counts, key=lambda name: counts[name], default="")
    if not table or not counts[table]:
        raise BadFile(path, "there is no table with records in it.")
    return _plain(database, table, counts[table])


def _plain(database: sqlite3.Connection, table: str, rows: int) -> Records:
    def blocks(field: VectorField | None) -> Iterator[tuple[Columns, int]]:
        cursor = database.execute(f"SELECT * FROM {quoted(table)}")
        names = [str(column[0]) for column in cursor.description]
        while some := cursor.fetchmany(FETCH):
            columns = dict(zip(names, (list(cells) for cells in zip(*some, strict=True)), strict=True))
            yield _arrays(columns), len(some)

    return Records(_first(database, table), rows, blocks, prefix=f"{table}.", facts={"table": table})


def _first(database: sqlite3.Connection, table: str) -> Columns:
    cursor = database.execute(f"SELECT * FROM {quoted(table)} LIMIT {LOOK}")
    names = [str(column[0]) for column in cursor.description]
    some = cursor.fetchall()
    return _arrays(dict(zip(names, (list(cells) for cells in zip(*some, strict=True)), strict=True))) if some else {}


def _arrays(columns: dict[str, list[object]]) -> Columns:
    return {name: plain(array) for name, array in arrays_of(columns).items()}


TYPES = [Sqlite()]
