"""The inner loops of the neighbour graph, as plain functions that `jit.compiled` turns into machine code.

All keep, for each row, the nearest rows seen so far: `near[row]` (float32 scores, sorted) and `who[row]` (int32 rows),
filled with FAR and −1 at first; itself is never among them. Scores are squared euclidean distances or sums of
absolute differences. The last two arguments bound the rows or cells, so that threads can share them out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAR = np.float32(3e38)
"""Farther than anything: not infinity, which fast floating-point arithmetic may not meet."""

MIDDLES = 3
"""Over so many of the nearest rows of a sample others are looked for."""

Floats = NDArray[np.float32]
Ints = NDArray[Any]


def apart(rows: Floats, one: int, two: int, manhattan: bool) -> np.float32:
    """How far apart two rows are: the sum of absolute differences, or of their squares."""
    score = np.float32(0)
    if manhattan:
        for d in range(rows.shape[1]):
            score += abs(rows[one, d] - rows[two, d])
    else:
        for d in range(rows.shape[1]):
            difference = rows[one, d] - rows[two, d]
            score += difference * difference
    return score


def insert(near: Floats, who: Ints, row: int, last: int, other: int, score: np.float32) -> int:
    """Put `other` where its score belongs among the first `last` neighbours of a row, over the last one; its place."""
    slot = last
    while slot > 0 and near[row, slot - 1] > score:
        near[row, slot] = near[row, slot - 1]
        who[row, slot] = who[row, slot - 1]
        slot -= 1
    near[row, slot] = score
    who[row, slot] = other
    return slot


def keep_from_products(
    products: Floats, half_norms: Floats, first: int, near: Floats, who: Ints, start: int, stop: int
) -> None:
    """Keep the nearest of all rows, from the inner products (m, n) of the rows `first` … `first + m` with all.

    ‖c‖²/2 − x·c orders the candidates c as the squared distance does; `measure` puts distances in its place.
    """
    last = near.shape[1] - 1
    for i in range(start, stop):
        row = first + i
        for other in range(products.shape[1]):
            score = half_norms[other] - products[i, other]
            if score < near[row, last] and other != row:
                insert(near, who, row, last, other, score)


def measure(rows: Floats, near: Floats, who: Ints, start: int, stop: int) -> None:
    """Put squared euclidean distances, taken by subtraction, in place of the scores, and sort by them."""
    for row in range(start, stop):
        for place in range(near.shape[1]):
            other = who[row, place]
            insert(near, who, row, place, other, apart(rows, row, other, False))


def scan(rows: Floats, manhattan: bool, near: Floats, who: Ints, start: int, stop: int) -> None:
    """Measure the rows `start` … `stop` against all."""
    last = near.shape[1] - 1
    for row in range(start, stop):
        for other in range(rows.shape[0]):
            score = apart(rows, row, other, manhattan)
            if score < near[row, last] and other != row:
                insert(near, who, row, last, other, score)


def join(
    rows: Floats, manhattan: bool, order: Ints, starts: Ints, near: Floats, who: Ints, start: int, stop: int
) -> None:
    """Measure every pair of rows that share a cell, for the cells `start` … `stop` of a partition."""
    last = near.shape[1] - 1
    for cell in range(start, stop):
        for i in range(starts[cell], starts[cell + 1]):
            for j in range(starts[cell], i):
                one, two = order[i], order[j]
                score = apart(rows, one, two, manhattan)
                for _ in range(2):
                    one, two = two, one
                    if score < near[one, last]:
                        known = False
                        for place in range(last + 1):
                            known |= who[one, place] == two
                        if not known:
                            insert(near, who, one, last, two, score)


def link(who: Ints, new: Ints, links: Ints, fresh: Ints, filled: Ints) -> None:
    """Write into `links` and `fresh` (n, m) each row's neighbours, then those whose neighbour it is, as far as there
    is room, the nearest first. `links` is filled with −1, and `filled` (n,) with how many neighbours there are."""
    for place in range(who.shape[1]):
        for row in range(who.shape[0]):
            other = who[row, place]
            if other >= 0:
                links[row, place] = other
                fresh[row, place] = new[row, place]
                if filled[other] < links.shape[1]:
                    links[other, filled[other]] = row
                    fresh[other, filled[other]] = new[row, place]
                    filled[other] += 1


def refine(
    rows: Floats,
    manhattan: bool,
    links: Ints,
    fresh: Ints,
    near: Floats,
    who: Ints,
    new: Ints,
    seen: Ints,
    start: int,
    stop: int,
) -> int:
    """Measure each row against the links of its links; returns how many neighbours were replaced.

    `links` int32 (n, m), −1 where there are none, and `fresh` bool (n, m), which of them were not there the last
    time: a way over two old links was tried then. `new` bool (n, k) is set where a neighbour was replaced. `seen`
    int32 (n,), −1 at first, is this thread's own mark of whom the present row has met.
    """
    last = near.shape[1] - 1
    replaced = 0
    for row in range(start, stop):
        seen[row] = row
        for place in range(last + 1):
            if who[row, place] >= 0:
                seen[who[row, place]] = row
        for place in range(links.shape[1]):
            middle = links[row, place]
            if middle < 0:
                continue
            for step in range(links.shape[1]):
                other = links[middle, step]
                if other < 0 or seen[other] == row or not (fresh[row, place] or fresh[middle, step]):
                    continue
                seen[other] = row
                score = apart(rows, row, other, manhattan)
                if score < near[row, last]:
                    replaced += 1
                    slot = insert(near, who, row, last, other, score)
                    for moved in range(last, slot, -1):
                        new[row, moved] = new[row, moved - 1]
                    new[row, slot] = True
    return replaced


def between(rows: Floats, one: int, others: Floats, two: int, manhattan: bool) -> np.float32:
    """As `apart`, of a row here and one there."""
    score = np.float32(0)
    if manhattan:
        for d in range(rows.shape[1]):
            score += abs(rows[one, d] - others[two, d])
    else:
        for d in range(rows.shape[1]):
            difference = rows[one, d] - others[two, d]
            score += difference * difference
    return score


def put(
    rows: Floats,
    cells: Ints,
    sample: Floats,
    links: Ints,
    places: Floats,
    members: Ints,
    starts: Ints,
    manhattan: bool,
    k: int,
    out: Floats,
) -> None:
    """Write to `out` (m, 2) where each of `rows` (m, d) belongs among a sample that lies at `places` (s, 2).

    Row i is measured against the rows of the sample in its cell, members[starts[cells[i]] : starts[cells[i] + 1]], and
    then against the `links` (s, any) of the MIDDLES nearest of them; the k nearest of all give their weighted mean.
    """
    near = np.empty((1, k), np.float32)
    who = np.empty((1, k), np.int32)
    for row in range(rows.shape[0]):
        near[:] = FAR
        who[:] = -1
        first = starts[cells[row]]
        size = starts[cells[row] + 1] - first
        for each in range(size + MIDDLES * links.shape[1]):
            if each < size:
                other = members[first + each]
            else:
                middle = who[0, min((each - size) // links.shape[1], k - 1)]
                other = links[middle, (each - size) % links.shape[1]] if middle >= 0 else np.int32(-1)
            if other >= 0:
                score = between(rows, row, sample, other, manhattan)
                if score < near[0, k - 1]:
                    known = False
                    for at in range(k):
                        known |= who[0, at] == other
                    if not known:
                        insert(near, who, 0, k - 1, other, score)
        beyond = np.float32(0)
        count = 0
        for at in range(k):
            if who[0, at] >= 0:
                count += 1
                if not manhattan:
                    near[0, at] = np.sqrt(near[0, at])
                beyond += near[0, at] - near[0, 0]
        total, x, y = np.float32(0), np.float32(0), np.float32(0)
        for at in range(count):
            weight = np.float32(1)
            if beyond > 0:
                weight = np.exp(-(near[0, at] - near[0, 0]) * np.float32(count) / beyond)
            total += weight
            x += weight * places[who[0, at], 0]
            y += weight * places[who[0, at], 1]
        out[row, 0] = x / total
        out[row, 1] = y / total
