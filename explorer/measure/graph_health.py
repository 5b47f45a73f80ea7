"""How sound a graph is: who is linked to, who cannot be reached, which links are long, which neighbours have none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.core.structure import Layers
from explorer.indexes.layered import Given
from explorer.indexes.reaching import reachable

HUB_SPREADS = 3.0
"""A hub has so many standard deviations more links to it than a row has on average."""


def in_degrees(layers: Layers, layer: int = 0) -> NDArray[np.int64]:
    """How many links lead to each row (n,) on a layer."""
    return np.bincount(layers.links[layer], minlength=len(layers.levels))


def out_degrees(layers: Layers, layer: int = 0) -> NDArray[np.int64]:
    """How many links each row (n,) has on a layer."""
    return np.diff(layers.starts[layer])


def hubs(layers: Layers) -> NDArray[np.int64]:
    """The rows that far more links lead to than to others, the most linked first."""
    degrees = in_degrees(layers)
    there = degrees[layers.levels >= 0]
    if not len(there):
        return np.empty(0, np.int64)
    found = np.flatnonzero(degrees > there.mean() + HUB_SPREADS * there.std())
    return found[np.argsort(-degrees[found], kind="stable")]


def anti_hubs(layers: Layers) -> NDArray[np.int64]:
    """The rows of the graph that no link leads to."""
    return np.flatnonzero((in_degrees(layers) == 0) & (layers.levels >= 0))


def unreachable(layers: Layers, progress: Progress = silent) -> NDArray[np.int64]:
    """The rows of the graph that no search can come to, at whatever effort: from the entry, or where that is not known
    from any row of the top layer."""
    return np.flatnonzero(~reachable(Given(layers), progress) & (layers.levels >= 0))


def components(layers: Layers, *, strong: bool = False) -> tuple[int, NDArray[np.int32]]:
    """Into how many pieces the ground layer falls, and the piece of each row (n,), −1 for one that is not in the graph.

    Rows are in one piece when links lead from one to the other in whatever direction; with `strong`, in both.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(layers.levels)
    ones = np.ones(len(layers.links[0]), np.int8)
    matrix = csr_array((ones, layers.links[0], layers.starts[0]), shape=(n, n))
    _, found = connected_components(matrix, directed=True, connection="strong" if strong else "weak")
    there = layers.levels >= 0
    pieces = np.full(n, -1, np.int32)
    names, pieces[there] = np.unique(found[there], return_inverse=True)
    return len(names), pieces


@dataclass(frozen=True, eq=False)
class Links:
    """Some links of a layer: from `rows` int64 (m,) to `targets` int64 (m,), `lengths` float64 (m,) by their median, so
    that 1 is a usual link. Under dot a length is 1 − the inner product, which is not divided."""

    rows: NDArray[np.int64]
    targets: NDArray[np.int64]
    lengths: NDArray[np.float64]
    median: float


def lengths(
    layers: Layers,
    vectors: NDArray[np.float32],
    metric: Metric,
    rows: NDArray[np.integer],
    layer: int = 0,
    progress: Progress = silent,
) -> Links:
    """How long the links of some rows (m,) of a layer are, by our distances between the vectors (n, d)."""
    counts, targets = Given(layers).lists(np.asarray(rows, np.int64), layer)
    origins = np.repeat(np.asarray(rows, np.int64), counts)
    found, step = np.empty(len(targets)), block_rows(2 * vectors.shape[1])
    for start in range(0, len(targets), step):
        progress(start / len(targets), "lengths of links")
        part = slice(start, start + step)
        found[part] = _pairwise(metric, vectors[origins[part]], vectors[targets[part]])
    median = float(np.nanmedian(found)) if len(found) else 0.0
    if metric != "dot" and median > 0:
        found /= median
    return Links(origins, targets.astype(np.int64), found, median)


def pruned(layers: Layers, rows: NDArray[np.integer], truth: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which of the true neighbours (m, k) of some rows (m,) are not linked from them on the ground layer, (m, k).

    −1 pads the truth, and counts as linked.
    """
    n = len(layers.levels)
    counts, targets = Given(layers).lists(np.asarray(rows, np.int64), 0)
    linked = np.sort(np.repeat(np.arange(len(rows)), counts) * n + targets)
    wanted = np.arange(len(rows))[:, None] * n + np.asarray(truth, np.int64)
    if not len(linked):
        return np.asarray(truth >= 0)
    places = np.minimum(np.searchsorted(linked, wanted), len(linked) - 1)
    return np.asarray((linked[places] != wanted) & (truth >= 0))


def _pairwise(metric: Metric, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    """The distances of vectors (m, d) to as many others, one to one."""
    if metric == "manhattan":
        return np.asarray(np.abs(x.astype(np.float64) - y).sum(axis=1))
    a, b = x.astype(np.float64), y.astype(np.float64)
    if metric == "dot":
        return np.asarray(1 - np.vecdot(a, b))
    if metric == "cosine":
        with np.errstate(invalid="ignore", divide="ignore"):
            a /= np.sqrt(np.vecdot(a, a))[:, None]
            b /= np.sqrt(np.vecdot(b, b))[:, None]
        return np.asarray(np.vecdot(a - b, a - b) / 2)
    return np.asarray(np.sqrt(np.vecdot(a - b, a - b)))
