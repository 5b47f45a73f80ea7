"""hnswlib: a graph in layers, searched from the top down (github.com/nmslib/hnswlib)."""

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
from explorer.errors import BadFile, Untold
from explorer.indexes import graphs, hnsw_file
from explorer.indexes.base import Held, IndexHandle, IndexType, Searcher
from explorer.indexes.graph_searcher import GraphSearcher
from explorer.indexes.hnsw_links import FileGraph
from explorer.indexes.walking import Measure, by_product, by_square

SPACES: dict[Metric, str] = {"cosine": "cosine", "euclidean": "l2", "dot": "ip"}
MOST = 2**31 - 1
EF = 10
"""hnswlib's own; a search that is asked for more looks at as many as it is asked for."""
ALIKE = "hnswlib files of euclidean and dot look alike; add “--metric euclidean” or “--metric dot”."
UNIT_KEPT = "hnswlib keeps vectors at unit length under cosine: the lengths that they had are not in the file."
UNIT_TAKEN = f"Unit vectors are taken for those of cosine, which the file does not name. {UNIT_KEPT}"


class Hnswlib(IndexType):
    """Labels are rows. Vectors stand in the file as they are, under cosine as unit vectors."""

    name = "hnswlib"
    title = "hnswlib"
    about = "A navigable graph in layers: very fast and accurate, large in memory, and slower to build than trees."
    metrics = ("cosine", "euclidean", "dot")
    lossless = True
    reaches_all = False
    build_params = (
        Param("M", "int", 16, "Links of each row: more find more, and cost memory and building time.", 2, 1000),
        Param("ef_construction", "int", 200, "Rows looked at when linking one: more link better, slower.", 1, 100_000),
        Param(
            "seed", "int", None, "A number makes the same index every time, on one core; without: all cores.", 0, MOST
        ),
    )
    search_params = (Param("ef", "int", None, "How many rows are kept in view: more find more, slower.", 1, MOST),)
    effort = MappingProxyType({"ef": "not_visited"})
    remedy = "M"
    suffix = ".bin"
    rank = 30
    kin = "graph"

    def unavailable(self) -> str | None:
        """Why hnswlib cannot be used here, or None."""
        if find_spec("hnswlib") is None:
            return extras.missing("hnswlib")
        return None

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What linking every row takes."""
        links, effort = int(params["M"]), int(params["ef_construction"])
        row_bytes, alone = 4 * dimensions + 8 * links + 12, "seed" in params
        return graphs.cost("An hnswlib index", rows, dimensions, row_bytes, links, effort, alone=alone)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build the graph. Raises BadParameter for vectors beyond its float32."""
        from hnswlib import Index

        path, links = folder / f"index{self.suffix}", int(params["M"])
        graphs.check_lengths(dataset, metric, "hnswlib", progress)
        started = time.perf_counter()
        index, seed = Index(SPACES[metric], dataset.dimensions), int(params.get("seed", 100))
        index.init_index(dataset.rows, links, int(params["ef_construction"]), seed)
        threads = 1 if "seed" in params else -1
        graphs.add_all(dataset, metric, lambda vectors, rows: index.add_items(vectors, rows, threads), progress)
        with graphs.beside(path) as unfinished:
            index.save_index(str(unfinished))
            if unfinished.stat().st_size != index.index_file_size():
                raise OSError("not all of it was written")
        return self._handle(dataset, metric, params, path, time.perf_counter() - started)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Read the file. Raises BadFile when it is gone, or no longer the index that was built."""
        file = hnsw_file.read(handle.path)
        fits = file.width == dataset.dimensions and handle.path.stat().st_size == handle.bytes
        if not fits or not hnsw_file.holds(file, dataset, handle.metric, unit=handle.metric == "cosine"):
            raise BadFile(handle.path, "it is not the hnswlib index that was built; build it again.")
        return HnswlibSearcher(file, dataset, handle.metric)

    def recognises(self, path: Path) -> bool:
        try:
            hnsw_file.read(path)
        except BadFile:
            return False
        return True

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a file made elsewhere, whose labels are rows of the Dataset; some can be missing or deleted.

        A file of unit vectors is one for cosine where the rows are none; the others do not tell their metric.
        """
        file = hnsw_file.read(path)
        if file.width != dataset.dimensions:
            raise BadFile(path, f"it has {file.width} dimensions; {dataset.title} has {dataset.dimensions}.")
        metric = _metric_of(file, dataset) if metric is None else metric
        if metric not in self.metrics:
            raise BadFile(path, f"hnswlib has no {metric}; it has {', '.join(self.metrics)}.")
        if not hnsw_file.check(file, dataset, metric, progress, unit=metric == "cosine"):
            raise BadFile(path, "all its elements are marked as deleted.")
        params: Params = {"M": file.links, "ef_construction": file.ef_construction}
        return self._handle(dataset, metric, params, path, 0.0)

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The elements by their labels. Unit vectors are those of a cosine index unless another metric is given.

        Raises Untold for other vectors without a metric: files of euclidean and of dot are alike.
        """
        file = hnsw_file.read(path)
        graphs.check_width(path, file.width, dimensions)
        if metric not in (None, *self.metrics):
            raise BadFile(path, f"hnswlib has no {metric}; it has {', '.join(self.metrics)}.")
        vectors, labels, notes = hnsw_file.contents(file, file.width, progress)
        unit = graphs.all_unit(vectors)
        if metric is None and not unit:
            raise Untold(path, ALIKE, [(file.width, "euclidean"), (file.width, "dot")])
        if metric == "cosine" and not unit:
            raise BadFile(path, "its vectors are not of unit length, as hnswlib makes them under cosine.")
        if metric is None:
            notes = (*notes, UNIT_TAKEN)
        elif metric == "cosine":
            notes = (*notes, UNIT_KEPT)
        return Held(vectors, metric or "cosine", labels, notes=notes)

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """What hnswlib.Index has to be told to open the file."""
        return {"space": SPACES[handle.metric], "dim": dataset.dimensions}

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As many as are asked for, and hnswlib's own at least."""
        return {"ef": max(EF, k)}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"ef": handle.rows}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path, seconds: float) -> IndexHandle:
        size, library = path.stat().st_size, f"hnswlib {version('hnswlib')}"
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)


