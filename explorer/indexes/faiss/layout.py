"""Walk through a Faiss file of the common kinds, and see that it holds what it says, before the library reads it.

The library believes the sizes that a file names, and the links of a graph; so both are checked here against the file.
Every vector of the file is a 64-bit count and its elements.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.indexes.faiss import header

AT_A_TIME = 1 << 22
LEVELS = 64
FLAT_QUANTIZER_HEADER = header.FACTS.size


class Cursor:
    """A place in a mapped file that only moves on, and never past the end."""

    def __init__(self, path: Path, numbered: bool) -> None:
        self.path = path
        self.numbered = numbered
        self.bytes: NDArray[np.uint8] = np.asarray(np.memmap(path, np.uint8, "r"))
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return len(self.bytes) - self.at

    def one(self, kind: str) -> Any:
        """The next number, of a numpy kind such as <u8."""
        return self.array(kind, 1)[0].item()

    def array(self, kind: str, count: int) -> NDArray[Any]:
        """The next `count` numbers, not copied."""
        dtype = np.dtype(kind)
        size = dtype.itemsize * count
        if count < 0 or size > self.left:
            raise BadFile(self.path, "it is cut short or damaged: a part of it is larger than what is left.")
        found = self.bytes[self.at : self.at + size].view(dtype)
        self.at += size
        return found

    def vector(self, kind: str, times: int = 1) -> NDArray[Any]:
        """The next vector: a count, in units of `times` numbers, and that many."""
        return self.array(kind, int(self.one("<u8")) * times)

    def header(self) -> header.Header:
        """The next index's header."""
        begin = self.array("u1", header.FACTS.size).tobytes()
        letters, dimensions, rows, trained, metric = header.FACTS.unpack(begin)
        if metric > 1:
            self.one("<f4")
        return header.Header(letters.decode("latin-1"), dimensions, rows, bool(trained), metric)


def check(path: Path, progress: Progress, *, numbered: bool = True) -> None:
    """Raise BadFile when a file does not hold what it says; kinds that are not known here are left to the library.

    Unless `numbered` the rows in cells may bear any numbers, and not only 0 … n − 1.
    """
    cursor = Cursor(path, numbered)
    kind = header.header_of(path)
    walk = {
        **dict.fromkeys(header.FLAT, _flat),
        **dict.fromkeys(header.SQ, _scalar),
        **dict.fromkeys((*header.IVF_FLAT, *header.IVF_PQ), _cells),
        **dict.fromkeys(header.HNSW_FLAT, _graph),
    }.get(kind.kind if kind else "")
    if walk is None:
        return
    walk(cursor, progress)
    if cursor.left:
        raise BadFile(path, "it is damaged: something follows where the index should end.")


def _wrong(cursor: Cursor, what: str) -> BadFile:
    return BadFile(cursor.path, f"it is damaged: {what}.")


def _flat(cursor: Cursor, progress: Progress) -> header.Header:
    found = cursor.header()
    if found.kind not in header.FLAT:
        raise _wrong(cursor, f"“{found.kind}” stands where vectors should")
    if len(cursor.vector("<f4")) != found.rows * found.dimensions:
        raise _wrong(cursor, "it does not hold as many vectors as it says")
    return found


def _scalar(cursor: Cursor, progress: Progress) -> None:
    found = cursor.header()
    code_bytes = _quantizer(cursor, found.dimensions)
    if len(cursor.vector("u1")) != found.rows * code_bytes:
        raise _wrong(cursor, "it does not hold as many codes as it says")


def _quantizer(cursor: Cursor, dimensions: int) -> int:
    """A scalar quantizer; the size of its codes."""
    cursor.array("<i4", 3)
    width, code_bytes = cursor.array("<u8", 2).tolist()
    if width != dimensions or not 0 < code_bytes <= 4 * dimensions:
        raise _wrong(cursor, "its codes do not fit its vectors")
    cursor.vector("<f4")
    return int(code_bytes)


def _cells(cursor: Cursor, progress: Progress) -> None:
    found = cursor.header()
    nlist, _ = cursor.array("<u8", 2).tolist()
    if _letters(cursor) not in header.FLAT:
        # Cells that are found by a graph or by codes; the library reads such files alone.
        cursor.at = len(cursor.bytes)
        return
    centres = _flat(cursor, progress)
    if (centres.rows, centres.dimensions) != (nlist, found.dimensions):
        raise _wrong(cursor, "it has not one centre for each cell")
    cursor.one("u1")
    cursor.vector("<i8")
    code_bytes = 4 * found.dimensions
    if found.kind in header.IVF_PQ:
        cursor.one("u1")
        code_bytes = int(cursor.one("<u8"))
        dimensions, pieces, bits = cursor.array("<u8", 3).tolist()
        fits = 0 < pieces <= dimensions == found.dimensions and 1 <= bits <= 24 and dimensions % pieces == 0
        if not fits or code_bytes != (pieces * bits + 7) // 8 or len(cursor.vector("<f4")) != dimensions << bits:
            raise _wrong(cursor, "its codes do not fit its vectors")
    _lists(cursor, nlist, code_bytes, found.rows, progress)


