"""A walk over the links of a server's graph, with our own distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.core.trace import Trace
from explorer.indexes import walking
from explorer.indexes.layered import Given
from explorer.indexes.redis.links import ServerGraph
from explorer.indexes.walking import Measure, Steps, by_cosine, by_product, by_square


@dataclass(frozen=True, eq=False)
class Walk:
    """What was done, the `nearest` rows that it came to int64 (m,), and how far any element is."""

    graph: Given
    steps: Steps
    nearest: NDArray[np.int64]
    measure: Measure

    def distances(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of any rows: 1 − cos, the square of the distance, or 1 − the inner product, as Redis has them."""
        return self.measure(rows.tolist())

    def trace(self, found: NDArray[np.int64]) -> Trace:
        """As a value whose answer is `found`."""
        return self.steps.trace(self.graph, found, self.graph.elements)


def walked(
    inside: ServerGraph,
    dataset: Dataset,
    metric: Metric,
    query: NDArray[np.float32],
    ef: int,
    count: int,
    progress: Progress,
) -> Walk:
    """Walk through each of the graphs in turn, `ef` rows in view, for the nearest `count` of all."""
    ways = {"cosine": by_cosine, "euclidean": by_square, "dot": by_product}
    graph, measure = Given(inside.layers, inside.begins), ways[metric](dataset.vectors, query)
    steps, found = Steps(measure), list[int]()
    for begin in graph.begins.tolist():
        start = walking.descend(graph, steps, begin)
        found += walking.open_beam(graph, steps, start, ef, count, progress)
    found.sort(key=steps.scores.__getitem__)
    return Walk(graph, steps, np.array(found[:count], np.int64), measure)
