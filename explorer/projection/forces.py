"""The inner loop of the UMAP layout, a plain function that `jit.compiled` turns into machine code.

Powers are what it would spend its time on. Attraction goes edge by edge and reads its force from a table, the index of
which is the upper bits of the squared distance itself (a relative error of 2⁻⁸ at the most); repulsion takes LANES
random rows at a time, for which a processor computes them side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[Any]

DROPPED_BITS = 16
"""Of the 23 bits of a float32's fraction; 7 remain."""

LOWEST, HIGHEST = (int(entry) for entry in np.array([1e-8, 1e6], np.float32).view(np.int32) >> DROPPED_BITS)
"""Squared distances outside 1e-8 … 1e6 take the force at the ends of that range."""

NEGATIVES = 5
"""How many random rows push for each edge that pulls."""

LANES = 16
"""How many random rows push at once."""

BLOCK = 64
"""Rows whose edges pull before others push: in loops of their own a processor goes through both in half the time."""

GOLDEN = np.uint32(0x9E3779B9)


def pull_table(a: float, b: float) -> Floats:
    """The attraction by squared distance, float32 (entries,), for the middle of each entry's range.

    −2ab·s^(b−1) / (1 + a·s^b) is the factor that the difference of two positions is multiplied by, s being their
    squared distance.
    """
    entries = np.arange(LOWEST, HIGHEST + 1, dtype=np.int32)
    middles = (entries << DROPPED_BITS) + np.int32(1 << (DROPPED_BITS - 1))
    s = middles.view(np.float32).astype(np.float64)
    return np.asarray(-2 * a * b * s ** (b - 1) / (1 + a * s**b), np.float32)


def epoch(
    positions: Floats,
    starts: Ints,
    others: Ints,
    chances: Ints,
    table: Floats,
    shuffled_x: Floats,
    shuffled_y: Floats,
    slots: Ints,
    a: np.float32,
    b: np.float32,
    now: np.uint32,
    step: np.float32,
    seed: np.uint64,
    due: Ints,
    start: int,
    stop: int,
) -> None:
    """Epoch `now` for the rows `start` … `stop`, BLOCK at a time: their edges pull, then random rows push them.

    `step` is how far forces move. The other arguments are those of `pull` and `push`.
    """
    counts = np.empty(BLOCK, np.int32)
    for first in range(start, stop, BLOCK):
        end = min(first + BLOCK, stop)
        pull(positions, starts, others, chances, table, now, step, due, counts, first, end)
        push(positions, shuffled_x, shuffled_y, slots, counts, a, b, step, seed, first, end)


def pull(
    positions: Floats,
    starts: Ints,
    others: Ints,
    chances: Ints,
    table: Floats,
    now: np.uint32,
    step: np.float32,
    due: Ints,
    counts: Ints,
    start: int,
    stop: int,
) -> None:
    """Let the edges of some rows that are due pull both their ends together.

    `chances` uint32 (m,) is how often an edge is due, in 2⁻³² of all epochs, evenly spaced: when its multiples run
    over. `table` is `pull_table`'s. `due` int32 is this thread's own list, long enough for any row's edges; `counts`
    int32 (stop − start,) takes how many there were.
    """
    last = HIGHEST - LOWEST
    most = np.float32(4)
    for row in range(start, stop):
        count = 0
        for edge in range(starts[row], starts[row + 1]):
            due[count] = others[edge]
            count += np.uint32(chances[edge] * now + np.uint32(edge) * GOLDEN) < chances[edge]
        counts[row - start] = count
        x, y = positions[row, 0], positions[row, 1]
        from_x, from_y = x, y
        for each in range(count):
            other = np.uint32(due[each])
            dx, dy = x - positions[other, 0], y - positions[other, 1]
            entry = (int(np.float32(dx * dx + dy * dy).view(np.int32)) >> DROPPED_BITS) - LOWEST
            force = table[np.uint32(min(max(entry, 0), last))]
            move_x = min(max(force * dx, -most), most) * step
            move_y = min(max(force * dy, -most), most) * step
            x += move_x
            y += move_y
            positions[other, 0] -= move_x
            positions[other, 1] -= move_y
        positions[row, 0] += x - from_x
        positions[row, 1] += y - from_y


def push(
    positions: Floats,
    shuffled_x: Floats,
    shuffled_y: Floats,
    slots: Ints,
    counts: Ints,
    a: np.float32,
    b: np.float32,
    step: np.float32,
    seed: np.uint64,
    start: int,
    stop: int,
) -> None:
    """Let random rows push some rows away, NEGATIVES for each edge in `counts`, which pulled.

    `shuffled_x` and `shuffled_y` float32 (n + LANES,) are all positions in a random order that begins anew at the end;
    row i stands at `slots[i]`. LANES that follow each other push at once, their sum being limited as one push is, and
    weighted so that their number is true. The repulsion is 2b / ((0.001 + s)(1 + a·s^b)). Which rows they are follows
    from the seed and the row, whoever walks it.
    """
    n = positions.shape[0]
    lanes = min(LANES, n - 1)
    most = np.float32(4)
    for row in range(start, stop):
        if counts[row - start] == 0:
            continue
        x, y = positions[row, 0], positions[row, 1]
        from_x, from_y = x, y
        wanted = NEGATIVES * counts[row - start]
        turns = (wanted + lanes - 1) // lanes
        weight = np.float32(wanted) / np.float32(turns * lanes)
        state = (seed + np.uint64(row) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
        for _ in range(turns):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            # From the slot after its own on, so that no row pushes itself.
            at = slots[row] + 1 + np.int64(((state >> np.uint64(32)) * np.uint64(n - lanes)) >> np.uint64(32))
            if at >= n:
                at -= n
            push_x, push_y = np.float32(0), np.float32(0)
            for lane in range(LANES):
                slot = np.uint64(at + lane)  # an index that cannot be negative needs no test whether it is
                dx, dy = x - shuffled_x[slot], y - shuffled_y[slot]
                s = dx * dx + dy * dy
                bits = np.int32(np.float32(s + np.float32(1e-12)).view(np.int32))
                # s^b by way of its logarithm, both by a cubic within an octave: right to a thousandth.
                m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32)
                octave = np.float32(np.int32(bits >> np.int32(23)) - np.int32(127))
                cubic = m * (np.float32(3.047884161) + m * (np.float32(-1.051875031) + m * np.float32(0.1582487046)))
                power = b * (octave + cubic - np.float32(2.153620718))
                whole = np.floor(power)
                r = power - whole
                scale = np.int32(np.int32(np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
                cubic = r * (np.float32(0.6951786) + r * (np.float32(0.2276439) + r * np.float32(0.0780245)))
                likeness = np.float32(1) + a * (scale * (np.float32(1) + cubic))
                force = np.float32(2) * b / ((np.float32(0.001) + s) * likeness)
                if lane < lanes:
                    push_x += min(max(force * dx, -most), most)
                    push_y += min(max(force * dy, -most), most)
            x += min(max(push_x * weight, -most), most) * step
            y += min(max(push_y * weight, -most), most) * step
        positions[row, 0] += x - from_x
        positions[row, 1] += y - from_y
