"""The ground layer of a graph as Faiss walks it, its heap and the order of ties included."""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heappop, heappush, heapreplace

from explorer.core.progress import Progress, silent
from explorer.core.trace import VISIT
from explorer.indexes.layered import Graph
from explorer.indexes.walking import LOOK, Steps

GONE = -1
"""What stands in the heap in place of an element that was expanded: it still takes room."""


class Heap:
    """At most `room` elements by distance, the farthest on top; of equal ones the larger number, or with `sign` −1 the
    smaller, as where Faiss compares similarities. Faiss looks for the nearest by going through the whole array, and
    takes the last of equal ones; so the array is kept as it would be there."""

    def __init__(self, room: int, sign: int) -> None:
        self._room, self._sign = room, sign
        self._scores, self._elements = [float("nan")], [GONE]
        self._sorted: list[float] = []
        self._near: list[float] = []
        self._there: dict[float, int] = {}

    def push(self, element: int, score: float) -> None:
        """Keep an element, unless all that there is room for are at least as near."""
        if len(self._scores) > self._room:
            if score >= self._scores[1]:
                return
            if self._elements[1] != GONE:
                self._there[self._scores[1]] -= 1
            self._sorted.pop()
            self._drop_top()
        insort(self._sorted, score)
        if not self._there.get(score):
            heappush(self._near, score)
        self._there[score] = self._there.get(score, 0) + 1
        self._scores.append(score)
        self._elements.append(element)
        place = len(self._scores) - 1
        while place > 1 and self._above(score, element, place // 2):
            self._scores[place], self._elements[place] = self._scores[place // 2], self._elements[place // 2]
            place //= 2
        self._scores[place], self._elements[place] = score, element

    def nearest(self) -> tuple[float, int] | None:
        """Take the nearest that was not expanded; None where there is none."""
        while self._near and not self._there[self._near[0]]:
            heappop(self._near)
        if not self._near:
            return None
        score, place = self._near[0], 0
        left = self._there[score]
        while left:
            place = self._scores.index(score, place + 1)
            left -= self._elements[place] != GONE
        element, self._elements[place] = self._elements[place], GONE
        self._there[score] -= 1
        return score, element

    def nearer_than(self, score: float) -> int:
        """How many are nearer, expanded or not."""
        return bisect_left(self._sorted, score)

    def _above(self, score: float, element: int, place: int) -> bool:
        """Whether an element belongs above the one at a place."""
        other = self._scores[place]
        return score > other or (score == other and self._sign * element > self._sign * self._elements[place])

    def _drop_top(self) -> None:
        score, element = self._scores[-1], self._elements[-1]
        last, place = len(self._scores) - 1, 1
        while (child := 2 * place) <= last:
            if child < last and not self._above(self._scores[child], self._elements[child], child + 1):
                child += 1
            if self._above(score, element, child):
                break
            self._scores[place], self._elements[place] = self._scores[child], self._elements[child]
            place = child
        self._scores[place], self._elements[place] = score, element
        self._scores.pop()
        self._elements.pop()


def bounded_beam(
    graph: Graph,
    steps: Steps,
    start: tuple[float, int],
    ef: int,
    count: int,
    sign: int = 1,
    progress: Progress = silent,
) -> list[int]:
    """The `count` nearest elements that the walk comes to, nearest first.

    It keeps in mind the nearest `ef` (or `count`, if that is more) of all it has seen, expanded or not, and ends when
    `ef` of these are nearer than the next. What is pushed out is never expanded. `sign` is −1 for similarities.
    """
    heap = Heap(max(ef, count), sign)
    heap.push(start[1], start[0])
    best, origins = [(-start[0], -sign * start[1])], {start[1]: -1}
    while (taken := heap.nearest()) is not None:
        value, place = taken
        if heap.nearer_than(value) >= ef:
            break
        links = [each for each in dict.fromkeys(graph.links(place, 0).tolist()) if each not in origins]
        for score, element in zip(steps.compare(links), links, strict=True):
            origins[element] = place
            if len(best) < count:
                heappush(best, (-score, -sign * element))
            elif score < -best[0][0]:
                heapreplace(best, (-score, -sign * element))
            heap.push(element, score)
        steps.add(VISIT, place, value, 0, origins[place])
        if len(steps.steps) % LOOK == 0:
            progress(None, "replay")
    return [-sign * element for _, element in sorted(best, reverse=True)]
