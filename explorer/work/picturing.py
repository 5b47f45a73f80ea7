"""Requests for what the drawings need beside the structure of an index, so that they get little to draw."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from explorer import unfinished
from explorer.core.dataset import Dataset
from explorer.core.query import Query
from explorer.core.structure import Layers
from explorer.errors import BadFile, BadParameter
from explorer.indexes.base import IndexHandle
from explorer.measure.coding import CodedDistances, coded_distances
from explorer.measure.outlines import Outlines, outlined
from explorer.measure.recall import sampled
from explorer.measure.soundness import Soundness, soundness
from explorer.measure.truth import TrueNeighbours, true_neighbours
from explorer.work.desk import Desk

LINES_AT_A_TIME = 20_000


@dataclass(frozen=True, eq=False)
class OutlinesRequest:
    """An outline around most rows of each cell, on a map of positions float32 (n, 2); `cell_of` int32 (n,)."""

    positions: Any
    cell_of: Any
    cells: int

    def __call__(self, desk: Desk) -> Outlines:
        return outlined(self.positions, self.cell_of, self.cells, progress=desk.progress)


@dataclass(frozen=True, eq=False)
class BoundariesRequest:
    """How near each row lies to the boundary of its cell: float32 (n,)."""

    background: ClassVar[bool] = True

    dataset: Dataset
    handle: IndexHandle

    def __call__(self, desk: Desk) -> Any:
        try:
            return desk.searcher(self.dataset, self.handle).boundaries(desk.progress)
        except NotImplementedError:
            raise BadParameter("This index has no cells.") from None
        finally:
            desk.close()


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


@dataclass(frozen=True, eq=False)
class MapNumbersRequest:
    """Write what a map shows as CSV: one line a row with its number, name and place float32 (n, 2), the value that
    colours it (`values` (n,), codes into `labels` where there are any), and its mark, if it bears one.

    `marked` int64 (m,) are rows, `marks` their marks. Raises BadFile where it cannot be written.
    """

    dataset: Dataset
    positions: Any
    path: Path
    column: str = ""
    values: Any = None
    labels: tuple[str, ...] = ()
    marked: Any = None
    marks: tuple[str, ...] = ()

    def __call__(self, desk: Desk) -> Path:
        marks = dict(zip(np.asarray(self.marked).tolist() if self.marks else [], self.marks, strict=True))
        head = ["row", "source_row", "name", "x", "y", *([self.column] if self.column else []), "mark"]
        try:
            with unfinished.beside(self.path) as part, part.open("w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file)
                lines.writerow(head)
                for start in range(0, self.dataset.rows, LINES_AT_A_TIME):
                    desk.progress(start / self.dataset.rows, "writing")
                    end = min(start + LINES_AT_A_TIME, self.dataset.rows)
                    lines.writerows(self._line(row, marks.get(row, "")) for row in range(start, end))
        except OSError as error:
            raise BadFile(self.path, f"cannot be written: {error.strerror or error}.") from None
        return self.path

    def _line(self, row: int, mark: str) -> list[object]:
        dataset, (x, y) = self.dataset, self.positions[row].tolist()
        value: list[object] = []
        if self.column:
            number = self.values[row].item()
            if self.labels:
                value = [self.labels[number] if number >= 0 else ""]
            else:
                value = ["" if np.isnan(number) else f"{number:.9g}"]
        return [row, dataset.source_row(row), dataset.name(row), x, y, *value, mark]


def _truth(desk: Desk, dataset: Dataset, exact: IndexHandle, count: int, k: int, seed: int) -> TrueNeighbours:
    rows = sampled(dataset, exact, min(count, dataset.rows), seed)
    return true_neighbours(dataset, exact.metric, desk.searcher(dataset, exact), rows, k, desk.progress)


PictureRequest = OutlinesRequest | BoundariesRequest | CodedDistancesRequest | SoundnessRequest | MapNumbersRequest
