"""PyNNDescent: the graph of nearest neighbours that UMAP stands on (github.com/lmcinnes/pynndescent)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.indexes import graphs
from explorer.indexes.annoy.items import as_items, as_queries
from explorer.indexes.annoy.layout import Layout
from explorer.indexes.base import IndexHandle, IndexType, Searcher
from explorer.indexes.graphs import GraphSearcher

MOST = 2**31 - 1
EPSILON = 0.1
FULL = 1e6
FEWEST = 2
"""A graph needs two rows."""
COMPILING = "compiling pynndescent (up to a minute the first time), then building"


class PyNNDescent(IndexType):
    """The library saves by pickle, which is never read here: the graph is kept as plain arrays while the program runs,
    and what it searches with is made from them when the index is opened.

    Cosine is done as euclidean over unit vectors, and dot as euclidean over vectors made equally long by one number
    more, so that what is compiled for one serves all three. Under manhattan it compiles anew whenever an index is
    opened; that is left to others.
    """

    name = "pynndescent"
    title = "PyNNDescent"
    about = "The graph that UMAP stands on: accurate, all in Python; it compiles itself at first, and is not saved."
    metrics = ("cosine", "euclidean", "dot")
    lossless = True
    reaches_all = False
    build_params = (
        Param("n_neighbors", "int", 30, "Neighbours of each row in the graph: more find more, slower.", 2, 1000),
        Param("seed", "int", None, "A number makes the same index every time, on one core.", 0, MOST),
    )
    search_params = (
        Param(
            "epsilon", "float", EPSILON, "How much farther than the k-th it looks: more finds more, slower.", 0, FULL
        ),
    )
    rank = 45

    def unavailable(self) -> str | None:
        """Why PyNNDescent cannot be used here, or None."""
        if find_spec("pynndescent") is None:
            return "The library pynndescent is not installed here; “pip install ann-explorer[pynndescent]” adds it."
        return None

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build the graph. It cannot be stopped but with its process. Raises TooLarge, or BadParameter for vectors
        beyond its float32.
        """
        path, neighbors = folder / "index.npz", min(int(params["n_neighbors"]), dataset.rows)
        graphs.check_room(dataset.rows, 12 * dataset.dimensions + 60 * neighbors, "A PyNNDescent index", folder)
        graphs.check_lengths(dataset, metric, "PyNNDescent", progress)
        started = time.perf_counter()
        progress(None, COMPILING)
        rows, distances = np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32)
        if dataset.rows >= FEWEST:
            with _quiet():
                index = _descent(_items(dataset, metric), neighbors, params)
                rows, distances = index.neighbor_graph
        progress(0.99, "writing")
        with graphs.beside(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, rows=rows, distances=distances)
        library, size = f"pynndescent {version('pynndescent')}", path.stat().st_size
        seconds = time.perf_counter() - started
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Make ready to search, which compiles too. Raises BadFile when the graph is gone, or another."""
        try:
            with np.load(handle.path, allow_pickle=False) as kept:
                rows, distances = kept["rows"], kept["distances"]
        except (OSError, ValueError, KeyError) as error:
            raise BadFile(handle.path, f"it is not the graph that was built ({error}); build it again.") from error
        if len(rows) != dataset.rows or rows.shape != distances.shape or rows.max() >= dataset.rows:
            raise BadFile(handle.path, "it is not the graph that was built; build it again.")
        return PyNNDescentSearcher(dataset, handle, rows, distances)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """The library's own, whatever k."""
        return {"epsilon": EPSILON}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"epsilon": FULL}


class PyNNDescentSearcher(GraphSearcher):
    """The lists that PyNNDescent gives."""

    def __init__(
        self, dataset: Dataset, handle: IndexHandle, rows: NDArray[np.int32], distances: NDArray[np.float32]
    ) -> None:
        super().__init__(dataset, handle.metric)
        self._index: Any = None
        if dataset.rows < FEWEST:
            return
        items = _items(dataset, handle.metric)
        self._radius = float(np.linalg.norm(items[0].astype(np.float64)))
        with _quiet():
            self._index = _descent(items, rows.shape[1], handle.params, (rows, distances))
            # It takes a graph that is known for one that needs no tree; but then searches begin anywhere.
            self._index.tree_init = True
            self._index.prepare()

    def close(self) -> None:
        """Let go of the memory."""
        self._index = None

    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        if self._dataset.rows < FEWEST:
            return np.zeros(k, np.int64)
        if self._metric == "cosine":
            query = _unit(query)
        elif self._metric == "dot":
            query = as_queries(query, Layout("euclidean", query.shape[1] + 1), self._radius)
        with _quiet():
            rows, distances = self._index.query(query, k, float(params["epsilon"]))
        # Where it finds fewer it fills up with rows at no distance.
        found: NDArray[np.int64] = rows[0][np.isfinite(distances[0]) & (rows[0] >= 0)].astype(np.int64)
        return found


def _descent(
    items: NDArray[np.float32],
    neighbors: int,
    params: Params,
    known: tuple[NDArray[np.int32], NDArray[np.float32]] | None = None,
) -> Any:
    """The library's index over items: built, or made from a graph that is known."""
    from pynndescent import NNDescent

    given = {} if known is None else {"init_graph": known[0], "init_dist": known[1], "n_iters": 0, "tree_init": False}
    seeded = {"random_state": int(params["seed"]), "n_jobs": 1} if "seed" in params else {}
    return NNDescent(items, metric="euclidean", n_neighbors=neighbors, **seeded, **given)


def _items(dataset: Dataset, metric: Metric) -> NDArray[np.float32]:
    """All rows as the library gets them."""
    if metric == "cosine":
        return _unit(dataset.vectors)
    if metric == "dot":
        squared = np.vecdot(dataset.vectors, dataset.vectors, dtype=np.float64)
        return as_items(dataset.vectors, metric, float(np.sqrt(squared.max())))
    return np.array(dataset.vectors)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    size = np.sqrt(np.vecdot(vectors, vectors, dtype=np.float64))[:, None]
    unit: NDArray[np.float32] = (vectors / np.where(size > 0, size, 1)).astype(np.float32)
    return unit


@contextmanager
def _quiet() -> Iterator[None]:
    """It warns where some rows have few neighbours, and of the compiler's state; an answer shows it better."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


TYPES = (PyNNDescent(),)
