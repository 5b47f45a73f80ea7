"""Figures of a forest, against a small one drawn by hand."""

from __future__ import annotations

import numpy as np

from explorer.core.forest import branches, figures, rows_of
from explorer.core.structure import Forest, Growth


def by_hand() -> Forest:
    """Two trees over six rows: (0 1 | (2 | 3 4 5)) and (0 … 4 | 5), the split of the second drawn by lot.

    Nodes by depth: 0 and 1 are roots; 2, 3 below the first, 4, 5 below the second; 6, 7 below 3.
    """
    children = [(2, 3), (4, 5), (-1, -1), (6, 7), (-1, -1), (-1, -1), (-1, -1), (-1, -1)]
    leaf_rows = [0, 1, 0, 1, 2, 3, 4, 5, 2, 3, 4, 5]
    return Forest(
        rows=6,
        roots=np.array([0, 1], np.int32),
        children=np.array(children, np.int32),
        parents=np.array([-1, -1, 0, 0, 1, 1, 3, 3], np.int32),
        trees=np.array([0, 1, 0, 0, 1, 1, 0, 0], np.int16),
        depths=np.array([0, 0, 1, 1, 1, 1, 2, 2], np.int16),
        sizes=np.array([6, 6, 2, 4, 5, 1, 1, 3], np.int32),
        random=np.array([0, 1, 0, 0, 0, 0, 0, 0], bool),
        leaf_starts=np.array([0, 0, 0, 2, 2, 7, 8, 9, 12]),
        leaf_rows=np.array(leaf_rows, np.int32),
    )


def test_figures() -> None:
    told = figures(by_hand())
    assert told.leaf_sizes.tolist() == [0, 2, 1, 1, 0, 1]
    assert told.leaf_depths.tolist() == [0, 3, 2]
    assert (told.splits.tolist(), told.leaves.tolist(), told.deepest.tolist()) == ([2, 1], [3, 2], [2, 1])
    assert told.by_lot.tolist() == [0, 1]
    np.testing.assert_allclose(told.balance, [(2 / 6 + 1 / 4) / 2, 1 / 6])


def test_figures_of_a_single_leaf() -> None:
    one, none = np.zeros(1, np.int32), np.full(1, -1, np.int32)
    flat = np.zeros(1, np.int16)
    leaf = Forest(
        1, one, np.full((1, 2), -1, np.int32), none, flat, flat, one + 1, np.zeros(1, bool), np.array([0, 1]), one
    )
    told = figures(leaf)
    assert (told.splits.tolist(), told.leaves.tolist(), told.balance.tolist()) == ([0], [1], [0.5])
    assert branches(leaf, 0, 3).tolist() == [0]


def test_branches_are_nodes_at_a_depth_or_the_leaf_above() -> None:
    forest = by_hand()
    assert branches(forest, 0, 0).tolist() == [0] * 6
    assert branches(forest, 0, 1).tolist() == [2, 2, 3, 3, 3, 3]
    assert branches(forest, 0, 2).tolist() == [2, 2, 6, 7, 7, 7]
    assert branches(forest, 0, 9).tolist() == [2, 2, 6, 7, 7, 7]
    assert branches(forest, 1, 1).tolist() == [4, 4, 4, 4, 4, 5]


def test_rows_of_a_leaf() -> None:
    assert rows_of(by_hand(), 7).tolist() == [3, 4, 5]
    assert rows_of(by_hand(), 3).tolist() == []


def test_recall_of_a_growth() -> None:
    found = np.array([[True, False], [True, True]])
    growth = Growth(np.zeros(1, np.int32), found[:1], np.array([1, 2]), np.array([10, 20]), found)
    assert growth.recall.tolist() == [0.5, 1.0]
    nothing = Growth(growth.leaves, found[:1, :0], growth.stops, growth.search_k, found[:, :0])
    assert nothing.recall.tolist() == [1.0, 1.0]
