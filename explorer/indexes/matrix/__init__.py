"""The distance matrix: all distances of all rows to each other, computed once and looked up ever after."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric, distances
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile
from explorer.indexes.base import IndexHandle, IndexType, Searcher
from explorer.indexes.matrix import building, table
from explorer.indexes.matrix.searcher import MatrixSearcher
from explorer.indexes.matrix.table import Table

KEPT = 100
COMPARED = 16
"""So many rows of a matrix are computed anew to tell whether, and under which metric, it is one of these vectors."""
TOLERANCE = 1e-5
CHECKED_ROWS = 4096


class Matrix(IndexType):
    """Float32 distances in a file of n² · 4 bytes, with the nearest of each row behind them."""

    name = "matrix"
    title = "Distance matrix"
    about = "All distances computed once: an answer is read, not searched; it needs rows² · 4 bytes on the disk."
    metrics = METRICS
    lossless = True
    build_params = (
        Param(
            "k", "int", KEPT, "How many nearest of each row are kept sorted; more take a search of its row.", 0, 10_000
        ),
    )
    suffix = ".matrix.npy"
    rank = 15
    kin = "scan"

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What computing it takes; raises TooLarge past the limit, with how many rows would fit."""
        return building.cost(rows, dimensions, metric, min(int(params["k"]), rows))

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Compute the matrix. Raises BadParameter when float32 cannot hold it."""
        path = folder / f"index{self.suffix}"
        kept = min(int(params["k"]), dataset.rows)
        seconds = building.build(dataset, metric, kept, path, progress)
        return self._handle(dataset, metric, {"k": int(params["k"])}, path, seconds)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Map the file. Raises BadFile when it is gone, or not the matrix of these vectors."""
        found = _opened(handle.path, dataset)
        if not _agrees(found, dataset, handle.metric):
            raise BadFile(handle.path, f"it does not hold the distances of {dataset.title} under {handle.metric}.")
        return MatrixSearcher(found, dataset.vectors, handle.metric)

    def recognises(self, path: Path) -> bool:
        try:
            table.opened(path)
        except BadFile:
            return False
        return True

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a matrix without its sidecar: its distances tell the metric."""
        found = _opened(path, dataset)
        told = [each for each in (METRICS if metric is None else (metric,)) if _agrees(found, dataset, each)]
        if not told:
            under = "" if metric is None else f" under {metric}"
            raise BadFile(path, f"it does not hold the distances of the vectors of {dataset.title}{under}.")
        for start in range(0, dataset.rows, CHECKED_ROWS):
            progress(start / dataset.rows, "checking")
            nearest = found.nearest[start : start + CHECKED_ROWS]
            if nearest.size and not 0 <= int(nearest.min()) <= int(nearest.max()) < dataset.rows:
                raise BadFile(path, "it is damaged: it names a row that is not there.")
        return self._handle(dataset, told[0], {"k": found.nearest.shape[1]}, path, 0.0)

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """What the file holds, for `numpy.load`."""
        kept = table.opened(handle.path).nearest.shape[1]
        return {"arrays": [["distances", [dataset.rows, dataset.rows]], ["nearest", [dataset.rows, kept]]]}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path, seconds: float) -> IndexHandle:
        library = f"numpy {np.__version__}"
        size = path.stat().st_size
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)


def _opened(path: Path, dataset: Dataset) -> Table:
    found = table.opened(path)
    if len(found.distances) != dataset.rows:
        raise BadFile(path, f"it holds the distances of {len(found.distances):,} rows; there are {dataset.rows:,}.")
    return found


def _agrees(found: Table, dataset: Dataset, metric: Metric) -> bool:
    """Whether the distances of some rows to each other are those of the vectors."""
    vectors = dataset.vectors
    rows = np.unique(np.linspace(0, dataset.rows - 1, min(COMPARED, dataset.rows)).astype(np.int64))
    for row in rows:
        expected = distances(metric, vectors[rows], vectors[row])
        scale = np.abs(expected[~np.isnan(expected)]).max(initial=0)
        close = np.isclose(found.distances[row, rows], expected, TOLERANCE, TOLERANCE * scale, equal_nan=True)
        if not close.all():
            return False
    return True


TYPES = (Matrix(),)
