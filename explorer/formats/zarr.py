"""Zarr: a folder that holds an array in chunks, or groups of such; versions 2 and 3 of the format."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import room
from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.errors import BadFile, Unavailable
from explorer.formats import several
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.blocks import BLOCK_BYTES, Blocks

MARKS = ("zarr.json", ".zarray", ".zgroup")
"""One of these is in every folder that is an array or a group: of version 3, and of version 2."""
LONGEST = 16 << 20
"""A description is no longer than this many bytes."""
MOST_ARRAYS = 10_000
ALLOWED = frozenset(
    {"blosc", "zlib", "gzip", "zstd", "lz4", "bz2", "lzma", "shuffle", "delta", "fixedscaleoffset", "quantize"}
    | {"bitround", "packbits", "astype", "crc32", "crc32c", "adler32", "fletcher32", "jenkins_lookup3"}
    | {"bytes", "transpose", "sharding_indexed", "vlen-utf8", "vlen-bytes"}
)
"""Codecs that turn bytes into numbers and text. Others, such as `pickle`, could run code, and are never asked."""
PACKED = 2000
SLACK = 1 << 20


@dataclass(frozen=True)
class Described:
    """An array by its own description: one of several, its chunks, and the folder it lies in."""

    part: Part
    chunk: tuple[int, ...]
    folder: Path


class Zarr(Format):
    """Arrays in chunks: one is the vectors, those of one axis as long as it are columns."""

    name = "zarr"
    title = "Zarr"
    suffixes = (".zarr",)
    options = (ARRAY,)
    folder = True
    native = True
    rank = 80

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the description in the folder."""
        return any((path / mark).is_file() for mark in MARKS)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its arrays."""
        return several.ordered([array.part for array in _arrays(path)])

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """The array that is asked for, or else the likeliest, chunk by chunk."""
        progress(0.0, "reading")
        arrays = {array.part.name: array for array in _arrays(path)}
        parts = several.ordered([array.part for array in arrays.values()])
        part, said = several.chosen(path, parts, options.get(ARRAY.name))
        found: dict[str, Column | None] = {}
        for other in several.beside(parts, part):
            progress(None, "reading columns")
            name = other.name.rpartition("/")[2]
            found[name] = _column(path, arrays[other.name], name) if other.readable else None
        columns, lost = several.those_read(found)
        return Contents(
            _vectors(path, arrays[part.name]),
            columns=columns,
            warnings=(*said, *lost),
            facts={"array": part.name} if len(parts) > 1 else {},
        )


def _arrays(path: Path) -> list[Described]:
    """The arrays at and below a folder, by their own descriptions; links are not followed."""
    found = []
    for place, folders, files in os.walk(path):
        described = [mark for mark in MARKS if mark in files]
        if not described:
            folders.clear()
            continue
        array = _described(path, Path(place), described[0])
        if array is not None:
            found.append(array)
            folders.clear()
        if len(found) >= MOST_ARRAYS:
            break
    return found


def _described(path: Path, folder: Path, mark: str) -> Described | None:
    """The array that a description is of; None for a group."""
    try:
        with (folder / mark).open("rb") as file:
            said = json.loads(file.read(LONGEST))
        if mark == ".zgroup" or said.get("node_type") == "group":
            return None
        shape = tuple(map(_count, said["shape"]))
        if mark == ".zarray":
            dtype, chunk, codecs = _version_2(said)
        else:
            dtype, chunk, codecs = _version_3(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        where = (folder / mark).relative_to(path)
        raise BadFile(path, f"its description {where} cannot be read; write it again with zarr.") from None
    foreign = sorted(codecs - ALLOWED)
    note = f"packed by “{foreign[0]}”, which is not run here" if foreign else ""
    name = "" if folder == path else folder.relative_to(path).as_posix()
    return Described(Part(name, shape, dtype, note, readable=not foreign), chunk, folder)


def _version_2(said: dict[str, Any]) -> tuple[str, tuple[int, ...], set[str]]:
    """dtype, chunks and codecs."""
    codecs = {str(codec["id"]) for codec in [said["compressor"], *(said["filters"] or [])] if codec is not None}
    # Records are lists of fields.
    dtype = np.dtype(said["dtype"] if isinstance(said["dtype"], str) else object)
    if dtype.hasobject:
        # Objects are text when a codec says so; without one they would be pickles.
        text = "vlen-utf8" in codecs
        return "text" if text else "object", tuple(map(_count, said["chunks"])), codecs if text else {"pickle"}
    return dtype.name, tuple(map(_count, said["chunks"])), codecs


def _version_3(said: dict[str, Any]) -> tuple[str, tuple[int, ...], set[str]]:
    """dtype, chunks and codecs; what holds other codecs, as shards do, counts with those."""
    if said.get("storage_transformers"):
        raise ValueError
    dtype = said["data_type"] if isinstance(said["data_type"], str) else str(said["data_type"]["name"])
    chunk = tuple(map(_count, said["chunk_grid"]["configuration"]["chunk_shape"]))
    text = dtype in ("string", "fixed_length_utf32", "null_terminated_bytes", "variable_length_utf8")
    return "text" if text else dtype, chunk, set(_codecs(said["codecs"]))


def _codecs(said: list[Any]) -> Iterator[str]:
    for codec in said:
        yield str(codec["name"] if isinstance(codec, dict) else codec).removeprefix("numcodecs.")
        inside = codec.get("configuration", {}) if isinstance(codec, dict) else {}
        for key in ("codecs", "index_codecs"):
            yield from _codecs(inside.get(key, []))


def _vectors(path: Path, array: Described) -> Blocks:
    """The array that was chosen, in blocks of whole chunks."""
    shape, dtype = (array.part.shape[0], array.part.shape[1]), np.dtype(array.part.dtype)
    _check_stored(path, array, dtype.itemsize)
    chunk = max(1, array.chunk[0])
    rows = max(1, BLOCK_BYTES // (shape[1] * dtype.itemsize))
    step = min(shape[0], max(chunk, rows // chunk * chunk))
    room.check_memory(
        step * shape[1] * dtype.itemsize, f"A chunk of {path.name}", "write it again in chunks of fewer rows"
    )
    with _told(path):
        opened = _opened(array.folder)

    def block(start: int, stop: int) -> NDArray[Any]:
        with _told(path):
            return np.asarray(opened[start:stop])

    return Blocks(shape, opened.dtype, block, step)


def _column(path: Path, array: Described, name: str) -> Column | None:
    """An array of one axis as a column; None where it is neither numbers nor text."""
    if array.part.dtype != "text" and np.dtype(array.part.dtype).kind not in several.NUMBERS + "US":
        return None
    _check_stored(path, array, 1)
    with _told(path):
        cells = np.asarray(_opened(array.folder)[:])
    # The strings of NumPy's own kind T are objects to everybody else.
    return several.column_from(name, cells if cells.dtype.kind != "T" else cells.astype(object))


def _opened(folder: Path) -> Any:
    import zarr

    with warnings.catch_warnings():
        # It warns of types that its own format does not settle, which whoever wrote the file has been told.
        warnings.simplefilter("ignore")
        return zarr.open_array(zarr.storage.LocalStore(folder, read_only=True), mode="r")


def _check_stored(path: Path, array: Described, itemsize: int) -> None:
    """Refuse an array that promises more than its stored bytes can hold, or of which nothing was written."""
    stored = sum(Path(place, name).stat().st_size for place, _, names in os.walk(array.folder) for name in names)
    stored -= sum((array.folder / mark).stat().st_size for mark in MARKS if (array.folder / mark).is_file())
    promised = max(prod(array.part.shape), prod(array.chunk)) * itemsize
    if not stored or promised > stored * PACKED + SLACK:
        raise BadFile(
            path,
            f"“{array.part.name or path.name}” promises {promised:,} bytes, and {stored:,} are stored; the rest was "
            "never written, or is packed beyond reason.",
        )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except ImportError:
        raise Unavailable(f"{path}: reading it takes the library zarr: pip install 'ann-explorer[zarr]'.") from None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadFile(path, f"the zarr library cannot read it: {reason}; copy or write it again.") from None


def _count(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError
    return number


TYPES = [Zarr()]
