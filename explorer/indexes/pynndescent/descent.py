"""PyNNDescent builds, and what it builds is kept as plain arrays.

The library compiles its descent anew in every process: it is handed the distance as a compiled function, whose address
is another each time, so the machine code cannot be kept. Here it is handed a plain one that is compiled into it, by
functions whose machine code is kept; and each round is told.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import machine_code
from explorer.core.params import Params
from explorer.core.progress import Progress
from explorer.indexes.pynndescent.graph import Graph

FIRST_TIME = "at the first time it compiles, for a minute or more"

BEGINS, ENDS = 0.3, 0.8
BLOCK = 16384
"""So many rows are joined at a time: the library's own."""
NONE = -1

init_rp_tree: Any = None
init_random: Any = None
build_candidates_owner: Any = None
process_candidates: Any = None
"""The library's, once it is loaded."""


def built(vectors: NDArray[np.float32], metric: str, params: Params, progress: Progress) -> Graph:
    """The search graph over vectors (n, width), which it may change, by PyNNDescent's name of a metric."""
    progress(0.0, f"loading PyNNDescent; {FIRST_TIME}")
    seed = params.get("seed")
    with machine_code.kept(), warnings.catch_warnings():
        # It says that rows have too few neighbours, which is so wherever there are few rows.
        warnings.simplefilter("ignore")
        import numba
        from pynndescent import NNDescent

        threads: int = numba.get_num_threads()
        progress(0.1, f"growing trees; {FIRST_TIME}")
        with _kept_descent(progress):
            try:
                index = NNDescent(
                    vectors,
                    metric,
                    n_neighbors=min(int(params["n_neighbors"]), len(vectors)),
                    n_trees=params.get("n_trees"),
                    n_iters=params.get("n_iters"),
                    pruning_degree_multiplier=float(params["pruning_degree_multiplier"]),
                    diversify_prob=float(params["diversify_prob"]),
                    random_state=seed,
                    n_jobs=None if seed is None else 1,
                )
                progress(ENDS, f"linking; {FIRST_TIME}")
                index._init_search_graph()
            finally:
                numba.set_num_threads(threads)
    (tree,) = index._search_forest
    return Graph(
        vectors=np.ascontiguousarray(index._raw_data, np.float32),
        rows=np.ascontiguousarray(index._vertex_order, np.int32),
        starts=np.ascontiguousarray(index._search_graph.indptr, np.int32),
        links=np.ascontiguousarray(index._search_graph.indices, np.int32),
        planes=np.ascontiguousarray(tree.hyperplanes, np.float32),
        offsets=np.ascontiguousarray(tree.offsets, np.float32),
        children=np.ascontiguousarray(tree.children, np.int32),
        leaves=np.ascontiguousarray(tree.indices, np.int32),
        state=np.ascontiguousarray(index.search_rng_state, np.int64),
        numbers=np.array([index.n_neighbors, index._min_distance], np.float64),
    )


