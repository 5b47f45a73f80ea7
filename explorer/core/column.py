"""One metadata column of a Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.core.strings import Strings

Kind = Literal["number", "category", "text"]

MOST_CATEGORIES = 1000
"""A text column of more distinct values than this, or of more than half its rows, is text and not a category."""


@dataclass(frozen=True, eq=False)
class Column:
    """A named column of n values.

    kind       values
    number     float64 (n,), NaN where missing; `whole` says that all of them are whole numbers
    category   int32 (n,) codes into `labels`, −1 where missing; labels in the order they are shown
    text       Strings of n, empty where missing
    """

    name: str
    kind: Kind
    values: NDArray[Any] | Strings
    labels: tuple[str, ...] = ()
    whole: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def cell(self, row: int) -> str:
        """The value of a row as people read it; empty where missing."""
        value: Any = self.values[row]
        if self.kind == "category":
            return self.labels[int(value)] if value >= 0 else ""
        if self.kind == "number":
            if not np.isfinite(value):
                return ""
            return str(int(value)) if self.whole else f"{value:.6g}"
        return str(value)

    def strings(self) -> Strings:
        """All cells as people read them."""
        if isinstance(self.values, Strings):
            return self.values
        if self.kind == "category":
            # Code −1, which stands for missing, is the empty string at the end.
            return Strings.of((*self.labels, "")).take(np.where(self.values < 0, len(self.labels), self.values))
        return Strings.of(self.cell(row) for row in range(len(self)))

    def take(self, rows: NDArray[np.intp]) -> Column:
        """The column of some rows, in that order; labels stay as they are."""
        values = self.values.take(rows) if isinstance(self.values, Strings) else self.values[rows]
        return Column(self.name, self.kind, values, self.labels, self.whole)


def from_text(name: str, cells: Sequence[str]) -> Column:
    """A column of text: a category when its values repeat, text otherwise."""
    distinct = set(cells)
    distinct.discard("")
    if repeats(len(distinct), len(cells)):
        labels = tuple(distinct)
        code = {label: i for i, label in enumerate(labels)}
        return from_codes(name, labels, np.fromiter((code.get(cell, -1) for cell in cells), np.int32, len(cells)))
    return Column(name, "text", Strings.of(cells))


def repeats(distinct: int, cells: int) -> bool:
    """Whether so many distinct values, not counting empty ones, in so many cells make a category."""
    return 0 < distinct <= min(MOST_CATEGORIES, max(2, cells // 2))


def from_codes(name: str, labels: Sequence[str], codes: NDArray[Any]) -> Column:
    """A category of codes (n,) into `labels`, −1 where missing; the labels are put into the order people expect."""
    order = sorted(range(len(labels)), key=lambda i: _as_people_count(labels[i]))
    place = np.full(len(labels) + 1, -1, np.int32)  # the last place is that of code −1
    place[order] = np.arange(len(labels), dtype=np.int32)
    return Column(name, "category", place[codes], tuple(labels[i] for i in order))


def from_numbers(name: str, values: NDArray[Any], *, category: bool = False) -> Column:
    """A column of numbers; with `category`, whole numbers become labels (digit 0 … 9)."""
    values = np.asarray(values, np.float64)
    known = values[np.isfinite(values)]
    whole = bool(known.size) and bool(np.all(known == np.round(known))) and bool(np.all(np.abs(known) < 2**53))
    if category and whole:
        distinct, codes = np.unique(known, return_inverse=True)
        if distinct.size <= MOST_CATEGORIES:
            all_codes = np.full(len(values), -1, np.int32)
            all_codes[np.isfinite(values)] = codes
            return Column(name, "category", all_codes, tuple(str(int(v)) for v in distinct))
    return Column(name, "number", values, whole=whole)


def _as_people_count(label: str) -> tuple[int, float, str]:
    """Numbers by size before words by letter, so that 2 stands before 10."""
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label.casefold())
