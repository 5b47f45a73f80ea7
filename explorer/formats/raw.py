"""Numbers and nothing else: raw files, whose shape somebody has to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from explorer.core.params import Param
from explorer.core.progress import Progress
from explorer.errors import BadFile, Unchosen
from explorer.formats.base import Contents, Format
from explorer.formats.mapping import in_place

DIMENSIONS = Param("dimensions", "int", None, "How many numbers make one vector.", minimum=1, maximum=1 << 20)
DTYPES = ("float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPE = Param("dtype", "choice", None, "The type of the numbers, little-endian.", choices=DTYPES)
SKIP = Param("skip", "int", 0, "How many bytes stand before the numbers.", minimum=0)
BY_SUFFIX = {".f16": "float16", ".f64": "float64", ".u8": "uint8", ".i8": "int8"}
"""What the suffix says of the type; float32 by every other."""
SHOWN = 12
LIKELY = range(2, 8193)
"""Dimensions that vectors have."""


class Raw(Format):
    """A file without a head, row by row."""

    name = "raw"
    title = "Raw numbers (with their shape given)"
    suffixes = (".bytes", ".f32", ".raw", ".bin", *BY_SUFFIX)
    options = (DIMENSIONS, DTYPE, SKIP)
    last_resort = True
    rank = 1000

    def recognises(self, path: Path, head: bytes) -> bool:
        """By its suffix: there is nothing in it to tell it by."""
        return path.suffix.casefold() in self.suffixes

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Map the numbers. Raises Unchosen, with the dimensions that fit, where they were not told, and BadFile where
        they do not fit."""
        dtype = np.dtype(options.get(DTYPE.name) or BY_SUFFIX.get(path.suffix.casefold(), "float32")).newbyteorder("<")
        skip = int(options.get(SKIP.name, 0))
        size = path.stat().st_size - skip
        if size <= 0:
            raise BadFile(path, f"skip={skip} passes over all of its {path.stat().st_size:,} bytes.")
        numbers, rest = divmod(size, dtype.itemsize)
        if rest:
            raise Unchosen(
                path,
                f"its {size:,} bytes are no whole number of {dtype.name}, {dtype.itemsize} bytes each; say what they "
                f"are: --read dtype=TYPE, one of {', '.join(DTYPES)}.",
            )
        if DIMENSIONS.name not in options:
            raise Unchosen(
                path,
                f"nothing in it says what it holds; if it is raw numbers, say how many make a vector: --read "
                f"dimensions=D. As {dtype.name} it holds {numbers:,} numbers, and {_fitting(numbers)}; another type: "
                "--read dtype=TYPE.",
            )
        dimensions = int(options[DIMENSIONS.name])
        rows, rest = divmod(numbers, dimensions)
        if rest or not rows:
            raise BadFile(
                path,
                f"its {numbers:,} numbers of {dtype.name} are no whole number of rows of {dimensions:,}; "
                f"{_fitting(numbers)}.",
            )
        return in_place(path, dtype, (rows, dimensions), skip)


def _fitting(numbers: int) -> str:
    """The dimensions that divide so many numbers, the likeliest first kept where there are many."""
    fitting = [d for d in LIKELY if numbers % d == 0]
    if not fitting:
        return f"no number of dimensions from {LIKELY.start} to {LIKELY.stop - 1:,} divides them"
    # Models make vectors of multiples of 8, mostly.
    rounder = sorted(fitting, key=lambda d: (-min(d & -d, 64), d))[:SHOWN]
    more = " …" if len(fitting) > SHOWN else ""
    return f"these divide them: {', '.join(map(str, sorted(rounder)))}{more}"


TYPES = [Raw()]
