"""The graph of a Faiss index, read from its own arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.parts import Parts
from explorer.indexes.layered import Graph


class FaissGraph(Graph):
    """`hnsw` of an IndexHNSW: links of i on layer l are neighbors[offsets[i] + cum[l] : offsets[i] + cum[l + 1]], up to
    the first −1.

    The links, by far the largest of its arrays, are not copied; the parts that are held here keep them alive. Raises
    ValueError where they lead astray: of graphs of codes nobody has checked the file.
    """

    def __init__(self, parts: Parts) -> None:
        faiss = imported()

        self._parts, hnsw = parts, parts.core.hnsw
        # Faiss counts layers from 1.
        self.levels = (faiss.vector_to_array(hnsw.levels) - 1).astype(np.int8)
        self._offsets = faiss.vector_to_array(hnsw.offsets).astype(np.int64)
        self._widths = faiss.vector_to_array(hnsw.cum_nneighbor_per_level).astype(np.int64)
        links = hnsw.neighbors
        self._neighbours: NDArray[np.int32] = faiss.rev_swig_ptr(links.data(), links.size())
        self.elements, self.entry = len(self.levels), int(hnsw.entry_point)
        self.most = tuple(np.diff(self._widths).tolist())
        self._check()

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

    def _check(self) -> None:
        links, top = self._neighbours, int(self.levels.max(initial=0))
        sound = (
            len(self._offsets) == self.elements + 1
            and len(self._widths) > top + 1
            and (np.diff(self._widths) >= 0).all()
            and (self._offsets[:-1] + self._widths[self.levels.astype(np.int64) + 1] <= self._offsets[1:]).all()
            and int(self._offsets[0]) >= 0
            and int(self._offsets[-1]) <= len(links)
            and 0 <= self.entry < self.elements
            and (not len(links) or -1 <= int(links.min()) <= int(links.max()) < self.elements)
        )
        if not sound:
            raise ValueError("its links lead to rows that are not there")
