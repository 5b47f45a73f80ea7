"""What can be reached in a graph, from where, over how many links; and why a walk did not come to a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.explanation import Cause
from explorer.core.progress import Progress, silent
from explorer.core.trace import VISIT, Trace
from explorer.indexes.layered import BLOCK, Graph

EQUALLY_NEAR = "It was compared, but by the library's own sums the rows that were found are at least as near."


def reachable(graph: Graph, progress: Progress = silent) -> NDArray[np.bool_]:
    """Whether a search of endless effort comes to each element (n,): from where searches begin over the links of each
    layer, from the top down."""
    starts = graph.begins
    for layer in range(int(graph.levels.max(initial=0)), 0, -1):
        there = starts[graph.levels[starts] >= layer]
        starts = np.union1d(starts, np.flatnonzero(_spread(graph, there, layer, progress)[0] >= 0))
    origins, _ = _spread(graph, starts, 0, progress)
    return np.asarray(origins >= 0)


def hops(graph: Graph, starts: NDArray[np.integer], goal: int, progress: Progress = silent) -> tuple[int, int] | None:
    """Over how many links of the ground layer an element is reached from the nearest of others, and from which of
    them; None where no path leads there."""
    origins, steps = _spread(graph, starts, 0, progress, goal)
    return (steps, int(origins[goal])) if origins[goal] >= 0 else None


def cause(graph: Graph, trace: Trace, row: int, progress: Progress = silent) -> Cause | None:
    """Why a walk did not come to a row; None where it was compared on the ground layer, or found."""
    element = int(graph.elements_of(np.array([row]))[0])
    if element < 0:
        return Cause("not_indexed", "The index does not hold this row.")
    if element in graph.deleted:
        return Cause("not_indexed", "The index holds this row, but it is marked as deleted.")
    compared = ground(graph, trace)
    if row in trace.found or element in compared:
        return None
    if found := hops(graph, compared, element, progress):
        steps, origin = found
        links = "one link" if steps == 1 else f"{steps} links"
        told = f"The search ended before it came to this row: it is {links} away from row #{graph.row(origin)}"
        return Cause("not_visited", f"{told}, the nearest that was compared.")
    if reachable(graph, progress)[element]:
        told = "No path leads to this row from where this search came to; only one that begins elsewhere can find it."
        return Cause("not_visited", told)
    return Cause("unreachable", "No link leads to this row from where searches begin, so none of them can find it.")


def ground(graph: Graph, trace: Trace) -> NDArray[np.int64]:
    """The elements that a walk compared on the ground layer: those that it expanded and all that these link to."""
    expanded = graph.elements_of(trace.places[trace.actions == VISIT])
    expanded = expanded[expanded >= 0]
    return np.union1d(expanded, graph.lists(expanded, 0)[1]).astype(np.int64)


def _spread(
    graph: Graph, starts: NDArray[np.integer], layer: int, progress: Progress, goal: int = -1
) -> tuple[NDArray[np.int32], int]:
    """From which of the starts each element (n,) is reached first, −1 where from none; and after how many rounds the
    goal was, or nothing new."""
    origins = np.full(graph.elements, -1, np.int32)
    origins[starts] = starts
    frontier, rounds = np.unique(starts), 0
    while frontier.size and (goal < 0 or origins[goal] < 0):
        rounds += 1
        reached = np.zeros(graph.elements, bool)
        for start in range(0, len(frontier), BLOCK):
            progress(None, "following links")
            some = frontier[start : start + BLOCK]
            counts, found = graph.lists(some, layer)
            come = np.repeat(origins[some], counts)
            new = origins[found] < 0
            origins[found[new]] = come[new]
            reached[found[new]] = True
            if goal >= 0 and origins[goal] >= 0:
                break
        frontier = np.flatnonzero(reached)
    return origins, rounds
