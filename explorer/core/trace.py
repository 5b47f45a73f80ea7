"""One search, step by step, as a value: what was opened or visited, in which order, and at what distance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["forest", "cells", "graph", "scan"]

SPLIT, LEAF, PROBE, DESCEND, VISIT, RERANK = range(6)
"""What a step does.

SPLIT    a split of a tree is taken from the queue: `place` is the node, `value` its priority, which is the least
         margin by which the query is on that side of the splits above (infinite at a root, negative: on the other)
LEAF     a leaf is opened: `place` is the node, `value` its priority; its rows become candidates
PROBE    a cell is looked into: `place` is the cell, `value` the distance of its centre
DESCEND  on an upper layer of a graph the search moves: `place` is the row it moves to, `value` its distance
VISIT    on the lowest layer a row is expanded: `place` is the row, `value` its distance
RERANK   a candidate is compared truly: `place` is the row, `value` its true distance
"""


@dataclass(frozen=True, eq=False)
class Trace:
    """A search of s steps, in which v rows were compared with the query.

    By step: `actions` uint8 (s,) as above; `places` int32 (s,); `values` float64 (s,) in the library's own terms;
    `levels` int16 (s,), the tree or the layer (−1 where there is none); `origins` int32 (s,), the step or row from
    which it came (−1 at the beginning); `known` int32 (s,), how many rows were compared when the step was done.
    `rows` int32 (v,) are the rows in the order in which they were compared, `scores` float64 (v,) what the index
    thought of them (its own distances or codes, NaN where it compares later). `found` int64 (k,) is the answer in the
    library's own order. `computed` is the number of distances, centres and splits included. `differs` says in a
    sentence how this replay differs from what the library answered; empty when it does not.
    """

    kind: Kind
    actions: NDArray[np.uint8]
    places: NDArray[np.int32]
    values: NDArray[np.float64]
    levels: NDArray[np.int16]
    origins: NDArray[np.int32]
    known: NDArray[np.int32]
    rows: NDArray[np.int32]
    scores: NDArray[np.float64]
    found: NDArray[np.int64]
    total: int
    computed: int
    approximate: bool = False
    """A replay that had to guess where the search began (Redis does not tell)."""
    differs: str = ""
    counters: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.actions)