def descended(
    data: Any,
    neighbours: int,
    state: Any,
    candidates: int,
    manhattan: bool,
    rounds: int,
    delta: float,
    leaves: Any,
    kernel: int,
    progress: Progress,
) -> tuple[Any, Any]:
    """The library's `nn_descent`, round by round: indices and distances (n, neighbours), nearest first."""
    import numba
    from pynndescent.search import deheap_sort_parallel
    from pynndescent.utils import make_heap

    begin, go_on = (_compiled(one) for one in (_OF_MANHATTAN if manhattan else _OF_EUCLIDEAN))
    threads, rows = numba.get_num_threads(), len(data)
    progress(BEGINS, f"first neighbours; {FIRST_TIME}")
    heap = make_heap(rows, neighbours)
    begin(data, heap, leaves, neighbours, state, threads)
    updates = int((candidates**2 + candidates * (candidates - 1) / 2) * BLOCK / threads) + 1024
    beside = threads > 1
    room = (
        np.empty((threads, updates, 3), np.float32),
        np.zeros(threads, np.int32),
        np.empty((threads, 2 * updates, 3) if beside else (1, 1, 3), np.float32),
        np.zeros((threads, threads + 1), np.int64),
    )
    chosen = (
        np.full((rows, candidates), NONE, np.int32),
        np.full((rows, candidates), np.inf, np.float32),
        np.full((rows, candidates), NONE, np.int32),
        np.full((rows, candidates), np.inf, np.float32),
        np.ones(rows, np.uint8),
        np.empty(rows * neighbours, np.int32),
        np.empty(rows * neighbours, np.int32),
        np.zeros((threads, threads + 1), np.int64),
    )
    for done in range(rounds):
        said = f"; {FIRST_TIME}" if not done else ""
        progress(BEGINS + (ENDS - BEGINS) * done / rounds, f"round {done + 1} of at most {rounds}{said}")
        changed = go_on(data, heap, candidates, state, threads, chosen, room, rows // BLOCK, BLOCK, kernel)
        if changed <= delta * neighbours * rows:
            break
    found: tuple[Any, Any] = deheap_sort_parallel(heap[0], heap[1])
    return found


def squared(x: Any, y: Any) -> Any:
    """The squared euclidean distance of two vectors."""
    total = np.float32(0.0)
    for i in range(x.shape[0]):
        apart = x[i] - y[i]
        total += apart * apart
    return total


def absolute(x: Any, y: Any) -> Any:
    """The Manhattan distance of two vectors."""
    total = np.float32(0.0)
    for i in range(x.shape[0]):
        total += abs(x[i] - y[i])
    return total


def euclidean_begun(data: Any, heap: Any, leaves: Any, neighbours: Any, state: Any, threads: Any) -> None:
    """The neighbours that trees and chance give each row, under squared euclidean distance."""
    init_rp_tree(data, squared, heap, leaves, threads)
    init_random(neighbours, data, heap, squared, state)


def manhattan_begun(data: Any, heap: Any, leaves: Any, neighbours: Any, state: Any, threads: Any) -> None:
    """The neighbours that trees and chance give each row, under Manhattan distance."""
    init_rp_tree(data, absolute, heap, leaves, threads)
    init_random(neighbours, data, heap, absolute, state)


def euclidean_round(
    data: Any,
    heap: Any,
    most: Any,
    state: Any,
    threads: Any,
    chosen: Any,
    room: Any,
    blocks: Any,
    size: Any,
    kernel: Any,
) -> Any:
    """One round of the descent, under squared euclidean distance; how many neighbours it changed."""
    new, old = build_candidates_owner(heap, most, state, threads, *chosen)
    return process_candidates(data, squared, heap, new, old, blocks, size, threads, *room, kernel)


def manhattan_round(
    data: Any,
    heap: Any,
    most: Any,
    state: Any,
    threads: Any,
    chosen: Any,
    room: Any,
    blocks: Any,
    size: Any,
    kernel: Any,
) -> Any:
    """One round of the descent, under Manhattan distance; how many neighbours it changed."""
    new, old = build_candidates_owner(heap, most, state, threads, *chosen)
    return process_candidates(data, absolute, heap, new, old, blocks, size, threads, *room, kernel)


_OF_EUCLIDEAN = (euclidean_begun, euclidean_round)
_OF_MANHATTAN = (manhattan_begun, manhattan_round)


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """One of the four above as machine code."""
    from numba.extending import register_jitable

    for distance in (squared, absolute):
        register_jitable(fastmath=True)(distance)
    return machine_code.compiled(function)


@contextlib.contextmanager
def _kept_descent(progress: Progress) -> Iterator[None]:
    """In the block the library descends by the functions above."""
    global init_rp_tree, init_random, build_candidates_owner, process_candidates
    from pynndescent import distances, pynndescent_, utils

    init_rp_tree, init_random = pynndescent_.init_rp_tree, pynndescent_.init_random
    build_candidates_owner, process_candidates = utils.build_candidates_owner, pynndescent_.process_candidates
    theirs = pynndescent_.nn_descent

    def ours(
        data: Any,
        neighbours: int,
        state: Any,
        candidates: int,
        dist: Any,
        rounds: int,
        delta: float,
        *,
        leaf_array: Any,
        kernel: int,
        **_: Any,
    ) -> Any:
        manhattan = dist is distances.manhattan
        return descended(data, neighbours, state, candidates, manhattan, rounds, delta, leaf_array, kernel, progress)

    pynndescent_.nn_descent = ours
    try:
        yield
    finally:
        pynndescent_.nn_descent = theirs
