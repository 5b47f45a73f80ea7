"""What all Faiss types share: how they are built, opened and adopted."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile, TooLarge, Untold
from explorer.indexes.base import Held, IndexHandle, IndexType, Searcher
from explorer.indexes.faiss import building, effort, files, header, holding, items, layout, library, likeness
from explorer.indexes.faiss.searcher import FaissSearcher

MOST = 2**31 - 1

SEED = Param("seed", "int", None, "A number makes the same index every time, on one core; without: all cores.", 1, MOST)
NLIST = Param("nlist", "int", None, "Into how many cells the rows are divided; left out: 4·√n.", 1, 1 << 24)
NPROBE = Param("nprobe", "int", None, "How many cells are looked into: more find more and take longer.", 1, 1 << 24)
EF_SEARCH = Param("efSearch", "int", None, "How many rows are kept in mind: more find more and take longer.", 1, MOST)
RERANK = Param(
    "rerank", "int", None, "How many candidates are re-ranked by true distance; 0: the codes' own ranking.", 0, MOST
)


class FaissType(IndexType):
    """One kind of Faiss index."""

    metrics: tuple[Metric, ...] = ("cosine", "euclidean", "dot")
    suffix = ".faiss"
    family = "faiss"
    kin = "cells"
    kinds: tuple[str, ...]
    """The four letters that its files begin with."""

    @abstractmethod
    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """All build parameters as they suit a Dataset of this size."""

    @abstractmethod
    def plan(self, rows: int, dimensions: int, params: Params) -> building.Plan:
        """What to build by resolved parameters."""

    @abstractmethod
    def found(self, index: Any) -> Params:
        """The build parameters of an index that was read from a file."""

    def lengths(self, params: Params) -> tuple[float, float]:
        """Between which lengths the longest vector has to be."""
        return items.SMALLEST, items.LARGEST

    def exact(self, params: Params) -> bool:
        """Whether an index of such parameters keeps the vectors as they are."""
        return self.lossless

    def unavailable(self) -> str | None:
        """Why Faiss cannot be used here, or None."""
        return library.unavailable()

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What the plan takes; raises TooLarge for more rows than are counted here."""
        if rows > MOST:
            raise TooLarge(f"{self.title} is built of at most {MOST:,} rows here.")
        plan = self.plan(rows, dimensions, self.resolved(rows, dimensions, params))
        return building.cost(plan, rows, dimensions)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Train, add and write. Raises BadParameter for what Faiss cannot do."""
        params = self.resolved(dataset.rows, dataset.dimensions, params)
        items.check_lengths(dataset, metric, progress, self.lengths(params))
        path = folder / f"index{self.suffix}"
        building.build(self.plan(dataset.rows, dataset.dimensions, params), dataset, metric, path, progress)
        return self._handle(dataset, metric, params, path)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Map the file. Raises BadFile when it is gone, or no longer the index that was built."""
        header.header_for(handle.path, dataset.rows, dataset.dimensions, dataset.title)
        if handle.path.stat().st_size != handle.bytes:
            raise BadFile(handle.path, "it is not the Faiss index that was built; build it again.")
        index = files.read(handle.path)
        if handle.metric not in likeness.metrics_of(index, dataset, self.exact(handle.params), handle.path):
            raise BadFile(handle.path, f"it is no Faiss index of the vectors of {dataset.title} under {handle.metric}.")
        return FaissSearcher(handle.path, index, dataset, handle.metric)

    def recognises(self, path: Path) -> bool:
        """Whether the file begins as those of this kind do."""
        told = header.header_of(path)
        return told is not None and told.kind in self.kinds

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a Faiss file made elsewhere: it has to hold the rows of the Dataset, in order.

        Vectors of unit length make it one of cosine; where the Dataset's own are, of the metric that it is opened with.
        """
        told = header.header_for(path, dataset.rows, dataset.dimensions, dataset.title)
        if told.kind not in self.kinds:
            raise BadFile(path, f"it is another kind of Faiss index ({told.kind}) than {self.title}.")
        layout.check(path, progress)
        if reason := self.unavailable():
            raise BadFile(path, reason)
        index = files.read(path)
        with library.translated(lambda said: BadFile(path, f"Faiss cannot say what it is: {said}.")):
            params = self.found(index)
        possible = likeness.metrics_of(index, dataset, self.exact(params), path)
        if not possible or (metric is not None and metric not in possible):
            under = f" under {metric}" if metric else ""
            raise BadFile(path, f"it is no Faiss index of the vectors of {dataset.title}{under}.")
        chosen = metric or (dataset.metric if dataset.metric in possible else possible[0])
        return self._handle(dataset, chosen, params, path)

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The vectors as Faiss reconstructs them, by their numbers.

        Raises Untold when it does not, as from a code that cannot be decoded.
        """
        told = holding.header_of(path, dimensions, metric)
        layout.check(path, progress, numbered=False)
        if reason := self.unavailable():
            raise BadFile(path, reason)
        try:
            return holding.held(path, told, files.read(path), metric, progress)
        except likeness.Undecodable as error:
            why = f"Faiss does not give its vectors out ({error}); add “--vectors FILE” with those it is made of."
            raise Untold(path, why) from error

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """Numbers for what is left out, from k, the rows and the cells."""
        known: Params = {"efSearch": effort.candidates(k), "rerank": effort.reranked(handle.rows, k)}
        if nlist := self.cells(handle):
            known["nprobe"] = effort.probes(nlist, handle.rows, k)
        return {name: value for name, value in known.items() if name in self.tunable(handle)}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every cell, every row in mind, and all of them compared truly."""
        known: Params = {"efSearch": handle.rows, "rerank": handle.rows, "nprobe": self.cells(handle) or 1}
        return {name: known[name] for name in self.tunable(handle)}

    def tunable(self, handle: IndexHandle) -> list[str]:
        """The search parameters that such an index has."""
        return [param.name for param in self.search_params]

    def cells(self, handle: IndexHandle) -> int:
        """How many cells an index has; 0 when it has none."""
        return int(handle.params.get("nlist", 0))

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """How Faiss sees the file: its metric, and whether rows and queries are to be of unit length."""
        told = header.header_of(handle.path)
        metric = "METRIC_L2" if told and told.metric == header.SQUARED_L2 else "METRIC_INNER_PRODUCT"
        return {"metric": metric, "normalised": handle.metric == "cosine"}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path) -> IndexHandle:
        size, rows, dimensions = path.stat().st_size, dataset.rows, dataset.dimensions
        return IndexHandle(self.name, metric, params, path, rows, dimensions, size, 0.0, library.library())
