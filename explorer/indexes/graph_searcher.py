"""An opened graph: its library asked row by row, its links read, its walk replayed."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Structure
from explorer.core.trace import Trace
from explorer.indexes import layered, reaching, walking
from explorer.indexes.agreeing import difference
from explorer.indexes.base import Searcher
from explorer.indexes.graphs import ready
from explorer.indexes.layered import Graph
from explorer.indexes.walking import Measure


class RowSearcher(Searcher):
    """Asks a library for one query after the other. Under cosine zero rows come last, wherever it puts them."""

    def __init__(self, dataset: Dataset, metric: Metric) -> None:
        self._dataset, self._metric = dataset, metric
        self._zeros = dataset.zero_rows if metric == "cosine" else 0

    @abstractmethod
    def _nearest(self, query: NDArray[np.float32], k: int, params: Params) -> NDArray[np.int64]:
        """What the library finds for one query (1, d): up to k rows, nearest first."""

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The first k that the library finds for each query: (q, d) → (q, min(k, n)), −1 padded."""
        k = min(k, self._dataset.rows)
        found = np.full((len(vectors), k), -1, np.int64)
        asked = min(k + self._zeros, self._dataset.rows)
        queries = ready(np.asarray(vectors, np.float32), self._metric)
        for i in range(len(queries)):
            if i:
                progress(i / len(queries), "search")
            rows = self._zeros_last(self._nearest(queries[i : i + 1], asked, params))
            found[i, : min(k, len(rows))] = rows[:k]
        return found

    def _zeros_last(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._zeros:
            return rows
        zero = ~self._dataset.vectors[rows].any(axis=1)
        return np.concatenate([rows[~zero], rows[zero]])


class GraphSearcher(RowSearcher):
    """One over a graph in layers that can be read, and whose walk can be replayed."""

    effort: str
    """The search parameter that says how many rows are kept in view."""
    asks_again: bool = True
    """Whether `_nearest` asks for fewer where there are fewer, and so with less effort."""

    @abstractmethod
    def _read_graph(self) -> Graph:
        """The graph, from the library's file."""

    @abstractmethod
    def _measure(self, query: NDArray[np.float32]) -> Measure:
        """The library's distances of elements to a query (d,)."""

    @cached_property
    def _graph(self) -> Graph:
        return self._read_graph()

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """The layers of the graph."""
        return (layered.layers(self._graph, self._dataset.rows, progress),)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace | None:
        """The walk through the graph, which ends at the library's own answer or says how it differs."""
        k = min(k, self._dataset.rows)
        asked = min(k + self._zeros, self._dataset.rows)
        query = ready(np.asarray(vector, np.float32)[None], self._metric)
        theirs = self._nearest(query, asked, params)
        count = min(asked, len(theirs)) if self.asks_again else asked
        graph, steps = self._graph, walking.Steps(measure := self._measure(query[0]))
        start = walking.descend(graph, steps)
        elements = np.array(walking.open_beam(graph, steps, start, int(params[self.effort]), count, progress), np.int64)
        rows = elements if graph.rows is None else graph.rows[elements].astype(np.int64)
        found, theirs = self._zeros_last(rows)[:k], self._zeros_last(theirs)[:k]
        differs = difference(found, theirs, lambda rows: measure(graph.elements_of(rows).tolist()))
        return dataclasses.replace(steps.trace(graph, found, self._dataset.rows), differs=differs)

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause | None:
        """Why the walk did not come to a row."""
        if row in trace.found:
            return None
        return reaching.cause(self._graph, trace, row, progress) or Cause("code_rank", reaching.EQUALLY_NEAR)
