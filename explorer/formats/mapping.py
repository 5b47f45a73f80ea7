"""Vectors that lie in their file as plain numbers are mapped from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.formats.base import Contents


def in_place(path: Path, dtype: Any, shape: tuple[int, int], offset: int, *, fortran: bool = False) -> Contents:
    """Vectors (n, d) from the byte `offset` of a file on, which the caller knows to be long enough.

    float32 in C order is used where it lies; everything else is converted once.
    """
    kind = np.dtype(dtype)
    vectors: NDArray[Any] = np.asarray(np.memmap(path, kind, "r", offset, shape, "F" if fortran else "C"))
    # BLAS copies what is not aligned, so such a file is better converted once.
    mappable = kind == np.dtype("<f4") and vectors.flags.c_contiguous and offset % 4 == 0
    return Contents(vectors, mappable=mappable, offset=offset if mappable else None)
