"""One search of an annoy index, replayed from its file; why it missed a row; what fewer trees would have found."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.explanation import Cause
from explorer.core.trace import LEAF, SPLIT, Trace
from explorer.indexes.annoy.layout import Layout
from explorer.indexes.annoy.structure import Grown
from explorer.indexes.annoy.walk import Walk

ROWS_AT_A_TIME = 8192


def traced(
    grown: Grown, walk: Walk, scores: NDArray[np.float32], found: NDArray[np.int64], search_k: int, differs: str
) -> Trace:
    """A walk as a Trace. `scores` (v,) are those of the rows as they were met, `found` the answer."""
    forest = grown.forest
    actions = np.where(forest.children[walk.nodes, 0] < 0, LEAF, SPLIT).astype(np.uint8)
    splits = int((actions == SPLIT).sum())
    looked = int(walk.looked[-1]) if len(walk.looked) else 0
    return Trace(
        kind="forest",
        actions=actions,
        places=walk.nodes,
        values=walk.priorities.astype(np.float64),
        levels=forest.trees[walk.nodes],
        origins=walk.origins,
        known=walk.known,
        rows=walk.order,
        scores=scores.astype(np.float64),
        found=found,
        total=forest.rows,
        computed=splits + len(walk.order),
        differs=differs,
        counters={"splits": splits, "leaves": len(actions) - splits, "candidates": looked, "search_k": search_k},
    )


def compared(grown: Grown, rows: NDArray[np.integer[Any]], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """What annoy sorts items by, float32 (m,), smaller first: squared distances, sums, or inner products turned."""
    nodes, layout = grown.nodes, grown.layout
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        some = rows[start : start + ROWS_AT_A_TIME]
        vectors = nodes["vector"][some]
        if layout.library_metric == "manhattan":
            part = np.abs(vectors - query).sum(axis=1, dtype=np.float64)
        elif layout.library_metric == "euclidean":
            part = np.vecdot(apart := vectors - query, apart, dtype=np.float64)
        elif layout.library_metric == "dot":
            part = -np.vecdot(vectors, query, dtype=np.float64)
        else:
            part = _chords(vectors, nodes["children"][some, 0].view(np.float32), query)
        found[start : start + ROWS_AT_A_TIME] = part
    return found


def shown(layout: Layout, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The distances that annoy gives out for what it sorts by."""
    if layout.library_metric == "dot":
        return -scores
    return scores if layout.library_metric == "manhattan" else np.sqrt(np.maximum(scores, 0))


def cause(grown: Grown, trace: Trace, row: int, walk: Walk) -> Cause:
    """Why a row was missed. `walk` is the same search gone on with until the row was met, if it ever is."""
    trees, search_k = len(grown.forest.roots), trace.counters["search_k"]
    if (place := np.flatnonzero(trace.rows == row)).size:
        nearer = int((trace.scores < trace.scores[place[0]]).sum())
        return Cause(
            "code_rank", f"It was compared, but in the 32 bits that annoy computes with {nearer:,} rows are nearer."
        )
    if not walk.needed[row]:
        return Cause("not_indexed", f"No leaf of the {trees:,} trees holds it.")
    needed = int(walk.needed[row])
    tree = int(grown.forest.trees[walk.nodes[int(np.searchsorted(walk.looked, needed))]])
    return Cause(
        "not_opened",
        f"None of its leaves was opened: the first of them, in tree {tree + 1} of {trees:,}, comes after "
        f"{needed - 1:,} candidates, and search_k is {search_k:,}.",
        "search_k",
        needed,
    )


def _chords(
    vectors: NDArray[np.float32], squares: NDArray[np.float32], query: NDArray[np.float32]
) -> NDArray[np.float32]:
    """2 − 2cos as annoy computes it; 2 where a vector is zero."""
    both = np.where(squares == 0, np.vecdot(vectors, vectors), squares) * np.vecdot(query, query)
    product = np.vecdot(vectors, query, dtype=np.float64).astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(both > 0, np.float32(2) - np.float32(2) * product / np.sqrt(both), np.float32(2))
