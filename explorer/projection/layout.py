"""The layout of UMAP: attraction along edges, repulsion from random rows, epoch by epoch.

The sampling schedule is umap-learn's (`optimize_layout_euclidean`). The two forces are functions of the squared
distance alone, and their powers are what the layout would spend its time on; so they are read from a table, whose
index is the upper bits of the float32 itself: a relative error of 2⁻⁸ in the distance at the most.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.projection.fuzzy import Edges, epochs_per_sample
from explorer.projection.jit import compiled, cores, shares

Floats = NDArray[np.float32]
Ints = NDArray[Any]

DROPPED_BITS = 16
"""Of the 23 bits of a float32's fraction; 7 remain."""

LOWEST, HIGHEST = (int(entry) for entry in np.array([1e-8, 1e6], np.float32).view(np.int32) >> DROPPED_BITS)
"""Squared distances outside 1e-8 … 1e6 take the force at the ends of that range."""

NEGATIVES = 5
"""How many random rows push for each edge that pulls."""

EDGES_A_TURN = 4_000_000
"""About how many edges are walked before progress is told."""

FEW_EDGES = 20_000
"""Fewer than this are not worth a second thread."""


def force_table(a: float, b: float) -> Floats:
    """Attraction and repulsion by squared distance, float32 (entries, 2), for the middle of each entry's range.

    The attraction −2ab·s^(b−1) / (1 + a·s^b) and the repulsion 2b / ((0.001 + s)(1 + a·s^b)) are the factors that
    the difference of two positions is multiplied by, s being their squared distance.
    """
    entries = np.arange(LOWEST, HIGHEST + 1, dtype=np.int32)
    middles = (entries << DROPPED_BITS) + np.int32(1 << (DROPPED_BITS - 1))
    s = middles.view(np.float32).astype(np.float64)
    attraction = -2 * a * b * s ** (b - 1) / (1 + a * s**b)
    repulsion = 2 * b / ((0.001 + s) * (1 + a * s**b))
    return np.stack([attraction, repulsion], axis=1).astype(np.float32)


def epoch(
    positions: Floats,
    starts: Ints,
    others: Ints,
    every: Floats,
    due: Floats,
    pushes_due: Floats,
    table: Floats,
    now: np.float32,
    step: np.float32,
    seed: np.uint64,
    start: int,
    stop: int,
) -> None:
    """Epoch `now` for the rows `start` … `stop`; a plain function that `jit.compiled` turns into machine code.

    `every`, `due` and `pushes_due` (m,) are the schedule of the edges; `step` is how far forces move. Random rows
    follow from the seed and the row, so the result does not depend on how rows are divided into calls.
    """
    n = np.uint64(positions.shape[0])
    last = HIGHEST - LOWEST
    for row in range(start, stop):
        x, y = positions[row, 0], positions[row, 1]
        from_x, from_y = x, y
        state = (seed + np.uint64(row) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
        for edge in range(starts[row], starts[row + 1]):
            if due[edge] > now:
                continue
            other = others[edge]
            dx, dy = x - positions[other, 0], y - positions[other, 1]
            entry = (int(np.float32(dx * dx + dy * dy).view(np.int32)) >> DROPPED_BITS) - LOWEST
            pull = table[min(max(entry, 0), last), 0]
            move_x = min(max(pull * dx, np.float32(-4)), np.float32(4)) * step
            move_y = min(max(pull * dy, np.float32(-4)), np.float32(4)) * step
            x += move_x
            y += move_y
            positions[other, 0] -= move_x
            positions[other, 1] -= move_y
            due[edge] += every[edge]
            between = every[edge] / np.float32(NEGATIVES)
            pushes = int((now - pushes_due[edge]) / between)
            pushes_due[edge] += np.float32(pushes) * between
            for _ in range(pushes):
                state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                other = np.int64(((state >> np.uint64(32)) * n) >> np.uint64(32))
                dx, dy = x - positions[other, 0], y - positions[other, 1]
                entry = (int(np.float32(dx * dx + dy * dy).view(np.int32)) >> DROPPED_BITS) - LOWEST
                push = table[min(max(entry, 0), last), 1]
                x += min(max(push * dx, np.float32(-4)), np.float32(4)) * step
                y += min(max(push * dy, np.float32(-4)), np.float32(4)) * step
        positions[row, 0] += x - from_x
        positions[row, 1] += y - from_y


class Layout:
    """A layout in progress: `positions` float32 (n, 2) change in place with each of `epochs`."""

    def __init__(
        self, positions: Floats, edges: Edges, a: float, b: float, epochs: int, seed: int, threads: int | None = None
    ) -> None:
        """One thread gives the same bytes for the same seed; None takes one for each core."""
        self.positions = positions
        self.edges = edges
        self.epochs = epochs
        self.threads = cores() if threads is None else threads
        self._table = force_table(a, b)
        self._every = epochs_per_sample(edges.weights, epochs)
        self._due = self._every.copy()
        self._pushes_due = self._every / np.float32(NEGATIVES)
        self._seeds = np.random.SeedSequence(seed).generate_state(epochs, np.uint64)

    def run(self, tell: Callable[[int, float], None]) -> None:
        """All epochs. `tell(epoch, fraction)` is called before each, and within long ones; what it raises ends it."""
        m = len(self.edges.others)
        threads = 1 if m < FEW_EDGES else self.threads
        turns = self._turns(1 + m // EDGES_A_TURN, threads)
        with ThreadPoolExecutor(threads) as pool:
            for number in range(self.epochs):
                for turn, parts in enumerate(turns):
                    tell(number, (number + turn / len(turns)) / self.epochs)
                    self._walk(number, parts, pool)

    def _turns(self, turns: int, threads: int) -> list[list[tuple[int, int]]]:
        """The rows of each turn, divided among the threads so that each has as many edges."""
        m = len(self.edges.others)
        edges = [start for start, _ in shares(m, turns * threads)] + [m]
        rows = np.searchsorted(self.edges.starts, edges, side="left")
        rows[0], rows[-1] = 0, len(self.positions)
        parts = [(int(start), int(stop)) for start, stop in pairwise(rows)]
        return [parts[i : i + threads] for i in range(0, len(parts), threads)]

    def _walk(self, number: int, parts: list[tuple[int, int]], pool: ThreadPoolExecutor) -> None:
        """One turn of an epoch: each thread walks its rows; the steps grow shorter from epoch to epoch."""
        run = compiled(epoch)
        step = np.float32(1 - max(0, number - 1) / self.epochs)
        schedule = (self._every, self._due, self._pushes_due, self._table, np.float32(number), step)

        def walk(rows: tuple[int, int]) -> None:
            run(self.positions, self.edges.starts, self.edges.others, *schedule, self._seeds[number], *rows)

        if len(parts) == 1:
            walk(parts[0])
        else:
            list(pool.map(walk, parts))
