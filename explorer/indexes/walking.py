"""Walk through a graph in layers as the libraries do, and write down every step.

All of them go down greedily from the entry to the ground layer, and there expand the nearest row that they know of
until nothing nearer can come. They differ in what they keep in mind meanwhile: see `open_beam`, and faiss/beam.py.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.core.trace import DESCEND, VISIT, Trace
from explorer.indexes.layered import Graph

Measure = Callable[[list[int]], NDArray[np.float32]]
"""The distances of some elements to the query, in the library's own terms; smaller is nearer."""
LARGEST = float(np.finfo(np.float32).max)
LOOK = 256
"""So many rows are expanded between two looks at whether somebody said stop."""


def by_square(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> Measure:
    """Squared distances to vectors (n, d)."""

    def measure(elements: list[int]) -> NDArray[np.float32]:
        difference = vectors[elements] - query
        return np.asarray(np.vecdot(difference, difference))

    return measure


def by_product(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> Measure:
    """1 − the inner product with vectors (n, d)."""
    return lambda elements: np.asarray(1 - np.vecdot(vectors[elements], query), np.float32)


def by_cosine(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> Measure:
    """1 − the cosine with vectors (n, d) of any length."""
    wide = query.astype(np.float64)
    wide /= np.sqrt(wide @ wide) or 1

    def measure(elements: list[int]) -> NDArray[np.float32]:
        some = vectors[elements].astype(np.float64)
        lengths = np.sqrt(np.vecdot(some, some))
        return np.asarray(1 - np.vecdot(some, wide) / np.where(lengths > 0, lengths, 1), np.float32)

    return measure


class Steps:
    """What a walk does, written down: steps, and every element that was compared, once, with its distance."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self.steps: list[tuple[int, int, float, int, int, int]] = []
        self.scores: dict[int, float] = {}
        self.computed = 0

    def compare(self, elements: list[int]) -> list[float]:
        """The distances of some elements; they count as compared."""
        if not elements:
            return []
        found: list[float] = self._measure(elements).tolist()
        self.computed += len(elements)
        for element, score in zip(elements, found, strict=True):
            self.scores.setdefault(element, score)
        return found

    def add(self, action: int, place: int, value: float, level: int, origin: int) -> None:
        """Write a step down."""
        self.steps.append((action, place, value, level, origin, len(self.scores)))

    def trace(self, graph: Graph, found: NDArray[np.int64], total: int, sign: int = 1) -> Trace:
        """All of it as a Trace over rows; `sign` −1 turns distances back into similarities."""
        table = np.array(self.steps or np.empty((0, 6)), np.float64)
        rows: NDArray[np.integer] = np.fromiter(self.scores, np.int64, len(self.scores))
        places: NDArray[np.integer] = table[:, 1].astype(np.int64)
        origins: NDArray[np.integer] = table[:, 4].astype(np.int64)
        if graph.rows is not None:
            rows, places = graph.rows[rows], graph.rows[places]
            origins = np.where(origins >= 0, graph.rows[origins], -1)
        return Trace(
            kind="graph",
            actions=table[:, 0].astype(np.uint8),
            places=places.astype(np.int32),
            values=sign * table[:, 2],
            levels=table[:, 3].astype(np.int16),
            origins=origins.astype(np.int32),
            known=table[:, 5].astype(np.int32),
            rows=rows.astype(np.int32),
            scores=sign * np.fromiter(self.scores.values(), np.float64, len(self.scores)),
            found=found,
            total=total,
            computed=self.computed,
        )


def descend(graph: Graph, steps: Steps, entry: int | None = None) -> tuple[float, int]:
    """Go down from the entry to the ground layer; where the beam begins, as distance and element.

    A layer's first step is where it is entered (from −1 the topmost, from itself the others), then every move.
    """
    place = graph.entry if entry is None else entry
    value = steps.compare([place])[0]
    top = int(graph.levels[place])
    for layer in range(top, 0, -1):
        steps.add(DESCEND, place, value, layer, -1 if layer == top else place)
        while True:
            links = graph.links(place, layer).tolist()
            best, nearest = value, place
            for score, element in zip(steps.compare(links), links, strict=True):
                if score < best:
                    best, nearest = score, element
            if nearest == place:
                break
            steps.add(DESCEND, nearest, best, layer, place)
            place, value = nearest, best
    return value, place


class Scored(float):
    """A distance that knows its element. In a heap only the distance counts, as it does in the libraries': heapq moves
    equal ones as the C++ library does, so that even these come in the same order."""

    element: int


def scored(score: float, element: int) -> Scored:
    """The distance of an element."""
    made = Scored(score)
    made.element = element
    return made


def open_beam(
    graph: Graph, steps: Steps, start: tuple[float, int], ef: int, count: int, progress: Progress = silent
) -> list[int]:
    """The ground layer as hnswlib and those after it walk it; the `count` nearest elements that it came to.

    It remembers every row that was nearer than the farthest of its best `ef` (or `count`, if that is more) when it was
    met, and ends when the next is farther than these. Deleted elements are walked over, but never among the best.
    """
    room, deleted = max(ef, count), graph.deleted
    value, place = start
    seen, origins = {place: value}, {place: -1}
    best = [] if place in deleted else [scored(-value, place)]
    # As hnswlib has it: without a best, any distance will do.
    reach = value if best else LARGEST
    frontier = [scored(reach, place)]
    while frontier:
        nearest = heappop(frontier)
        if nearest > reach and (not deleted or len(best) == room):
            break
        place = nearest.element
        links = [each for each in dict.fromkeys(graph.links(place, 0).tolist()) if each not in seen]
        for score, element in zip(steps.compare(links), links, strict=True):
            seen[element], origins[element] = score, place
            if len(best) < room or score < reach:
                heappush(frontier, scored(score, element))
                if element not in deleted:
                    heappush(best, scored(-score, element))
                    if len(best) > room:
                        heappop(best)
                if best:
                    reach = -best[0]
        steps.add(VISIT, place, seen[place], 0, origins[place])
        if len(steps.steps) % LOOK == 0:
            progress(None, "replay")
    while len(best) > count:
        heappop(best)
    return sorted((each.element for each in best), key=lambda element: (seen[element], graph.row(element)))
