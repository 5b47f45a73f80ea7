"""A graph as a server tells it, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.structure import Layers

AT_A_TIME = 500
"""So many elements are asked for in one piece."""


@dataclass(frozen=True, eq=False)
class ServerGraph:
    """The layers, and the rows at which searches begin: one of each graph, where several make the index."""

    layers: Layers
    begins: NDArray[np.int64]


class Drawn:
    """A graph over n rows that is put together from lists of links."""

    def __init__(self, rows: int) -> None:
        self.levels = np.full(rows, -1, np.int8)
        self._counts: list[NDArray[np.int64]] = []
        self._links: list[list[NDArray[np.int32]]] = []

    def add(self, row: int, lists: Sequence[Sequence[int]]) -> None:
        """The links of a row, from the ground layer up; −1 for one that leads to none of the rows. Rows ascend."""
        self.levels[row] = len(lists) - 1
        for layer, links in enumerate(lists):
            if layer == len(self._links):
                self._links.append([])
                self._counts.append(np.zeros(len(self.levels), np.int64))
            known = np.array([link for link in links if link >= 0], np.int32)
            self._counts[layer][row] = len(known)
            self._links[layer].append(known)

    def highest(self, rows: NDArray[np.integer]) -> int:
        """The first of some rows that reaches the highest layer; −1 where none is in the graph."""
        if not len(rows) or self.levels[rows].max() < 0:
            return -1
        return int(rows[int(np.argmax(self.levels[rows]))])

    def finished(self, entry: int, begins: NDArray[np.int64], most: int) -> ServerGraph:
        """All of it. `most` is for how many links there is room above the ground layer, which has room for twice as
        many."""
        starts = tuple(np.concatenate([[0], np.cumsum(counts)]) for counts in self._counts)
        links = tuple(np.concatenate(pieces) for pieces in self._links)
        if not links:
            starts, links = (np.zeros(len(self.levels) + 1, np.int64),), (np.empty(0, np.int32),)
        room = (2 * most, *[most] * (len(links) - 1))
        return ServerGraph(Layers(self.levels, starts, links, entry, room), begins)
