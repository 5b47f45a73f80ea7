"""The recall of every index, measured by itself."""

from __future__ import annotations

from dataclasses import replace

from explorer.errors import Cancelled, ExplorerError
from explorer.indexes import type_named
from explorer.measure.recall import RecallResult
from explorer.session.session import Session
from explorer.session.state import IndexEntry, State
from explorer.session.tasks import Tasks
from explorer.work.measuring import MeasureRequest

MEASURE = "measure"
WORK = 5e10
"""Multiplications that measuring an index may cost: about a second on two cores."""

_Wanted = tuple[IndexEntry, int]
"""An index with its search parameters, and k."""


class Measuring:
    """Measures one index after another, as soon as there is truth to hold it against; again when k or its search
    parameters have changed. A measurement that has become stale makes way."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks
        self._under_way: _Wanted | None = None
        self._given_up: list[_Wanted] = []
        session.listen(self._react)

    def _react(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset:
            # Whatever was under way has been cancelled with all other tasks.
            self._under_way = None
            self._given_up.clear()
        if new.k != old.k:
            present = self._session.state.indexes
            self._session.update(indexes=tuple(replace(e, recall=None) if e.recall else e for e in present))
        if new.indexes is not old.indexes or new.k != old.k:
            self._next()

    def _next(self) -> None:
        if self._under_way is not None:
            if self._still(self._under_way):
                return
            self._under_way = None
            self._tasks.cancel(MEASURE)
        state = self._session.state
        if state.dataset is None or state.dataset.rows < 2:
            return
        exact = {entry.handle.metric: entry.handle for entry in state.indexes if entry.is_exact}
        for entry in state.indexes:
            if not entry.is_exact and not entry.recall and entry.handle.metric in exact:
                wanted = (entry, state.k)
                if not any(_same(wanted, given_up) for given_up in self._given_up):
                    rows, dimensions = state.dataset.rows, state.dataset.dimensions
                    queries = int(min(1000, rows, max(50, WORK / (2 * rows * dimensions))))
                    truth = exact[entry.handle.metric]
                    self._measure(
                        wanted, MeasureRequest(state.dataset, entry.handle, truth, entry.given, state.k, queries)
                    )
                    return

    def _measure(self, wanted: _Wanted, request: MeasureRequest) -> None:
        entry, _ = wanted

        def done(result: RecallResult) -> None:
            self._under_way = None
            self._session.update(
                indexes=tuple(
                    replace(e, recall=result) if e.key == entry.key else e for e in self._session.state.indexes
                )
            )

        def failed(error: ExplorerError) -> None:
            self._under_way = None
            self._given_up.append(wanted)
            if not isinstance(error, Cancelled):
                self._session.fail("indexes", error)
            self._next()

        self._under_way = wanted
        title = f"Measuring {type_named(entry.handle.type).title}"
        self._tasks.start(MEASURE, title, request, done, failed, by_itself=True)

    def _still(self, wanted: _Wanted) -> bool:
        """Whether this is still what would be measured; what an index is called does not matter."""
        entry, _ = wanted
        present = self._session.state.entry(entry.key)
        return present is not None and _same((present, self._session.state.k), wanted)


def _same(one: _Wanted, other: _Wanted) -> bool:
    return one[0].handle is other[0].handle and one[0].given is other[0].given and one[1] == other[1]
