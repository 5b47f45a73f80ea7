"""Expressions over names, `king - man + woman`: how they are written, without knowing any name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPERATOR = re.compile(r"(?<=\s)([+\-−–])(?=\s)")
_LEADING = re.compile(r"\s*([+\-−–])(?=\s)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|“([^”]*)”')
_ENDED = re.compile(r"\s+(?=[+\-−–]\s)|\s*\Z")
_BLANK = re.compile(r"\s*")


@dataclass(frozen=True)
class Term:
    """A sign, +1 or −1, and the operand as written, without its quotes."""

    sign: float
    operand: str
    quoted: bool


def terms_of(text: str) -> tuple[Term, ...]:
    """The terms of an expression; a single one when there is no operator between blanks, none when it is broken."""
    terms = []
    sign, at = 1.0, 0
    if leading := _LEADING.match(text):
        sign, at = _sign(leading[1]), leading.end()
    while True:
        operand, quoted, at = _operand(text, at)
        if not operand:
            return ()
        terms.append(Term(sign, operand, quoted))
        following = _OPERATOR.match(text, at)
        if following is None:
            return tuple(terms)
        sign, at = _sign(following[1]), following.end()


def last_operand(text: str) -> int | None:
    """Where the operand begins that is being typed after the last operator; None outside an expression."""
    begins, at = None, 0
    while at < len(text):
        _, _, at = _operand(text, at)
        following = _OPERATOR.match(text, at)
        if following is None:
            break
        at = following.end()
        begins = _blanks(text, at)
    return begins


def written(name: str) -> str:
    """A name as an operand: in quotes where it could be read as something else."""
    plain = terms_of(name)
    if plain == (Term(1.0, name, False),) and not name.startswith(("#", '"', "“")):
        return name
    return '"' + name.replace('"', '""') + '"'


def _operand(text: str, at: int) -> tuple[str, bool, int]:
    """The operand from `at`, whether it stood in quotes, and where the operator after it is, or the end."""
    at = _blanks(text, at)
    quoted = _QUOTED.match(text, at)
    if quoted is not None and (ended := _ENDED.match(text, quoted.end())):
        inside = quoted[1].replace('""', '"') if quoted[1] is not None else quoted[2]
        return inside, True, ended.end()
    following = _OPERATOR.search(text, at)
    end = len(text) if following is None else following.start()
    return text[at:end].strip(), False, end


def _blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _sign(operator: str) -> float:
    return 1.0 if operator == "+" else -1.0
