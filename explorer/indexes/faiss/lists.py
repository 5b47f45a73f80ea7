"""Cells, read from the inverted lists of a Faiss index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset, block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.core.structure import Cells
from explorer.indexes.faiss.items import as_items
from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.parts import Parts

AT_A_TIME = 4096


def rows_in(core: Any, cell: int) -> NDArray[np.int64]:
    """The rows of a cell, in the order in which they are compared. Raises ValueError for one that is not there: the
    files of some kinds nobody has checked."""
    faiss = imported()

    lists = core.invlists
    size = lists.list_size(cell)
    if not size:
        return np.empty(0, np.int64)
    ids = lists.get_ids(cell)
    try:
        found = np.array(faiss.rev_swig_ptr(ids, size), np.int64)
    finally:
        lists.release_ids(cell, ids)
    if found.min() < 0 or found.max() >= core.ntotal:
        raise ValueError("a cell names a row that is not there")
    return found


def codes_in(core: Any, cell: int) -> NDArray[np.uint8]:
    """The codes of a cell, in the same order."""
    faiss = imported()

    lists = core.invlists
    size, width = lists.list_size(cell), core.code_size
    if not size:
        return np.empty((0, width), np.uint8)
    codes = lists.get_codes(cell)
    try:
        return np.array(faiss.rev_swig_ptr(codes, size * width), np.uint8).reshape(size, width)
    finally:
        lists.release_codes(cell, codes)


def cell_of(core: Any, rows: int) -> NDArray[np.int32]:
    """The cell of each row (n,), −1 for a row in none."""
    found = np.full(rows, -1, np.int32)
    for cell in range(core.nlist):
        found[rows_in(core, cell)] = cell
    return found


def cells(core: Any, rows: int, progress: Progress) -> Cells:
    """What the lists of an index over n rows hold."""
    sizes = np.array([core.invlists.list_size(cell) for cell in range(core.nlist)], np.int64)
    total = max(1, int(sizes.sum()))
    progress(0.0, "cells")
    return Cells(cell_of(core, rows), sizes, float(len(sizes) * np.square(sizes / total).sum()))


def boundaries(parts: Parts, dataset: Dataset, metric: Metric, progress: Progress) -> NDArray[np.float32]:
    """How near each row (n,) is to the boundary of its cell; NaN where there is one cell."""
    core = parts.core
    boundary = np.full(dataset.rows, np.nan, np.float32)
    if core.nlist > 1:
        step = min(AT_A_TIME, block_rows(dataset.dimensions))
        ratio = _ratio(core)
        for start in range(0, dataset.rows, step):
            progress(start / dataset.rows, "boundaries")
            items = parts.turned(as_items(dataset.vectors[start : start + step], metric))
            boundary[start : start + step] = ratio(items)
    return boundary


def _ratio(core: Any) -> Any:
    """Items (m, d) → their distance to the nearest centre by that to the second nearest (m,)."""
    faiss = imported()

    if core.metric_type == faiss.METRIC_L2:

        def by_distance(items: NDArray[np.float32]) -> NDArray[np.float64]:
            return _divided(core.quantizer.search(items, 2)[0])

        return by_distance

    centres = core.quantizer.reconstruct_n(0, core.nlist).astype(np.float64)
    squares = np.vecdot(centres, centres)

    def by_angle(items: NDArray[np.float32]) -> NDArray[np.float64]:
        # The product with a centre is turned into the distance of the item's direction from it.
        products, places = core.quantizer.search(items, 2)
        size = np.sqrt(np.vecdot(items, items, dtype=np.float64))[:, None]
        along = products / np.where(size > 0, size, 1)
        return _divided(np.maximum(1 - 2 * along + squares[places], 0))

    return by_angle


def _divided(squares: NDArray[np.floating]) -> NDArray[np.float64]:
    near, far = np.sqrt(np.maximum(squares.astype(np.float64), 0)).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(far > 0, np.minimum(near / far, 1), 1)
