"""An opened Faiss index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import TaskFailed
from explorer.indexes.base import Searcher
from explorer.indexes.faiss import effort, items, likeness
from explorer.indexes.faiss.library import threads, translated


class FaissSearcher(Searcher):
    """Faiss's own lists. Under cosine zero rows, whose inner product is 0 with all, come last."""

    def __init__(self, path: Path, index: Any, dataset: Dataset, metric: Metric) -> None:
        self._path, self._dataset, self._metric = path, dataset, metric
        self._zeros = dataset.zero_rows if metric == "cosine" else 0
        self._index: Any = index

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The first k that Faiss finds for each query, or the first `rerank`: (q, d) → (q, m), −1 padded."""
        count = min(max(k, int(params.get("rerank", 0))), self._dataset.rows)
        found = np.full((len(vectors), count), -1, np.int64)
        queries = items.as_items(vectors, self._metric)
        effort.tune(self._index, params)
        with threads(1), translated(lambda said: TaskFailed(f"{self._path}: Faiss could not search: {said}.")):
            # One by one: many together are compared by products, and lose digits that one alone keeps.
            for i in range(len(queries)):
                if i:
                    progress(i / len(queries), "search")
                rows = self._nearest(queries[i : i + 1], count)[:count]
                found[i, : len(rows)] = rows
        return found

    def decoded(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows as the index holds them, of unit length under cosine but for what the code loses."""
        try:
            return likeness.decoded(self._index, rows)
        except likeness.Undecodable as error:
            raise NotImplementedError(str(error)) from error

    def close(self) -> None:
        """Unmap the file."""
        self._index = None

    def _nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Faiss's own first `count` rows, the zero ones behind the others.

        Rows that are nearer than a right angle stand before them, so that asking for more is seldom needed.
        """
        most = min(count + self._zeros, self._dataset.rows)
        asked = count
        while True:
            rows = self._index.search(query, asked)[1][0]
            rows = rows[(rows >= 0) & (rows < self._dataset.rows)]
            if not self._zeros:
                return np.asarray(rows, np.int64)
            zero = ~self._dataset.vectors[rows].any(axis=1)
            if asked >= most or asked - int(zero.sum()) >= count:
                return np.concatenate([rows[~zero], rows[zero]])
            asked = min(2 * asked, most)
