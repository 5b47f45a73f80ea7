"""One search of a Faiss index, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, distances_of, order
from explorer.core.progress import Progress
from explorer.core.trace import PROBE, Kind, Trace
from explorer.indexes import walking
from explorer.indexes.agreeing import difference
from explorer.indexes.faiss import codes
from explorer.indexes.faiss.beam import bounded_beam
from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.links import FaissGraph
from explorer.indexes.faiss.lists import rows_in
from explorer.indexes.faiss.parts import Parts
from explorer.indexes.reranking import reranked
from explorer.indexes.walking import LARGEST, Measure


def replayed(
    parts: Parts, graph: FaissGraph | None, query: NDArray[np.float32], count: int, progress: Progress
) -> Trace | None:
    """The search of the core for one query (1, d) with what the index is tuned to, `count` rows asked for; None where
    it is of a kind that is not read here."""
    turned = parts.turned(query)
    count = parts.base(count)
    if parts.cells:
        return _cells(parts.core, turned, count)
    if graph is not None:
        return _graph(parts.core, graph, turned, count, progress)
    return _scan(parts.core, turned, count, progress) if parts.scanned else None


def _cells(core: Any, query: NDArray[np.float32], count: int) -> Trace:
    """The cells nearest to the query in turn, and the rows of each with the scores that Faiss gives them."""
    centres, cells = core.quantizer.search(query, min(core.nprobe, core.nlist))
    there = cells[0] >= 0
    rows = [rows_in(core, cell) for cell in cells[0][there].tolist()]
    known = np.cumsum([len(some) for some in rows])
    compared = np.concatenate(rows) if rows else np.empty(0, np.int64)
    asked, core.nprobe = core.nprobe, cells.shape[1]
    try:
        scores, ids = core.search_preassigned(query, max(1, len(compared)), cells, centres)
        ranked = ids[0][ids[0] >= 0]
        first = ranked[:count]
        if isinstance(core, imported().IndexIVFFastScan):
            # Its scores are numbers of 16 bits, many of them equal, and how many are asked for says which are taken.
            first = core.search_preassigned(query, max(1, count), cells, centres)[1][0]
            first = first[first >= 0]
    finally:
        core.nprobe = asked
    return _told(
        "cells",
        core,
        compared,
        _scattered(compared, ranked, scores[0][: len(ranked)]),
        first,
        cells[0][there],
        centres[0][there],
        known,
        core.nlist + len(compared),
    )


def _scan(core: Any, query: NDArray[np.float32], count: int, progress: Progress) -> Trace:
    """All rows, with the scores that Faiss gives the vectors, or that what their codes stand for would have."""
    scores = _scores(core, query, progress)
    turned = -scores if _product(core) else scores
    near = np.flatnonzero(turned <= np.partition(turned, count - 1)[count - 1])
    found = near[np.argsort(turned[near], kind="stable")][:count]
    none: NDArray[Any] = np.empty(0, np.int64)
    return _told("scan", core, np.arange(core.ntotal), scores, found, none, none, none, core.ntotal)


def _scores(core: Any, query: NDArray[np.float32], progress: Progress) -> NDArray[np.float64]:
    found = np.full(core.ntotal, np.nan)
    if codes.coded(core) is None:
        farthest = -LARGEST if _product(core) else LARGEST
        _, scores, rows = core.range_search(query, farthest)
        found[rows] = scores
        return found
    compare = _compared(_product(core), query[0])
    for rows, vectors in codes.decoded(core):
        progress(float(rows[0]) / core.ntotal, "codes")
        found[rows] = compare(vectors)
    return found


def _graph(core: Any, graph: FaissGraph, query: NDArray[np.float32], count: int, progress: Progress) -> Trace | None:
    hnsw = core.hnsw
    if not hnsw.search_bounded_queue or not hnsw.check_relative_distance:
        return None
    steps, sign = walking.Steps(measure(core, query[0])), -1 if _product(core) else 1
    start = walking.descend(graph, steps)
    found = bounded_beam(graph, steps, start, hnsw.efSearch, count, sign, progress)
    return steps.trace(graph, np.array(found, np.int64), core.ntotal, sign)


@dataclass(frozen=True, eq=False)
class Ranking:
    """By which scores a found row is compared with another: those of the index, or true distances where it re-ranks."""

    parts: Parts
    graph: FaissGraph | None
    dataset: Dataset
    metric: Metric
    vector: NDArray[np.float32]
    query: NDArray[np.float32]

    def true(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Their distances in our definition."""
        return distances_of(self.metric, self.dataset.vectors, rows, self.vector)

    def scores(self, rows: NDArray[np.int64], trace: Trace) -> NDArray[np.floating]:
        """Those of some rows; NaN for what was not compared."""
        if self.parts.refine is not None:
            return self.true(rows)
        if self.graph is not None:
            return measure(self.parts.core, self.parts.turned(self.query)[0])(rows.tolist())
        return _scattered(rows, trace.rows.astype(np.int64), trace.scores)


