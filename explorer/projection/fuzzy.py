"""The weighted graph that UMAP lays out, from a neighbour graph: how strongly rows belong together.

What umap-learn's `fuzzy_simplicial_set` computes (McInnes, Healy, Melville: UMAP, arXiv:1802.03426), without importing
it, which would take longer than this. A test compares both.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.projection.graph import Graph
from explorer.projection.jit import compiled, cores, shares

Floats = NDArray[np.float32]
Ints = NDArray[Any]

STEPS = 64
CLOSE = 1e-5
"""The width of a neighbourhood is halved in on until its sum is as close as this, but not more often than STEPS."""

NARROWEST = 1e-3
"""No neighbourhood is narrower than this share of its mean distance: equal rows would make it nothing."""


@dataclass(frozen=True, eq=False)
class Edges:
    """A symmetric weighted graph of n rows, row by row: those of row i are `starts[i]` … `starts[i + 1]`.

    `starts` int64 (n + 1,), `others` int32 and `weights` float32 (m,), weights in (0, 1].
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    weights: NDArray[np.float32]


def fuzzy_edges(graph: Graph, epochs: int) -> Edges:
    """The fuzzy union of all rows' neighbourhoods, without the edges too weak to be drawn once in `epochs`."""
    n, k = graph.rows.shape
    weights = np.zeros((n, k), np.float32)
    _share(memberships, n, graph.rows, graph.distances, np.float32(graph.distances.mean()), weights)
    # Those that a row is a neighbour of, row by row: the graph seen from the other side.
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(graph.rows.reshape(-1), minlength=n), out=starts[1:])
    callers = np.empty(n * k, np.int32)
    called = np.empty(n * k, np.float32)
    compiled(turned)(graph.rows, weights, starts[:-1].copy(), callers, called)
    least = np.float32(1 / epochs)
    counts = np.zeros(n, np.int64)
    sides = (graph.rows, weights, starts, callers, called, least)
    nothing = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
    _share(union, n, *sides, counts, *nothing)
    ends = np.zeros(n + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    others, both = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.float32)
    _share(union, n, *sides, counts, ends, others, both)
    return Edges(ends, others, both)


def curve(spread: float, min_dist: float) -> tuple[float, float]:
    """The a and b of 1 / (1 + a·d^2b), UMAP's likeness of two points at distance d on the map.

    They come as near as they can to 1 within `min_dist` and exp(−(d − min_dist) / spread) beyond.
    """
    from scipy.optimize import curve_fit

    apart = np.linspace(0, spread * 3, 300)
    wanted = np.where(apart < min_dist, 1.0, np.exp(-(apart - min_dist) / spread))
    (a, b), _ = curve_fit(lambda x, a, b: 1.0 / (1.0 + a * x ** (2 * b)), apart, wanted)
    return float(a), float(b)


def memberships(rows: Ints, distances: Floats, mean: np.float32, weights: Floats, start: int, stop: int) -> None:
    """How strongly each row's neighbours belong to it: 1 for the nearest, so falling that they sum up to log2(k).

    `rows`, `distances` and `weights` are (n, k), a row itself being its first neighbour, with weight 0; `mean` is the
    mean of all distances.
    """
    k = rows.shape[1]
    target = np.float32(np.log2(np.float32(k)))
    for row in range(start, stop):
        nearest = np.float32(0)
        total = np.float32(0)
        for place in range(k):
            total += distances[row, place]
            if nearest == 0 and distances[row, place] > 0:
                nearest = distances[row, place]
        low, high, width = np.float32(0), np.float32(0), np.float32(1)
        for _ in range(STEPS):
            reached = np.float32(0)
            for place in range(1, k):
                beyond = distances[row, place] - nearest
                reached += np.exp(-beyond / width) if beyond > 0 else np.float32(1)
            if abs(reached - target) < CLOSE:
                break
            if reached > target:
                high = width
                width = (low + high) / np.float32(2)
            else:
                low = width
                width = (low + high) / np.float32(2) if high > 0 else width * np.float32(2)
        width = max(width, np.float32(NARROWEST) * (total / np.float32(k) if nearest > 0 else mean))
        for place in range(k):
            beyond = distances[row, place] - nearest
            if rows[row, place] == row:
                weights[row, place] = 0
            elif beyond <= 0 or width == 0:
                weights[row, place] = 1
            else:
                weights[row, place] = np.exp(-beyond / width)


def turned(rows: Ints, weights: Floats, filled: Ints, callers: Ints, called: Floats) -> None:
    """Write into `callers` and `called` (n · k,) whose neighbour each row is, and how strongly; row i's come from
    `filled[i]` on, which is moved to their end."""
    for row in range(rows.shape[0]):
        for place in range(rows.shape[1]):
            at = filled[rows[row, place]]
            callers[at] = row
            called[at] = weights[row, place]
            filled[rows[row, place]] = at + 1


def union(
    rows: Ints,
    weights: Floats,
    starts: Ints,
    callers: Ints,
    called: Floats,
    least: np.float32,
    counts: Ints,
    ends: Ints,
    others: Ints,
    both: Floats,
    start: int,
    stop: int,
) -> None:
    """The edges of each row either way, one + other − one · other, of weights of `least` and more.

    Without `ends` they are only counted; with it they are written to `others` and `both`, row i's from `ends[i]` on.
    """
    for row in range(start, stop):
        at = ends[row] if len(ends) else np.int64(0)
        before = at
        for place in range(rows.shape[1]):
            other = rows[row, place]
            one = weights[row, place]
            for back in range(rows.shape[1]):
                if rows[other, back] == row:
                    one = one + weights[other, back] - one * weights[other, back]
                    break
            if one >= least and other != row:
                if len(ends):
                    others[at] = other
                    both[at] = one
                at += 1
        for call in range(starts[row], starts[row + 1]):
            other = callers[call]
            known = called[call] < least or other == row
            for place in range(rows.shape[1]):
                known |= rows[row, place] == other
            if not known:
                if len(ends):
                    others[at] = other
                    both[at] = called[call]
                at += 1
        counts[row] = at - before


def _share(loop: Callable[..., Any], count: int, *arguments: object) -> None:
    """Run a compiled loop over `count` rows in all threads."""
    run = compiled(loop)
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda part: run(*arguments, *part), shares(count, cores())))
