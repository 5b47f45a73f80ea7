"""The graph in a file of hnswlib or Voyager: elements in the order in which they were added, their labels are rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.indexes.hnsw_file import DELETED, HEAD, HnswFile
from explorer.indexes.layered import Graph

LENGTH = 0xFFFF
"""A list begins with a number of which the lower half is how many links it holds."""


class FileGraph(Graph):
    """Level 0 stays mapped; the upper levels, a small part of the file, are read."""

    def __init__(self, file: HnswFile, rows: int) -> None:
        self._items = file.items()
        self.elements, self.entry = file.elements, file.entry
        labels = self._items["label"]
        self.rows = np.where(labels < rows, labels.astype(np.int64), -1).astype(np.int32)
        self.deleted = frozenset(np.flatnonzero(self._items["mark"] & DELETED).tolist())
        begin = file.start + HEAD.size + file.elements * file.element_bytes
        self._words: NDArray[np.uint32] = np.fromfile(file.path, "<u4", offset=begin)
        self._above = 1 + file.most_above
        self.levels, self._begins = _places(self._words, file.elements, self._above)
        self.most = (file.most, *[file.most_above] * file.top)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors as they stand in the file, mapped (n, width)."""
        found: NDArray[np.float32] = self._items["vector"]
        return found

    def links(self, element: int, layer: int) -> NDArray[np.uint32]:
        """So many as the list says."""
        if not layer:
            item = self._items[element]
            return np.asarray(item["links"][: item["count"]])
        place = int(self._begins[element]) + (layer - 1) * self._above
        return self._words[place + 1 : place + 1 + (int(self._words[place]) & LENGTH)]

    def lists(self, elements: NDArray[np.integer], layer: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The same for many."""
        if not layer:
            counts, links = self._items["count"][elements].astype(np.int64), self._items["links"][elements]
        else:
            begins = self._begins[elements] + (layer - 1) * self._above
            counts = (self._words[begins] & LENGTH).astype(np.int64)
            links = self._words[begins[:, None] + np.arange(1, self._above)]
        return counts, links[np.arange(links.shape[1]) < counts[:, None]].astype(np.int32)


def _places(words: NDArray[np.uint32], elements: int, above: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """The highest level of each element, and where among the words its lists begin."""
    levels, places = np.zeros(elements, np.int8), np.zeros(elements, np.int64)
    sizes, place = words.data, 0
    for element in range(elements):
        places[element] = place + 1
        if size := sizes[place]:
            levels[element] = size // (4 * above)
            place += size // 4
        place += 1
    return levels, places
