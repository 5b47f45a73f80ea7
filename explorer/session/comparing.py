"""Two indexes, or two settings of one, on one query and over a sample: what both find, one alone, and neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.core.params import Params
from explorer.core.recall import Verdict, judged
from explorer.errors import BadParameter, Cancelled, ExplorerError, TaskFailed
from explorer.indexes import asking, type_named
from explorer.measure.agreement import Agreement, agreement, found_of
from explorer.measure.reaching import turned
from explorer.session.lines import Line, lines
from explorer.session.measuring import WORK
from explorer.session.session import Session
from explorer.session.state import IndexEntry, State
from explorer.session.tasks import Tasks
from explorer.work.inspecting import FoundRequest
from explorer.work.requests import Answer, SearchRequest
from explorer.work.runner import Runner

AGREEMENT = "agreement"
"""The key of the task."""
ALONE = "Build or open a second approximate index of this metric first: there is none to compare with."
FARTHER = 4
"""How much farther B looks at first, where it is the index that answers."""
UNTURNED = "has no search parameter that could be set otherwise."
EXACTLY = "Let an approximate index answer first: exact search is what all are held against anyway."

Finder = Literal["A", "B", "AB"]
_Key = tuple[object, ...]


class Comparing:
    """While there is a second index, B, it is asked whatever the one that answers, A, is asked; its answer is taken
    only if it still fits. Letting B answer makes A the second one. B can be the index that answers, asked once
    more with other search parameters."""

    def __init__(self, session: Session, tasks: Tasks, runner: Runner) -> None:
        self._session, self._tasks, self._searches = session, tasks, runner.searches
        self._asked: _Key | None = None
        self._sampled: _Key | None = None
        session.listen(self._react)

    def compare(self, key: str) -> None:
        """Ask this index too; the same once more ends it. Refused with a sentence where there is nothing to compare."""
        state = self._session.state
        if key and state.against == key:
            self.stop()
        elif state.approximate is None:
            self._session.fail("indexes", EXACTLY)
        elif key not in {entry.key for entry in rivals(state)}:
            self._session.fail("indexes", ALONE)
        else:
            self._session.clear_problem("indexes")
            self._session.update(against=key, against_given=None)

    def compare_settings(self, given: Params | None = None) -> None:
        """Ask the index that answers once more, with other search parameters; without any it looks FARTHER times as
        far. Refused with a sentence where it has none."""
        state = self._session.state
        present = state.approximate
        param = turned(present.handle, state.k) if present is not None else ""
        if present is None:
            self._session.fail("indexes", EXACTLY)
        elif not param:
            self._session.fail("indexes", f"{type_named(present.handle.type).title} {UNTURNED}")
        else:
            now = int(asking.resolved(present.handle, present.given, state.k)[param])
            self.set_other(present.key, {**present.given, param: FARTHER * now} if given is None else given)

    def set_other(self, key: str, given: Params) -> None:
        """Let B be the index that answers, which has that key, with those search parameters."""
        state = self._session.state
        present = state.approximate
        if present is None or present.key != key:
            return
        try:
            asking.resolved(present.handle, given, state.k)
        except BadParameter as error:
            self._session.fail("indexes", error)
            return
        self._session.clear_problem("indexes")
        self._session.update(against=key, against_given=dict(given))

    def stop(self) -> None:
        """Ask one index alone again."""
        self._session.update(against="", against_given=None)

    def sample(self) -> None:
        """Count over a sample of rows what both find, one of them alone, or neither; A is asked first, then B."""
        state, key = self._session.state, _pair(self._session.state)
        if key is None or state.dataset is None or state.exact is None:
            return
        one, other = state.approximate, state.rival
        assert one is not None and other is not None
        dataset, exact, k = state.dataset, state.exact.handle, state.k
        queries = int(min(1000, dataset.rows, max(50, WORK / (2 * dataset.rows * dataset.dimensions))))

        def ask(entry: IndexEntry, name: str, done: Any) -> None:
            title = f"Comparing · {name} {type_named(entry.handle.type).title}"
            request = FoundRequest(dataset, entry.handle, exact, entry.given, k, queries)
            self._tasks.start(AGREEMENT, title, request, done, self._failed)

        def first(a: NDArray[np.bool_]) -> None:
            def second(b: NDArray[np.bool_]) -> None:
                if _pair(self._session.state) == key:
                    self._session.update(agreement=agreement(a, b))

            if _pair(self._session.state) == key:
                ask(other, "B", second)

        self._session.clear_problem("indexes")
        ask(one, "A", first)

    def _react(self, new: State, old: State) -> None:
        state = self._session.state
        if state.against_given is not None and state.against != state.current:
            self.stop()
        elif new.current != old.current and state.against == new.current and state.against_given is None:
            before = state.entry(old.current) if old.current else None
            swaps = before is not None and not before.is_exact
            self._session.update(against=old.current if swaps else "")
        elif state.against and state.entry(state.against) is None:
            self.stop()
        state = self._session.state
        if (pair := _pair(state)) != self._sampled:
            self._sampled = pair
            self._tasks.cancel(AGREEMENT)
            self._session.update(agreement=None)
        key = _question(state)
        if key != self._asked:
            self._asked = key
            self._searches.forget("against")
            self._session.update(other=None)
            if key is not None:
                self._ask(key, state)

    def _ask(self, key: _Key, state: State, *, again: bool = True) -> None:
        """Ask B; a child that dies over it is asked once more."""
        entry = state.rival
        assert state.dataset is not None and state.asked is not None and entry is not None

        def done(answer: Answer) -> None:
            if self._asked == key:
                self._session.update(other=answer)

        def failed(error: ExplorerError) -> None:
            if self._asked != key or isinstance(error, Cancelled):
                return
            if again and isinstance(error, TaskFailed):
                self._ask(key, state, again=False)
            else:
                self._failed(error)

        request = SearchRequest(state.dataset, entry.handle, state.asked.query, state.k, entry.given)
        self._searches.ask("against", request, done, failed)

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("indexes", error)


def rivals(state: State) -> tuple[IndexEntry, ...]:
    """The indexes that the one that answers can be held against."""
    present = state.approximate
    if present is None:
        return ()
    fitting = (e for e in state.indexes if not e.is_exact and e.handle.metric == state.metric)
    return tuple(entry for entry in fitting if entry.key != present.key)


def verdict_of_other(state: State) -> Verdict | None:
    """B's answer held against the truth; None while either is not there."""
    if state.other is None or state.truth is None:
        return None
    return judged(state.other.neighbours, state.truth, state.metric)


