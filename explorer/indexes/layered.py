"""A graph in layers as its library keeps it, and the same as a value over rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.core.structure import Layers

BLOCK = 1 << 16
"""So many elements are read at a time."""


class Graph(ABC):
    """A graph as its library keeps it, of elements 0 … n − 1. `rows` int32 (n,) says which row each of them is, −1 for
    none of the Dataset's; None where elements are rows. `levels` int8 (n,) is the highest layer of each, `most` for how
    many links there is room on each layer; `deleted` are elements that are walked over but never found."""

    elements: int
    entry: int
    levels: NDArray[np.int8]
    most: tuple[int, ...]
    rows: NDArray[np.int32] | None = None
    deleted: frozenset[int] = frozenset()

    @property
    def begins(self) -> NDArray[np.int64]:
        """Where searches can begin."""
        return np.array([self.entry])

    @abstractmethod
    def links(self, element: int, layer: int) -> NDArray[np.integer]:
        """The links of one element on a layer that it reaches, in the library's own order."""

    @abstractmethod
    def lists(self, elements: NDArray[np.integer], layer: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """How many links each of some elements (m,) has, and all of them one after the other."""

    def row(self, element: int) -> int:
        """The row that an element is."""
        return element if self.rows is None else int(self.rows[element])

    def elements_of(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """The elements that some rows are; −1 for one that is not in the graph."""
        places = self._places
        inside = (rows >= 0) & (rows < len(places))
        return np.where(inside, places[np.where(inside, rows, 0)], -1)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        if self.rows is None:
            return np.where(self.levels >= 0, np.arange(self.elements), -1)
        places = np.full(int(self.rows.max(initial=0)) + 1, -1, np.int64)
        gone = np.fromiter(self.deleted, np.int64, len(self.deleted))
        # What is not deleted comes last, and so stays where two elements bear one number.
        for some in (gone, np.setdiff1d(np.arange(self.elements), gone)):
            known = some[self.rows[some] >= 0]
            places[self.rows[known]] = known
        return places


class Given(Graph):
    """A graph that is a value already, over rows. Without an entry, searches can begin at any row of the top layer, if
    nobody says where (`begins`)."""

    def __init__(self, value: Layers, begins: NDArray[np.int64] | None = None) -> None:
        self._value, self._begins = value, begins
        self.levels, self.most = value.levels, value.most
        self.elements, self.entry = len(value.levels), value.entry

    @property
    def begins(self) -> NDArray[np.int64]:
        """As was said, or the entry, or the rows of the top layer."""
        if self._begins is not None:
            return self._begins
        if self.entry >= 0:
            return np.array([self.entry])
        return np.flatnonzero((self.levels == self.levels.max(initial=-1)) & (self.levels >= 0))

    def links(self, element: int, layer: int) -> NDArray[np.int32]:
        """A piece of the value."""
        starts = self._value.starts[layer]
        return self._value.links[layer][starts[element] : starts[element + 1]]

    def lists(self, elements: NDArray[np.integer], layer: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The same for many."""
        starts = self._value.starts[layer]
        counts = starts[elements + 1] - starts[elements]
        ends = np.cumsum(counts)
        places = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts[elements] - ends + counts, counts)
        return counts, self._value.links[layer][places]


def layers(graph: Graph, rows: int, progress: Progress = silent) -> Layers:
    """The whole graph as a value over n rows; elements that are none of the Dataset's are left out with their links."""
    own, levels = graph.rows, np.full(rows, -1, np.int8)
    inside = np.arange(graph.elements) if own is None else np.flatnonzero(own >= 0)
    row_of = inside if own is None else own[inside]
    levels[row_of] = graph.levels[inside]
    by_row = inside[np.argsort(row_of, kind="stable")]
    starts, links = [], []
    top = int(levels.max(initial=0))
    for layer in range(top + 1):
        there = by_row[graph.levels[by_row] >= layer]
        counts, pieces = np.zeros(rows, np.int64), []
        for start in range(0, len(there), BLOCK):
            progress((layer + start / len(there)) / (top + 1), "links")
            some = there[start : start + BLOCK]
            many, found = graph.lists(some, layer)
            if own is not None:
                places, found = np.repeat(np.arange(len(some)), many), own[found]
                many, found = np.bincount(places[found >= 0], minlength=len(some)), found[found >= 0]
            counts[some if own is None else own[some]] = many
            pieces.append(found.astype(np.int32, copy=False))
        starts.append(np.concatenate([[0], np.cumsum(counts)]))
        links.append(np.concatenate(pieces) if pieces else np.empty(0, np.int32))
    return Layers(levels, tuple(starts), tuple(links), graph.row(graph.entry), graph.most[: top + 1])
