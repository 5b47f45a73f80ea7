"""The graph in a file of USearch: slots, whose keys are rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadFile
from explorer.indexes.layered import Graph
from explorer.indexes.usearch.layout import Layout, places


class SlotGraph(Graph):
    """All stays mapped but where each element begins."""

    def __init__(self, file: Layout) -> None:
        begins = places(file)
        if begins is None:
            raise BadFile(file.path, "it is damaged: its levels do not fit together.")
        self._begins = begins
        self._bytes: NDArray[np.uint8] = np.asarray(np.memmap(file.path, np.uint8, "r"))
        self._base, self._above = file.list_bytes
        self.elements, self.entry = file.elements, file.entry
        self.levels = file.levels().astype(np.int8)
        self.most = (file.links, *[file.links_above] * file.top)
        self.rows = self._numbers(begins, 8, "<u8")[:, 0].astype(np.int32)

    def links(self, element: int, layer: int) -> NDArray[np.uint32]:
        """So many as the list says."""
        begin = int(self._list(np.array([element]), layer)[0])
        count = int(self._bytes[begin : begin + 4].view("<u4")[0])
        return self._bytes[begin + 4 : begin + 4 + 4 * count].view("<u4")

    def lists(self, elements: NDArray[np.integer], layer: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The same for many."""
        found = self._numbers(self._list(elements, layer), 4 * (1 + self.most[layer]), "<u4")
        counts, links = found[:, 0].astype(np.int64), found[:, 1:]
        return counts, links[np.arange(links.shape[1]) < counts[:, None]].astype(np.int32)

    def _list(self, elements: NDArray[np.integer], layer: int) -> NDArray[np.int64]:
        """Where the lists of some elements begin: behind key and level, and the lists of the layers beneath."""
        return np.asarray(self._begins[elements] + (10 if layer == 0 else self._base + (layer - 1) * self._above))

    def _numbers(self, begins: NDArray[np.int64], size: int, kind: str) -> NDArray[Any]:
        some: NDArray[np.uint8] = self._bytes[begins[:, None] + np.arange(size)]
        return np.asarray(some.view(np.dtype(kind)))
