"""Small copies of pictures, packed into one file: other people's pictures are decoded here, and nowhere else."""

from __future__ import annotations

import os
import stat as modes
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explorer.core.progress import Progress

if TYPE_CHECKING:
    from PIL.Image import Image

Source = bytes | Path | None
"""A picture as it is in a file, the path of a local file, or none."""

SIDE = 128
"""No thumbnail is wider or higher, in pixels."""
EXACT_SIDE = 64
"""Pictures up to this size are kept pixel by pixel; larger ones as JPEG, unless something shines through them."""
LARGEST_FILE = 128 << 20
MOST_PIXELS = 64 << 20
"""Larger pictures are not decoded: a few bytes can claim gigabytes of them."""
MISSING, BROKEN = "missing", "broken"
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ENDS = ".ends.npy"
"""What the file is called, beside the pictures, that says where each of them ends: int64 (n,)."""
TRIED = 64
"""So many pictures tell how long all of them take."""


@dataclass(eq=False)
class Packed:
    """What became of n pictures: the rows (of n) whose picture is not there, or cannot be decoded.

    `seconds` is how long all of them would take, where that is longer than was allowed; then nothing was written.
    """

    missing: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    seconds: float = 0.0


def pack(
    sources: Iterator[Source], count: int, path: Path, progress: Progress, most_seconds: float = float("inf")
) -> Packed:
    """Write thumbnails of `count` pictures to `path`, one after another, unless that would take longer than allowed.

    No more than a few pictures for each processor are held at a time, whatever their number.
    """
    found, ends = Packed(), np.zeros(count, np.int64)
    workers = min(8, os.cpu_count() or 1)
    row = end = 0
    began = time.perf_counter()
    with path.open("wb") as file, ThreadPoolExecutor(workers) as pool:
        while row < count:
            progress(row / count, f"making thumbnails {row:,} / {count:,}")
            batch = [*islice(sources, min(4 * workers, count - row))] or [None]
            for made in pool.map(thumbnail_of, batch):
                if isinstance(made, str):
                    (found.missing if made == MISSING else found.broken).append(row)
                else:
                    end += file.write(made)
                ends[row] = end
                row += 1
            seconds = (time.perf_counter() - began) * count / row
            if row >= TRIED and seconds > most_seconds:
                found.seconds = seconds
                break
    if found.seconds or not end:
        path.unlink()
    else:
        np.save(path.with_name(path.name + ENDS), ends)
    return found


def thumbnail_of(source: Source) -> bytes | str:
    """A picture as a small PNG or JPEG; MISSING or BROKEN where there is none.

    Only ordinary files are opened, only pictures of a few plain formats decoded, and their size is looked at first.
    """
    from PIL import Image, ImageOps

    try:
        raw = _read(source) if isinstance(source, Path) else source
        if not raw:
            return MISSING
    except (OSError, ValueError):
        return MISSING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(raw), formats=FORMATS) as image:
                if not 0 < image.width * image.height <= MOST_PIXELS or len(raw) > LARGEST_FILE:
                    return BROKEN
                image.draft("RGB", (2 * SIDE, 2 * SIDE))
                upright = ImageOps.exif_transpose(image) if image.format == "JPEG" else image
                return _encoded(_plain(upright))
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        MemoryError,
        RuntimeError,
    ):
        return BROKEN
    except Exception as error:
        # Each decoder has errors of its own, such as that of a decompression bomb and struct's.
        if type(error).__module__.split(".")[0] in ("PIL", "struct", "zlib"):
            return BROKEN
        raise


def is_picture(head: bytes) -> bool:
    """Whether a file that begins so is of one of the formats."""
    signs = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")
    return head.startswith(signs) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _read(path: Path) -> bytes | None:
    """The whole of a file; None where it is no ordinary one, or too large."""
    stat = path.stat()
    if not modes.S_ISREG(stat.st_mode) or stat.st_size > LARGEST_FILE:
        return None
    return path.read_bytes()


def _plain(image: Image) -> Image:
    """Grey, colours, or colours that something shines through."""
    if image.mode.startswith(("I", "F")):
        grey = np.asarray(image, np.float64)
        low, high = float(grey.min()), float(grey.max())
        from PIL import Image as images

        return images.fromarray(np.round((grey - low) * (255.0 / ((high - low) or 1.0))).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _encoded(image: Image) -> bytes:
    from PIL.Image import Resampling

    small = max(image.size) <= EXACT_SIDE
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Resampling.LANCZOS, reducing_gap=2.0)
    out = BytesIO()
    if small or image.mode == "RGBA":
        image.save(out, "PNG", compress_level=6)
    else:
        image.save(out, "JPEG", quality=88)
    return out.getvalue()
