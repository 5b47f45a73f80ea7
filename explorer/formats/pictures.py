"""Pictures of the rows, when the vectors themselves are grey levels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import block_rows
from explorer.errors import BadParameter

_SIZE = re.compile(r"\s*(\d+)\s*[x×]\s*(\d+)\s*")


def is_size(asked: str) -> bool:
    """Whether HEIGHTxWIDTH is asked for."""
    return _SIZE.fullmatch(asked) is not None


def picture_size(asked: str, dimensions: int) -> tuple[int, int]:
    """Height and width from `28x28`. Raises BadParameter when that is no size, or not that of the vectors."""
    match = _SIZE.fullmatch(asked)
    if match is None:
        raise BadParameter(f"images is HEIGHTxWIDTH, such as 28x28, not “{asked}”.")
    height, width = int(match[1]), int(match[2])
    if height * width != dimensions:
        raise BadParameter(f"images={asked} is {height * width:,} numbers a row; the vectors here have {dimensions:,}.")
    return height, width


def write_pictures(vectors: NDArray[np.float32], size: tuple[int, int], path: Path) -> None:
    """Write vectors (n, h·w) as uint8 (n, h, w).

    Whole levels that fit and use a byte are kept; all else is stretched from its least to its greatest number.
    """
    step = block_rows(vectors.shape[1])
    starts = range(0, len(vectors), step)
    low, high, whole = np.inf, -np.inf, True
    for start in starts:
        block = vectors[start : start + step]
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        whole = whole and bool((block == np.round(block)).all())
    levels = whole and low >= 0 and 64 < high <= 255
    # 0 is black in most pictures, so it stays black where nothing is below it.
    base = 0.0 if levels or low > 0 else low
    scale = 1.0 if levels else 255.0 / ((high - base) or 1.0)
    shape = (len(vectors), *size)
    pictures = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    for start in starts:
        block = vectors[start : start + step].astype(np.float64)
        pictures[start : start + step] = np.round((block - base) * scale).reshape(-1, *size)
    pictures.flush()