def _lists(cursor: Cursor, nlist: int, code_bytes: int, rows: int, progress: Progress) -> None:
    """The cells' contents: codes and row numbers of each; every row once."""
    if cursor.array("u1", 4).tobytes() != b"ilar" or cursor.array("<u8", 2).tolist() != [nlist, code_bytes]:
        raise _wrong(cursor, "its cells are not stored in it as they should be")
    sparse = cursor.array("u1", 4).tobytes() == b"sprs"
    sizes = cursor.vector("<u8")
    if sparse:
        sizes = sizes[: len(sizes) // 2 * 2].reshape(-1, 2)
        if (sizes[:, 0] >= nlist).any() or len(np.unique(sizes[:, 0])) < len(sizes):
            raise _wrong(cursor, "it names a cell that is not there")
        sizes = sizes[:, 1]
    elif len(sizes) != nlist:
        raise _wrong(cursor, "it does not have as many cells as it says")
    if (sizes > rows).any() or int(sizes.sum()) != rows:
        raise _wrong(cursor, "its cells do not hold as many rows as it says")
    seen = np.zeros(rows, bool)
    for i, size in enumerate(sizes.tolist()):
        if i % 64 == 0:
            progress(i / len(sizes), "checking")
        cursor.array("u1", size * code_bytes)
        ids = cursor.array("<i8", size)
        if cursor.numbered and size:
            if ids.min() < 0 or ids.max() >= rows:
                raise _wrong(cursor, "a cell names a row that is not there; rows have to be numbered from 0")
            seen[ids] = True
    if cursor.numbered and not seen.all():
        raise _wrong(cursor, "not every row is in a cell")


def _graph(cursor: Cursor, progress: Progress) -> None:
    found = cursor.header()
    cursor.vector("<f8")
    per_level = cursor.vector("<i4").astype(np.int64)
    levels, offsets, neighbours = cursor.vector("<i4"), cursor.vector("<u8"), cursor.vector("<i4")
    entry, top = cursor.array("<i4", 2).tolist()
    cursor.array("<i4", 3)
    if not 2 <= len(per_level) <= LEVELS or per_level[0] != 0 or (np.diff(per_level) < 0).any():
        raise _wrong(cursor, "its levels are not described as they should be")
    if len(levels) != found.rows or len(offsets) != found.rows + 1 or not -1 <= top < len(per_level) - 1:
        raise _wrong(cursor, "its levels do not fit its rows")
    if found.rows and not 0 <= entry < found.rows:
        raise _wrong(cursor, "it begins at a row that is not there")
    for start in range(0, found.rows, AT_A_TIME):
        progress(start / found.rows, "checking")
        some = levels[start : start + AT_A_TIME]
        if some.min() < 1 or some.max() >= len(per_level):
            raise _wrong(cursor, "a row is on a level that is not there")
        begins = offsets[start : start + AT_A_TIME + 1]
        if (np.diff(begins.astype(np.int64)) != per_level[some]).any():
            raise _wrong(cursor, "a row's links are not where they should be")
    if int(offsets[0]) or int(offsets[-1]) != len(neighbours):
        raise _wrong(cursor, "it does not hold as many links as it says")
    if found.rows and levels[entry] != top + 1:
        raise _wrong(cursor, "it begins on a level that is not there")
    for start in range(0, len(neighbours), AT_A_TIME):
        progress(start / len(neighbours), "checking")
        links = neighbours[start : start + AT_A_TIME]
        if links.min() < -1 or links.max() >= found.rows:
            raise _wrong(cursor, "a link leads to a row that is not there")
    _levels_of_links(cursor, levels, offsets, neighbours, per_level, top)
    stored = _flat(cursor, progress)
    if (stored.rows, stored.dimensions, stored.metric) != (found.rows, found.dimensions, found.metric):
        raise _wrong(cursor, "its graph does not fit its vectors")


def _levels_of_links(
    cursor: Cursor,
    levels: NDArray[Any],
    offsets: NDArray[Any],
    neighbours: NDArray[Any],
    per_level: NDArray[np.int64],
    top: int,
) -> None:
    """On an upper level links may lead only to rows that are on it too."""
    for level in range(1, top + 1):
        there = np.flatnonzero(levels > level)
        width = int(per_level[level + 1] - per_level[level])
        places = offsets[there].astype(np.int64)[:, None] + per_level[level] + np.arange(width)
        links = neighbours[places]
        if (levels[links[links >= 0]] <= level).any():
            raise _wrong(cursor, "a link leads to a row that is not on its level")


def _letters(cursor: Cursor) -> str:
    return cursor.bytes[cursor.at : cursor.at + 4].tobytes().decode("latin-1")
