"""Why true neighbours were missed, and what would find them, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.core.params import Params, Value

Reason = Literal["not_opened", "not_probed", "code_rank", "not_visited", "unreachable", "not_indexed"]
"""not_opened    the leaves that hold it were not opened (trees)
not_probed    the cell that holds it was not looked into
code_rank     it was compared, but its shortened code, or the library's rounding, ranked it too far behind
not_visited   the walk through the graph ended before it came there
unreachable   no link leads to it from where searches begin
not_indexed   the index does not hold it
"""
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True)
class Cause:
    """What a trace says about a row that was missed: the reason, a sentence, and from which value of a search parameter
    on it should be found, where that can be told from the trace (`param` is empty otherwise)."""

    reason: Reason
    detail: str
    param: str = ""
    value: Value | None = None


@dataclass(frozen=True)
class Fix:
    """A setting that finds a missed row. `verified`: a search was run with it and returned the row; with `rebuild` a
    build parameter, for which the index was built anew (verified) or is only likely to help.

    `also` are other search parameters that are needed with it, where none finds the row alone.
    """

    param: str
    value: Value
    rebuild: bool
    verified: bool
    also: Params = field(default_factory=dict)

    @property
    def params(self) -> Params:
        """All that it sets."""
        return {self.param: self.value, **self.also}

    def __str__(self) -> str:
        """In words, as part of a sentence about the row."""
        values = [f"{name} = {v:,}" if isinstance(v, int) else f"{name} = {v}" for name, v in self.params.items()]
        if not self.rebuild:
            return f"{values[0]} finds it" if len(values) == 1 else f"only {' and '.join(values)} together find it"
        return f"rebuilt with {values[0]} it is {'' if self.verified else 'likely to be '}found"


@dataclass(frozen=True)
class Miss:
    """A true neighbour that was not found. `true_rank` counts from 1; no fix means that only exact search finds it."""

    row: int
    true_rank: int
    distance: float
    reason: Reason
    detail: str
    fix: Fix | None

    @property
    def sentence(self) -> str:
        """Why it was missed, and what finds it."""
        return f"{self.detail.removesuffix('.')}; {self.fix}." if self.fix else self.detail


@dataclass(frozen=True, eq=False)
class Explanation:
    """One query explained: rows found int64 (h,), the misses, and how many of all rows were compared (None where that
    cannot be told). `params` are the search parameters that were used.

    `all_fix` is one setting of search parameters for several misses at once, and `all_found` int64 (m,) those of them
    that a search with it returned; None where there are fewer than two to find so.
    """

    hits: NDArray[np.int64]
    misses: tuple[Miss, ...]
    visited: int | None
    total: int
    params: Params
    all_fix: Fix | None = None
    all_found: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def recall(self) -> float:
        """Hits by true neighbours."""
        true = len(self.hits) + len(self.misses)
        return len(self.hits) / true if true else 1.0


@dataclass(frozen=True, eq=False)
class Reach:
    """What one query finds as a search parameter grows.

    `rows` int64 (t,) are its true neighbours, nearest first; `stops` int64 (m,) values of `param`, ascending; `found`
    bool (m, t) which of the rows a real search with each value returned, or equally near ones in their place. `default`
    is the value that follows from k, and is one of the stops.
    """

    param: str
    default: int
    rows: NDArray[np.int64]
    stops: NDArray[np.int64]
    found: NDArray[np.bool_]

    def place(self, value: int) -> int:
        """The last stop that is no larger than a value; the first where all are."""
        return max(0, int(np.searchsorted(self.stops, value, side="right")) - 1)
