"""The neighbour graph: for each row the rows nearest to it, exact for few rows and nearly so for many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.projection import nearest
from explorer.projection.jit import callable_from_compiled, compiled, cores, shares
from explorer.projection.partition import CELL_ROWS, Partition, partitioned

EXACT_ROWS = 10_000
"""Up to this many rows every pair is measured."""

PARTITIONS = 4
ROUNDS = 8
REVERSE = 0.5
"""How many of those whose neighbour a row is are linked to it, as a share of its own neighbours."""

LOST = 1e-4
"""Squared distances below this share of the squares they were computed from are measured again."""

SETTLED = 0.05
"""Refinement ends when a round replaces less than this share of all neighbours."""


@dataclass(frozen=True, eq=False)
class Graph:
    """Neighbours of n rows: `rows` int32 and `distances` float32, both (n, k), sorted, itself first at distance 0.

    Distances are those of the metric; cosine is 1 − cos, and 1/2 from a zero vector to any other. `exact` says that
    all pairs were measured.
    """

    rows: NDArray[np.int32]
    distances: NDArray[np.float32]
    exact: bool


def neighbour_graph(
    vectors: NDArray[np.float32],
    metric: Metric,
    k: int,
    progress: Progress,
    *,
    seed: int = 0,
    exact_rows: int = EXACT_ROWS,
) -> Graph:
    """The k nearest of each of (n, d) vectors, itself among them; 2 ≤ k ≤ n. Needs one copy of the vectors.

    Up to `exact_rows` all pairs are measured. Above, pairs that share a cell of one of several random partitions are,
    and then the neighbours' neighbours, round by round, until few are replaced (Dong, Moses, Li: Efficient k-nearest
    neighbor graph construction for generic similarity measures, WWW 2011). The inner product is taken as cosine. The
    same seed gives the same graph on the same machine, whatever the number of threads.
    """
    rng = np.random.default_rng(seed)
    rows, scale = _prepared(vectors, metric, progress)
    exact = len(rows) <= exact_rows
    with ThreadPoolExecutor(cores()) as pool:
        cells = partitioned(rows, rng, max(CELL_ROWS, 4 * k))
        place = cells.order
        rows = rows[place]  # near rows lie together now, so that most of what a row is measured against is in the cache
        search = _Search(rows, metric == "manhattan", k - 1, pool, progress)
        if exact:
            search.exactly()
        else:
            search.approximately(rng, Partition(np.arange(len(rows), dtype=np.int32), cells.starts))
    near = search.near
    if metric == "euclidean":
        near = np.sqrt(near)
    elif metric != "manhattan":
        near /= 2
    return _in_order(place, search.who, near * scale, exact)


class _Search:
    """A neighbour graph in the making; the threads of `pool` share the rows out among themselves."""

    def __init__(
        self, rows: NDArray[np.float32], manhattan: bool, k: int, pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        callable_from_compiled((nearest.apart, nearest.insert))
        self.rows, self.manhattan, self.pool, self.progress = rows, manhattan, pool, progress
        self.near = np.full((len(rows), k), nearest.FAR, np.float32)
        self.who = np.full((len(rows), k), -1, np.int32)

    def exactly(self) -> None:
        """Measure all pairs, a block of rows at a time."""
        n = len(self.rows)
        step = max(64, min(1024, (4 << 20) // n))
        for first in range(0, n, step):
            self.progress(first / n, "neighbour graph")
            last = min(n, first + step)
            if self.manhattan or not self._keep_block(first, last):
                self.near[first:last], self.who[first:last] = nearest.FAR, -1
                self._share(nearest.scan, first, last, self.rows, self.manhattan, self.near, self.who)

    def _keep_block(self, first: int, last: int) -> bool:
        """One block by matrix product, about its own mean; False when that loses the digits that tell rows apart.

        ‖c‖²/2 − x·c is wrong by some 1e-7 of the squares. Where the farthest neighbour is not far above that, all
        must be measured by subtraction; where it is at distance 0 there is nothing nearer to be found.
        """
        moved = self.rows - self.rows[first:last].mean(axis=0)
        products = moved[first:last] @ moved.T
        half_norms = np.einsum("ij,ij->i", moved, moved) / 2
        self._share(nearest.keep_from_products, 0, last - first, products, half_norms, first, self.near, self.who)
        self._share(nearest.measure, first, last, self.rows, self.near, self.who)
        farthest = self.near[first:last, -1]
        return not np.any((farthest > 0) & (farthest < LOST * half_norms[first:last]))

    def approximately(self, rng: np.random.Generator, cells: Partition) -> None:
        """Measure pairs that share a cell, of this and other partitions, then neighbours' neighbours."""
        for part in range(PARTITIONS):
            if part:
                cells = partitioned(self.rows, rng, max(CELL_ROWS, 4 * self.who.shape[1]))
            for start, stop in shares(len(cells), 1 + len(self.rows) // 200_000):
                self.progress((part + start / len(cells)) / PARTITIONS / 2, "neighbour graph")
                arguments = (self.rows, self.manhattan, cells.order, cells.starts, self.near, self.who)
                self._share(nearest.join, start, stop, *arguments)
        new = np.ones(self.who.shape, np.bool_)
        for turn in range(ROUNDS):
            if self._refine(new, 0.5 + turn / ROUNDS / 2) < SETTLED * self.who.size:
                break
        for row in np.flatnonzero(self.who[:, -1] < 0):  # too small a cell each time: rare, and settled for good
            self.progress(None, "neighbour graph")
            self.near[row], self.who[row] = nearest.FAR, -1
            self._share(nearest.scan, int(row), int(row) + 1, self.rows, self.manhattan, self.near, self.who)

    def _refine(self, new: NDArray[np.bool_], fraction: float) -> int:
        """One round over the neighbours' neighbours; how many were replaced."""
        n, k = self.who.shape
        links = np.full((n, k + max(4, round(k * REVERSE))), -1, np.int32)
        fresh = np.zeros(links.shape, np.bool_)
        compiled(nearest.link)(self.who, new, links, fresh, np.full(n, k, np.int32))
        new[:] = False
        replaced = 0
        for start, stop in shares(n, 1 + n // 100_000):
            self.progress(fraction + start / n / ROUNDS / 2, "neighbour graph")
            arguments = (self.rows, self.manhattan, links, fresh, self.near, self.who, new)
            replaced += sum(self._share(nearest.refine, start, stop, *arguments, marks=n))
        return replaced

    def _share(self, loop: Callable[..., Any], start: int, stop: int, *arguments: object, marks: int = 0) -> list[Any]:
        """Run a compiled loop from `start` to `stop` in all threads; `marks` gives each an array of its own as well."""
        run = compiled(loop)

        def part(bounds: tuple[int, int]) -> object:
            own = (np.full(marks, -1, np.int32),) if marks else ()
            return run(*arguments, *own, start + bounds[0], start + bounds[1])

        return list(self.pool.map(part, shares(stop - start, cores())))


def _prepared(
    vectors: NDArray[np.float32], metric: Metric, progress: Progress
) -> tuple[NDArray[np.float32], np.float32]:
    """A copy of the vectors to measure between, and what its distances are to be multiplied by.

    For cosine rows are of unit length, so that half of the squared distance is 1 − cos; otherwise they are moved to
    their mean, and divided by their size where squares would overflow or vanish.
    """
    n, d = vectors.shape
    rows = np.empty((n, d), np.float32)
    angular = metric in ("cosine", "dot")
    step = block_rows(d)
    centre = np.zeros(d) if angular else np.mean(vectors[:: max(1, n // 50_000)], axis=0, dtype=np.float64)
    largest = 0.0
    for start in range(0, n, step):
        progress(0.0, "neighbour graph")
        block = vectors[start : start + step] - centre
        if angular:
            block /= np.maximum(np.abs(block).max(axis=1, keepdims=True, initial=0.0), np.finfo(np.float64).tiny)
            block /= np.maximum(np.sqrt(np.einsum("ij,ij->i", block, block)), 0.5)[:, None]
        largest = max(largest, float(np.abs(block).max(initial=0.0)))
        rows[start : start + step] = block
    if angular or largest == 0 or 1e-12 < largest < 1e12:
        return rows, np.float32(1)
    rows /= np.float32(largest)
    return rows, np.float32(largest)


def _in_order(place: NDArray[np.int32], who: NDArray[np.int32], near: NDArray[np.float32], exact: bool) -> Graph:
    """The graph in the order of the Dataset, from that of a search whose row i was the Dataset's `place[i]`."""
    rows = np.empty((len(place), who.shape[1] + 1), np.int32)
    distances = np.zeros(rows.shape, np.float32)
    rows[place, 0] = place
    rows[place, 1:] = place[who]
    distances[place, 1:] = near
    return Graph(rows, distances, exact)