def agreed(state: State) -> Agreement | None:
    """What both found of the truth of the present query; None while an answer or the truth is not there."""
    theirs = verdict_of_other(state)
    if theirs is None or state.verdict is None or state.truth is None:
        return None
    return agreement(found_of(state.truth, state.verdict), found_of(state.truth, theirs))


def finders(state: State) -> dict[int, Finder]:
    """Who returned each row of the two answers; empty while one of them is not there."""
    if state.answer is None or state.other is None:
        return {}
    a, b = (set(answer.neighbours.rows.tolist()) for answer in (state.answer, state.other))
    return {row: "AB" if row in a and row in b else "A" if row in a else "B" for row in a | b}


def listed(state: State) -> tuple[Line, ...]:
    """The table of neighbours: the lines of the answer, and after them those of rows that B alone returned and that
    are no true neighbours; while the truth is not there, all that B alone returned."""
    own = lines(state.answer.neighbours if state.answer else None, state.truth, state.verdict)
    if state.answer is None or state.other is None:
        return own
    there = {line.row for line in own}
    theirs = lines(state.other.neighbours, state.truth, verdict_of_other(state) if state.verdict else None)
    added = [line for line in theirs if line.row not in there and line.mark != "miss"]
    return (*own, *(replace(line, rank=0) if line.mark == "pending" else line for line in added))


def _question(state: State) -> _Key | None:
    """What B's answer hangs on."""
    entry = state.rival
    if entry is None or state.dataset is None or state.asked is None:
        return None
    return (state.dataset, state.asked, state.k, entry.handle, tuple(entry.given.items()))


def _pair(state: State) -> _Key | None:
    """What the count over a sample hangs on."""
    one, other = state.approximate, state.rival
    if one is None or other is None:
        return None
    given = (tuple(one.given.items()), tuple(other.given.items()))
    return (state.dataset, state.k, one.handle, other.handle, given)
