"""Ask an opened index: from a vector to Neighbours in our definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadQuery
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle, Searcher


def resolved(handle: IndexHandle, given: Mapping[str, object], k: int) -> Params:
    """The search parameters of one search: given ones checked, the others as the numbers the library would use."""
    kind = type_named(handle.type)
    return core_params.checked(kind.search_params, {**kind.search_defaults(handle, k), **given}, kind.name)


def neighbours(
    searcher: Searcher,
    handle: IndexHandle,
    dataset: Dataset,
    vector: NDArray[np.float32],
    k: int,
    params: Params,
    leave_out: Iterable[int] = (),
    progress: Progress = silent,
) -> Neighbours:
    """The k nearest that the index finds for one vector (d,), without the rows to leave out.

    One more is asked for each row that is left out, and that row, or the last, is dropped. `params` come from
    `resolved`. Raises BadQuery for a zero vector under cosine, which has no angle to anything.
    """
    check_vector(vector, dataset, handle.metric)
    out = tuple(leave_out)
    asked = min(k + len(out), dataset.rows)
    candidates = searcher.search(vector[None, :], asked, params, progress)[0]
    return ranked(dataset.vectors, vector, candidates, handle.metric, k, out)


def check_vector(vector: NDArray[np.float32], dataset: Dataset, metric: str) -> None:
    """Raise BadQuery when a vector cannot be asked of this Dataset under this metric."""
    if vector.shape != (dataset.dimensions,):
        raise BadQuery(f"The query has {vector.size} numbers; the vectors here have {dataset.dimensions}.")
    if not np.isfinite(vector).all():
        raise BadQuery("The query holds a number that is not finite.")
    if metric == "cosine" and not vector.any():
        raise BadQuery("The query is all zeros, so it has no direction and no cosine; try euclidean.")
