"""What the trees know of a query's true neighbours, one by one and the first ones together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.forest import rows_of
from explorer.core.progress import Progress
from explorer.core.structure import Growth
from explorer.indexes.annoy.structure import Grown
from explorer.indexes.annoy.walk import walked

STOPS = (1, 2, 5)
"""Numbers of trees are these, ten times these, a hundred times …, and all."""


def growth(
    grown: Grown,
    query: NDArray[np.float32],
    truth: NDArray[np.int64],
    search_k: int,
    progress: Progress,
) -> Growth:
    """For a query (width,) as annoy gets it. The first trees look at their share of `search_k`, as annoy's default
    has it: so many rows for each tree."""
    forest = grown.forest
    trees = len(forest.roots)
    # The first leaf of a walk through one tree is the one into which the query falls.
    alone = (walked(grown, query, 1, roots=root) for root in np.split(forest.roots, trees))
    leaves = np.array([walk.nodes[-1] for walk in alone], np.int32)
    shared = np.array([np.isin(truth, rows_of(forest, leaf)) for leaf in leaves]).reshape(trees, len(truth))
    stops = np.array(_stops(trees), np.int32)
    effort = np.maximum(1, search_k * stops.astype(np.int64) // trees)
    found = np.zeros((len(stops), len(truth)), bool)
    for i, (stop, enough) in enumerate(zip(stops.tolist(), effort.tolist(), strict=True)):
        progress(i / len(stops), f"{stop} of {trees} trees")
        found[i] = walked(grown, query, enough, roots=forest.roots[:stop]).needed[truth] > 0
    return Growth(leaves, shared, stops, effort, found)


def _stops(trees: int) -> list[int]:
    found = [stop * 10**power for power in range(len(str(trees))) for stop in STOPS]
    return [stop for stop in found if stop < trees] + [trees]
