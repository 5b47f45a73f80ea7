"""Real searches and builds with other parameters, to see what finds a row; each is run once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from explorer import scratch
from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params, Value
from explorer.core.progress import Progress
from explorer.core.recall import judged
from explorer.errors import BadInput, TaskFailed, Unavailable
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built

SECONDS = 20.0
"""So long trials go on for one explanation; after that no new value is tried, and what is not known stays so."""
BUILD_SECONDS = 5.0
BUILT_NUMBERS = 1 << 23
"""An index is built anew only where that takes no longer, over no more numbers than this."""


class Trials:
    """Searches for one vector, by an opened index and by others like it."""

    def __init__(
        self,
        dataset: Dataset,
        handle: IndexHandle,
        searcher: Searcher,
        vector: NDArray[np.float32],
        k: int,
        given: Params,
        leave_out: Iterable[int],
        progress: Progress,
        builds: bool = True,
    ) -> None:
        self.handle, self._dataset, self._searcher = handle, dataset, searcher
        self._vector, self._k, self._given = vector, k, given
        self._out, self._progress, self._builds = tuple(leave_out), progress, builds
        self._kind = type_named(handle.type)
        self._found: dict[tuple[tuple[str, Value], ...], Neighbours] = {}
        self._rebuilt: dict[Value, frozenset[int]] = {}
        self._until = time.monotonic() + SECONDS

    @property
    def over(self) -> bool:
        """Whether the time for trials has passed."""
        return time.monotonic() > self._until

    def params(self, changes: Params) -> Params:
        """All search parameters, where some are changed and the others stand as they were given, or follow from k."""
        return asking.resolved(self.handle, {**self._given, **changes}, self._k)

    def answer(self, changes: Params) -> Neighbours:
        """What a search finds with some parameters changed."""
        key = tuple(sorted(changes.items()))
        if key not in self._found:
            what = ", ".join(f"{name} = {value}" for name, value in key)
            self._progress(None, f"trying {what}" if what else "search")
            self._found[key] = self._ask(self._searcher, self.handle, changes)
        return self._found[key]

    def finds(self, row: int, changes: Params) -> bool:
        """Whether a search with some parameters changed returns a row."""
        return bool((self.answer(changes).rows == row).any())

    def crowded(self, miss: Neighbours, changes: Params) -> bool:
        """Whether a search finds k rows that are as near as a missed one (the only row of `miss`)."""
        found = self.answer(changes)
        return len(found) == self._k and bool(judged(found, miss, self.handle.metric).hit.all())

    def most(self, param: str) -> int:
        """The largest value of a search parameter that still changes anything."""
        declared = next(each for each in self._kind.search_params if each.name == param)
        most = int(self._kind.full_effort(self.handle).get(param, self.handle.rows))
        return most if declared.maximum is None else min(most, int(declared.maximum))

    def smallest(self, row: int, param: str, predicted: int | None = None, besides: Params | None = None) -> int | None:
        """The smallest value of a search parameter, larger than the present one, with which a search returns the row.

        None where the largest does not, or the time has passed. A value that is predicted is tried first. `besides`
        are other search parameters that are changed too.
        """
        low, most = int(self.params({})[param]), self.most(param)

        def finds(value: int) -> bool:
            return self.finds(row, {**(besides or {}), param: value})

        high = predicted if predicted is not None and low < predicted <= most else min(most, max(2 * low, 1))
        while not finds(high):
            if high >= most or self.over:
                return None
            low, high = high, min(most, 2 * high)
        if high == predicted:
            # Most predictions are exact, and one search says so.
            if high - 1 <= low or not finds(high - 1):
                return high
            high -= 1
        return first_that(finds, low, high, lambda: self.over)

    def can_build(self) -> bool:
        """Whether an index like this one may be built anew, within seconds, and without touching a server."""
        numbers = self._dataset.rows * self._dataset.dimensions
        quick = self.handle.build_seconds <= BUILD_SECONDS / 2
        return self._builds and not self._kind.on_server and numbers <= BUILT_NUMBERS and quick

    def finds_rebuilt(self, row: int, param: str, value: Value) -> bool:
        """Whether an index built anew with another value of a build parameter returns the row; False where it cannot
        be built so."""
        if value not in self._rebuilt:
            self._progress(None, f"building with {param} = {value}")
            self._rebuilt[value] = self._from_scratch({**self.handle.params, param: value})
        return row in self._rebuilt[value]

    def _from_scratch(self, params: Params) -> frozenset[int]:
        folder = scratch.new_folder()
        try:
            handle = built(self._dataset, self.handle.type, self.handle.metric, params, folder, self._progress)
            searcher = self._kind.open(handle, self._dataset)
            try:
                return frozenset(self._ask(searcher, handle, {}).rows.tolist())
            finally:
                searcher.close()
        except (BadInput, TaskFailed, Unavailable):
            return frozenset()
        finally:
            scratch.remove(folder)

    def _ask(self, searcher: Searcher, handle: IndexHandle, changes: Params) -> Neighbours:
        params = asking.resolved(handle, {**self._given, **changes}, self._k)
        return asking.neighbours(
            searcher, handle, self._dataset, self._vector, self._k, params, self._out, self._progress
        )


def first_that(holds: Callable[[int], bool], low: int, high: int, over: Callable[[], bool]) -> int:
    """The smallest number above `low` for which something holds that holds for `high`, by halving; as near to it as
    it has come when it is `over`."""
    while high - low > 1 and not over():
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high
