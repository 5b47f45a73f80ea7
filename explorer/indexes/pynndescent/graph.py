"""What a search needs, as plain arrays, one `.npy` for each in the index's folder."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadFile, TaskFailed

NAME = "vectors.npy"
"""The file that stands for all of them."""
NOT_OURS = "it is not the PyNNDescent index that was built; build it again."


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph over n vectors, and a tree to enter it by. Positions are those in the order of the tree's leaves."""

    vectors: NDArray[np.float32]
    """(n, width), as PyNNDescent got them."""
    rows: NDArray[np.int32]
    """(n,): the row at each position."""
    starts: NDArray[np.int32]
    """(n + 1,): where the links of each position begin."""
    links: NDArray[np.int32]
    planes: NDArray[np.float32]
    """(nodes, width): what divides a node of the tree, with `offsets` (nodes,)."""
    offsets: NDArray[np.float32]
    children: NDArray[np.int32]
    """(nodes, 2): the nodes on either side, or, 0 and below, from where to where in `leaves` a leaf goes."""
    leaves: NDArray[np.int32]
    """(n,): the positions in the tree's leaves."""
    state: NDArray[np.int64]
    """(3,): where random numbers begin."""
    numbers: NDArray[np.float64]
    """(2,): how many places a search begins from at least, and the least distance along a link."""

    @property
    def bytes(self) -> int:
        return sum(getattr(self, field.name).nbytes for field in fields(self))


def write(graph: Graph, folder: Path) -> Path:
    """Write all of it into a folder, or nothing; the path that stands for it. Raises TaskFailed."""
    try:
        for field in fields(graph):
            np.save(folder / f"{field.name}.npy", getattr(graph, field.name), allow_pickle=False)
    except BaseException as error:
        remove(folder)
        if isinstance(error, OSError):
            raise TaskFailed(f"{folder}: the index could not be written; is the disk full? ({error})") from error
        raise
    return folder / NAME


def remove(folder: Path) -> None:
    """Remove what was written into a folder."""
    for field in fields(Graph):
        (folder / f"{field.name}.npy").unlink(missing_ok=True)


def read(path: Path, rows: int, width: int) -> Graph:
    """Open what was written, mapped, after making sure that no search can be led astray by it. Raises BadFile."""
    arrays: dict[str, Any] = {field.name: _array(path.with_name(f"{field.name}.npy")) for field in fields(Graph)}
    graph = Graph(**arrays)
    nodes, links = len(graph.children), len(graph.links)
    expected = {
        "vectors": (np.float32, (rows, width)),
        "rows": (np.int32, (rows,)),
        "starts": (np.int32, (rows + 1,)),
        "links": (np.int32, (links,)),
        "planes": (np.float32, (nodes, width)),
        "offsets": (np.float32, (nodes,)),
        "children": (np.int32, (nodes, 2)),
        "leaves": (np.int32, (rows,)),
        "state": (np.int64, (3,)),
        "numbers": (np.float64, (2,)),
    }
    for name, (dtype, shape) in expected.items():
        array = getattr(graph, name)
        if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
            raise BadFile(path, NOT_OURS)
    starts, children = graph.starts, graph.children
    inside = children > 0
    sound = (
        nodes > 0
        and starts[0] == 0
        and starts[-1] == links
        and bool((np.diff(starts) >= 0).all())
        and all(_below(part, rows) for part in (graph.rows, graph.links, graph.leaves))
        # A tree whose nodes come before their children comes to an end.
        and bool((inside.all(axis=1) == inside.any(axis=1)).all())
        and bool((children > np.arange(nodes)[:, None])[inside].all())
        and bool((children < nodes).all())
        and bool((children >= -rows).all())
    )
    if not sound:
        raise BadFile(path, NOT_OURS)
    return graph


def _below(numbers: NDArray[np.int32], most: int) -> bool:
    return not numbers.size or (int(numbers.min()) >= 0 and int(numbers.max()) < most)


def _array(path: Path) -> NDArray[np.generic]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError, EOFError):
        raise BadFile(path, NOT_OURS) from None
