"""What is done with the rows that a search found: each compared truly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.core.trace import RERANK, Trace


def reranked(trace: Trace, rows: NDArray[np.int64], distances: NDArray[np.float64]) -> Trace:
    """A trace with one more step for each of some rows (m,), whose true distances are (m,)."""
    steps, none = len(rows), np.full(len(rows), -1)
    return replace(
        trace,
        actions=np.concatenate([trace.actions, np.full(steps, RERANK, np.uint8)]),
        places=np.concatenate([trace.places, rows]).astype(np.int32),
        values=np.concatenate([trace.values, distances]),
        levels=np.concatenate([trace.levels, none]).astype(np.int16),
        origins=np.concatenate([trace.origins, none]).astype(np.int32),
        known=np.concatenate([trace.known, np.full(steps, len(trace.rows))]).astype(np.int32),
        computed=trace.computed + steps,
    )
