"""The .ann file: equal nodes without a header; the items first, then tree nodes, then copies of the roots.

Neither the dimensions nor the metric are stored, and the library checks nothing but the size: a file that is not what
it is taken for can end the process. So every file is checked here before the library sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadFile

BYTES_AT_A_TIME = 16 << 20

LibraryMetric = Literal["angular", "euclidean", "manhattan", "dot"]

CHILDREN_AT: dict[LibraryMetric, int] = {"angular": 4, "euclidean": 8, "manhattan": 8, "dot": 4}
FACTOR_AT: dict[LibraryMetric, int] = {"angular": 4, "euclidean": 4, "manhattan": 4, "dot": 12}
"""Where the number stands that belongs to a plane: its distance from the origin, for dot its extra number."""
VECTOR_AT: dict[LibraryMetric, int] = {"angular": 12, "euclidean": 16, "manhattan": 16, "dot": 16}


@dataclass(frozen=True)
class Layout:
    """How annoy 1.17 stores vectors of `width` numbers under one of its own metrics."""

    library_metric: LibraryMetric
    width: int

    @property
    def node_bytes(self) -> int:
        """The size of every node."""
        return VECTOR_AT[self.library_metric] + 4 * self.width

    @property
    def leaf_most(self) -> int:
        """How many ids a leaf holds at most: as many as fit from where children begin to the end of the node."""
        return (self.node_bytes - CHILDREN_AT[self.library_metric]) // 4

    @property
    def nodes_at_a_time(self) -> int:
        """How many nodes are looked at together by what looks at all."""
        return max(1, BYTES_AT_A_TIME // self.node_bytes)

    def nodes(self, path: Path) -> NDArray[Any]:
        """The nodes of a file, mapped: fields `descendants`, `children` (2), `ids` (leaf_most), `factor`, `vector`.

        Raises BadFile when the size does not fit.
        """
        size = path.stat().st_size if path.is_file() else 0
        if not size or size % self.node_bytes:
            raise BadFile(
                path, f"its size does not fit an annoy index of {self.width} dimensions ({self.library_metric})."
            )
        children, vector = CHILDREN_AT[self.library_metric], VECTOR_AT[self.library_metric]
        node = np.dtype(
            {
                "names": ["descendants", "children", "ids", "factor", "vector"],
                "formats": ["<i4", ("<i4", (2,)), ("<i4", (self.leaf_most,)), "<f4", ("<f4", (self.width,))],
                "offsets": [0, children, children, FACTOR_AT[self.library_metric], vector],
                "itemsize": self.node_bytes,
            }
        )
        return np.asarray(np.memmap(path, node, "r"))


def check(path: Path, layout: Layout, rows: int, progress: Progress) -> int:
    """Read every node of a file of `rows` items and raise BadFile when one leads out of it; the number of trees.

    Children stand before their parents, so that a search can neither leave the file nor go round in a circle.
    """
    nodes = layout.nodes(path)
    descendants = nodes["descendants"]
    if len(nodes) <= rows or descendants[-1] != rows:
        raise BadFile(path, f"it is no annoy index of {rows:,} rows.")
    for start in range(0, len(nodes), layout.nodes_at_a_time):
        progress(start / len(nodes), "checking")
        _check_nodes(path, nodes[start : start + layout.nodes_at_a_time], start, rows, layout)
    return _trees(nodes, rows)


def glance(path: Path, layout: Layout, rows: int) -> None:
    """Raise BadFile when a file that was checked, or made here, is plainly not that file any more."""
    nodes = layout.nodes(path)
    ends = nodes["descendants"][[0, rows - 1, -1]] if len(nodes) > rows else np.zeros(3)
    if ends.tolist() != [1, 1, rows]:
        raise BadFile(path, "it is not the annoy index that was built; build it again.")


def roots(nodes: NDArray[Any]) -> NDArray[np.int64]:
    """The nodes at which every search of the library begins, ascending: the last ones that hold all rows.

    Those are the copies at the end of the file. Where so few rows are stored that every root is a leaf, the library
    takes the roots themselves for copies too, all but the first, and looks into them again.
    """
    descendants, children = nodes["descendants"], nodes["children"]
    first = len(nodes) - 1
    while first > 0 and descendants[first - 1] == descendants[-1]:
        first -= 1
    # The last root stands right before the copies; the library knows it by its first child.
    if first < len(nodes) - 1 and children[first, 0] == children[-1, 0]:
        first += 1
    return np.arange(first, len(nodes))


def _check_nodes(path: Path, nodes: NDArray[Any], start: int, rows: int, layout: Layout) -> None:
    position = np.arange(start, start + len(nodes))
    descendants = np.ascontiguousarray(nodes["descendants"])
    item = position < rows
    if (descendants[item] != 1).any():
        raise BadFile(path, "it is damaged: an item is not stored as one.")
    if ((descendants < 1) | (descendants > rows)).any():
        raise BadFile(path, "it is damaged: a node counts more rows than there are.")
    leaf = ~item & (descendants <= layout.leaf_most)
    ids = nodes["ids"][leaf]
    stray = ((ids < 0) | (ids >= rows)) & (np.arange(layout.leaf_most) < descendants[leaf, None])
    if stray.any():
        raise BadFile(path, "it is damaged: a leaf names a row that is not there.")
    split = ~item & ~leaf
    children = nodes["children"][split]
    if ((children < 0) | (children >= position[split, None])).any():
        raise BadFile(path, "it is damaged: a branch leads to a node that is not there.")


def _trees(nodes: NDArray[Any], rows: int) -> int:
    """How many trees there are."""
    if nodes["descendants"][rows] == rows:
        # So few rows that every root is a leaf: all tree nodes are roots, and half of them copies.
        return (len(nodes) - rows) // 2
    return len(roots(nodes))
