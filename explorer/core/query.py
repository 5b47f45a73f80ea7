"""A Query: a vector and where it came from; what a typed text can mean (DESIGN 5); and names to complete it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.expression import Term, last_operand, terms_of, written
from explorer.core.metric import Metric
from explorer.core.names import Names
from explorer.core.numerals import numbers_in
from explorer.errors import BadQuery, UnknownName

QueryKind = Literal["row", "numbers", "expression", "text"]
NearestNames = Callable[[str], Sequence[str]]
Encode = Callable[[str], NDArray[np.float32]]

MOST_ALSO = 100
"""So many of the other rows of a name are listed; a label may be that of a million rows."""

_NOTHING = "Nothing was asked: type a name, #row, numbers, an expression such as a - b + c, or free text."
_ROW = re.compile(r"#\s*(\d[\d_,]*)", re.ASCII)


@dataclass(frozen=True, eq=False)
class Query:
    """What is asked.

    `text` is what the query bar shows. By kind: `row` and `also`, the other rows of the name that was typed, the lowest
    MOST_ALSO of `also_total`; `numbers`, float32 (d,); `terms` of an expression, each a sign and a row; and for free
    text `text` itself.
    """

    kind: QueryKind
    text: str
    row: int | None = None
    also: tuple[int, ...] = ()
    also_total: int = 0
    terms: tuple[tuple[float, int], ...] = ()
    numbers: NDArray[np.float32] | None = None

    @property
    def leave_out(self) -> tuple[int, ...]:
        """The rows that are asked with, and so are left out of answers and truth."""
        if self.row is not None:
            return (self.row,)
        return tuple(dict.fromkeys(row for _, row in self.terms))


def row_query(row: int, dataset: Dataset) -> Query:
    """The Query for a row that was pointed at: its text is its name where that leads back to it, otherwise `#row`.

    Raises BadQuery when there is no such row.
    """
    if not 0 <= row < dataset.rows:
        raise BadQuery(f"There is no row #{row}; rows go from #0 to #{dataset.rows - 1}.")
    name = "" if dataset.names is None else dataset.names[row]
    leads_back = name and dataset.names is not None and dataset.names.row_called(name) == row
    return Query("row", name if leads_back else f"#{row}", row)


def readings(
    text: str, dataset: Dataset, nearest_names: NearestNames | None = None, kind: str = ""
) -> tuple[Query, ...]:
    """What a typed text can mean, at least one; the chosen reading first, in the order of DESIGN 5.

    A short free text is followed by the rows whose names are nearest to it, in case it was misspelt. With a `kind`,
    only readings of that kind. Raises BadQuery when there is none, or when the first that the text is written as cannot
    be used; UnknownName with the nearest names where a name was meant.
    """
    if not text:
        raise BadQuery(_NOTHING)
    forced = bool(kind)
    readers: tuple[tuple[QueryKind, Callable[[], Query | None]], ...] = (
        ("row", lambda: _by_name(text, dataset)),
        ("row", lambda: _by_number(text, dataset)),
        ("numbers", lambda: _by_numbers(text, dataset, forced=forced)),
        ("expression", lambda: _by_expression(text, dataset, nearest_names, forced=forced)),
        ("text", lambda: _by_text(text, dataset, forced=forced)),
    )
    found: list[Query] = []
    for reading, read in readers:
        if kind in ("", reading):
            try:
                query = read()
            except BadQuery:
                if not found:
                    raise
                continue
            if query is not None:
                found.append(query)
    if not found:
        raise _not_understood(text, dataset, nearest_names, kind)
    if not forced and found[0].kind == "text" and nearest_names is not None and len(text.split()) <= 3:
        found += _meant(text, dataset, nearest_names)
    return tuple(found)


def vector_of(query: Query, dataset: Dataset, metric: Metric, encode: Encode | None = None) -> NDArray[np.float32]:
    """The query's vector, float32 (d,). `encode` turns one text into a vector, or raises BadQuery.

    The operands of an expression are made unit length for cosine, so that each has the same say.
    """
    if query.numbers is not None:
        return query.numbers
    if query.kind == "text":
        if encode is None:
            raise BadQuery(_no_encoder())
        vector = np.asarray(encode(query.text), np.float32)
        if len(vector) != dataset.dimensions:
            raise BadQuery(
                f"The text encoder makes {len(vector):,} numbers of a text; the vectors here have "
                f"{dataset.dimensions:,}: they were not made with it."
            )
        return vector
    if query.row is not None:
        return np.array(dataset.vectors[_checked_row(query.row, dataset)], np.float32)
    total = np.zeros(dataset.dimensions, np.float64)
    for sign, row in query.terms:
        operand = dataset.vectors[_checked_row(row, dataset)].astype(np.float64)
        if metric == "cosine":
            length = np.sqrt(operand @ operand)
            if length == 0:
                raise BadQuery(f"“{dataset.name(row)}” is all zeros, so it has no direction; leave it out.")
            operand /= length
        total += sign * operand
    return _as_float32(total)


def completions(text: str, names: Names, most: int = 12) -> list[int]:
    """At most `most` rows whose names complete what is being typed: the whole text, or its last operand."""
    typed = text.lstrip()
    if not typed:
        return []
    rows = names.starting_with(typed.lstrip('"“') or typed, most)
    begins = last_operand(text)
    if begins is not None and len(rows) < most and (operand := text[begins:].lstrip('"“')):
        rows += [row for row in names.starting_with(operand, most) if row not in rows]
    return rows[:most]


def completed(text: str, name: str) -> str:
    """The typed text with a completion put in: in place of the whole, or of the last operand of an expression."""
    begins = last_operand(text)
    if begins is None or name.casefold().startswith(text.strip().casefold()):
        return name
    return text[:begins] + written(name)


def _by_name(text: str, dataset: Dataset) -> Query | None:
    """Exact names first; the text as it is, then without blanks around, then without quotes."""
    if dataset.names is None:
        return None
    terms = terms_of(text)
    unquoted = terms[0].operand if len(terms) == 1 and terms[0].quoted else text
    for name in dict.fromkeys((text, text.strip(), unquoted)):
        if name and len(rows := dataset.names.rows_called(name)):
            row, also = int(rows[0]), tuple(rows[1 : 1 + MOST_ALSO].tolist())
            return Query("row", dataset.names[row], row, also, len(rows) - 1)
    return None


def _by_number(text: str, dataset: Dataset) -> Query | None:
    row = _row_number(text.strip())
    return None if row is None else Query("row", f"#{row}", _checked_row(row, dataset))


def _by_numbers(text: str, dataset: Dataset, *, forced: bool) -> Query | None:
    numbers = numbers_in(text, alone=forced)
    if numbers is None:
        if forced:
            raise BadQuery(f"“{_short(text)}” is not numbers; write them as [0.1, 0.2, …].")
        return None
    if len(numbers) != dataset.dimensions:
        one = len(numbers) == 1
        raise BadQuery(
            f"The query has {len(numbers):,} number{'' if one else 's'}; the vectors here have {dataset.dimensions:,}."
        )
    return Query("numbers", " ".join(text.split()), numbers=_as_float32(numbers))


def _by_expression(text: str, dataset: Dataset, nearest_names: NearestNames | None, *, forced: bool) -> Query | None:
    """An expression when it is written as one and at least one operand is a row; then all of them must be."""
    terms = terms_of(text)
    if not terms or (len(terms) < 2 and not forced):
        if forced:
            raise BadQuery(f"“{_short(text)}” is no expression; write names with + or - and blanks between.")
        return None
    rows = [_operand_row(term, dataset) for term in terms]
    if None in rows:
        if forced or any(row is not None for row in rows):
            raise _unknown(terms[rows.index(None)].operand, nearest_names)
        return None
    known = cast(list[int], rows)
    signed = tuple((term.sign, row) for term, row in zip(terms, known, strict=True))
    return Query("expression", text.strip(), terms=signed)


def _by_text(text: str, dataset: Dataset, *, forced: bool) -> Query | None:
    if not dataset.encoder:
        if forced:
            raise BadQuery(_no_encoder())
        return None
    return Query("text", text.strip()) if text.strip() else None


def _meant(text: str, dataset: Dataset, nearest_names: NearestNames) -> list[Query]:
    """The rows that a short free text may be a misspelt name of."""
    meant = (_by_name(name, dataset) for name in nearest_names(text.strip()))
    return [query for query in meant if query is not None]


def _operand_row(term: Term, dataset: Dataset) -> int | None:
    """The lowest row of that name, or the row of that number."""
    row = None if dataset.names is None else dataset.names.row_called(term.operand)
    if row is not None:
        return row
    number = None if term.quoted else _row_number(term.operand)
    return None if number is None else _checked_row(number, dataset)


def _row_number(text: str) -> int | None:
    match = _ROW.fullmatch(text)
    # Longer than any row number, and than what int() takes from text.
    return None if match is None else int(re.sub("[_,]", "", match[1])[:20])


def _checked_row(row: int, dataset: Dataset) -> int:
    if not 0 <= row < dataset.rows:
        raise BadQuery(f"There is no row #{row}; rows go from #0 to #{dataset.rows - 1}.")
    return row


def _as_float32(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        narrow = numbers.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise BadQuery("The query holds a number that is not finite, or too large for float32.")
    return narrow


def _not_understood(text: str, dataset: Dataset, nearest_names: NearestNames | None, kind: str) -> BadQuery:
    """What to say about a text that means nothing here."""
    plain = text.strip()
    if not plain:
        return BadQuery(_NOTHING)
    terms = terms_of(text)
    if len(terms) > 1 and dataset.names is not None and kind != "row":
        return _unknown(terms[0].operand, nearest_names)
    more = f"Row {plain} is written #{plain}." if plain.isascii() and plain.isdigit() else ""
    if dataset.names is None:
        return BadQuery(
            f"The rows here have no names, so “{_short(plain)}” is none; type #row or numbers. {more}".strip()
        )
    if kind == "" and not dataset.encoder:
        more = more or _no_encoder()
    return _unknown(plain, nearest_names, more)


def _unknown(name: str, nearest_names: NearestNames | None, more: str = "") -> UnknownName:
    return UnknownName(_short(name), nearest_names(name) if nearest_names is not None else (), more)


def _no_encoder() -> str:
    return "Free text cannot be searched here: these vectors were not made with a text encoder that the program has."


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else plain[:79] + "…"
