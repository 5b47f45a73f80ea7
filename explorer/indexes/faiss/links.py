"""The graph of a Faiss index, read from its own arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.indexes.faiss.library import imported
from explorer.indexes.layered import Graph


class FaissGraph(Graph):
    """`hnsw` of an IndexHNSW: links of i on layer l are neighbors[offsets[i] + cum[l] : offsets[i] + cum[l + 1]], up to
    the first −1.

    The arrays are copied: the library does not promise that they stay where they are.
    """

    def __init__(self, index: Any) -> None:
        faiss = imported()

        hnsw = index.hnsw
        # Faiss counts layers from 1.
        self.levels = (faiss.vector_to_array(hnsw.levels) - 1).astype(np.int8)
        self._offsets = faiss.vector_to_array(hnsw.offsets).astype(np.int64)
        self._widths = faiss.vector_to_array(hnsw.cum_nneighbor_per_level).astype(np.int64)
        self._neighbours: NDArray[np.int32] = faiss.vector_to_array(hnsw.neighbors)
        self.elements, self.entry = len(self.levels), int(hnsw.entry_point)
        self.most = tuple(np.diff(self._widths).tolist())

    def links(self, element: int, layer: int) -> NDArray[np.int32]:
        """What stands before the first −1."""
        start = int(self._offsets[element])
        found = self._neighbours[start + int(self._widths[layer]) : start + int(self._widths[layer + 1])]
        empty = np.flatnonzero(found < 0)
        return found[: empty[0]] if empty.size else found

    def lists(self, elements: NDArray[np.integer], layer: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The same for many."""
        places = np.arange(self._widths[layer], self._widths[layer + 1])
        found = self._neighbours[self._offsets[elements][:, None] + places]
        there = np.logical_and.accumulate(found >= 0, axis=1)
        return there.sum(axis=1), found[there]
