"""A sprite: one picture that holds a small picture of each row, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadFile

MOST_PIXELS = 1 << 28
"""A larger picture would take a gigabyte to open."""


def pictures_of(path: Path, size: tuple[int, ...], rows: int) -> NDArray[np.uint8]:
    """The pictures of the rows, each `size` = (width, height): (rows, height, width), or (rows, height, width, 3).

    Raises BadFile when it is no picture, or has no room for so many rows.
    """
    from PIL import Image

    if len(size) != 2 or min(size) < 1:
        raise BadFile(path, "the configuration does not say the size of one picture (singleImageDim).")
    width, height = size
    try:
        with Image.open(path, formats=("PNG", "JPEG", "GIF", "BMP", "WEBP")) as picture:
            across, down = picture.width // width, picture.height // height
            if picture.width * picture.height > MOST_PIXELS:
                raise BadFile(path, f"the sprite has {picture.width:,} × {picture.height:,} pixels, which is too many.")
            if across * down < rows:
                raise BadFile(
                    path, f"the sprite has room for {across * down:,} pictures of {width} × {height}, not for {rows:,}."
                )
            grey = picture.mode in ("1", "L", "LA", "I;16")
            pixels: NDArray[Any] = np.asarray(picture.convert("L" if grey else "RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadFile(path, f"the sprite cannot be read as a picture: {error}.") from None
    depth = pixels.shape[2:]
    cut = pixels[: down * height, : across * width].reshape(down, height, across, width, *depth)
    pictures = cut.swapaxes(1, 2).reshape(across * down, height, width, *depth)
    return np.ascontiguousarray(pictures[:rows])
