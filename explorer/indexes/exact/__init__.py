"""Exact search: every vector is looked at, so its answer is the truth that other indexes are held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.params import Params
from explorer.core.progress import Progress
from explorer.indexes.base import IndexHandle, IndexType, Searcher
from explorer.indexes.exact.searcher import ExactSearcher


class Exact(IndexType):
    """The vectors themselves: nothing is built, and no file is written."""

    name = "exact"
    title = "Exact"
    about = "Looks at every vector: always right, and the measure of all other indexes; slower the more rows there are."
    metrics = METRICS
    lossless = True
    rank = 0
    kin = "scan"

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """Nothing."""
        return Cost(0.0, 0.0, 0, 0, f"Exact search of {rows:,} rows", "")

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """A handle on the Dataset's own vectors; `folder` stays empty."""
        library = f"numpy {np.__version__}"
        where, size = dataset.vectors_path, dataset.bytes
        return IndexHandle(self.name, metric, params, where, dataset.rows, dataset.dimensions, size, 0.0, library)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """A searcher over the mapped vectors; opening reads nothing."""
        return ExactSearcher(dataset.vectors, handle.metric)


TYPES = (Exact(),)
