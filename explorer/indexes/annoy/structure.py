"""The forest of an .ann file: all nodes of all trees, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.core.structure import Forest
from explorer.errors import BadFile, TooLarge
from explorer.indexes.annoy.layout import Layout, roots

NODES_AT_A_TIME = 65536

MOST = 2**15 - 1
"""What trees and levels are counted with; a tree of a million rows has about 30 levels."""
GLANCED = 8
"""So many numbers of a plane are looked at before all of them are."""


@dataclass(frozen=True, eq=False)
class Grown:
    """A Forest with its file: the file's nodes, mapped, how they are laid out, and where among them those of the Forest
    stand, int32 (m,). A leaf of one row can be the row's own item."""

    forest: Forest
    places: NDArray[np.int32]
    nodes: NDArray[Any]
    layout: Layout


def read(path: Path, layout: Layout, rows: int, progress: Progress = silent) -> Grown:
    """Read the forest of a file that was checked; nodes are numbered by depth, then from left to right.

    Raises BadFile when its branches are not trees, which `layout.check` does not see; TooLarge for very many of them.
    """
    nodes = layout.nodes(path)
    descendants = nodes["descendants"]
    level: NDArray[Any] = roots(nodes)
    if len(level) > MOST:
        raise TooLarge(f"{path}: {len(level):,} trees are more than can be looked into here; {MOST:,} can.")
    trees, parents, first = np.arange(len(level)), np.full(len(level), -1), 0
    most = 2 * rows * len(level)
    levels: list[tuple[NDArray[Any], ...]] = []
    while len(level):
        progress(None, f"level {len(levels)}")
        if len(levels) > MOST or first + len(level) > most:
            raise BadFile(path, "it is damaged: its branches are no trees.")
        split = (level >= rows) & (descendants[level] > layout.leaf_most)
        following = first + len(level)
        children = np.full((len(level), 2), -1, np.int32)
        children[split] = following + np.arange(2 * int(split.sum())).reshape(-1, 2)
        sizes = np.where(level < rows, 1, descendants[level])
        levels.append((level, children, parents, trees, np.full(len(level), len(levels)), sizes))
        parents = np.repeat(first + np.flatnonzero(split), 2)
        trees = np.repeat(trees[split], 2)
        level, first = nodes["children"][level[split]].ravel(), following
    places, children, parents, trees, depths, sizes = (np.concatenate(each) for each in zip(*levels, strict=True))
    leaves = children[:, 0] < 0
    starts = np.concatenate([[0], np.cumsum(np.where(leaves, sizes, 0), dtype=np.int64)])
    if starts[-1] > rows * len(levels[0][0]):
        raise BadFile(path, "it is damaged: its leaves hold more rows than there are.")
    places = places.astype(np.int32)
    forest = Forest(
        rows=rows,
        roots=np.arange(len(levels[0][0]), dtype=np.int32),
        children=children,
        parents=parents.astype(np.int32),
        trees=trees.astype(np.int16),
        depths=depths.astype(np.int16),
        sizes=sizes.astype(np.int32),
        random=_drawn_by_lot(nodes, places, leaves, progress),
        leaf_starts=starts,
        leaf_rows=_leaf_rows(nodes, places, leaves, sizes, rows, layout, progress),
    )
    return Grown(forest, places, nodes, layout)


def _drawn_by_lot(
    nodes: NDArray[Any], places: NDArray[np.int32], leaves: NDArray[np.bool_], progress: Progress
) -> NDArray[np.bool_]:
    """Which splits have no plane: annoy then writes zeros."""
    planes = nodes["vector"]
    drawn = np.zeros(len(places), bool)
    splits = np.flatnonzero(~leaves)
    for start in range(0, len(splits), NODES_AT_A_TIME):
        progress(start / len(splits), "planes")
        some = splits[start : start + NODES_AT_A_TIME]
        doubtful = some[~planes[:, :GLANCED][places[some]].any(axis=1)]
        drawn[doubtful] = ~planes[places[doubtful]].any(axis=1)
    return drawn


def _leaf_rows(
    nodes: NDArray[Any],
    places: NDArray[np.int32],
    leaves: NDArray[np.bool_],
    sizes: NDArray[Any],
    rows: int,
    layout: Layout,
    progress: Progress,
) -> NDArray[np.int32]:
    """The rows of all leaves, one after the other."""
    found = [np.empty(0, np.int32)]
    where = np.flatnonzero(leaves)
    for start in range(0, len(where), NODES_AT_A_TIME):
        progress(start / len(where), "leaves")
        some = where[start : start + NODES_AT_A_TIME]
        ids = nodes["ids"][places[some]]
        item = places[some] < rows
        ids[item, 0] = places[some][item]
        found.append(ids[np.arange(layout.leaf_most) < sizes[some, None]])
    return np.concatenate(found)
