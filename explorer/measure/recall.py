"""How much of the truth an index finds, and how fast, over a sample of the Dataset's own rows or of a query set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.query_set import QuerySet
from explorer.core.recall import judged
from explorer.errors import BadParameter
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle, Searcher
from explorer.measure.asked import Asked, from_set, own_rows
from explorer.measure.published import Comparison, Published

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
    source: str = ""
    """Where the queries are from; empty for rows of the Dataset."""
    published: Published | None = None
    """How the truth that came with the queries compares with exact search; None where none came."""


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
    query_set: QuerySet | None = None,
) -> RecallResult:
    """Ask an opened index for the k neighbours of a sample of rows, or of queries of a set, and hold the answers
    against exact search; what was published with the set is held against it too.

    `exact_searcher` is of the same metric; `params` are search parameters as `asking.resolved` gives them. Rows are
    drawn without replacement (all when there are no more than `queries`), none of them zero under cosine; the row
    itself counts neither as found nor as truth, and ties count as hits. Memory does not grow with the Dataset.
    Raises BadParameter when no row can be asked.
    """
    if query_set is None:
        asked = own_rows(dataset, sampled(dataset, handle, queries, seed))
    else:
        asked = from_set(dataset, query_set, handle.metric, queries, seed)
    comparison = None
    if query_set is not None and query_set.neighbours is not None:
        comparison = Comparison(dataset, handle.metric, query_set, k)
    found, seconds = _answers(dataset, handle, searcher, asked, k, params, progress)

    def second_half(fraction: float | None, note: str = "") -> None:
        progress(0.5 + 0.5 * (fraction or 0.0), note)

    recalls = np.empty(len(asked))
    for i, truth in enumerate(truths(dataset, handle, exact_searcher, asked, k, second_half)):
        recalls[i] = judged(found[i], truth, handle.metric).recall
        if comparison is not None:
            comparison.add(int(asked.places[i]), truth)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return RecallResult(
        recall=float(recalls.mean()),
        recall_sd=float(recalls.std(ddof=1)) if len(recalls) > 1 else 0.0,
        queries=len(asked),
        k=k,
        p50_ms=float(p50),
        p95_ms=float(p95),
        build_seconds=handle.build_seconds,
        bytes=handle.bytes,
        params={**handle.params, **params},
        source="" if query_set is None else query_set.source,
        published=None if comparison is None else comparison.result(),
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
    asked: Asked,
    k: int,
    params: Params,
    progress: Progress,
) -> tuple[list[Neighbours], NDArray[np.float64]]:
    """The index's own answers, asked one by one, and the seconds each took."""

    def answer(i: int) -> Neighbours:
        return asking.neighbours(searcher, handle, dataset, asked.vector(i), k, params, asked.leave_out(i))

    for i in range(min(WARM_UP, len(asked))):
        progress(0.0, "warming up")
        answer(i)
    found, seconds = [], np.empty(len(asked))
    for i in range(len(asked)):
        progress(0.5 * i / len(asked), f"query {i + 1} of {len(asked)}")
        started = time.perf_counter()
        found.append(answer(i))
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
    true = truths(dataset, handle, exact_searcher, own_rows(dataset, rows), k, progress)
    return np.array([judged(one, truth, handle.metric).recall for one, truth in zip(found, true, strict=True)])


def truths(
    dataset: Dataset, handle: IndexHandle, exact_searcher: Searcher, asked: Asked, k: int, progress: Progress
) -> Iterator[Neighbours]:
    """The true k neighbours of each query, in order."""
    for start in range(0, len(asked), TOGETHER):
        some = asked.places[start : start + TOGETHER]

        def partly(fraction: float | None, note: str = "", start: int = start, share: int = len(some)) -> None:
            progress((start + share * (fraction or 0.0)) / len(asked), "truth")

        candidates = exact_searcher.search(asked.vectors[some], min(k + asked.own, dataset.rows), {}, partly)
        for i in range(start, start + len(some)):
            vector, leave_out = asked.vector(i), asked.leave_out(i)
            yield ranked(dataset.vectors, vector, candidates[i - start], handle.metric, k, leave_out)
