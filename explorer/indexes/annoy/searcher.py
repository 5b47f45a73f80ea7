"""An opened annoy index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile
from explorer.indexes.annoy import items
from explorer.indexes.annoy.layout import Layout
from explorer.indexes.base import Searcher


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

    def close(self) -> None:
        """Unmap the file."""
        self._index.unload()

    def _zeros_last(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        zero = ~self._dataset.vectors[rows].any(axis=1)
        return np.concatenate([rows[~zero], rows[zero]])
