"""The layout of UMAP: attraction along edges, repulsion from random rows, epoch by epoch.

How often an edge is drawn and what it does are umap-learn's (`optimize_layout_euclidean`). Ours is that all repulsion
of an epoch sees the other rows where they were when it began, and that the steps are shorter from the start: large ones
undo each other, and without them two fifths of the epochs keep as many neighbours together (measured, see
`tests.benchmarks.umap_layout`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.projection.forces import LANES, epoch, pull, pull_table, push
from explorer.projection.fuzzy import Edges
from explorer.projection.jit import callable_from_compiled, compiled, cores, shares

Floats = NDArray[np.float32]

FIRST_STEP, CALMING = 0.5, 1.5
"""Forces move rows by FIRST_STEP · (1 − t)^CALMING of themselves, t going from 0 to 1."""

EDGES_A_TURN = 4_000_000
"""About how many edges are walked before progress is told."""

FEW_EDGES = 20_000
"""Fewer than this are not worth a second thread."""


class Layout:
    """A layout in progress: `positions` float32 (n, 2) change in place with each of `epochs`."""

    def __init__(
        self, positions: Floats, edges: Edges, a: float, b: float, epochs: int, seed: int, threads: int | None = None
    ) -> None:
        """One thread gives the same bytes for the same seed; None takes one for each core. Two rows at least."""
        n = len(positions)
        self.positions = positions
        self.edges = edges
        self.epochs = epochs
        self.threads = cores() if threads is None else threads
        self._table = pull_table(a, b)
        self._a, self._b = np.float32(a), np.float32(b)
        share = edges.weights / edges.weights.max(initial=np.finfo(np.float32).tiny)
        self._chances = np.minimum(share * np.float64(2**32), 2**32 - 1).astype(np.uint32)
        rng = np.random.default_rng(seed)
        self._seeds = rng.integers(2**63, size=epochs, dtype=np.uint64)
        order = rng.permutation(n).astype(np.int32)
        self._order = order[np.arange(n + LANES) % n]
        self._slots = np.empty(n, np.int32)
        self._slots[order] = np.arange(n, dtype=np.int32)

    def run(self, tell: Callable[[int, float], None]) -> None:
        """All epochs. `tell(epoch, fraction)` is called before each, and within long ones; what it raises ends it."""
        m = len(self.edges.others)
        threads = 1 if m < FEW_EDGES else self.threads
        turns = self._turns(1 + m // EDGES_A_TURN, threads)
        longest = int(np.diff(self.edges.starts).max(initial=0))
        lists = [np.empty(longest + 1, np.int32) for _ in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            for number in range(self.epochs):
                self._see()
                for turn, parts in enumerate(turns):
                    tell(number, (number + turn / len(turns)) / self.epochs)
                    self._walk(number, parts, lists, pool)

    def _see(self) -> None:
        """Take down where all rows are, in random order."""
        shuffled = self.positions[self._order]
        self._shuffled = np.ascontiguousarray(shuffled[:, 0]), np.ascontiguousarray(shuffled[:, 1])

    def _turns(self, turns: int, threads: int) -> list[list[tuple[int, int]]]:
        """The rows of each turn, divided among the threads so that each has as many edges."""
        m = len(self.edges.others)
        edges = [start for start, _ in shares(m, turns * threads)] + [m]
        rows = np.searchsorted(self.edges.starts, edges, side="left")
        rows[0], rows[-1] = 0, len(self.positions)
        parts = [(int(start), int(stop)) for start, stop in pairwise(rows)]
        return [parts[i : i + threads] for i in range(0, len(parts), threads)]

    def _walk(
        self, number: int, parts: list[tuple[int, int]], lists: list[NDArray[Any]], pool: ThreadPoolExecutor
    ) -> None:
        """One turn of an epoch: each thread walks its rows; the steps grow shorter from epoch to epoch."""
        callable_from_compiled((pull, push), inline=False)
        run, edges = compiled(epoch), self.edges
        step = np.float32(FIRST_STEP * (1 - number / self.epochs) ** CALMING)
        graph = (edges.starts, edges.others, self._chances, self._table)
        pushed = (*self._shuffled, self._slots, self._a, self._b)
        moment = (np.uint32(number + 1), step, self._seeds[number])

        def walk(rows: tuple[int, int], due: NDArray[Any]) -> None:
            run(self.positions, *graph, *pushed, *moment, due, *rows)

        if len(parts) == 1:
            walk(parts[0], lists[0])
        else:
            list(pool.map(walk, parts, lists))
