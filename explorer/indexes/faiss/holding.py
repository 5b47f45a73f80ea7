"""The vectors that a Faiss index holds, by the numbers that they bear in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.indexes.base import Held
from explorer.indexes.faiss import header
from explorer.indexes.faiss.library import imported, threads, translated
from explorer.indexes.faiss.likeness import STORED_AS, Undecodable
from explorer.indexes.graphs import all_unit, check_width, in_order
from explorer.room import check_memory

ROWS_AT_A_TIME = 16384
METRICS: dict[int, Metric] = {header.INNER_PRODUCT: "dot", header.SQUARED_L2: "euclidean", 2: "manhattan"}
"""Ours for Faiss's own numbers; of others the vectors can be looked at, under another metric."""
DECODED = "The vectors were decoded from the index's codes: they are what it remembers, not quite what was put in."
UNIT_KEPT = "The vectors are of unit length, as an inner product needs them that is to be the cosine."


def header_of(path: Path, dimensions: int | None, metric: Metric | None) -> header.Header:
    """The header of a file with vectors of these dimensions under this metric, where they are given."""
    found = header.header_of(path)
    if found is None:
        raise BadFile(path, "it is no Faiss index, or one of a kind that this program does not know.")
    if not found.trained or not found.rows:
        raise BadFile(path, "it is a Faiss index that holds no vectors.")
    check_width(path, found.dimensions, dimensions)
    told = METRICS.get(found.metric)
    if metric is not None and told is not None and metric not in (told, *STORED_AS.get(found.metric, {}).values()):
        raise BadFile(path, f"it is a Faiss index for {told}, not {metric}.")
    return found


def held(path: Path, told: header.Header, index: Any, metric: Metric | None, progress: Progress) -> Held:
    """What an opened index holds. Raises Undecodable where Faiss does not reconstruct it, TooLarge without the room."""
    rows, dimensions = told.rows, told.dimensions
    check_memory(4 * rows * dimensions, f"Reading {rows:,} × {dimensions} vectors out of a Faiss index", "close others")
    with translated(Undecodable):
        if (index.ntotal, index.d) != (rows, dimensions):
            raise BadFile(path, "it is damaged: it does not hold what its header says.")
        inner, numbers = _unwrapped(path, index)
        keys = _keys(path, inner)
        numbers = keys if numbers is None else numbers[keys]
        order, labels = in_order(numbers, path)
        asked = keys if order is None else keys[order]
        vectors = np.empty((rows, dimensions), np.float32)
        with threads(1):
            for start in range(0, rows, ROWS_AT_A_TIME):
                progress(start / rows, "reconstructing")
                part = asked[start : start + ROWS_AT_A_TIME]
                vectors[start : start + len(part)] = inner.reconstruct_batch(part)
        exact = keeps_all(index)
    chosen = metric or METRICS.get(told.metric)
    notes = () if exact else (DECODED,)
    if told.metric == header.INNER_PRODUCT and metric in (None, "cosine") and all_unit(vectors):
        chosen, notes = "cosine", (*notes, UNIT_KEPT)
    answers = told.metric in STORED_AS
    if not answers:
        notes = (
            *notes,
            f"Faiss's metric {told.metric} cannot be asked here, so that other indexes answer in its place.",
        )
    return Held(vectors, chosen, labels, answers, notes)


def keeps_all(index: Any) -> bool:
    """Whether an index gives its vectors out as they were put in."""
    faiss = imported()
    part = faiss.downcast_index(index)
    if isinstance(part, faiss.IndexIDMap | faiss.IndexIDMap2):
        return keeps_all(part.index)
    if isinstance(part, faiss.IndexRefine):
        return keeps_all(part.refine_index)
    if (storage := getattr(part, "storage", None)) is not None:
        return keeps_all(storage)
    return isinstance(part, faiss.IndexFlat | faiss.IndexIVFFlat)


def _unwrapped(path: Path, index: Any) -> tuple[Any, NDArray[np.int64] | None]:
    """What stands behind a map of numbers, with the numbers by place; None where there is no map."""
    faiss = imported()
    part = faiss.downcast_index(index)
    if not isinstance(part, faiss.IndexIDMap | faiss.IndexIDMap2):
        return part, None
    numbers: NDArray[np.int64] = faiss.vector_to_array(part.id_map)
    if len(numbers) != part.ntotal:
        raise BadFile(path, "it is damaged: it does not name every vector.")
    return faiss.downcast_index(part.index), numbers


def _keys(path: Path, index: Any) -> NDArray[np.int64]:
    """What an index has to be asked by to give its vectors out; cells know theirs by numbers of any kind."""
    faiss = imported()
    cells = faiss.try_extract_index_ivf(index)
    if cells is None:
        return np.arange(index.ntotal, dtype=np.int64)
    lists = cells.invlists
    sizes = [lists.list_size(i) for i in range(cells.nlist)]
    if sum(sizes) != index.ntotal:
        raise Undecodable("its cells do not hold one entry for each vector")
    found = [faiss.rev_swig_ptr(lists.get_ids(i), size).copy() for i, size in enumerate(sizes) if size]
    numbers: NDArray[np.int64] = np.sort(np.concatenate(found))
    if (numbers[1:] == numbers[:-1]).any():
        raise BadFile(path, "two of its vectors bear the same number.")
    dense = int(numbers[0]) == 0 and int(numbers[-1]) == len(numbers) - 1
    cells.set_direct_map_type(faiss.DirectMap.Array if dense else faiss.DirectMap.Hashtable)
    return numbers
