"""Requests for what the drawings need beside the structure of an index, so that they get little to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.query import Query
from explorer.core.structure import Layers
from explorer.indexes.base import IndexHandle
from explorer.measure.coding import CodedDistances, coded_distances
from explorer.measure.outlines import Outlines, outlined
from explorer.measure.recall import sampled
from explorer.measure.soundness import Soundness, soundness
from explorer.measure.truth import TrueNeighbours, true_neighbours
from explorer.work.desk import Desk


@dataclass(frozen=True, eq=False)
class OutlinesRequest:
    """An outline around most rows of each cell, on a map of positions float32 (n, 2); `cell_of` int32 (n,)."""

    positions: Any
    cell_of: Any
    cells: int

    def __call__(self, desk: Desk) -> Outlines:
        return outlined(self.positions, self.cell_of, self.cells, progress=desk.progress)


@dataclass(frozen=True, eq=False)
class CodedDistancesRequest:
    """True distances against those by code, of rows int64 (m,) to a query and of a sample; None where the index does
    not give out what it holds."""

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    query: Query
    rows: Any
    sample: int = 40
    k: int = 30
    seed: int = 0

    def __call__(self, desk: Desk) -> CodedDistances | None:
        dataset, metric = self.dataset, self.handle.metric
        vector = desk.vector(dataset, self.query, metric)
        truth = _truth(desk, dataset, self.exact, self.sample, self.k, self.seed)
        searcher = desk.searcher(dataset, self.handle)
        try:
            rows = np.asarray(self.rows, np.int64)
            return coded_distances(dataset, metric, searcher, vector, rows, truth, self.seed, desk.progress)
        except NotImplementedError:
            return None


@dataclass(frozen=True, eq=False)
class SoundnessRequest:
    """How sound a graph is; None where the index is none."""

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    k: int
    sample: int
    seed: int = 0

    def __call__(self, desk: Desk) -> Soundness | None:
        dataset = self.dataset
        truth = _truth(desk, dataset, self.exact, self.sample, self.k, self.seed)
        for part in desk.searcher(dataset, self.handle).structure(desk.progress):
            if isinstance(part, Layers):
                return soundness(part, dataset, self.handle.metric, truth, desk.progress)
        return None


def _truth(desk: Desk, dataset: Dataset, exact: IndexHandle, count: int, k: int, seed: int) -> TrueNeighbours:
    rows = sampled(dataset, exact, min(count, dataset.rows), seed)
    return true_neighbours(dataset, exact.metric, desk.searcher(dataset, exact), rows, k, desk.progress)


PictureRequest = OutlinesRequest | CodedDistancesRequest | SoundnessRequest
