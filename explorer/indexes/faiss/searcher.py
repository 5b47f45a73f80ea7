"""An opened Faiss index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.cost import cores
from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Structure
from explorer.core.trace import Trace
from explorer.errors import TaskFailed
from explorer.indexes.base import Searcher
from explorer.indexes.faiss import effort, inside, items, likeness, lists, reasons, replay
from explorer.indexes.faiss.library import threads, translated
from explorer.indexes.faiss.links import FaissGraph
from explorer.indexes.faiss.parts import Parts, taken_apart


class FaissSearcher(Searcher):
    """Faiss's own lists. Under cosine zero rows, whose inner product is 0 with all, come last."""

    def __init__(self, path: Path, index: Any, dataset: Dataset, metric: Metric) -> None:
        self._path, self._dataset, self._metric = path, dataset, metric
        self._zeros = dataset.zero_rows if metric == "cosine" else 0
        self._index: Any = index
        self._asked = 0

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The first k that Faiss finds for each query, or the first `rerank`: (q, d) → (q, m), −1 padded."""
        count = self._count(k, params)
        found = np.full((len(vectors), count), -1, np.int64)
        queries = items.as_items(vectors, self._metric)
        effort.tune(self._index, params)
        with self._asking():
            # One by one: many together are compared by products, and lose digits that one alone keeps.
            for i in range(len(queries)):
                if i:
                    progress(i / len(queries), "search")
                rows = self._nearest(queries[i : i + 1], count)[:count]
                found[i, : len(rows)] = rows
        return found

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """Its cells, codes and layers."""
        with self._asking(cores()):
            return inside.structure(self._parts, self._graph, self._dataset, self._metric, progress)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace | None:
        """Probes, the scan of codes or the walk, and what is re-ranked; None for a kind of index that is not read here.

        `found` are the candidates that `search` gives, in the library's own order.
        """
        count, parts = self._count(k, params), self._parts
        if parts is None:
            return None
        query = items.as_items(vector[None], self._metric)
        effort.tune(self._index, params)
        with self._asking():
            theirs = self._nearest(query, count)[:count]
            asked = min(self._asked, self._dataset.rows)
            found = replay.replayed(parts, self._graph, query, asked, progress)
            if found is None:
                return None
            ranking = replay.Ranking(parts, self._graph, self._dataset, self._metric, vector, query)
            rerank = bool(int(params.get("rerank", 0)))
            return replay.finished(found, ranking, theirs, asked, count, self._zeros_last, rerank=rerank)

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause | None:
        """The cell that was not probed, the code that ranks it too low, or the links that were not followed."""
        if self._parts is None:
            return None
        query = items.as_items(vector[None], self._metric)
        with self._asking():
            cell = int(self._cell_of[row]) if self._parts.cells else 0
            return reasons.cause(self._parts, self._graph, trace, query, row, cell, progress)

    def boundaries(self, progress: Progress = silent) -> NDArray[np.float32]:
        """Every row against the centres of the coarse quantizer."""
        if self._parts is None or not self._parts.cells:
            raise NotImplementedError
        with self._asking(cores()):
            return lists.boundaries(self._parts, self._dataset, self._metric, progress)

    def decoded(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows as the index holds them, of unit length under cosine but for what the code loses."""
        try:
            return likeness.decoded(self._index, rows)
        except likeness.Undecodable as error:
            raise NotImplementedError(str(error)) from error

    def close(self) -> None:
        """Unmap the file."""
        for name in ("_parts", "_graph", "_cell_of"):
            self.__dict__.pop(name, None)
        self._index = None

    @cached_property
    def _parts(self) -> Parts | None:
        return taken_apart(self._index)

    @cached_property
    def _graph(self) -> FaissGraph | None:
        return FaissGraph(self._parts) if self._parts is not None and self._parts.graph else None

    @cached_property
    def _cell_of(self) -> NDArray[np.int32]:
        assert self._parts is not None
        return lists.cell_of(self._parts.core, self._dataset.rows)

    def _count(self, k: int, params: Params) -> int:
        """How many rows are candidates."""
        return min(max(k, int(params.get("rerank", 0))), self._dataset.rows)

    @contextmanager
    def _asking(self, count: int = 1) -> Iterator[None]:
        """On so many threads, in sentences."""
        with threads(count), translated(lambda said: TaskFailed(f"{self._path}: Faiss could not search: {said}.")):
            yield

    def _nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Faiss's own first `count` rows, the zero ones behind the others.

        Rows that are nearer than a right angle stand before them, so that asking for more is seldom needed.
        """
        most = min(count + self._zeros, self._dataset.rows)
        asked = count
        while True:
            self._asked = asked
            rows = np.asarray(self._index.search(query, asked)[1][0], np.int64)
            rows = rows[(rows >= 0) & (rows < self._dataset.rows)]
            if not self._zeros:
                return rows
            zero = ~self._dataset.vectors[rows].any(axis=1)
            if asked >= most or asked - int(zero.sum()) >= count:
                return self._zeros_last(rows)
            asked = min(2 * asked, most)

    def _zeros_last(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._zeros:
            return rows
        zero = ~self._dataset.vectors[rows].any(axis=1)
        return np.concatenate([rows[~zero], rows[zero]])
