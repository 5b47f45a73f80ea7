"""Records of a table to rows: one for each in order, or by a key that both have; what did not fit is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.params import Param
from explorer.core.strings import Strings
from explorer.errors import BadFile, BadParameter

KEY = Param("key", "text", None, "Join the metadata by this column of both; OURS=THEIRS where it has two names.")
ROW_NUMBER = "#row"
"""Stands for a column of the row numbers in the file, from 0."""
SHOWN = 3
LOOKED_AT = 20_000
"""So many rows and records tell which columns could be keys."""
ENOUGH = 0.5
"""A pair of columns may be the key when so many of the rows, or of the records, have their partner."""


@dataclass(frozen=True)
class Key:
    """A column of the rows, and the column of the table that holds the same."""

    ours: str
    theirs: str

    @classmethod
    def of(cls, said: str) -> Key:
        """From COL, or OURS=THEIRS."""
        ours, _, theirs = said.partition("=")
        return cls(ours.strip(), (theirs or ours).strip())

    def __str__(self) -> str:
        return self.ours if self.ours == self.theirs else f"{self.ours}={self.theirs}"


@dataclass(frozen=True, eq=False)
class Join:
    """Which record each row gets, int64 (n,), −1 for none; and how well that fits."""

    record_of: NDArray[np.int64]
    matched: int
    left_over: int
    """Records that no row has asked for."""
    repeated: int
    """Keys that more than one record has."""

    def sentence(self) -> str:
        """9,871 of 10,000 rows have a record; 12 records have no row; 3 keys come twice, the first was taken."""
        n = len(self.record_of)
        all_of = f"All {n:,}" if self.matched == n else f"{self.matched:,} of {n:,}"
        parts = [f"{all_of} rows have a record"]
        if self.left_over:
            parts.append("1 record has no row" if self.left_over == 1 else f"{self.left_over:,} records have no row")
        if self.repeated:
            one = self.repeated == 1
            parts.append(
                f"{'1 key comes' if one else f'{self.repeated:,} keys come'} more than once, the first was taken"
            )
        return "; ".join(parts)


def join(ours: Sequence[str] | Strings, theirs: Sequence[str] | Strings) -> Join:
    """Match rows to records by their keys, blanks around them aside; an empty key matches nothing."""
    record: dict[str, int] = {}
    repeated: set[str] = set()
    records = 0
    for i, key in enumerate(_keys(theirs)):
        records += 1
        if key and record.setdefault(key, i) != i:
            repeated.add(key)
    record.pop("", None)
    found = np.fromiter((record.get(key, -1) for key in _keys(ours)), np.int64, len(ours))
    taken = set(found[found >= 0].tolist())
    asked_again = sum(key in repeated and record[key] != i for i, key in enumerate(_keys(theirs)))
    return Join(found, int((found >= 0).sum()), records - len(taken) - asked_again, len(repeated))


def joined(
    columns: Sequence[Column], key: Key, ours: Sequence[Column], places: NDArray[np.int64], table: Path
) -> tuple[tuple[Column, ...], Join]:
    """The columns of a table, one cell for each row, joined by a key; `ours` are the rows' own columns, `places` (n,)
    where they stand in the file.

    Raises BadParameter for a column that is not there, BadFile when nothing fits.
    """
    held = cells_of(key.ours, ours, places, "the file")
    told = cells_of(key.theirs, columns, np.arange(len(columns[0])), table.name)
    found = join(held, told)
    if not found.matched:
        raise BadFile(
            table,
            f"no record of it belongs to a row: “{key.theirs}” holds {_first(told)}, and “{key.ours}” of the file "
            f"{_first(held)}; name another key, as --read key=OURS=THEIRS.",
        )
    kept = (column for column in columns if column.name != key.theirs)
    return tuple(with_gaps(column, found.record_of) for column in kept), found


def cells_of(name: str, columns: Sequence[Column], places: NDArray[np.int64], where: str) -> Sequence[str] | Strings:
    """The cells of a column that is to be a key. Raises BadParameter when it is not there."""
    if name == ROW_NUMBER:
        return [str(place) for place in places.tolist()]
    column = next((column for column in columns if column.name == name), None)
    if column is None:
        there = ", ".join(column.name for column in columns) or "none"
        raise BadParameter(f"There is no column “{name}” in {where} to join by; columns: {there}.")
    return column.values if isinstance(column.values, Strings) else [column.cell(row) for row in range(len(column))]


def with_gaps(column: Column, rows: NDArray[np.int64]) -> Column:
    """The column of some rows, with nothing where a row is −1."""
    gaps = rows < 0
    if not gaps.any():
        return column.take(rows)
    if isinstance(column.values, Strings):
        longer = Strings(column.values.data, np.append(column.values.ends, column.values.ends[-1:]))
        return replace(column, values=longer.take(np.where(gaps, len(column), rows)))
    values = column.values[np.where(gaps, 0, rows)]
    values[gaps] = -1 if column.kind == "category" else np.nan
    return replace(column, values=values)


def guessed(ours: Sequence[Column], theirs: Sequence[Column]) -> tuple[Key, ...]:
    """Pairs of columns that may be keys, the likeliest first: of one name before others, then by how many fit."""
    found = []
    records = {column.name: set(_some(column)) for column in theirs}
    for mine in ours:
        held = set(_some(mine))
        for column in theirs:
            told = records[column.name]
            share = len(held & told) / max(1, min(len(held), len(told)))
            same = mine.name.casefold() == column.name.casefold()
            # Two columns of a few labels fit by chance, and tell no row from another.
            tells = min(len(told) / max(1, min(len(column), LOOKED_AT)), len(held) / max(1, min(len(mine), LOOKED_AT)))
            if share >= ENOUGH and tells >= ENOUGH and len(told) > 1:
                found.append((-same, -share * tells, Key(mine.name, column.name)))
    found.sort(key=lambda one: one[:2])
    return tuple(key for _, _, key in found)


def _some(column: Column) -> Iterator[str]:
    cells = (column.cell(row) for row in range(min(len(column), LOOKED_AT)))
    return (cell.strip() for cell in cells if cell.strip())


def _keys(cells: Sequence[str] | Strings) -> Iterator[str]:
    return (cell.strip() for cell in cells)


def _first(cells: Sequence[str] | Strings) -> str:
    return ", ".join(cell for cell, _ in zip(_keys(cells), range(SHOWN), strict=False)) + " …"
