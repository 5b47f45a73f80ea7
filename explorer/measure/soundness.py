"""How sound a graph is, in one value: who is reached, which links are long, which true neighbours have no link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.core.structure import Layers
from explorer.measure import graph_health
from explorer.measure.truth import TrueNeighbours

BINS = 48
LISTED = 200
"""So many links are named, the longest first."""
WIDEST = 6.0
"""Links more than so many times as long as a usual one share the last bar."""


@dataclass(frozen=True, eq=False)
class Soundness:
    """Figures of the ground layer of a graph over n rows.

    `degrees` int32 (n,) links to each row, −1 for one that is not in the graph. `hubs`, `anti_hubs` and `unreachable`
    int64 are rows: far more links lead to the first (the most first), none to the second; no search comes to the third.
    `pieces` int: into how many the layer falls. `sampled` int64 (s,) rows, ascending, were looked at more closely:
    `longest` float32 (s,) is the longest link of each by the median of all of theirs (`median`, in our distance; under
    dot a length is 1 − the product, not divided), `pruned` float32 (s,) the share of its k true neighbours that it
    has no link to. `counts` int64 (b,) and `edges` float64 (b + 1,) spread the lengths of their links, `links` int64
    (m, 2) and `lengths` float64 (m,) are the longest of them.
    """

    degrees: NDArray[np.int32]
    hubs: NDArray[np.int64]
    anti_hubs: NDArray[np.int64]
    unreachable: NDArray[np.int64]
    pieces: int
    sampled: NDArray[np.int64]
    longest: NDArray[np.float32]
    pruned: NDArray[np.float32]
    k: int
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    median: float
    links: NDArray[np.int64]
    lengths: NDArray[np.float64]


def soundness(
    layers: Layers, dataset: Dataset, metric: Metric, truth: TrueNeighbours, progress: Progress = silent
) -> Soundness:
    """Look at a whole graph, and at the links of the rows whose true neighbours are given.

    Rows of the sample that are not in the graph are left out.
    """
    degrees = graph_health.in_degrees(layers).astype(np.int32)
    degrees[layers.levels < 0] = -1
    progress(None, "who can be reached")
    lost = graph_health.unreachable(layers, progress)
    progress(None, "pieces")
    pieces, _ = graph_health.components(layers)
    there = layers.levels[truth.rows] >= 0
    rows, neighbours = truth.rows[there], truth.neighbours[there]
    links = graph_health.lengths(layers, dataset.vectors, metric, rows, progress=progress)
    known = np.flatnonzero(np.isfinite(links.lengths))
    lengths = links.lengths[known]
    longest = np.full(dataset.rows, -np.inf)
    np.maximum.at(longest, links.rows[known], lengths)
    longest = np.where(np.isfinite(longest[rows]), longest[rows], np.nan)
    clipped = lengths if metric == "dot" else np.minimum(lengths, WIDEST)
    counts, edges = np.histogram(clipped, BINS)
    first = known[np.argsort(-lengths, kind="stable")[:LISTED]]
    k = neighbours.shape[1]
    pruned = graph_health.pruned(layers, rows, neighbours).mean(axis=1) if k else np.zeros(len(rows))
    return Soundness(
        degrees=degrees,
        hubs=graph_health.hubs(layers),
        anti_hubs=graph_health.anti_hubs(layers),
        unreachable=lost,
        pieces=pieces,
        sampled=rows,
        longest=longest.astype(np.float32),
        pruned=pruned.astype(np.float32),
        k=k,
        counts=counts.astype(np.int64),
        edges=edges,
        median=links.median,
        links=np.stack([links.rows[first], links.targets[first]], axis=1),
        lengths=links.lengths[first],
    )
