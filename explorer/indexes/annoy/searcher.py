"""An opened annoy index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Growth, Structure
from explorer.core.trace import Trace
from explorer.errors import BadFile
from explorer.indexes.annoy import growth, items, replay, structure
from explorer.indexes.annoy.layout import Layout
from explorer.indexes.annoy.structure import Grown
from explorer.indexes.annoy.walk import Walk, margins, walked
from explorer.indexes.base import Searcher

SAME = 1e-5
"""Scores that agree so well are the same: annoy adds float32 numbers in an order that depends on the processor."""


class AnnoySearcher(Searcher):
    """Annoy's own lists. Under cosine zero rows, which annoy takes to be at a right angle to all, come last."""

    def __init__(self, path: Path, layout: Layout, dataset: Dataset, metric: Metric) -> None:
        from annoy import AnnoyIndex

        self._dataset, self._layout = dataset, layout
        self._zeros = dataset.zero_rows if metric == "cosine" else 0
        index = AnnoyIndex(layout.width, layout.library_metric)
        try:
            index.load(str(path))
        except OSError as error:
            raise BadFile(path, f"annoy could not open it: {error}.") from error
        self._index: Any = index
        self._path = path
        self._grown: Grown | None = None
        self._farther: tuple[bytes, Walk] | None = None
        self._radius = items.radius_of(path, layout, dataset)

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The first k that annoy finds for each query when it looks at `search_k` rows: (q, d) → (q, k), −1 padded."""
        k = min(k, self._dataset.rows)
        found = np.full((len(vectors), k), -1, np.int64)
        queries = items.as_queries(vectors, self._layout, self._radius)
        asked = min(k + self._zeros, self._dataset.rows)
        for i, query in enumerate(queries.tolist()):
            if i:
                progress(i / len(queries), "search")
            rows = self._index.get_nns_by_vector(query, asked, int(params["search_k"]))
            if self._zeros:
                rows = self._zeros_last(np.array(rows, np.int64))
            found[i, : min(k, len(rows))] = rows[:k]
        return found

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """The Forest."""
        return (self._forest(progress).forest,)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace:
        """The queue of annoy's search, node by node."""
        grown, query, search_k = self._forest(progress), self._query(vector), int(params["search_k"])
        walk = walked(grown, query, search_k)
        scores = replay.compared(grown, walk.order, query)
        nearest = walk.order[np.lexsort((walk.order, scores))].astype(np.int64)
        k = min(k, self._dataset.rows)
        found = self._zeros_last(nearest[: k + self._zeros])[:k] if self._zeros else nearest[:k]
        theirs = self.search(vector[None], k, params)[0]
        differs = _difference(grown, found, theirs[theirs >= 0], query)
        return replay.traced(grown, walk, replay.shown(self._layout, scores), found, search_k, differs)

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause | None:
        """Not opened, and the exact search_k that opens it; or not indexed."""
        if row in trace.found:
            return None
        grown, key = self._forest(progress), vector.tobytes()
        if self._farther is None or self._farther[0] != key or not self._farther[1].needed[row]:
            farther = walked(grown, self._query(vector), wanted=row)
            self._farther = (key, farther)
        return replay.cause(grown, trace, row, self._farther[1])

    def margins(self, node: int, progress: Progress = silent) -> NDArray[np.float32]:
        """The rows as annoy holds them against the plane of a split."""
        return margins(self._forest(progress), node, progress)

    def growth(
        self, vector: NDArray[np.float32], truth: NDArray[np.int64], k: int, params: Params, progress: Progress = silent
    ) -> Growth:
        """Which true neighbours share leaves with the query, and which the first trees find."""
        grown, query = self._forest(progress), self._query(vector)
        return growth.growth(grown, query, truth, int(params["search_k"]), progress)

    def close(self) -> None:
        """Unmap the file."""
        self._index.unload()
        self._grown = self._farther = None

    def _forest(self, progress: Progress) -> Grown:
        if self._grown is None:
            self._grown = structure.read(self._path, self._layout, self._dataset.rows, progress)
        return self._grown

    def _query(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray(items.as_queries(vector[None], self._layout, self._radius)[0], np.float32)

    def _zeros_last(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        zero = ~self._dataset.vectors[rows].any(axis=1)
        return np.concatenate([rows[~zero], rows[zero]])


def _difference(grown: Grown, ours: NDArray[np.int64], theirs: NDArray[np.int64], query: NDArray[np.float32]) -> str:
    """In a sentence, how a replay differs from annoy's own list by more than rounding; empty when it does not."""
    odd = np.setxor1d(ours, theirs)
    if len(ours) == len(theirs):
        scores = replay.compared(grown, np.concatenate([odd, ours[-1:]]), query)
        scale = 1.0 if grown.layout.library_metric == "angular" else np.abs(scores).max(initial=0)
        if not len(odd) or np.allclose(scores, scores[-1], rtol=0, atol=SAME * scale):
            return ""
    return f"The replay finds {len(np.setdiff1d(ours, theirs)):,} rows that annoy does not list."
