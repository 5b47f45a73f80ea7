"""PyNNDescent: neighbours of neighbours become a graph, which a tree leads into (github.com/lmcinnes/pynndescent).

It saves by pickle, which nobody should open; so an index is not offered for saving, and lives in plain arrays here.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from explorer import extras
from explorer.core import cost as core_cost
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress
from explorer.indexes import graphs
from explorer.indexes.base import IndexHandle, IndexType, Searcher
from explorer.indexes.graph_searcher import RowSearcher
from explorer.indexes.pynndescent import descent, graph, items, walk

MOST = 2**31 - 1
EPSILON = 0.1
"""PyNNDescent's own."""
EVERYWHERE = 1e6
LOOKS = 10
"""A row is compared with so many others for each neighbour that it gets."""
COPIES, HEAP_BYTES = 3, 30
"""So many times the vectors stand in memory meanwhile, and so many bytes for each neighbour of a row."""
TREE, LINK_BYTES = 1.1, 2
"""What the vectors are in the files with the planes of the tree, and what a neighbour leaves there after pruning."""
LOADING = 3.0
"""Seconds for the library and its machine code, where that is kept from an earlier use."""


class PyNNDescent(IndexType):
    """A graph of PyNNDescent's, over unit vectors for cosine and dot."""

    name = "pynndescent"
    title = "PyNNDescent"
    about = "The graph inside UMAP: neighbours of neighbours, entered by a tree; accurate, and slow at its first use."
    metrics = METRICS
    lossless = True
    reaches_all = False
    family = "numba"
    kin = "graph"
    build_params = (
        Param("n_neighbors", "int", 30, "Neighbours looked for of each row: more find more, and take longer.", 2, 1000),
        Param("n_trees", "int", None, "Trees that the graph begins from; left out: 3 to 12 by the rows.", 1, 200),
        Param("n_iters", "int", None, "Rounds over the graph at most; left out: by the rows.", 1, 200),
        Param("pruning_degree_multiplier", "float", 1.5, "Links of a row at most, in n_neighbors.", 0.1, 20),
        Param("diversify_prob", "float", 1.0, "How surely a link is dropped that a detour makes good.", 0.0, 1.0),
        Param(
            "seed", "int", None, "A number makes the same index every time, on one core; without: all cores.", 0, MOST
        ),
    )
    search_params = (
        Param("epsilon", "float", EPSILON, "How far beyond the k-th to look: more find more, slower.", 0.0, EVERYWHERE),
    )
    effort = MappingProxyType({"epsilon": "not_visited"})
    remedy = "n_neighbors"
    rank = 45

    def unavailable(self) -> str | None:
        """Why PyNNDescent cannot be used here, or None."""
        if find_spec("pynndescent") is None:
            return extras.missing("pynndescent")
        return None

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What the rounds over the graph take, and machine code where none is kept yet."""
        neighbours = int(params["n_neighbors"])
        width = 4 * items.width(metric, dimensions)
        memory = rows * (COPIES * width + HEAP_BYTES * neighbours)
        disk = int(rows * (TREE * width + LINK_BYTES * neighbours))
        seconds = graphs.linking(rows, dimensions, neighbours, LOOKS * neighbours)
        serial, shared = core_cost.work(seconds, alone="seed" in params)
        what, advice = f"A PyNNDescent index over {rows:,} rows", "take fewer neighbours, or an index that needs less"
        return Cost(LOADING + serial, shared, memory, disk, what, advice)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build the graph. Raises BadParameter for vectors beyond its float32."""
        graphs.check_lengths(dataset, metric, self.title, progress)
        started = time.perf_counter()
        vectors = items.as_items(dataset, metric, progress)
        made = descent.built(vectors, items.library_metric(metric), params, progress)
        path = graph.write(made, folder)
        try:
            progress(0.95, f"trying the search; {descent.FIRST_TIME}")
            walk.found(graph.read(path, *made.vectors.shape), made.vectors[:1], items.library_metric(metric), 1, 0.0)
        except BaseException:
            graph.remove(folder)
            raise
        seconds, library = time.perf_counter() - started, f"pynndescent {version('pynndescent')}"
        return IndexHandle(
            self.name, metric, params, path, dataset.rows, dataset.dimensions, made.bytes, seconds, library
        )

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Map the arrays. Raises BadFile when they are gone, or no longer what was built."""
        read = graph.read(handle.path, dataset.rows, items.width(handle.metric, dataset.dimensions))
        return PyNNDescentSearcher(read, dataset, handle.metric)

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"epsilon": EVERYWHERE}


class PyNNDescentSearcher(RowSearcher):
    """PyNNDescent's own lists, from the mapped arrays."""

    def __init__(self, opened: graph.Graph, dataset: Dataset, metric: Metric) -> None:
        super().__init__(dataset, metric)
        self._graph: graph.Graph | None = opened
        self._library_metric = items.library_metric(metric)

    def close(self) -> None:
        """Let go of the files."""
        self._graph = None

    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        assert self._graph is not None
        asked = items.as_queries(query, self._metric)
        return walk.found(self._graph, asked, self._library_metric, k, float(params["epsilon"]))


TYPES = (PyNNDescent(),)
