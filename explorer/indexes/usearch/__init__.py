"""USearch: a compact graph in layers, mapped from its file (github.com/unum-cloud/usearch)."""

from __future__ import annotations

import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import extras
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile
from explorer.indexes import graphs
from explorer.indexes.base import Held, IndexHandle, IndexType, Searcher
from explorer.indexes.graph_searcher import GraphSearcher
from explorer.indexes.usearch import layout
from explorer.indexes.usearch.library import imported
from explorer.indexes.usearch.links import SlotGraph
from explorer.indexes.walking import Measure, by_cosine, by_product, by_square

METRICS: dict[Metric, str] = {"cosine": "cos", "euclidean": "l2sq", "dot": "ip"}
MOST = 2**31 - 1
EXPANSION = 64
"""USearch's own; a search that is asked for more keeps as many in view as it is asked for."""


class USearch(IndexType):
    """Keys are rows, numbers are float32 and not the shorter ones that USearch would choose."""

    name = "usearch"
    title = "USearch"
    about = "A compact graph in layers that answers from its mapped file: quick to open, shared between processes."
    metrics = ("cosine", "euclidean", "dot")
    lossless = True
    reaches_all = False
    build_params = (
        Param("connectivity", "int", 16, "Links of each row: more find more, and cost memory and time.", 2, 1000),
        Param("expansion_add", "int", 128, "Rows looked at when linking one: more link better, slower.", 1, 100_000),
        Param("threads", "int", 0, "0 takes all cores; 1 makes the same index every time.", 0, 1024),
    )
    search_params = (
        Param("expansion_search", "int", None, "How many rows are kept in view: more find more, slower.", 1, MOST),
    )
    effort = MappingProxyType({"expansion_search": "not_visited"})
    remedy = "connectivity"
    suffix = ".usearch"
    family = "usearch"
    rank = 35
    kin = "graph"

    def unavailable(self) -> str | None:
        """Why USearch cannot be used here, or None."""
        if find_spec("usearch") is None:
            return extras.missing("usearch")
        return None

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What linking every row takes."""
        links, effort = int(params["connectivity"]), int(params["expansion_add"])
        row_bytes, alone = 4 * dimensions + 8 * links + 24, params["threads"] == 1
        return graphs.cost("A USearch index", rows, dimensions, row_bytes, links, effort, alone=alone)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build the graph. Raises BadParameter for vectors beyond its float32."""
        index_of = imported().Index
        path, links = folder / f"index{self.suffix}", int(params["connectivity"])
        graphs.check_lengths(dataset, metric, "USearch", progress)
        started = time.perf_counter()
        index: Any = index_of(
            ndim=dataset.dimensions,
            metric=METRICS[metric],
            dtype="f32",
            connectivity=links,
            expansion_add=int(params["expansion_add"]),
        )
        threads = int(params["threads"])
        graphs.add_all(
            dataset, metric, lambda vectors, rows: index.add(rows.astype(np.uint64), vectors, threads=threads), progress
        )
        with graphs.beside(path) as unfinished:
            index.save(str(unfinished))
            layout.read(unfinished)
        return self._handle(dataset, metric, params, path, time.perf_counter() - started)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Map the file. Raises BadFile when it is gone, or no longer the index that was built."""
        found = layout.read(handle.path)
        if found.metric != handle.metric or not layout.holds(found, dataset):
            raise BadFile(handle.path, "it is not the USearch index that was built; build it again.")
        return USearchSearcher(found, dataset, handle.metric)

    def recognises(self, path: Path) -> bool:
        try:
            layout.read(path)
        except BadFile:
            return False
        return True

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a file made elsewhere, which says its metric; its keys are the rows of the Dataset."""
        found = layout.read(path)
        if metric not in (None, found.metric):
            raise BadFile(path, f"it is a USearch index for {found.metric}, not {metric}.")
        ours = (dataset.rows, dataset.dimensions)
        if (found.elements, found.dimensions) != ours:
            theirs = f"{found.elements:,} × {found.dimensions}"
            raise BadFile(path, f"it holds {theirs} vectors; {dataset.title} has {ours[0]:,} × {ours[1]}.")
        layout.check(found, dataset, progress)
        return self._handle(dataset, found.metric, {"connectivity": found.links_above}, path, 0.0)

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The vectors by their keys."""
        found = layout.read(path)
        if metric not in (None, found.metric):
            raise BadFile(path, f"it is a USearch index for {found.metric}, not {metric}.")
        graphs.check_width(path, found.dimensions, dimensions)
        order, labels = graphs.in_order(layout.check_graph(found, progress), path)
        vectors = found.vectors()
        return Held(vectors if order is None else vectors[order], found.metric, labels)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As many as are asked for, and USearch's own at least."""
        return {"expansion_search": max(EXPANSION, k)}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"expansion_search": handle.rows}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path, seconds: float) -> IndexHandle:
        size, library = path.stat().st_size, f"usearch {version('usearch')}"
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)


class USearchSearcher(GraphSearcher):
    """USearch's own lists, from the mapped file."""

    effort = "expansion_search"
    asks_again = False

    def __init__(self, file: layout.Layout, dataset: Dataset, metric: Metric) -> None:
        super().__init__(dataset, metric)
        self._file = file
        try:
            self._index: Any = imported().Index.restore(str(file.path), view=True)
        except RuntimeError as error:
            raise BadFile(file.path, f"USearch could not open it: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        if self._index is not None:
            self._index.reset()
        self._index = None

    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        self._index.expansion_search = int(params["expansion_search"])
        return np.asarray(self._index.search(query[0], k, threads=1).keys, np.int64)

    def _read_graph(self) -> SlotGraph:
        return SlotGraph(self._file)

    def _measure(self, query: NDArray[np.float32]) -> Measure:
        ways = {"cosine": by_cosine, "euclidean": by_square, "dot": by_product}
        return ways[self._metric](self._file.vectors(), query)


TYPES = (USearch(),)
