"""What an .ann file can be: it has no header, so every layout that its size allows is tried on its nodes.

A reading has to explain the whole file: items that count one and carry their own |v|² (angular) or nothing (euclidean,
manhattan); a branch that holds as many rows as its two children; every item once in each tree; unit normals; copies of
the roots at the end. A wrong one is mostly told by a few of its nodes, so that only the right one is read whole.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import METRICS, Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter, Untold
from explorer.indexes.annoy import layout as layouts
from explorer.indexes.annoy.items import COMPARED
from explorer.indexes.annoy.layout import VECTOR_AT, Layout, LibraryMetric

LARGEST_WIDTH = 1 << 24
NORMALS = 4096
"""So many branches are looked at to see whether their normals are of unit length."""
CLOSE = 1e-3


@dataclass(frozen=True)
class Reading:
    """One way in which all of a file makes sense: vectors of so many dimensions under our metric, in that layout."""

    dimensions: int
    metric: Metric
    layout: Layout
    rows: int


def read(path: Path, dimensions: int | None, metric: Metric | None, progress: Progress) -> Reading:
    """The only reading of a file, of those with these dimensions and this metric where they are given.

    Raises BadFile when there is none, Untold when there are several. The library is not asked.
    """
    if dimensions is not None and not 1 <= dimensions < LARGEST_WIDTH:
        raise BadParameter(f"dimensions is 1 to {LARGEST_WIDTH - 1:,}, not {dimensions}.")
    possible, damage = [], ""
    for layout, rows in likely(path):
        try:
            _check(path, layout, rows, progress)
        except BadFile as error:
            damage = damage or str(error)
        else:
            possible += _readings(path, layout, rows)
    wanted = [
        one for one in possible if dimensions in (None, one.dimensions) and (metric is None or metric == one.metric)
    ]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        raise Untold(path, _which(wanted), [(one.dimensions, one.metric) for one in wanted])
    if possible:
        asked = " and ".join(
            said for said in (dimensions and f"{dimensions} dimensions", metric and f"the metric {metric}") if said
        )
        what = f"it is no annoy index with {asked}; it can be one of {_listed(possible)}."
        raise Untold(path, what, [(one.dimensions, one.metric) for one in possible])
    raise BadFile(path, damage.removeprefix(f"{path}: ") or "it is no annoy index, or it is cut off.")


def likely(path: Path) -> list[tuple[Layout, int]]:
    """The layouts that the size of a file, its last node and a sample of its items allow, with the number of rows."""
    try:
        size = path.stat().st_size
        whole: NDArray[np.uint8] = np.asarray(np.memmap(path, np.uint8, "r"))
    except (OSError, ValueError):
        return []
    if size % 4 or size < 4 or int(whole[:4].view("<i4")[0]) != 1:
        return []
    found = []
    for node_bytes in _divisors(size):
        nodes, rows = size // node_bytes, int(whole[size - node_bytes :][:4].view("<i4")[0])
        if not 1 <= rows < nodes:
            continue
        items, others = _some(0, rows), _some(rows, nodes)
        heads = np.ascontiguousarray(whole[items[:, None] * node_bytes + np.arange(16)]).view("<i4")
        counts = np.ascontiguousarray(whole[others[:, None] * node_bytes + np.arange(4)]).view("<i4")
        # No tree has a node of its own for one row, unless there is no other.
        if (heads[:, 0] == 1).all() and (counts >= min(2, rows)).all() and (counts <= rows).all():
            found += [(layout, rows) for layout in _fitting(path, node_bytes, heads, items)]
    # A node that is too large by far spans many, and has few items: the most rows are the likeliest.
    return sorted(found, key=lambda one: -one[1])


def _some(start: int, end: int) -> NDArray[np.int64]:
    """A sample of whole numbers, from both ends and between them."""
    return np.unique(np.linspace(start, end - 1, min(COMPARED, end - start)).astype(np.int64))


def _divisors(size: int) -> list[int]:
    """The sizes that a node can have: 16 bytes or more, in whole numbers of 4, so that at least two fill the file."""
    words = size // 4
    small = [d for d in range(1, math.isqrt(words) + 1) if words % d == 0]
    both = {*small, *(words // d for d in small)}
    return sorted(4 * d for d in both if 4 <= d <= words // 2 and d < LARGEST_WIDTH)


def _fitting(path: Path, node_bytes: int, heads: NDArray[np.int32], rows: NDArray[np.int64]) -> list[Layout]:
    """The layouts with nodes of that size in which some items are what they should be."""
    names: list[LibraryMetric] = []
    # Euclidean and manhattan items have nothing before the vector; those of the inner product their missing length.
    if node_bytes > VECTOR_AT["euclidean"] and not heads[:, 1:3].any():
        factors = heads[:, 3].copy().view("<f4")
        if not factors.any():
            names = ["euclidean", "dot"]
        elif np.isfinite(factors).all() and (factors >= 0).all():
            names = ["dot"]
    found = [Layout(name, (node_bytes - VECTOR_AT[name]) // 4) for name in names]
    angular = Layout("angular", (node_bytes - VECTOR_AT["angular"]) // 4)
    vectors = angular.nodes(path)["vector"][rows]
    with np.errstate(all="ignore"):
        squares = np.vecdot(vectors, vectors, dtype=np.float64)
        if np.allclose(heads[:, 1].copy().view("<f4"), squares, rtol=CLOSE, atol=1e-30, equal_nan=True):
            found.append(angular)
    return found


def _check(path: Path, layout: Layout, rows: int, progress: Progress) -> None:
    """Raise BadFile when the file cannot be one of that layout: neither damaged nor taken for what it is not."""
    layouts.check(path, layout, rows, lambda fraction, note="": progress(fraction and fraction / 2, note))
    nodes = layout.nodes(path)
    descendants = np.ascontiguousarray(nodes["descendants"])
    trees, odd = divmod(int((descendants[rows:] == rows).sum()), 2)
    end = len(nodes) - trees
    # Not through the fields, which leave out a few bytes.
    raw = np.memmap(path, np.uint8, "r").reshape(-1, layout.node_bytes)
    roots = rows + np.flatnonzero(descendants[rows:end] == rows)
    if odd or not trees or sorted(map(_digest, raw[roots])) != sorted(map(_digest, raw[end:])):
        raise BadFile(path, "it is damaged: it does not end with copies of the roots of its trees.")
    seen = np.zeros(rows, np.int64)
    for start in range(rows, end, layout.nodes_at_a_time):
        progress(0.5 + start / end / 2, "checking")
        block = nodes[start : min(start + layout.nodes_at_a_time, end)]
        count = descendants[start : start + len(block)]
        leaf = count <= layout.leaf_most
        ids = block["ids"][leaf][np.arange(layout.leaf_most) < count[leaf, None]]
        children = block["children"][~leaf]
        if (descendants[children].sum(axis=1) != count[~leaf]).any():
            raise BadFile(path, "it is damaged: a branch does not hold the rows of its two children.")
        for reached in (ids, children[children < rows]):
            seen += np.bincount(reached, minlength=rows)
    if (seen != trees).any():
        raise BadFile(path, "it is damaged: not every tree holds every row once.")
    if not _has_unit_normals(nodes[rows:end], layout):
        raise BadFile(path, "it is damaged: its branches do not divide the rows by planes.")


def _digest(node: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(node.tobytes(), digest_size=16).digest()


def _has_unit_normals(nodes: NDArray[Any], layout: Layout) -> bool:
    """Whether a sample of the branches have normals of length 1; or 0, where annoy drew lots."""
    splits = np.flatnonzero(nodes["descendants"] > layout.leaf_most)
    some = nodes[splits[:: max(1, len(splits) // NORMALS)]]
    with np.errstate(all="ignore"):
        length = np.vecdot(some["vector"], some["vector"], dtype=np.float64)
        drawn = length == 0
        if layout.library_metric == "dot":
            length += some["factor"].astype(np.float64) ** 2
        return bool((drawn | (np.abs(length - 1) < CLOSE)).all())


def _readings(path: Path, layout: Layout, rows: int) -> list[Reading]:
    """What a file of that layout can be to us."""
    if layout.library_metric == "angular":
        return [Reading(layout.width, "cosine", layout, rows)]
    if layout.library_metric == "dot":
        return [Reading(layout.width, "dot", layout, rows)]
    found = [Reading(layout.width, metric, layout, rows) for metric in METRICS if metric in ("euclidean", "manhattan")]
    some = layout.nodes(path)["vector"][_some(0, rows)]
    squares = np.vecdot(some, some, dtype=np.float64)
    # The inner product as this program builds it, see `items`.
    on_sphere = squares[0] > 0 and np.allclose(squares, squares[0], rtol=1e-5, atol=0) and (some[:, -1] >= 0).all()
    if layout.width > 1 and on_sphere:
        found.append(Reading(layout.width - 1, "dot", layout, rows))
    return found


def _which(possible: list[Reading]) -> str:
    """What to add, so that it is known which of them is meant."""
    if len({one.dimensions for one in possible}) > 1:
        options = [f"“--dimensions {one.dimensions} --metric {one.metric}”" for one in possible]
    else:
        options = [f"“--metric {one.metric}”" for one in possible]
    what = f"an annoy file names neither its dimensions nor its metric; this one can be {_listed(possible)}"
    return f"{what}; add {' or '.join(options)}, whichever it was built with."


def _listed(possible: list[Reading]) -> str:
    by_size: dict[int, list[str]] = {}
    for one in possible:
        by_size.setdefault(one.dimensions, []).append(one.metric)
    return ", or ".join(f"{size} dimensions under {' or '.join(names)}" for size, names in by_size.items())
