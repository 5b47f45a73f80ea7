"""Real searches and builds with other parameters, to see what finds a row; each is run once."""

from __future__ import annotations

import time
from collections.abc import Callable

from explorer import scratch
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params, Value
from explorer.core.progress import Progress
from explorer.core.recall import judged
from explorer.errors import BadInput, TaskFailed, Unavailable
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.measure.case import Case

SECONDS = 20.0
"""So long trials go on for one explanation; after that no new value is tried, and what is not known stays so."""
BUILD_SECONDS = 5.0
BUILT_NUMBERS = 1 << 23
"""An index is built anew only where that takes no longer, over no more numbers than this."""


class Trials:
    """Searches for one vector, by an opened index and by others like it."""

    def __init__(self, case: Case, progress: Progress, builds: bool = True) -> None:
        self._case, self._progress, self._builds = case, progress, builds
        self._kind = type_named(case.handle.type)
        self._found: dict[tuple[tuple[str, Value], ...], Neighbours] = {}
        self._rebuilt: dict[Value, frozenset[int]] = {}
        self._until = time.monotonic() + SECONDS

    @property
    def over(self) -> bool:
        """Whether the time for trials has passed."""
        return time.monotonic() > self._until

    def answer(self, changes: Params) -> Neighbours:
        """What a search finds with some parameters changed."""
        key = tuple(sorted(changes.items()))
        if key not in self._found:
            what = ", ".join(f"{name} = {value}" for name, value in key)
            self._progress(None, f"trying {what}" if what else "search")
            self._found[key] = self._ask(self._case.searcher, self._case.handle, changes)
        return self._found[key]

    def finds(self, row: int, changes: Params) -> bool:
        """Whether a search with some parameters changed returns a row."""
        return bool((self.answer(changes).rows == row).any())

    def crowded(self, miss: Neighbours, changes: Params) -> bool:
        """Whether a search finds k rows that are as near as a missed one (the only row of `miss`)."""
        found = self.answer(changes)
        return len(found) == self._case.k and bool(judged(found, miss, self._case.handle.metric).hit.all())

    def most(self, param: str) -> int:
        """The largest value of a search parameter that still changes anything."""
        declared = next(each for each in self._kind.search_params if each.name == param)
        most = int(self._kind.full_effort(self._case.handle).get(param, self._case.handle.rows))
        return most if declared.maximum is None else min(most, int(declared.maximum))

    def smallest(self, row: int, param: str, predicted: int | None = None, besides: Params | None = None) -> int | None:
        """The smallest value of a search parameter, larger than the present one, with which a search returns the row.

        None where the largest does not, or the time has passed. A value that is predicted is tried first. `besides`
        are other search parameters that are changed too.
        """
        low, most = int(self._case.params({})[param]), self.most(param)

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
        numbers = self._case.dataset.rows * self._case.dataset.dimensions
        quick = self._case.handle.build_seconds <= BUILD_SECONDS / 2
        return self._builds and not self._kind.on_server and numbers <= BUILT_NUMBERS and quick

    def finds_rebuilt(self, row: int, param: str, value: Value) -> bool:
        """Whether an index built anew with another value of a build parameter returns the row; False where it cannot
        be built so."""
        if value not in self._rebuilt:
            self._progress(None, f"building with {param} = {value}")
            self._rebuilt[value] = self._from_scratch({**self._case.handle.params, param: value})
        return row in self._rebuilt[value]

    def _from_scratch(self, params: Params) -> frozenset[int]:
        folder, dataset, present = scratch.new_folder(), self._case.dataset, self._case.handle
        try:
            handle = built(dataset, present.type, present.metric, params, folder, self._progress)
            searcher = self._kind.open(handle, dataset)
            try:
                return frozenset(self._ask(searcher, handle, {}).rows.tolist())
            finally:
                searcher.close()
        except (BadInput, TaskFailed, Unavailable):
            return frozenset()
        finally:
            scratch.remove(folder)

    def _ask(self, searcher: Searcher, handle: IndexHandle, changes: Params) -> Neighbours:
        case = self._case
        params = asking.resolved(handle, {**case.given, **changes}, case.k)
        return asking.neighbours(
            searcher, handle, case.dataset, case.vector, case.k, params, case.leave_out, self._progress
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
