"""Queries and their answers: what was asked, what the index found, what is true."""

from __future__ import annotations

from explorer.core.metric import metric_named
from explorer.core.params import Params
from explorer.core.query import Query, row_query
from explorer.core.recall import judged
from explorer.errors import Cancelled, ExplorerError
from explorer.indexes.base import IndexHandle
from explorer.session.session import Session
from explorer.session.state import Asked, State
from explorer.work.requests import Answer, ReadingsRequest, SearchRequest
from explorer.work.runner import Runner

MOST_NEIGHBOURS = 1000
MOST_REMEMBERED = 200


class Asking:
    """The answer follows the State: whenever the query, k, the index or its search parameters change, it is asked
    again, and an answer is taken only if it still fits."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session = session
        self._searches = runner.searches
        self._typed: object = None
        self._searched: tuple[object, ...] = ()
        self._truth_of: tuple[object, ...] = ()
        self._truth_asked: tuple[object, ...] = ()
        session.listen(self._react)

    def type(self, text: str, kind: str = "") -> None:
        """Ask what was typed into the bar. What it means is read in the child, so a million names cost nothing here.

        With a `kind` (row, numbers, expression, text) it is read as that and nothing else.
        """
        dataset = self._session.state.dataset
        if dataset is None or not text.strip():
            return

        typed = self._typed = object()

        def done(readings: tuple[Query, ...]) -> None:
            if self._typed is typed and self._session.state.dataset is dataset:
                self.ask(readings[0], readings[1:])

        def failed(error: ExplorerError) -> None:
            if self._typed is typed and self._session.state.dataset is dataset:
                self._failed(error)

        self._searches.ask("readings", ReadingsRequest(dataset, text, kind), done, failed)

    def ask_row(self, row: int) -> None:
        """Ask for the neighbours of a row: a click on the map, a double click in the table."""
        dataset = self._session.state.dataset
        if dataset is not None and 0 <= row < dataset.rows:
            self.ask(row_query(row, dataset))

    def ask(self, query: Query, others: tuple[Query, ...] = ()) -> None:
        """Make this the query; the one before goes into the history."""
        state = self._session.state
        past = state.past if state.asked is None else (*state.past, state.asked)[-MOST_REMEMBERED:]
        self._take(Asked(query, others), past, ())

    def back(self) -> None:
        """The query before this one."""
        state = self._session.state
        if state.past and state.asked is not None:
            self._take(state.past[-1], state.past[:-1], (state.asked, *state.future))

    def forward(self) -> None:
        """The query that `back` came from."""
        state = self._session.state
        if state.future and state.asked is not None:
            self._take(state.future[0], (*state.past, state.asked), state.future[1:])

    def clear(self) -> None:
        """No query any more; it stays in the history."""
        state = self._session.state
        self._drop_typed()
        if state.asked is not None:
            past = (*state.past, state.asked)[-MOST_REMEMBERED:]
            self._session.clear_problem("query")
            self._session.update(asked=None, past=past, future=(), focused=-1)

    def set_k(self, k: int) -> None:
        """How many neighbours: 1 … 1000."""
        self._session.update(k=max(1, min(MOST_NEIGHBOURS, k)))

    def set_metric(self, name: str) -> None:
        """Answer in another metric; indexes built with another stay, greyed."""
        self._session.update(metric=metric_named(name))

    def _drop_typed(self) -> None:
        """What was typed before and is still being read comes too late."""
        self._typed = None
        self._searches.forget("readings")

    def _take(self, asked: Asked, past: tuple[Asked, ...], future: tuple[Asked, ...]) -> None:
        self._drop_typed()
        self._session.clear_problem("query")
        self._session.update(asked=asked, past=past, future=future, focused=-1)

    def _react(self, new: State, old: State) -> None:
        entry, exact, asked = new.entry(), new.exact, new.asked
        if new.dataset is None or asked is None:
            if new.answer is not None or new.truth is not None:
                self._session.update(answer=None, truth=None, verdict=None)
            self._searched = self._truth_of = self._truth_asked = ()
            return
        true_key = (new.dataset, asked.query, new.k, new.metric, exact.handle if exact else None)
        key = (*true_key, entry.handle, tuple(entry.given.items())) if entry else ()
        if key == self._searched and true_key == self._truth_of:
            return
        fresh_truth = true_key != self._truth_of
        self._searched, self._truth_of = key, true_key
        self._session.update(answer=None, verdict=None, **({"truth": None} if fresh_truth else {}))
        if entry is None or entry.handle.metric != new.metric:
            return
        self._search("search", new, entry.handle, entry.given, key)
        # What exact search answered is the truth already; what it was about to answer is lost with its turn.
        known = not fresh_truth and (new.truth is not None or self._truth_asked == true_key)
        if exact is not None and entry is not exact and not known:
            self._truth_asked = true_key
            self._search("truth", new, exact.handle, {}, true_key)

    def _search(self, slot: str, state: State, handle: IndexHandle, given: Params, key: tuple[object, ...]) -> None:
        assert state.dataset is not None and state.asked is not None
        request = SearchRequest(state.dataset, handle, state.asked.query, state.k, given)

        def fits() -> bool:
            return key == (self._searched if slot == "search" else self._truth_of)

        def done(answer: Answer) -> None:
            if fits():
                self._arrived(slot, answer)

        def failed(error: ExplorerError) -> None:
            if fits():
                self._failed(error)

        self._searches.ask(slot, request, done, failed)

    def _arrived(self, slot: str, answer: Answer) -> None:
        state = self._session.state
        entry = state.entry()
        found = answer if slot == "search" else state.answer
        is_truth = slot == "truth" or (entry is not None and entry.handle.type == "exact")
        truth = answer.neighbours if is_truth else state.truth
        verdict = judged(found.neighbours, truth, state.metric) if found is not None and truth is not None else None
        self._session.update(answer=found, truth=truth, verdict=verdict)

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("query", str(error))
