"""Which vectors an index holds: a sample of its own, decoded, is compared with the Dataset's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.errors import ExplorerError
from explorer.indexes.faiss import header
from explorer.indexes.faiss.items import as_items
from explorer.indexes.faiss.library import imported, translated

COMPARED = 512
SAME = 1e-4
"""Relative error up to which a vector is the same one; unit vectors differ by how they were made so."""
ENOUGH = 0.6
"""At least so many decoded vectors are nearer to their own row than to another one; of strangers half are."""
AS_GOOD = 0.1
"""Lengths that fit two metrics nearly as well tell neither."""
STORED_AS: dict[int, dict[bool, Metric]] = {
    header.SQUARED_L2: {False: "euclidean", True: "cosine"},
    header.INNER_PRODUCT: {False: "dot", True: "cosine"},
}
"""The metric that a file answers, by Faiss's own and by whether its vectors are of unit length."""


class Undecodable(ExplorerError):
    """The index does not give its vectors out."""


def decoded(index: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Some rows (m,) as the index holds them (m, d). Raises Undecodable where the library does not say.

    What is divided into cells needs to know in which of them each row is; the index remembers it from then on.
    """
    faiss = imported()

    with translated(Undecodable):
        cells = faiss.try_extract_index_ivf(index)
        if cells is not None and cells.direct_map.no():
            cells.make_direct_map()
        found: NDArray[np.float32] = np.empty((len(rows), index.d), np.float32)
        for i, row in enumerate(rows.tolist()):
            found[i] = index.reconstruct(row)
        return found


def metrics_of(index: Any, dataset: Dataset, exact: bool, path: Path) -> tuple[Metric, ...]:
    """The metrics under which the index, whose file is at `path`, is one of this Dataset's vectors: none when it holds
    others.

    `exact` says that it keeps them as they are. Where it does not give out what it holds, the metric alone tells. Of
    vectors that came from this very file the lengths tell nothing more.
    """
    told = STORED_AS[int(index.metric_type)]
    rows = np.unique(np.linspace(0, dataset.rows - 1, min(COMPARED, dataset.rows)).astype(np.int64))
    try:
        wide = decoded(index, rows)
    except Undecodable:
        return tuple(told.values())
    if not np.isfinite(wide).all():
        return ()
    if dataset.own_index == path.absolute():
        return tuple(told.values()) if np.array_equal(wide, dataset.vectors[rows]) else ()
    held = wide.astype(np.float64)
    scales: dict[Metric, float] = {}
    for unit, metric in told.items():
        own = as_items(dataset.vectors[rows], "cosine" if unit else metric).astype(np.float64)
        error = np.vecdot(held - own, held - own)
        if exact:
            fits = bool((error <= SAME**2 * np.vecdot(own, own)).all())
        else:
            other = np.roll(own, max(1, len(rows) // 2), axis=0)
            fits = float((error <= np.vecdot(held - other, held - other)).mean()) >= ENOUGH
        if fits:
            scales[metric] = 0.0 if exact else _scale(held, own)
    nearest = min(scales.values(), default=0.0)
    return tuple(metric for metric, scale in scales.items() if scale <= nearest + AS_GOOD)


def _scale(held: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """How far the lengths of decoded vectors are from those that a code of such vectors would give: 0 is best.

    What codes are decoded to are means of what they stand for, so it is as long as the vectors' part along it.
    """
    along, size = float(np.vecdot(held, own).sum()), float(np.vecdot(held, held).sum())
    if size == 0:
        return 0.0
    return abs(math.log(size / along)) if along > 0 else math.inf
