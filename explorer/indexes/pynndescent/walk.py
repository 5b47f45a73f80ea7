"""The search through a graph of PyNNDescent's, step for step as the library does it, as one function of machine code.

The library compiles a search into every process for minutes where it cannot use the one it keeps (under Manhattan), and
imports scikit-learn for seconds where it can. This one is compiled once on each machine, and needs numba alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import machine_code
from explorer.indexes.pynndescent.graph import Graph

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LEVEL = 1e-8
"""So near to a plane the library tosses a coin."""
NONE = -1
OPTIONS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
"""Sums in any order, which is what makes them fast; the distance of what is not there yet is infinite."""


def far(x: Any, y: Any, manhattan: Any) -> Any:
    """How far two vectors lie apart: the sum of absolute differences, or else of their squares."""
    total = np.float32(0.0)
    if manhattan:
        for i in range(x.shape[0]):
            total += abs(x[i] - y[i])
    else:
        for i in range(x.shape[0]):
            apart = x[i] - y[i]
            total += apart * apart
    return total


def drawn(state: Any) -> Any:
    """The library's next random number, 0 or greater, from a state int64 (3,), which moves on."""
    state[0] = (((state[0] & 4294967294) << 12) & 0xFFFFFFFF) ^ ((((state[0] << 13) & 0xFFFFFFFF) ^ state[0]) >> 19)
    state[1] = (((state[1] & 4294967288) << 4) & 0xFFFFFFFF) ^ ((((state[1] << 2) & 0xFFFFFFFF) ^ state[1]) >> 25)
    state[2] = (((state[2] & 4294967280) << 17) & 0xFFFFFFFF) ^ ((((state[2] << 3) & 0xFFFFFFFF) ^ state[2]) >> 11)
    return abs(np.int32(state[0] ^ state[1] ^ state[2]))


def leaf_of(query: Any, planes: Any, offsets: Any, children: Any, state: Any) -> Any:
    """The node of the tree's leaf that a query falls into."""
    node = 0
    while children[node, 0] > 0:
        margin = offsets[node]
        for i in range(query.shape[0]):
            margin += planes[node, i] * query[i]
        if abs(margin) < LEVEL:
            side = drawn(state) % 2
        else:
            side = 0 if margin > 0 else 1
        node = children[node, side]
    return node


def push(distances: Any, found: Any, distance: Any, row: Any) -> None:
    """Put a row into the heap of the nearest: the farthest stands first and makes way, unless the row is as far."""
    if distance >= distances[0]:
        return
    size, i = distances.shape[0], 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and distances[child] < distances[child + 1]:
            child += 1
        if distances[child] <= distance:
            break
        distances[i] = distances[child]
        found[i] = found[child]
        i = child
    distances[i] = distance
    found[i] = row


def search(
    query: Floats,
    manhattan: bool,
    vectors: Floats,
    starts: Ints,
    links: Ints,
    planes: Floats,
    offsets: Floats,
    children: Ints,
    leaves: Ints,
    state: NDArray[np.int64],
    wanted: int,
    nearest_link: float,
    epsilon: float,
    found: Ints,
    distances: Floats,
) -> None:
    """Fill a heap `found` int32 (k,), with `distances` float32 (k,), with the nearest of `vectors` (n, d).

    From the leaf of the tree that the query falls into, and from random rows where it holds fewer than `wanted`, the
    walk goes along the links for as long as one leads nearer than the k-th distance and a share `epsilon` of it beyond.
    """
    found[:] = NONE
    distances[:] = np.inf
    visited = np.zeros(vectors.shape[0], np.uint8)
    ahead = [(np.float32(np.inf), np.int32(NONE)) for _ in range(0)]
    leaf = leaf_of(query, planes, offsets, children, state)
    begun = 0
    for at in range(-children[leaf, 0], -children[leaf, 1]):
        row = leaves[at]
        if visited[row] == 0:
            visited[row] = 1
            distance = np.float32(far(query, vectors[row], manhattan))
            push(distances, found, distance, row)
            heapq.heappush(ahead, (distance, row))
            begun += 1
    for _ in range(min(distances.shape[0], wanted) - begun):
        row = np.int32(drawn(state) % vectors.shape[0])
        if visited[row] == 0:
            visited[row] = 1
            distance = np.float32(far(query, vectors[row], manhattan))
            push(distances, found, distance, row)
            heapq.heappush(ahead, (distance, row))
    slack, least = np.float32(epsilon), np.float32(nearest_link)
    bound = distances[0] + slack * (distances[0] - least)
    while len(ahead) > 0:
        distance, here = heapq.heappop(ahead)
        if distance >= bound:
            break
        for at in range(starts[here], starts[here + 1]):
            row = links[at]
            if visited[row] == 0:
                visited[row] = 1
                distance = np.float32(far(query, vectors[row], manhattan))
                if distance < bound:
                    push(distances, found, distance, row)
                    heapq.heappush(ahead, (distance, row))
                    bound = distances[0] + slack * (distances[0] - least)


@cache
def compiled() -> Callable[..., None]:
    """`search` as machine code, without the interpreter's lock."""
    from numba.extending import register_jitable

    for function in (far, drawn, leaf_of, push):
        register_jitable(**OPTIONS)(function)
    return machine_code.compiled(search, nogil=True, **OPTIONS)


def found(graph: Graph, query: Floats, metric: str, k: int, epsilon: float) -> NDArray[np.int64]:
    """The rows that a search for one query (1, width) finds, nearest first: at most k, by PyNNDescent's metric."""
    positions, distances = np.empty(k, np.int32), np.empty(k, np.float32)
    compiled()(
        # What may not be written to is of another type, and would be compiled for anew.
        np.array(query[0], np.float32),
        metric == "manhattan",
        graph.vectors,
        graph.starts,
        graph.links,
        graph.planes,
        graph.offsets,
        graph.children,
        graph.leaves,
        graph.state.copy(),
        int(graph.numbers[0]),
        float(graph.numbers[1]),
        float(epsilon),
        positions,
        distances,
    )
    order = np.argsort(distances, kind="stable")
    order = order[positions[order] != NONE]
    rows: NDArray[np.int64] = graph.rows[positions[order]].astype(np.int64)
    return rows
