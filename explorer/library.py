"""The public functions: load a file, build or open an index, ask it, make a map."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer import loading, projection, scratch
from explorer.core import params as core_params
from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.metric import Metric, metric_named
from explorer.core.neighbours import Neighbours
from explorer.core.projection import Projection
from explorer.errors import BadParameter, BadQuery
from explorer.formats import reading
from explorer.indexes import asking, building, saved, type_named
from explorer.indexes.base import IndexHandle
from explorer.sources import memory
from explorer.work.children import Children
from explorer.work.latest import ignore
from explorer.work.requests import BuildRequest, OpenIndexRequest, ReadRequest

EXACT = "exact"
"""Its vectors are the index: there is nothing to build."""

_children: dict[int, Children] = {}
"""Those that read and build for a process, by its number: what a fork inherits is not its own."""
_guard = threading.Lock()


class Index:
    """An index over a Dataset; made by `build` or `open_index`.

    A built one keeps its files in a temporary folder, which goes with it; `save` keeps them.
    """

    def __init__(self, dataset: Dataset, handle: IndexHandle, folder: Path | None = None) -> None:
        self.dataset = dataset
        self.handle = handle
        self._searcher = type_named(handle.type).open(handle, dataset)
        self._end = weakref.finalize(self, _end, self._searcher, folder)

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value}" for name, value in self.handle.params.items())
        return f"Index({self.handle.type}, {self.handle.metric}, {params or 'no parameters'})"

    def search(self, vector: ArrayLike, k: int = 10, *, leave_out: Iterable[int] = (), **params: Any) -> Neighbours:
        """The k nearest rows to a vector (d,), without the rows to leave out; `params` are search parameters.

        Raises BadQuery for a vector of another length, one that is not finite, or a zero one under cosine;
        BadParameter for a k below 1, or a parameter that this index type has not.
        """
        if not self._end.alive:
            raise BadParameter("This index has been closed; build it again.")
        if k < 1:
            raise BadParameter(f"k is at least 1, not {k}.")
        query = _as_query(vector)
        resolved = asking.resolved(self.handle, params, k)
        return asking.neighbours(self._searcher, self.handle, self.dataset, query, k, resolved, leave_out)

    def save(self, path: str | Path) -> Path:
        """Save in the library's own format, with a JSON sidecar beside it; returns the path.

        Raises BadFile when it cannot be written there, BadParameter for a type that has no files of its own.
        """
        fingerprinted(self.dataset)
        return saved.save_index(self.handle, self.dataset, Path(path)).path

    def close(self) -> None:
        """Let go of the index and its files; calling it twice does no harm."""
        self._end()


def load(
    source: Any,
    *,
    metadata: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    vectors: str | Path | None = None,
    dimensions: int | None = None,
) -> Dataset:
    """Open a file of vectors, an index file, or a sample set as `sample:NAME`; or take what is in memory: an array
    (n, d), or a pandas, polars or pyarrow table that holds vectors.

    `metadata` is a table beside it, `options` are what `--read key=value` takes, such as {"vectors": "p*"}. An index
    file gives the vectors that it holds, and `open_index(dataset)` then opens it itself; where it does not say them,
    `dimensions` and `metric` do, or `vectors` is a file of what it was built of. What a native library reads is read in
    a process of its own, which may crash and takes no more memory than the file justifies. Raises BadFile with one
    sentence when the file cannot be read or leaves something to be told, BadParameter for an unknown option or metric.
    """
    chosen = None if metric is None else metric_named(metric)
    if not isinstance(source, str | Path):
        if vectors is not None or dimensions is not None:
            raise BadParameter("vectors and dimensions go with an index file, and what is in memory is complete.")
        table = None if metadata is None else Path(metadata)
        return reading.made(memory.origin(source), metadata=table, options=options, metric=chosen)
    if not loading.is_native(source, metadata=metadata, vectors=vectors, options=options):
        return loading.load(source, options=options, metric=chosen, dimensions=dimensions)
    table, other = (None if path is None else Path(path).expanduser() for path in (metadata, vectors))
    request = ReadRequest(str(source), table, dict(options or {}), chosen, other, dimensions)
    dataset: Dataset = _workers().ask(request, ignore, ignore)
    return dataset


def build(dataset: Dataset, type: str = "exact", metric: str | None = None, **params: Any) -> Index:
    """Build an index over a Dataset: `build(dataset, "annoy", trees=50)`.

    The metric is the Dataset's own unless one is given. It is built in a process of its own, which stays for the next
    one: this process only opens the index, so that any types can be used side by side, and Ctrl+C ends a build.
    Raises BadParameter, Unavailable, TooLarge, or TaskFailed when a library crashed.
    """
    chosen: Metric = dataset.metric if metric is None else metric_named(metric)
    folder = scratch.new_folder()
    try:
        return Index(dataset, _built(dataset, type, chosen, params, folder), folder)
    except BaseException:
        scratch.remove(folder)
        raise


def open_index(dataset: Dataset, path: str | Path | None = None, metric: str | None = None) -> Index:
    """Open an index file over the Dataset that it was built of: `open_index(dataset, "vectors.faiss")`.

    Without a path it is the one that the Dataset itself was loaded from. The metric is needed where neither the file
    nor a sidecar tells it. Raises BadFile when the file is no index of these vectors, BadParameter when there is none.
    """
    chosen = None if metric is None else metric_named(metric)
    if path is None:
        if dataset.own_index is None:
            raise BadParameter(f"{dataset.title} came with no index of its own; name the file of one.")
        path, chosen = dataset.own_index, chosen or dataset.metric
    # First somewhere else: a file that crashes its library is then a sentence.
    request = OpenIndexRequest(dataset, Path(path).expanduser(), chosen)
    handle: IndexHandle = _workers().ask(request, ignore, ignore)
    return Index(dataset, handle)


def project(
    dataset: Dataset, method: str = "umap", *, metric: str | None = None, seed: int | None = None, **params: Any
) -> Projection:
    """Lay the rows out in two dimensions: `project(dataset, n_neighbors=15)`; `.positions` is float32 (n, 2).

    Unseeded is fast; a seed gives the same bytes each time on the same machine and versions.
    """
    chosen: Metric = dataset.metric if metric is None else metric_named(metric)
    return projection.projected(dataset, chosen, method, params, seed, lambda positions, fraction: None)


def _built(dataset: Dataset, type: str, metric: Metric, params: Mapping[str, object], folder: Path) -> IndexHandle:
    if type == EXACT:
        return building.built(dataset, type, metric, params, folder)
    kind = type_named(type)
    checked = core_params.checked(kind.build_params, params, kind.name)
    handle: IndexHandle = _workers().ask(BuildRequest(dataset, type, metric, checked, folder), ignore, ignore)
    return handle


def _workers() -> Children:
    """The children that read and build for this process; they go with it."""
    with _guard:
        if (pid := os.getpid()) not in _children:
            _children[pid] = Children()
            atexit.register(_dismiss, pid)
        return _children[pid]


def _dismiss(pid: int) -> None:
    """End the children, unless this is a fork of the process that they work for."""
    if pid == os.getpid() and (children := _children.pop(pid, None)) is not None:
        children.close()


def _as_query(vector: ArrayLike) -> NDArray[np.float32]:
    """One vector (d,), also when it is given as the only row of (1, d)."""
    try:
        query = np.ascontiguousarray(vector, np.float32)
    except (TypeError, ValueError) as error:
        raise BadQuery(f"The query is no vector of numbers: {error}.") from None
    if query.ndim == 2 and len(query) == 1:
        query = query[0]
    if query.ndim != 1:
        raise BadQuery(f"The query is one vector (d,), not an array of shape {query.shape}; ask for one at a time.")
    return query


def _end(searcher: Any, folder: Path | None) -> None:
    searcher.close()
    if folder is not None:
        scratch.remove(folder)