class HnswlibSearcher(GraphSearcher):
    """The lists that hnswlib gives."""

    effort = "ef"

    def __init__(self, file: hnsw_file.HnswFile, dataset: Dataset, metric: Metric) -> None:
        from hnswlib import Index

        super().__init__(dataset, metric)
        self._file, self._elements = file, file.elements
        self._index: Any = Index(SPACES[metric], dataset.dimensions)
        try:
            self._index.load_index(str(file.path), file.elements)
        except RuntimeError as error:
            raise BadFile(file.path, f"hnswlib could not open it: {error}.") from error

    def close(self) -> None:
        """Let go of the memory."""
        self._index = None

    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        self._index.set_ef(int(params["ef"]))

        def ask(count: int) -> NDArray[np.int64]:
            labels, _ = self._index.knn_query(query, count, 1)
            return np.asarray(labels[0], np.int64)

        return graphs.as_many(ask, min(k, self._elements))

    def _read_graph(self) -> FileGraph:
        return FileGraph(self._file, self._dataset.rows)

    def _measure(self, query: NDArray[np.float32]) -> Measure:
        vectors = self._file.items()["vector"]
        if self._metric == "euclidean":
            return by_square(vectors, query)
        if self._metric == "cosine":
            query = query / (np.sqrt(query @ query) + np.float32(1e-30))
        return by_product(vectors, query)


def _metric_of(file: hnsw_file.HnswFile, dataset: Dataset) -> Metric:
    raw = hnsw_file.holds(file, dataset, "euclidean", unit=False)
    if raw:
        raise Untold(file.path, ALIKE, [(file.width, "euclidean"), (file.width, "dot")])
    if hnsw_file.holds(file, dataset, "cosine", unit=True):
        return "cosine"
    raise BadFile(file.path, f"it is no hnswlib index of the vectors of {dataset.title}.")


TYPES = (Hnswlib(),)
