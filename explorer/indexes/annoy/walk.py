"""Annoy's search, as a loop: the most promising node of all trees is taken from a queue, over and over."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import machine_code
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.indexes.annoy.structure import NODES_AT_A_TIME, Grown

NO_ROW = -1
ALL = 2**62
OFFSETS = {"angular": 0, "euclidean": 1, "manhattan": 1, "dot": 2}
"""What is added to the product of plane and query: nothing, the plane's offset, or the square of its extra number."""


@dataclass(frozen=True, eq=False)
class Walk:
    """A search of s steps. By step: `nodes` int32 (s,) of the Forest, `priorities` float32 (s,), `origins` int32 (s,)
    the step at which it was put into the queue (−1: a root), `known` int32 (s,) and `looked` int64 (s,): how many rows
    were known when it was done, each once, and as often as they were met, which is what `search_k` counts.

    `order` int32 (v,) are the rows as they were met. `needed` int64 (n,) is the smallest search_k at which a row is
    met, 0 for one that was not.
    """

    nodes: NDArray[np.int32]
    priorities: NDArray[np.float32]
    origins: NDArray[np.int32]
    known: NDArray[np.int32]
    looked: NDArray[np.int64]
    order: NDArray[np.int32]
    needed: NDArray[np.int64]


def walked(
    grown: Grown,
    query: NDArray[np.float32],
    search_k: int = ALL,
    *,
    wanted: int = NO_ROW,
    roots: NDArray[np.int32] | None = None,
) -> Walk:
    """Search for a query (width,), as annoy gets it, until `search_k` rows were looked at.

    With `wanted` until that row is met; from all roots unless some are given.
    """
    forest = grown.forest
    found = _loop()(
        grown.nodes["vector"],
        grown.nodes["factor"],
        OFFSETS[grown.layout.library_metric],
        grown.places,
        forest.children,
        forest.leaf_starts,
        forest.leaf_rows,
        forest.roots if roots is None else roots,
        query,
        search_k,
        wanted,
        np.zeros(forest.rows, np.int64),
    )
    return Walk(*found)


def margins(grown: Grown, node: int, progress: Progress = silent) -> NDArray[np.float32]:
    """The margins of all rows (n,) to a split; 0 where it was drawn by lot. Raises BadParameter for no split."""
    forest, nodes = grown.forest, grown.nodes
    if not 0 <= node < len(forest.children) or forest.children[node, 0] < 0:
        raise BadParameter(f"{node} is no split of this forest.")
    found = np.zeros(forest.rows, np.float32)
    if forest.random[node]:
        return found
    split = nodes[grown.places[node]]
    added = {0: 0.0, 1: split["factor"], 2: split["factor"] ** 2}[OFFSETS[grown.layout.library_metric]]
    for start in range(0, forest.rows, NODES_AT_A_TIME):
        progress(start / forest.rows, "margins")
        block = slice(start, min(start + NODES_AT_A_TIME, forest.rows))
        found[block] = nodes["vector"][block] @ split["vector"] + added
    return found


@cache
def _loop() -> Any:
    # Not parallel: it shares a process with Faiss, whose OpenMP bears no second one on macOS.
    return machine_code.compiled(walk, nogil=True)


def walk(
    planes: Any,
    factors: Any,
    offset: int,
    places: Any,
    children: Any,
    leaf_starts: Any,
    leaf_rows: Any,
    roots: Any,
    query: Any,
    search_k: int,
    wanted: int,
    needed: Any,
) -> Any:
    """The loop of `walked`: a heap of (−priority, −place in the file, node, step that put it there)."""
    most = len(places)
    nodes, origins, known = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    priorities, looked = np.empty(most, np.float32), np.empty(most, np.int64)
    order = np.empty(len(needed), np.int32)
    heap = [(-np.float32(np.inf), -np.int64(places[root]), np.int64(root), np.int64(-1)) for root in roots]
    heapq.heapify(heap)
    step, met, count = 0, 0, 0
    while len(heap) > 0 and count < search_k and (wanted < 0 or needed[wanted] == 0):
        turned, _, node, origin = heapq.heappop(heap)
        priority = -turned
        if children[node, 0] < 0:
            before = count
            for i in range(leaf_starts[node], leaf_starts[node + 1]):
                row = leaf_rows[i]
                count += 1
                if needed[row] == 0:
                    needed[row] = before + 1
                    order[met] = row
                    met += 1
        else:
            plane = planes[places[node]]
            product = 0.0
            for d in range(len(query)):
                product += np.float64(plane[d]) * np.float64(query[d])
            margin = np.float32(product)
            factor = factors[places[node]]
            if offset == 1:
                margin = np.float32(margin + factor)
            elif offset == 2:
                margin = np.float32(margin + factor * factor)
            for side in range(2):
                child = children[node, side]
                own = margin if side == 1 else -margin
                first = own if own < priority else priority
                heapq.heappush(heap, (-first, -np.int64(places[child]), np.int64(child), np.int64(step)))
        nodes[step], priorities[step], origins[step], known[step], looked[step] = node, priority, origin, met, count
        step += 1
    return (
        nodes[:step].copy(),
        priorities[:step].copy(),
        origins[:step].copy(),
        known[:step].copy(),
        looked[:step].copy(),
        order[:met].copy(),
        needed,
    )
