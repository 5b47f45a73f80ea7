"""The recall of every index, measured by itself."""

from __future__ import annotations

from dataclasses import replace

from explorer.errors import Cancelled, ExplorerError
from explorer.indexes import type_named
from explorer.measure.recall import RecallResult
from explorer.session.session import Session
from explorer.session.state import IndexEntry, QueriesFrom, State
from explorer.session.tasks import Tasks
from explorer.work.measuring import MeasureRequest

MEASURE = "measure"
WORK = 5e10
"""Multiplications that measuring an index may cost: about a second on two cores."""

MOST_QUERIES = 1000

_Wanted = tuple[IndexEntry, int, QueriesFrom | None]
"""An index with its search parameters, k, and whose queries."""


class Measuring:
    """Measures one index after another, as soon as there is truth to hold it against; again when k or its search
    parameters have changed. A measurement that has become stale makes way."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks
        self._under_way: _Wanted | None = None
        self._given_up: list[_Wanted] = []
        session.listen(self._react)

    def ask_from(self, source: str, truth: str = "") -> None:
        """Measure by the queries of a file, `FILE` or `FILE:ARRAY`, and hold the truth that was published for them, in
        the same file or in `truth`, against exact search."""
        self._session.clear_problem("indexes")
        self._given_up.clear()
        self._session.update(queries=QueriesFrom(source, truth))

    def ask_own_rows(self) -> None:
        """Measure by rows of the Dataset."""
        self._session.clear_problem("indexes")
        self._session.update(queries=None)

    def _react(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset:
            # Whatever was under way has been cancelled with all other tasks.
            self._under_way = None
            self._given_up.clear()
            self._session.update(queries=None)
        if new.k != old.k or new.queries != old.queries:
            present = self._session.state.indexes
            self._session.update(indexes=tuple(replace(e, recall=None) if e.recall else e for e in present))
        if new.indexes is not old.indexes or new.k != old.k or new.queries != old.queries:
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
                wanted = (entry, state.k, state.queries)
                if not any(_same(wanted, given_up) for given_up in self._given_up):
                    rows, dimensions = state.dataset.rows, state.dataset.dimensions
                    queries = int(min(MOST_QUERIES, max(50, WORK / (2 * rows * dimensions))))
                    exactly, theirs = exact[entry.handle.metric], state.queries or QueriesFrom("")
                    request = MeasureRequest(
                        state.dataset,
                        entry.handle,
                        exactly,
                        entry.given,
                        state.k,
                        queries if theirs.source else min(queries, rows),
                        queries_from=theirs.source,
                        truth=theirs.truth,
                    )
                    self._measure(wanted, request)
                    return

    def _measure(self, wanted: _Wanted, request: MeasureRequest) -> None:
        entry = wanted[0]

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
        state = self._session.state
        present = state.entry(wanted[0].key)
        return present is not None and _same((present, state.k, state.queries), wanted)


def _same(one: _Wanted, other: _Wanted) -> bool:
    return one[0].handle is other[0].handle and one[0].given is other[0].given and one[1:] == other[1:]
