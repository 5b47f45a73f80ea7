"""Queries and their answers: what was asked, what the index found, what is true."""

from __future__ import annotations

from explorer.core.metric import metric_named
from explorer.core.params import Params
from explorer.core.query import Query, row_query
from explorer.core.recall import judged
from explorer.errors import Cancelled, ExplorerError, TaskFailed
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
        self._unanswered = False
        self._attempt = 0
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
        """Make this the query; the one before goes into the history. The same once more is no other query: it is
        asked again only if it has not been answered."""
        state = self._session.state
        asked = state.asked or (state.past[-1] if state.past else None)
        if asked is not None and _question(asked.query) == _question(query):
            past = state.past if state.asked is not None else state.past[:-1]
            if self._unanswered:
                # What is still under way of the last attempt must not be taken for this one's answer.
                self._attempt += 1
            self._take(Asked(query, others), past, state.future)
        else:
            past = state.past if state.asked is None else (*state.past, state.asked)[-MOST_REMEMBERED:]
            self._take(Asked(query, others), past, ())

    def again(self) -> None:
        """Ask the present query once more, which has not been answered."""
        if (asked := self._session.state.asked) is not None:
            self.ask(asked.query, asked.others)

    def back(self) -> None:
        """The query before this one; after `clear` the one that was cleared."""
        state = self._session.state
        if state.past:
            future = state.future if state.asked is None else (state.asked, *state.future)
            self._take(state.past[-1], state.past[:-1], future)

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
        if new.dataset is None or new.asked is None:
            if new.answer is not None or new.truth is not None:
                self._session.update(answer=None, truth=None, verdict=None)
            self._searched = self._truth_of = self._truth_asked = ()
            self._unanswered = False
            return
        if new.server is not old.server and self._unanswered:
            # The server that did not answer may be there again, or have its password now.
            self._attempt += 1
            self._session.clear_problem("query")
        entry, exact = new.entry(), new.exact
        if entry is not None and entry.handle.metric != new.metric:
            entry = None
        question = (new.dataset, _question(new.asked.query), new.k, new.metric, self._attempt)
        key = (question, entry.handle, tuple(entry.given.items())) if entry else (question,)
        true_key = (question, exact.handle if exact else None)
        fresh, fresh_truth = key != self._searched, true_key != self._truth_of
        if not fresh and not fresh_truth:
            return
        if fresh and self._unanswered:
            self._session.clear_problem("query")
        self._searched, self._truth_of, self._unanswered = key, true_key, False
        stale = {"answer": fresh, "truth": fresh_truth, "verdict": True}
        self._session.update(**{name: None for name, gone in stale.items() if gone})
        if entry is None:
            return
        if fresh:
            self._search("search", new, entry.handle, entry.given, key)
        # What exact search answered is the truth already; what it was about to answer is lost with its turn.
        known = not fresh_truth and (new.truth is not None or self._truth_asked == true_key)
        if exact is not None and entry is not exact and not known:
            self._truth_asked = true_key
            self._search("truth", new, exact.handle, {}, true_key)

    def _search(
        self,
        slot: str,
        state: State,
        handle: IndexHandle,
        given: Params,
        key: tuple[object, ...],
        again: bool = True,
    ) -> None:
        """Ask an index; a child that dies over it is asked `again`."""
        assert state.dataset is not None and state.asked is not None
        request = SearchRequest(state.dataset, handle, state.asked.query, state.k, given)

        def fits() -> bool:
            return key == (self._searched if slot == "search" else self._truth_of)

        def done(answer: Answer) -> None:
            if fits():
                self._arrived(slot, answer)

        def failed(error: ExplorerError) -> None:
            if not fits() or isinstance(error, Cancelled):
                return
            if again and isinstance(error, TaskFailed):
                self._search(slot, state, handle, given, key, again=False)
                return
            self._unanswered = True
            if slot == "truth":
                self._truth_asked = ()
            self._failed(error)

        self._searches.ask(slot, request, done, failed)

    def _arrived(self, slot: str, answer: Answer) -> None:
        state = self._session.state
        entry = state.entry()
        found = answer if slot == "search" else state.answer
        is_truth = slot == "truth" or (entry is not None and entry.is_exact)
        truth = answer.neighbours if is_truth else state.truth
        verdict = judged(found.neighbours, truth, state.metric) if found is not None and truth is not None else None
        exact_ms = answer.search_ms if is_truth else state.exact_ms
        self._session.update(answer=found, truth=truth, verdict=verdict, exact_ms=exact_ms)

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("query", error)


def _question(query: Query) -> tuple[object, ...]:
    """What tells one query from another, whatever words it was typed in."""
    if query.row is not None:
        return (query.row,)
    if query.numbers is not None:
        return ("numbers", query.numbers.tobytes())
    return (query.kind, query.terms or query.text)
