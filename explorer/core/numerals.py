"""Numbers as people paste them: JSON, what numpy and torch print, or a row of a spreadsheet."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadQuery

_CALL = re.compile(r"[A-Za-z_][\w.]*\s*\((?=\s*[\[(])")
_KEYWORDS = re.compile(r",\s*(dtype|device|requires_grad|grad_fn)\s*=[^\[\]]*\Z")
_SCALAR = re.compile(r"(?:np|numpy)\.float\d+\(([^()]*)\)")
_NUMERAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def numbers_in(text: str, *, alone: bool = False) -> NDArray[np.float64] | None:
    """The numbers of a text, float64; None when it is not written as numbers.

    In brackets, or two or more with commas or blanks between; with `alone` one is enough. Raises BadQuery for what
    is written as numbers and cannot be used: a word among them, NaN, or an array that was shortened by `...`.
    """
    plain = text.strip().replace("−", "-")
    plain = _SCALAR.sub(r"\1", plain)
    if call := _CALL.match(plain):
        plain = plain[call.end() :].removesuffix(")")
    plain = _KEYWORDS.sub("", plain.strip())
    bracketed = plain.startswith(("[", "("))
    inside = plain.strip("[]() \t\r\n")
    if ";" in inside and "," in inside:
        inside = inside.replace(",", ".")  # a spreadsheet's decimal commas
    parts = re.split(r"[,;\s]+", inside.strip(",;"))
    if not parts[0] or not any(_NUMERAL.fullmatch(part) for part in parts[:3]):
        return None
    if not bracketed and (len(parts) < (1 if alone else 2) or not all(map(_is_number, parts))):
        return None
    if bracketed and ("..." in parts or "…" in parts):
        raise BadQuery(
            "The numbers were shortened with “...” when they were printed; print array.tolist() and paste that."
        )
    numbers = np.empty(len(parts))
    for i, part in enumerate(parts):
        if not _is_number(part):
            raise BadQuery(f"“{part}” among the numbers is not a number.")
        numbers[i] = float(part)
    return numbers


def _is_number(part: str) -> bool:
    return _NUMERAL.fullmatch(part) is not None or part.casefold().lstrip("+-") in ("nan", "inf", "infinity")
