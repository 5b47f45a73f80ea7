"""What a server says of rows beside their vectors, as columns: the cells as they arrive, kept by Arrow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from explorer.core.column import Column
from explorer.formats.arrow import column_of

if TYPE_CHECKING:
    import pyarrow as pa

MOST_COLUMNS = 200
"""So many columns are taken; documents that each have fields of their own would make a table of millions."""


class Table:
    """Grows by rows; a cell costs its bytes, not an object."""

    def __init__(self) -> None:
        self._columns: dict[str, list[pa.Array]] = {}
        self._rows = 0
        self._dropped: set[str] = set()
        self.left_out: set[str] = set()
        """Columns that were one too many."""

    def add(self, rows: Sequence[Mapping[str, str]]) -> None:
        """The next rows; a column that a row does not name is empty there."""
        import pyarrow as pa

        for name in dict.fromkeys(name for row in rows for name in row):
            if name in self._columns or name in self._dropped:
                continue
            if len(self._columns) >= MOST_COLUMNS:
                self.left_out.add(name)
            else:
                before = pa.repeat(pa.scalar("", pa.large_string()), self._rows)
                self._columns[name] = [before] if self._rows else []
        for name, chunks in self._columns.items():
            chunks.append(pa.array([row.get(name, "") for row in rows], pa.large_string()))
        self._rows += len(rows)

    def drop(self, name: str) -> None:
        """Leave a column out, whatever it holds and may hold yet."""
        self._columns.pop(name, None)
        self._dropped.add(name)

    def columns(self) -> tuple[Column, ...]:
        """Numbers, categories and text, as for any table; a column without a single value is left out."""
        import pyarrow as pa
        import pyarrow.compute as pc

        made = []
        for name, chunks in self._columns.items():
            cells = pa.chunked_array(chunks, pa.large_string())
            if not pc.all(pc.equal(cells, "")).as_py():
                made.append(column_of(name, cells))
        return tuple(made)


def cells_of(said: bytes | str) -> dict[str, str] | None:
    """A JSON object as cells: numbers and words as they are, what is nested as JSON; None for what is no object."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {clean(name): cell(value) for name, value in found.items()}


def cell(value: Any) -> str:
    """A JSON value as people read it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | list | dict):
        return clean(json.dumps(value, ensure_ascii=False))
    return repr(value)


def clean(said: str) -> str:
    """Without lone surrogates, which JSON can name and UTF-8 cannot hold."""
    return said.encode("utf-8", "replace").decode("utf-8")