def finished(
    trace: Trace,
    ranking: Ranking,
    theirs: NDArray[np.int64],
    asked: int,
    count: int,
    zeros_last: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    *,
    rerank: bool,
) -> Trace:
    """The replay with what happens to the rows it found: those of the library's re-ranking and of ours as steps, zero
    rows put behind, the first `count` taken, and held against the library's own."""
    candidates = found = trace.found
    if ranking.parts.refine is not None:
        found = found[np.argsort(order(ranking.metric, ranking.true(found)), kind="stable")][:asked]
    found = zeros_last(found)[:count]
    if ranking.parts.refine is None:
        candidates = found if rerank else found[:0]
    differs = difference(found, theirs, lambda rows: ranking.scores(rows, trace))
    return reranked(replace(trace, found=found, differs=differs), candidates, ranking.true(candidates))


def measure(core: Any, query: NDArray[np.float32]) -> Measure:
    """The distances of rows to a query (d,) by what the storage of a graph holds; minus the inner product."""
    storage, product = imported().downcast_index(core.storage), _product(core)
    compare, sign = _compared(product, query), -1 if product else 1
    return lambda rows: sign * compare(storage.reconstruct_batch(np.array(rows, np.int64)))


def _compared(product: bool, query: NDArray[np.float32]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The inner products, or the squared distances, of vectors (m, d) and a query (d,)."""

    def squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        difference = vectors - query
        return np.asarray(np.vecdot(difference, difference))

    return (lambda vectors: np.asarray(np.vecdot(vectors, query))) if product else squares


def _product(core: Any) -> bool:
    return bool(core.metric_type == imported().METRIC_INNER_PRODUCT)


def _scattered(rows: NDArray[np.int64], ranked: NDArray[np.int64], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """The scores of ranked rows in the order of `rows`; NaN for one that Faiss left out."""
    order = np.argsort(ranked)
    places = np.searchsorted(ranked, rows, sorter=order)
    places = order[np.minimum(places, len(order) - 1)] if len(order) else places
    found = np.full(len(rows), np.nan)
    if len(order):
        there = ranked[places] == rows
        found[there] = scores[places[there]]
    return found


def _told(
    kind: Kind,
    core: Any,
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    found: NDArray[np.int64],
    places: NDArray[np.int64],
    values: NDArray[np.floating],
    known: NDArray[np.int64],
    computed: int,
) -> Trace:
    steps = len(places)
    return Trace(
        kind=kind,
        actions=np.full(steps, PROBE, np.uint8),
        places=places.astype(np.int32),
        values=values.astype(np.float64),
        levels=np.full(steps, -1, np.int16),
        origins=np.full(steps, -1, np.int32),
        known=known.astype(np.int32),
        rows=rows.astype(np.int32),
        scores=scores,
        found=found.astype(np.int64),
        total=core.ntotal,
        computed=computed,
    )
