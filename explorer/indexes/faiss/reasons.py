"""Why a search of a Faiss index did not find a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.explanation import Cause
from explorer.core.ordinal import ordinal
from explorer.core.progress import Progress
from explorer.core.trace import PROBE, Trace
from explorer.indexes import reaching
from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.links import FaissGraph
from explorer.indexes.faiss.parts import Parts


def cause(
    parts: Parts,
    graph: FaissGraph | None,
    trace: Trace,
    query: NDArray[np.float32],
    row: int,
    cell: int,
    progress: Progress,
) -> Cause | None:
    """Why the traced search for a query (1, d) did not find a row, which stands in `cell` where there are cells."""
    if row in trace.found:
        return None
    if parts.cells and (found := _not_probed(parts, trace, query, cell)):
        return found
    if graph is not None and (found := reaching.cause(graph, trace, row, progress)):
        return found
    return _ranked(parts, graph, trace, row)


def _not_probed(parts: Parts, trace: Trace, query: NDArray[np.float32], cell: int) -> Cause | None:
    if cell < 0:
        return Cause("not_indexed", "The index does not hold this row: it is in none of the cells.")
    probed = trace.places[trace.actions == PROBE]
    if cell in probed:
        return None
    core = parts.core
    cells = core.quantizer.search(parts.turned(query), core.nlist)[1][0]
    where = np.flatnonzero(cells == cell)
    if not len(where):
        return Cause("not_probed", f"Cell {cell} holds it, which the search for cells does not come to.")
    rank = int(where[0]) + 1
    detail = f"Cell {cell} holds it, which was {ordinal(rank)} nearest, and nprobe is {len(probed)}."
    return Cause("not_probed", detail, "nprobe", rank)


def _ranked(parts: Parts, graph: FaissGraph | None, trace: Trace, row: int) -> Cause | None:
    """It was compared: what the index thought of it."""
    scores = trace.scores
    if graph is not None:
        # What was compared on the way down alone is not among what the search chooses from.
        scores = np.where(np.isin(trace.rows, reaching.ground(graph, trace)), scores, np.nan)
    where = np.flatnonzero(trace.rows == row)
    if not len(where) or np.isnan(own := scores[where[0]]):
        return None
    larger = parts.core.metric_type == imported().METRIC_INNER_PRODUCT
    rank = 1 + int((scores > own).sum() if larger else (scores < own).sum())
    count = len(trace.found)
    if parts.keeps_all:
        return Cause("code_rank", reaching.EQUALLY_NEAR)
    if rank <= count:
        # Others with the very same code were taken before it.
        rank = int((scores >= own).sum() if larger else (scores <= own).sum())
    detail = f"It was compared, but its code ranked it {ordinal(rank)}, and only the first {count:,} were looked at."
    return Cause("code_rank", detail, "rerank", rank)
