"""Codes of Faiss: what is lost by them, and how many of them are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.core.structure import Codes
from explorer.indexes.faiss.items import as_items
from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.lists import codes_in, rows_in
from explorer.indexes.faiss.parts import Parts

AT_A_TIME = 8192
Piece = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float32] | None]
"""Some rows (m,), their codes (m, bytes), and the centre (d,) to which what they stand for is relative."""


def coded(core: Any) -> Any | None:
    """The part that holds codes of a kind that is read here; None where there is none."""
    faiss = imported()

    if isinstance(core, faiss.IndexHNSW):
        core = faiss.downcast_index(core.storage)
    kinds = (faiss.IndexPQ, faiss.IndexScalarQuantizer, faiss.IndexIVFPQ, faiss.IndexIVFScalarQuantizer)
    return core if type(core) in kinds else None


def codes(parts: Parts, dataset: Dataset, metric: Metric, progress: Progress) -> Codes | None:
    """The error of every row and of each piece of the code; None where the index keeps no codes that are read here.

    Each number is a piece where numbers are shortened one by one. A zero row, which nothing is relative to, has an
    error of NaN.
    """
    core = coded(parts.core)
    if core is None:
        return None
    count, bits, decode = _quantizer(core)
    errors = np.full(dataset.rows, np.nan, np.float32)
    used, sums, seen, done = np.zeros((count, 1 << bits), bool), np.zeros(count), 0, 0
    for rows, some, centre in _pieces(core):
        progress(done / dataset.rows, "codes")
        items = parts.turned(as_items(dataset.vectors[rows], metric)).astype(np.float64)
        lost = items - decode(some) - (0 if centre is None else centre)
        size = np.vecdot(items, items)
        known = size > 0
        lost = np.square(lost[known]).reshape(int(known.sum()), count, -1).sum(axis=2) / size[known, None]
        errors[rows[known]] = np.sqrt(lost.sum(axis=1))
        sums, seen, done = sums + lost.sum(axis=0), seen + len(lost), done + len(rows)
        for piece, numbers in enumerate(numbered(some, count, bits).T):
            used[piece, numbers] = True
    shares = np.full(count, 1 << bits, np.int64)
    return Codes(errors, sums / max(1, seen), shares, used.sum(axis=1), int(core.code_size))


def decoded(core: Any) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rows (m,), block by block, and what their codes stand for (m, d)."""
    _, _, decode = _quantizer(core)
    for rows, some, centre in _pieces(core):
        yield rows, decode(some) if centre is None else decode(some) + centre


def numbered(some: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.int64]:
    """Codes (m, bytes) as the numbers that they are made of (m, count), which stand bit after bit, lowest first."""
    if bits == 8:
        return some[:, :count].astype(np.int64)
    single = np.unpackbits(some, axis=1, count=count * bits, bitorder="little").reshape(len(some), count, bits)
    found = np.zeros((len(some), count), np.int64)
    for bit in range(bits):
        found |= single[:, :, bit].astype(np.int64) << bit
    return found


def _quantizer(core: Any) -> tuple[int, int, Callable[[NDArray[np.uint8]], NDArray[np.float32]]]:
    """Of how many numbers a code is made, of how many bits each, and what codes (m, bytes) stand for (m, d)."""
    if hasattr(core, "pq"):
        return int(core.pq.M), int(core.pq.nbits), core.pq.decode
    return int(core.d), int(core.sq.bits), core.sq.decode


def _pieces(core: Any) -> Iterator[Piece]:
    faiss = imported()

    if not isinstance(core, faiss.IndexIVF):
        whole = faiss.rev_swig_ptr(core.codes.data(), core.ntotal * core.code_size).reshape(core.ntotal, core.code_size)
        for start in range(0, core.ntotal, AT_A_TIME):
            some = np.array(whole[start : start + AT_A_TIME])
            yield np.arange(start, start + len(some)), some, None
        return
    for cell in range(core.nlist):
        rows, found = rows_in(core, cell), codes_in(core, cell)
        centre = core.quantizer.reconstruct(cell) if core.by_residual else None
        for start in range(0, len(rows), AT_A_TIME):
            part = slice(start, start + AT_A_TIME)
            yield rows[part], found[part], centre
