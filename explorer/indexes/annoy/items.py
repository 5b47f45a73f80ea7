"""The vectors as annoy gets them.

Annoy's own inner product ignores, in its last release, the dimension that makes it work. So we do it ourselves: each
vector x gets one number more, sqrt(M² − |x|²) with M the greatest length, and the query a zero; then all rows lie on a
sphere of radius M, and the nearest to the query, at whatever length, has the largest inner product (Bachrach et al.,
Speeding up the Xbox recommender system, RecSys 2014). Nearest is by euclidean distance and not by angle, though both
have the same order: angular trees split through the origin, and where lengths differ that so often leaves nearly all
rows on one side that annoy draws lots instead, in a third of a tree or nearly all of it (benchmarks/annoy_dot.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset, block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter, Untold
from explorer.indexes.annoy.layout import Layout, LibraryMetric

SMALLEST, LARGEST = 1e-17, 1e17
"""Lengths between which annoy's float32 sums of squares neither overflow nor vanish."""
QUERY_AWAY = 2
"""Under dot a query is put at so many times the radius of the rows' sphere. The order is the same at any length; but at
the same effort this finds more than 1 where lengths differ and about as much elsewhere, and farther away float32 would
tell less of it."""
COMFORTABLE = 20
"""Vectors whose length is not within 2^±20 are scaled under cosine, where only their direction counts."""
COMPARED = 512
"""So many rows are compared to tell whether a file holds them."""


def layout_for(metric: Metric, dimensions: int) -> Layout:
    """How an index that is built here stores vectors."""
    names: dict[Metric, LibraryMetric] = {"cosine": "angular", "euclidean": "euclidean", "manhattan": "manhattan"}
    return Layout("euclidean", dimensions + 1) if metric == "dot" else Layout(names[metric], dimensions)


def longest(dataset: Dataset, metric: Metric, progress: Progress) -> float:
    """The greatest |x| of all rows; raises BadParameter when annoy could not compute with such vectors.

    Not needed under cosine, where it is 0.
    """
    if metric == "cosine":
        return 0.0
    most, step = 0.0, block_rows(dataset.dimensions)
    for start in range(0, dataset.rows, step):
        progress(start / dataset.rows, "lengths")
        block = dataset.vectors[start : start + step]
        most = max(most, float(np.vecdot(block, block, dtype=np.float64).max()))
    size = float(np.sqrt(most))
    if size and not SMALLEST <= size <= LARGEST:
        extreme = "large" if size > 1 else "small"
        raise BadParameter(
            f"The vectors are too {extreme} for annoy under {metric} (the longest is {size:.1e}); scale them."
        )
    return size


def as_items(vectors: NDArray[np.float32], metric: Metric, longest: float) -> NDArray[np.float32]:
    """Rows (m, d) as annoy stores them: (m, d), or (m, d + 1) for dot."""
    if metric == "dot":
        missing = longest * longest - np.vecdot(vectors, vectors, dtype=np.float64)
        extra = np.sqrt(np.maximum(missing, 0)).astype(np.float32)
        return np.column_stack([vectors, extra])
    return scaled(vectors) if metric == "cosine" else vectors


def as_queries(vectors: NDArray[np.float32], layout: Layout, radius: float) -> NDArray[np.float32]:
    """Queries (q, d) as annoy gets them: (q, width). `radius` is that of the rows' sphere, 0 where there is none.

    The zero query, all of whose inner products are 0, stands at the centre, as far from every row.
    """
    if layout.width == vectors.shape[1]:
        return scaled(vectors) if layout.library_metric == "angular" else vectors
    size = np.sqrt(np.vecdot(vectors, vectors, dtype=np.float64))
    factor = QUERY_AWAY * radius / np.where(size > 0, size, 1)
    return np.column_stack([vectors * factor[:, None], np.zeros(len(vectors))]).astype(np.float32)


def radius_of(path: Path, layout: Layout, dataset: Dataset) -> float:
    """The radius of the sphere on which a file has put the rows; 0 where it stores them as they are."""
    if layout.width == dataset.dimensions:
        return 0.0
    return float(np.linalg.norm(layout.nodes(path)["vector"][0].astype(np.float64)))


def scaled(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of an uncomfortable length brought near 1 by a power of two, which changes no digit; others as they are."""
    size = np.sqrt(np.vecdot(vectors, vectors, dtype=np.float64))
    exponent = np.frexp(size)[1]
    exponent[np.abs(exponent) <= COMFORTABLE] = 0
    if not exponent.any():
        return vectors
    near_one: NDArray[np.float32] = np.ldexp(vectors.astype(np.float64), -exponent[:, None]).astype(np.float32)
    return near_one


def layout_of(path: Path, dataset: Dataset, metric: Metric) -> Layout | None:
    """How a file stores the rows of the Dataset under the metric; None when it does not hold them.

    Raises BadFile when there is no file.
    """
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    ours = layout_for(metric, dataset.dimensions)
    if _holds(path, ours, dataset):
        return ours
    own = Layout("dot", dataset.dimensions)
    return own if metric == "dot" and _holds(path, own, dataset) else None


def metric_of(path: Path, dataset: Dataset) -> Metric:
    """The metric of a file made elsewhere; raises BadFile when it does not tell, or holds other vectors."""
    told: tuple[Metric, ...] = ("cosine", "dot")
    for metric in told:
        layout = layout_of(path, dataset, metric)
        if layout is not None and (layout.library_metric != "dot" or _has_factors(path, layout, dataset.rows)):
            return metric
    if layout_of(path, dataset, "euclidean") is not None:
        alike = "euclidean and manhattan annoy files look alike; add “--metric euclidean” or “--metric manhattan”."
        raise Untold(path, alike, [(dataset.dimensions, "euclidean"), (dataset.dimensions, "manhattan")])
    shape = f"{dataset.rows:,} × {dataset.dimensions}"
    raise BadFile(path, f"it is no annoy index of the {shape} vectors of {dataset.title}.")


def _holds(path: Path, layout: Layout, dataset: Dataset) -> bool:
    """Whether the first items of a file are the rows of the Dataset, by a sample of them."""
    if path.stat().st_size % layout.node_bytes or path.stat().st_size // layout.node_bytes <= dataset.rows:
        return False
    rows = np.unique(np.linspace(0, dataset.rows - 1, min(COMPARED, dataset.rows)).astype(np.int64))
    stored = layout.nodes(path)[rows]
    held, expected = stored["vector"][:, : dataset.dimensions], dataset.vectors[rows]
    # Others than we do not scale them.
    alike = [expected, scaled(expected)] if layout.library_metric == "angular" else [expected]
    if not any(np.array_equal(held, each) for each in alike):
        return False
    squared = np.vecdot(stored["vector"], stored["vector"], dtype=np.float64)
    if layout.library_metric == "angular":
        # Annoy keeps |v|² of every item in the place of its first child.
        return np.allclose(stored["children"][:, 0].copy().view(np.float32), squared, rtol=1e-3, atol=1e-30)
    # With one number more they lie on a sphere.
    return layout.width == dataset.dimensions or np.allclose(squared, squared[0], rtol=1e-5, atol=0)


def _has_factors(path: Path, layout: Layout, rows: int) -> bool:
    """Whether items carry the inner product's extra number, which is 0 in euclidean and manhattan files."""
    factors: NDArray[Any] = layout.nodes(path)["factor"][:rows]
    return bool((factors != 0).any())
