"""Voyager: Spotify's successor to Annoy, a graph in layers grown from hnswlib (github.com/spotify/voyager)."""

from __future__ import annotations

import struct
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
from explorer.indexes import graphs, hnsw_file
from explorer.indexes.base import Held, IndexHandle, IndexType, Searcher
from explorer.indexes.graph_searcher import GraphSearcher
from explorer.indexes.hnsw_links import FileGraph
from explorer.indexes.walking import Measure, by_product, by_square

SPACES: dict[Metric, tuple[str, int]] = {
    "euclidean": ("Euclidean", 0),
    "dot": ("InnerProduct", 1),
    "cosine": ("Cosine", 2),
}
"""Voyager's name of each metric, and the number that stands for it in its files."""
HEAD = struct.Struct("<4siiBBfB")
"""“VOYA”, version, dimensions, metric, type of number, longest, whether one dimension more is stored (for dot)."""
MAGIC, VERSION, FLOAT32 = b"VOYA", 1, 0x20
MOST = 2**31 - 1
UNIT_KEPT = "Voyager keeps vectors at unit length under cosine: the lengths that they had are not in the file."
EF = 10
"""Voyager's own; it refuses to look at fewer rows than it is asked for."""


class Voyager(IndexType):
    """Ids are rows. Under dot Voyager stores one number more, by which it makes rows equally long."""

    name = "voyager"
    title = "Voyager"
    about = "Spotify's graph in layers, made to follow Annoy: more accurate at the same speed, larger in memory."
    metrics = ("cosine", "euclidean", "dot")
    lossless = True
    reaches_all = False
    build_params = (
        Param("M", "int", 12, "Links of each row: more find more, and cost memory and building time.", 2, 1000),
        Param("ef_construction", "int", 200, "Rows looked at when linking one: more link better, slower.", 1, 100_000),
        Param(
            "seed", "int", None, "A number makes the same index every time, on one core; without: all cores.", 0, MOST
        ),
    )
    search_params = (
        Param("query_ef", "int", None, "How many rows are kept in view: more find more, slower.", 1, MOST),
    )
    effort = MappingProxyType({"query_ef": "not_visited"})
    remedy = "M"
    suffix = ".voy"
    rank = 40
    kin = "graph"

    def unavailable(self) -> str | None:
        """Why Voyager cannot be used here, or None."""
        if find_spec("voyager") is None:
            return extras.missing("voyager")
        return None

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What linking every row takes."""
        links, effort = int(params["M"]), int(params["ef_construction"])
        row_bytes, alone = 4 * dimensions + 8 * links + 16, "seed" in params
        return graphs.cost("A Voyager index", rows, dimensions, row_bytes, links, effort, alone=alone)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build the graph. Raises BadParameter for vectors beyond its float32."""
        import voyager

        path, links = folder / f"index{self.suffix}", int(params["M"])
        graphs.check_lengths(dataset, metric, "Voyager", progress)
        started = time.perf_counter()
        index: Any = voyager.Index(
            getattr(voyager.Space, SPACES[metric][0]),
            dataset.dimensions,
            M=links,
            ef_construction=int(params["ef_construction"]),
            random_seed=int(params.get("seed", 1)),
            max_elements=dataset.rows,
        )
        threads = 1 if "seed" in params else -1
        graphs.add_all(
            dataset, metric, lambda vectors, rows: index.add_items(vectors, rows.tolist(), threads), progress
        )
        with graphs.beside(path) as unfinished:
            index.save(str(unfinished))
            _read(unfinished, dataset, metric)
        return self._handle(dataset, metric, params, path, time.perf_counter() - started)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Read the file. Raises BadFile when it is gone, or no longer the index that was built."""
        file = _read(handle.path, dataset, handle.metric)
        fits = handle.path.stat().st_size == handle.bytes
        if not fits or not hnsw_file.holds(file, dataset, handle.metric, unit=handle.metric == "cosine"):
            raise BadFile(handle.path, "it is not the Voyager index that was built; build it again.")
        return VoyagerSearcher(file, dataset, handle.metric)

    def recognises(self, path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a file made elsewhere, which says its metric; its ids are rows of the Dataset."""
        told = _metric_of(path)
        if metric not in (None, told):
            raise BadFile(path, f"it is a Voyager index for {told}, not {metric}.")
        file = _read(path, dataset, told)
        if not hnsw_file.check(file, dataset, told, progress, unit=told == "cosine"):
            raise BadFile(path, "all its elements are marked as deleted.")
        params: Params = {"M": file.links, "ef_construction": file.ef_construction}
        return self._handle(dataset, told, params, path, 0.0)

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The elements by their ids, without the number more that Voyager stores under dot."""
        told, (width, _, longer) = _metric_of(path), _head(path)
        if metric not in (None, told):
            raise BadFile(path, f"it is a Voyager index for {told}, not {metric}.")
        graphs.check_width(path, width, dimensions)
        file = hnsw_file.read(path, HEAD.size)
        if width < 1 or file.width != width + longer:
            raise BadFile(path, "it is no Voyager index, or it is damaged: its dimensions do not fit.")
        vectors, labels, notes = hnsw_file.contents(file, width, progress)
        return Held(vectors, told, labels, notes=(*notes, UNIT_KEPT) if told == "cosine" else notes)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As many as are asked for, and Voyager's own at least."""
        return {"query_ef": max(EF, k)}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"query_ef": handle.rows}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path, seconds: float) -> IndexHandle:
        size, library = path.stat().st_size, f"voyager {version('voyager')}"
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)


