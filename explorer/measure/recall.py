"""How much of the truth an index finds, and how fast, over a sample of the Dataset's own rows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.recall import judged
from explorer.errors import BadParameter
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle, Searcher

WARM_UP = 5
"""So many queries are asked before the clock runs: the first ones page the index in."""
TOGETHER = 256
"""So many queries ask for the truth at a time."""


@dataclass(frozen=True)
class RecallResult:
    """What a sample of queries showed.

    `recall` is the mean of the queries' recalls and `recall_sd` their standard deviation; `queries` is how many there
    were; times are of one query asked alone, from the vector to ranked Neighbours.
    """

    recall: float
    recall_sd: float
    queries: int
    k: int
    p50_ms: float
    p95_ms: float
    build_seconds: float
    bytes: int
    params: Params
    """Build and search parameters, the latter as they were used."""


def measured(
    dataset: Dataset,
    handle: IndexHandle,
    searcher: Searcher,
    exact_searcher: Searcher,
    k: int,
    params: Params,
    queries: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> RecallResult:
    """Ask an opened index for the k neighbours of a sample of rows, and hold the answers against exact search.

    `exact_searcher` is of the same metric; `params` are search parameters as `asking.resolved` gives them. Rows are
    drawn without replacement (all when there are no more than `queries`), none of them zero under cosine; the row
    itself counts neither as found nor as truth, and ties count as hits. Memory does not grow with the Dataset.
    Raises BadParameter when no row can be asked.
    """
    rows = sampled(dataset, handle, queries, seed)
    found, seconds = _answers(dataset, handle, searcher, rows, k, params, progress)

    def second_half(fraction: float | None, note: str = "") -> None:
        progress(0.5 + 0.5 * (fraction or 0.0), note)

    recalls = against_truth(dataset, handle, exact_searcher, rows, found, k, second_half)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return RecallResult(
        recall=float(recalls.mean()),
        recall_sd=float(recalls.std(ddof=1)) if len(recalls) > 1 else 0.0,
        queries=len(rows),
        k=k,
        p50_ms=float(p50),
        p95_ms=float(p95),
        build_seconds=handle.build_seconds,
        bytes=handle.bytes,
        params={**handle.params, **params},
    )


def sampled(dataset: Dataset, handle: IndexHandle, queries: int, seed: int) -> NDArray[np.int64]:
    """The rows that are asked: the same for the same Dataset, number and seed, whatever the index; ascending."""
    if queries < 1:
        raise BadParameter(f"queries is at least 1, not {queries}.")
    if seed < 0:
        raise BadParameter(f"seed is at least 0, not {seed}.")
    shuffled = np.random.default_rng(seed).permutation(dataset.rows)
    if handle.metric != "cosine" or not dataset.zero_rows:
        return np.sort(shuffled[:queries])
    rows = np.empty(0, np.int64)
    for start in range(0, dataset.rows, queries):
        some = shuffled[start : start + queries]
        rows = np.concatenate([rows, some[np.any(dataset.vectors[some], axis=1)]])
        if len(rows) >= queries:
            break
    if not len(rows):
        raise BadParameter("All vectors are zero, so none of them has a cosine to ask for; try euclidean.")
    return np.sort(rows[:queries])


def _answers(
    dataset: Dataset,
    handle: IndexHandle,
    searcher: Searcher,
    rows: NDArray[np.int64],
    k: int,
    params: Params,
    progress: Progress,
) -> tuple[list[Neighbours], NDArray[np.float64]]:
    """The index's own answers, asked one by one, and the seconds each took."""

    def answer(row: int) -> Neighbours:
        return asking.neighbours(searcher, handle, dataset, dataset.vectors[row], k, params, (row,))

    for row in rows[:WARM_UP]:
        progress(0.0, "warming up")
        answer(int(row))
    found, seconds = [], np.empty(len(rows))
    for i, row in enumerate(rows):
        progress(0.5 * i / len(rows), f"query {i + 1} of {len(rows)}")
        started = time.perf_counter()
        found.append(answer(int(row)))
        seconds[i] = time.perf_counter() - started
    return found, seconds


def against_truth(
    dataset: Dataset,
    handle: IndexHandle,
    exact_searcher: Searcher,
    rows: NDArray[np.int64],
    found: list[Neighbours],
    k: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """The recall float64 (m,) of what was `found` for rows (m,) as queries, which themselves do not count; the truth is
    asked for many at a time."""
    recalls = np.empty(len(rows))
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]

        def partly(fraction: float | None, note: str = "", start: int = start, share: int = len(some)) -> None:
            progress((start + share * (fraction or 0.0)) / len(rows), "truth")

        candidates = exact_searcher.search(dataset.vectors[some], min(k + 1, dataset.rows), {}, partly)
        for i, row in enumerate(some, start):
            own = dataset.vectors[row]
            truth = ranked(dataset.vectors, own, candidates[i - start], handle.metric, k, (int(row),))
            recalls[i] = judged(found[i], truth, handle.metric).recall
    return recalls
