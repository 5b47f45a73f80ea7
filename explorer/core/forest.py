"""What can be told from a Forest alone: its figures, and in which node each row stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.structure import Forest, ForestFigures
from explorer.core.trace import LEAF, Trace


def figures(forest: Forest) -> ForestFigures:
    """The figures of a Forest; its leaf rows are not needed."""
    trees, leaf = len(forest.roots), forest.children[:, 0] < 0
    split = ~leaf
    splits = np.bincount(forest.trees[split], minlength=trees)
    deepest = np.zeros(trees, np.int64)
    np.maximum.at(deepest, forest.trees, forest.depths)
    smaller = forest.sizes[forest.children[split]].min(axis=1) / forest.sizes[split]
    shares = np.bincount(forest.trees[split], smaller, minlength=trees)
    return ForestFigures(
        leaf_sizes=np.bincount(forest.sizes[leaf]),
        leaf_depths=np.bincount(forest.depths[leaf]),
        splits=splits,
        leaves=np.bincount(forest.trees[leaf], minlength=trees),
        deepest=deepest,
        by_lot=np.bincount(forest.trees[forest.random], minlength=trees),
        balance=np.divide(shares, splits, out=np.full(trees, 0.5), where=splits > 0),
    )


def branches(forest: Forest, tree: int, depth: int) -> NDArray[np.int32]:
    """The node of a tree in which each row stands at a depth, or the leaf above it that holds the row: int32 (n,).

    −1 for a row that the tree does not hold.
    """
    found = np.full(forest.rows, -1, np.int32)
    own = np.flatnonzero(forest.trees == tree)
    # Parents stand before their children, so that one pass hands the branch down.
    branch = np.arange(len(forest.parents), dtype=np.int32)
    for level in range(depth + 1, int(forest.depths[own].max(initial=0)) + 1):
        deeper = own[forest.depths[own] == level]
        branch[deeper] = branch[forest.parents[deeper]]
    for leaf in own[forest.children[own, 0] < 0]:
        found[rows_of(forest, leaf)] = branch[leaf]
    return found


def needed(forest: Forest, trace: Trace) -> NDArray[np.int64]:
    """From which effort on each row of a trace through the forest is met, int64 (v,): one more than the rows looked at
    before its leaf, each as often as it was met, which is how annoy's `search_k` counts."""
    leaf = trace.actions == LEAF
    before = np.concatenate([[0], np.cumsum(forest.sizes[trace.places[leaf]], dtype=np.int64)])
    return before[np.searchsorted(trace.known[leaf], np.arange(1, len(trace.rows) + 1))] + 1


def rows_of(forest: Forest, leaf: int) -> NDArray[np.int32]:
    """The rows of a leaf; none of a split."""
    return forest.leaf_rows[forest.leaf_starts[leaf] : forest.leaf_starts[leaf + 1]]
