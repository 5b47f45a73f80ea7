"""A file of several arrays: which of them is the vectors, and which others are about its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core import column as columns
from explorer.core.column import Column
from explorer.errors import BadFile, Unchosen
from explorer.formats.arrow import CLASSES, column_of
from explorer.formats.base import Part

if TYPE_CHECKING:
    import pyarrow as pa

VECTORS = ("vectors", "embeddings", "embedding", "emb", "vector", "train", "features", "data", "x", "x_pca")
"""Arrays of these names are the likeliest vectors, the first of them that there is."""
HINTS = ("embed", "vector", "feature")
"""What the names of vectors often have in them; such arrays come next."""
MOST_NAMED = 12
NUMBERS = "fiub"
"""The kinds of NumPy's dtypes that are real numbers."""
OBJECTS = "Python objects, which are never unpickled"
"""What is noted of an array that would have to be."""
TEXT_BLOCK = 1 << 16


def ordered(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The likeliest vectors first; what has a note comes last, for it is something else."""
    return tuple(sorted(parts, key=_standing))


def alike(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Those that may as well be the vectors as the first of `parts`, with it; none where it is the likeliest."""
    if not parts or not _usable(parts[0]):
        return ()
    found = tuple(part for part in parts if _standing(part) == _standing(parts[0]))
    return found if len(found) > 1 else ()


def check_chosen(path: Path, parts: Sequence[Part]) -> None:
    """Raise Unchosen where several may as well be the vectors, so that somebody has to say which."""
    if found := alike(parts):
        raise Unchosen(
            path, f"it holds {listed(found)}, and any may be the vectors; choose one of them: --read array=NAME."
        )


def chosen(path: Path, parts: Sequence[Part], asked: str | None) -> tuple[Part, tuple[str, ...]]:
    """The array that is the vectors, of `parts` in the order of `ordered`; and a warning where nobody chose and there
    were others. Raises BadFile when there is none such, Unchosen when none of them is one by itself."""
    if asked is not None:
        for part in parts:
            if asked.strip("/") == part.name:
                return _checked(path, part), ()
        raise BadFile(path, f"it holds no array “{asked}”; it holds {listed(parts)}.")
    if not parts:
        raise BadFile(path, "it holds no array.")
    able = [part for part in parts if _usable(part) and not part.note]
    if not able:
        if len(parts) == 1:
            _checked(path, parts[0])
        raise Unchosen(
            path,
            f"none of its arrays is a table of numbers, rows by dimensions: {listed(parts)}; where one is it "
            "all the same, choose it: --read array=NAME.",
        )
    first = able[0]
    if len(able) == 1:
        return first, ()
    return first, (f"It holds {listed(able)}: “{first.name}” was taken; --read array=NAME chooses another.",)


def listed(parts: Sequence[Part]) -> str:
    """The arrays as people read them: “left” (50 × 12 float32), …"""
    if not parts:
        return "none"
    more = f" and {len(parts) - MOST_NAMED:,} more" if len(parts) > MOST_NAMED else ""
    return ", ".join(f"“{part.name}” ({described(part)})" for part in parts[:MOST_NAMED]) + more


def described(part: Part) -> str:
    """Its shape, type and note."""
    shape = " × ".join(f"{size:,}" for size in part.shape) or "one value"
    return f"{shape} {part.dtype}" + (f": {part.note}" if part.note else "")


def beside(parts: Sequence[Part], vectors: Part) -> list[Part]:
    """The arrays that say something of each row: of one axis, as long as the vectors, and in the same group. Some of
    them may not be readable."""
    group = _group(vectors)
    return [
        part
        for part in parts
        if part.shape == vectors.shape[:1] and not (part.note and part.readable) and _group(part) == group
    ]


def column_from(name: str, values: NDArray[Any] | Sequence[Any]) -> Column | None:
    """An array of one axis as a column; None where it holds neither numbers nor text.

    Text is looked at as that of a table is, so that numbers written as text are numbers.
    """
    import pyarrow as pa

    kind = values.dtype.kind if isinstance(values, np.ndarray) else "O"
    if kind in NUMBERS:
        return columns.from_numbers(name, np.asarray(values, np.float64), category=name.casefold() in CLASSES)
    try:
        pieces = [_text(values[start : start + TEXT_BLOCK]) for start in range(0, len(values), TEXT_BLOCK)]
    except (ValueError, TypeError, UnicodeError, pa.ArrowException):
        return None
    return column_of(name, pa.chunked_array(pieces, pa.large_string()))


def those_read(found: Mapping[str, Column | None]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns that could be read, and a warning that names the others."""
    lost = [f"“{name}”" for name, column in found.items() if column is None]
    said = f"Left out, for they hold neither numbers nor text that can be read: {', '.join(lost[:MOST_NAMED])}."
    return tuple(column for column in found.values() if column is not None), (said,) if lost else ()


def _text(values: NDArray[Any] | Sequence[Any]) -> pa.Array:
    """Text of NumPy's kinds U and S, or objects that are text or bytes; what is no UTF-8 shows as question marks."""
    import pyarrow as pa

    cells = values.tolist() if isinstance(values, np.ndarray) else list(values)
    cells = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in cells]
    if not all(cell is None or isinstance(cell, str) for cell in cells):
        raise TypeError
    cells = ["" if cell is None else cell.encode("utf-8", "replace").decode() for cell in cells]
    return pa.array(cells, pa.large_string())


def _group(part: Part) -> str:
    return part.name.rpartition("/")[0]


def _standing(part: Part) -> tuple[bool, bool, int, int, bool]:
    """The lower, the likelier: what can be vectors, is nothing else, is called so, is large, is of fractions."""
    name = part.name.rsplit("/", 1)[-1].casefold()
    other = len(VECTORS) + (not any(hint in name for hint in HINTS))
    known = VECTORS.index(name) if name in VECTORS else other
    whole = part.dtype.startswith(("int", "uint", "bool"))
    return not _usable(part), bool(part.note), known, -prod(part.shape), _usable(part) and whole


def _usable(part: Part) -> bool:
    return part.readable and len(part.shape) == 2 and 0 not in part.shape and is_numeric(part.dtype)


def is_numeric(dtype: str) -> bool:
    """Whether a dtype, by NumPy's name or as `bfloat16`, is one of real numbers."""
    try:
        return dtype == "bfloat16" or np.dtype(dtype).kind in NUMBERS
    except TypeError:
        return False


def _checked(path: Path, part: Part) -> Part:
    """The array that somebody asked for, if it can be the vectors at all."""
    if _usable(part):
        return part
    if part.dtype == "object":
        raise BadFile(
            path,
            f"its array “{part.name}” holds Python objects, which would have to be unpickled and could run code; save "
            "it as numbers: numpy.array(list(rows), dtype='float32').",
        )
    if not part.readable:
        raise BadFile(path, f"its array “{part.name}” cannot be read: {part.note}.")
    if not is_numeric(part.dtype):
        raise BadFile(path, f"its array “{part.name}” holds {part.dtype}, not real numbers.")
    if 0 in part.shape:
        raise BadFile(path, f"its array “{part.name}” is empty, shape {part.shape}.")
    raise BadFile(
        path,
        f"its array “{part.name}” has {len(part.shape)} axes, shape {part.shape}, and it takes two, rows by "
        "dimensions; reshape it before it is saved.",
    )