class VoyagerSearcher(GraphSearcher):
    """Voyager's own lists."""

    effort = "query_ef"

    def __init__(self, file: hnsw_file.HnswFile, dataset: Dataset, metric: Metric) -> None:
        import voyager

        super().__init__(dataset, metric)
        self._file, self._elements, self._too_few = file, file.elements, voyager.RecallError
        try:
            self._index: Any = voyager.Index.load(str(file.path))
        except (RuntimeError, ValueError) as error:
            raise BadFile(file.path, f"Voyager could not open it: {error}.") from error

    def close(self) -> None:
        """Let go of the memory."""
        self._index = None

    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        def ask(count: int) -> NDArray[np.int64]:
            labels, _ = self._index.query(query, count, 1, max(count, int(params["query_ef"])))
            return np.asarray(labels[0], np.int64)

        return graphs.as_many(ask, min(k, self._elements), self._too_few)

    def _read_graph(self) -> FileGraph:
        return FileGraph(self._file, self._dataset.rows)

    def _measure(self, query: NDArray[np.float32]) -> Measure:
        vectors = self._file.items()["vector"][:, : len(query)]
        if self._metric == "euclidean":
            return by_square(vectors, query)
        if self._metric == "cosine":
            query = query / (np.sqrt(query @ query) + np.float32(1e-30))
        return by_product(vectors, query)


def _head(path: Path) -> tuple[int, int, bool]:
    """The dimensions of a file, the number of its metric, and whether a dimension more is stored."""
    if not path.is_file():
        raise BadFile(path, "there is no such file.")
    with path.open("rb") as file:
        head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        raise BadFile(path, "it is too short to be a Voyager index.")
    magic, format_version, dimensions, space, numbers, _, longer = HEAD.unpack(head)
    if (magic, format_version, numbers) != (MAGIC, VERSION, FLOAT32) or longer > 1:
        raise BadFile(path, f"it is no Voyager index of float32 vectors in version {VERSION} of its format.")
    return dimensions, space, bool(longer)


def _metric_of(path: Path) -> Metric:
    space = _head(path)[1]
    for metric, (_, number) in SPACES.items():
        if number == space:
            return metric
    raise BadFile(path, "it is a Voyager index of a metric that is not known here.")


def _read(path: Path, dataset: Dataset, metric: Metric) -> hnsw_file.HnswFile:
    """The graph of a file for the metric; raises BadFile when it is none, or has other dimensions."""
    dimensions, space, longer = _head(path)
    file = hnsw_file.read(path, HEAD.size)
    if dimensions != dataset.dimensions or file.width != dimensions + longer or space != SPACES[metric][1]:
        raise BadFile(path, f"it is no Voyager index of {dataset.dimensions} dimensions for {metric}.")
    return file


TYPES = (Voyager(),)
