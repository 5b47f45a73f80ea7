"""Which columns of a table are the vector, and which one names the rows (DESIGN 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from explorer.core.column import Column
from explorer.core.strings import Strings
from explorer.errors import BadParameter
from explorer.formats.arrow import CLASSES
from explorer.formats.dialect import Dialect, is_list, is_missing, is_number

NAME_COLUMNS = ("name", "word", "title", "label", "text")
"""Columns that name rows, the first of them that there is."""
NO_FEATURES = frozenset({"id", "ids", "index", "idx", "row", "rowid", "row_id", "key", *CLASSES})
"""Whole-number columns of these names are about the row, and no part of its vector."""
_FAMILY = re.compile(r"(.*?)(\d+)")
_WHOLE = re.compile(r"\s*[-+]?\d+\s*")
_PLACE = re.compile(r"\s*(\w+://\S*|\S*[/\\.]\w{2,5})\s*")
"""The address or path of something: text, but none to embed."""


@dataclass(frozen=True)
class VectorColumns:
    """The columns that make the vector, in file order; `lists`: it is one column whose cells hold whole vectors."""

    names: tuple[str, ...]
    lists: bool = False

    def __str__(self) -> str:
        if len(self.names) <= 3:
            return ", ".join(self.names)
        return f"{self.names[0]} … {self.names[-1]} ({len(self.names)} columns)"


def vector_columns(dialect: Dialect, pattern: str | None = None) -> VectorColumns | None:
    """Choose the vector's columns from the first records; `pattern` (`p*`, or names with commas) overrules.

    Returns None when there is nothing to choose. Raises BadParameter for a pattern that fits no usable column.
    """
    kinds = {name: _kind(dialect.cells(i), dialect.decimal) for i, name in enumerate(dialect.columns)}
    left_out = "" if dialect.named or pattern is not None else _counter_of_rows(dialect, kinds)
    return among(kinds, pattern, named=dialect.named, left_out=left_out)


def among(
    kinds: Mapping[str, str], pattern: str | None = None, *, named: bool = True, left_out: str = ""
) -> VectorColumns | None:
    """Choose by the columns' names and kinds (whole, number, list or text), in file order, without `left_out`.

    Where the names are made up (not `named`) they tell nothing. Returns and raises what `vector_columns` does.
    """
    if pattern is not None:
        return _asked_for(tuple(kinds), kinds, pattern)
    numeric = [name for name, kind in kinds.items() if kind in ("whole", "number") and name != left_out]
    if named:
        numeric = [n for n in numeric if not (kinds[n] == "whole" and n.casefold() in NO_FEATURES)]
    lists = [name for name, kind in kinds.items() if kind == "list"]
    if lists and len(numeric) < 3:
        return VectorColumns((lists[0],), lists=True)
    family = _largest_family(numeric) if named else []
    # A pair such as price1, price2 among twenty other numbers is no vector.
    if len(family) >= 2 and (len(family) >= 8 or 2 * len(family) >= len(numeric)):
        return VectorColumns(tuple(family))
    return VectorColumns(tuple(numeric)) if numeric else None


def name_column(columns: Sequence[Column], asked: str | None = None) -> Column | None:
    """The column that names the rows. Raises BadParameter when the one asked for is not there."""
    if asked is not None:
        for column in columns:
            if column.name == asked:
                return column
        there = ", ".join(column.name for column in columns) or "none"
        raise BadParameter(f"There is no column “{asked}” to name rows by; columns: {there}.")
    held = [c for c in columns if not (isinstance(c.values, Strings) and not len(c.values.data))]
    worded = [c for c in held if c.kind == "text" or (c.kind == "category" and not all(map(is_number, c.labels)))]
    by_name = {column.name.casefold(): column for column in reversed(worded)}
    for wanted in NAME_COLUMNS:
        if wanted in by_name:
            return by_name[wanted]
    texts = [column for column in worded if column.kind == "text"]
    return next(iter(texts or worded), None)


def text_columns(cells: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The columns that hold text to embed, the one of the longest texts first; `cells` are the first of each column."""
    lengths = {}
    for name, some in cells.items():
        words = [cell for cell in some if cell.strip()]
        if words and _kind(words, ".") == "text" and not all(_PLACE.fullmatch(cell) for cell in words):
            lengths[name] = sum(map(len, words)) / len(words)
    return tuple(sorted(lengths, key=lambda name: -lengths[name]))


def _kind(cells: Sequence[str], decimal: str) -> str:
    """What the first cells of a column hold: whole, number, list or text."""
    known = [cell for cell in cells if not is_missing(cell)]
    if not known:
        return "text"
    numbers = sum(is_number(cell, decimal) for cell in known)
    # One cell that is no number among many is a broken cell, not another kind of column.
    if numbers >= max(1, 0.9 * len(known)):
        return "whole" if all(_WHOLE.fullmatch(cell) for cell in known) else "number"
    if all(is_list(cell) for cell in known):
        return "list"
    return "text"


def _asked_for(columns: Sequence[str], kinds: Mapping[str, str], pattern: str) -> VectorColumns:
    patterns = [part.strip() for part in pattern.split(",")] if pattern not in columns else [pattern]
    fitting = [name for name in columns if any(name == part or fnmatchcase(name, part) for part in patterns)]
    lists = [name for name in fitting if kinds[name] == "list"]
    if len(lists) == 1 and len(fitting) == 1:
        return VectorColumns((lists[0],), lists=True)
    numeric = tuple(name for name in fitting if kinds[name] in ("whole", "number"))
    if not numeric:
        why = "holds no numbers" if fitting else "fits no column"
        shown = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
        raise BadParameter(f"vectors={pattern} {why}; columns: {shown}.")
    return VectorColumns(numeric)


def _largest_family(names: Sequence[str]) -> list[str]:
    """The most names of one prefix and a number, in file order; the first such family of several."""
    families: dict[str, list[str]] = {}
    for name in names:
        if match := _FAMILY.fullmatch(name):
            families.setdefault(match[1], []).append(name)
    return max(families.values(), key=len, default=[])


def _counter_of_rows(dialect: Dialect, kinds: Mapping[str, str]) -> str:
    """The first numeric column, where it only counts 0, 1, 2 … or 1, 2, 3 … while there are others; or nothing."""
    numeric = [name for name, kind in kinds.items() if kind in ("whole", "number")]
    if len(numeric) < 2 or len(dialect.rows) < 3:
        return ""
    cells = [cell.strip() for cell in dialect.cells(dialect.columns.index(numeric[0]))]
    n = len(cells)
    return numeric[0] if cells in ([str(i) for i in range(n)], [str(i + 1) for i in range(n)]) else ""
