"""Seeing inside: why neighbours were missed, the search step by step, what the index is made of, the whole Dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.core.explanation import Fix
from explorer.core.structure import Cells, Codes, Difficulty, Forest, Layers, Structure
from explorer.errors import Cancelled, ExplorerError
from explorer.indexes import type_named
from explorer.measure.reaching import turned
from explorer.servers.address import is_server
from explorer.session import painting
from explorer.session.indexing import Indexing
from explorer.session.looking import Looking
from explorer.session.painting import Painting
from explorer.session.session import Session
from explorer.session.state import Replay, State, Tab
from explorer.session.tasks import Tasks
from explorer.work.inspecting import (
    BranchesRequest,
    DifficultyRequest,
    DistancesRequest,
    ExplainRequest,
    GrowthRequest,
    HonestyRequest,
    InspectRequest,
    MarginsRequest,
    ReachRequest,
    RecallMapRequest,
    StructureRequest,
    TraceRequest,
)
from explorer.work.runner import Runner

RECALL, HONESTY, DIFFICULTY = "paint recall", "paint honesty", "difficulty"
"""Keys of tasks."""
TABS: tuple[Tab, ...] = ("neighbours", "why", "replay", "structure")

_Key = tuple[object, ...]


@dataclass(frozen=True)
class _Part:
    """A field of the State that is sought by itself: `of` says what it hangs on, None while there is nothing to seek;
    it is sought once somebody looks, and is stale when that has changed."""

    field: str
    slot: str
    of: Callable[[State], _Key | None]
    looked_at: Callable[[State], bool]
    request: Callable[[State], InspectRequest]
    kept: Callable[[Any], Any] = lambda value: value


class Inspecting:
    """Explanations come by themselves where an approximate index missed something; all else when it is looked at."""

    def __init__(
        self, session: Session, tasks: Tasks, runner: Runner, indexing: Indexing, looking: Looking
    ) -> None:  # fmt: skip
        self._session, self._tasks, self._searches = session, tasks, runner.searches
        self._indexing, self._looking = indexing, looking
        self._hangs_on: dict[str, _Key | None] = {}
        self._sought: dict[str, _Key] = {}
        session.listen(self._react)

    def show(self, tab: Tab) -> None:
        """Turn the inspector to one of its pages."""
        self._session.update(tab=tab)

    def go_to(self, step: int) -> None:
        """Look at a step of the replay; the first or last one beyond its ends."""
        replay = self._session.state.replay
        if replay is not None and replay.trace is not None and len(replay.trace):
            self._session.update(step=max(0, min(len(replay.trace) - 1, step)))

    def apply(self, fix: Fix) -> None:
        """Set the search parameters that find a missed row; the index then answers anew."""
        entry = self._session.state.approximate
        if entry is not None and not fix.rebuild:
            self._indexing.set_search(entry.key, {**entry.given, **fix.params})

    def look_as_far_as(self, value: int) -> None:
        """Set the search parameter of the present Reach; the value that follows from k leaves it to follow."""
        reach, entry = self._session.state.reach, self._session.state.approximate
        if reach is not None and entry is not None:
            others = {name: each for name, each in entry.given.items() if name != reach.param}
            changed = {} if value == reach.default else {reach.param: value}
            self._indexing.set_search(entry.key, {**others, **changed})

    def colour_by_branches(self, tree: int, depth: int) -> None:
        """Colour the map by the nodes of a tree, counted from 0, at a depth."""
        state = self._session.state
        if state.dataset is not None and (entry := state.approximate) is not None:
            request = BranchesRequest(state.dataset, entry.handle, tree, depth)
            self._seek_painting(request, lambda found: painting.of_branches(found, tree, depth))

    def colour_by_margins(self, node: int) -> None:
        """Colour the map by the two sides of a split."""
        state = self._session.state
        if state.dataset is not None and (entry := state.approximate) is not None:
            request = MarginsRequest(state.dataset, entry.handle, node)
            self._seek_painting(request, lambda found: painting.of_margins(found, node))

    def select_branch(self, tree: int, depth: int, node: int) -> None:
        """Select the rows that stand below a node of a tree at its depth."""
        state = self._session.state
        if state.dataset is None or (entry := state.approximate) is None:
            return
        request = BranchesRequest(state.dataset, entry.handle, tree, depth)

        def done(found: Any) -> None:
            if self._session.state.dataset is state.dataset:
                self._looking.select((found == node).nonzero()[0])

        self._searches.ask("branch", request, done, self._failed)

    def colour_by_part(self, part: Structure, what: str = "") -> None:
        """Colour the map by what a part of an index says of each row; `what` chooses where it says two things."""
        if isinstance(part, Cells):
            self._paint(painting.of_boundaries(part) if what == "boundaries" else painting.of_cells(part))
        elif isinstance(part, Codes):
            self._paint(painting.of_errors(part))
        elif isinstance(part, Layers):
            self._paint(painting.of_in_degrees(part) if what == "links" else painting.of_levels(part))

    def paint_recall(self) -> None:
        """Measure the recall of every row, or of a stated sample, and colour the map by it."""
        state = self._session.state
        entry, exact = state.approximate, state.exact
        if state.dataset is None or entry is None or exact is None:
            self._session.fail("inspect", "Recall is that of an approximate index: let one answer first.")
            return
        title = type_named(entry.handle.type).title
        request = RecallMapRequest(state.dataset, entry.handle, exact.handle, entry.given, state.k)
        self._measure(RECALL, f"Recall of every row · {title}", request, lambda f: painting.of_recall(f, title))

    def paint_honesty(self) -> None:
        """Measure where the map keeps true neighbours together, and colour it by that."""
        state = self._session.state
        if state.dataset is None or state.exact is None or state.projection is None or state.laying_out:
            self._session.fail("inspect", "There is no finished map yet whose honesty could be measured.")
            return
        method, positions = state.projection.method, state.projection.positions
        request = HonestyRequest(state.dataset, state.exact.handle, positions, state.k)
        self._measure(HONESTY, "Where the map can be trusted", request, lambda f: painting.of_honesty(f, method))

    def measure_difficulty(self) -> None:
        """Measure how hard the data is for any index."""
        state = self._session.state
        if state.dataset is None or state.exact is None:
            return
        dataset = state.dataset
        self._session.clear_problem("inspect")

        def done(found: Difficulty) -> None:
            if self._session.state.dataset is dataset:
                self._session.update(difficulty=found)

        request = DifficultyRequest(dataset, state.exact.handle)
        self._tasks.start(DIFFICULTY, "How hard the data is", request, done, self._failed)

    def colour_by_hubness(self) -> None:
        """Colour the map by how often each row is a neighbour."""
        if (found := self._session.state.difficulty) is not None:
            self._paint(painting.of_hubness(found))

    def _measure(self, key: str, title: str, request: InspectRequest, made: Callable[[Any], Painting]) -> None:
        dataset = self._session.state.dataset
        self._session.clear_problem("inspect")

        def done(found: Any) -> None:
            if self._session.state.dataset is dataset:
                self._paint(made(found))

        self._tasks.start(key, title, request, done, self._failed)

    def _seek_painting(self, request: InspectRequest, made: Callable[[Any], Painting]) -> None:
        dataset = self._session.state.dataset

        def done(found: Any) -> None:
            if self._session.state.dataset is dataset:
                self._paint(made(found))

        self._session.clear_problem("inspect")
        self._searches.ask("painting", request, done, self._failed)

    def _paint(self, one: Painting) -> None:
        """Colour the map by it; it takes the place of the one before under the same name."""
        others = (p for p in self._session.state.paintings if p.column.name != one.column.name)
        self._session.update(paintings=(*others, one), colour_by=one.column.name, hidden=frozenset())

    def _react(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset:
            self._session.update(paintings=(), difficulty=None)
            if new.dataset is not None and new.dataset.own_index is not None and not is_server(new.source):
                # Who opens the file of an index wants to see inside.
                self._session.update(tab="structure")
        for part in _PARTS:
            self._follow(part, new)

    def _follow(self, part: _Part, state: State) -> None:
        key = part.of(state)
        if key != self._hangs_on.get(part.field):
            self._hangs_on[part.field] = key
            self._sought.pop(part.field, None)
            self._searches.forget(part.slot)
            self._session.update(**{part.field: None}, seeking=self._session.state.seeking - {part.field})
            if part.field == "replay":
                self._session.update(step=0)
        if key is not None and part.looked_at(state) and self._sought.get(part.field) != key:
            self._sought[part.field] = key
            self._seek(part, key, part.request(state))

    def _seek(self, part: _Part, key: _Key, request: InspectRequest) -> None:
        def ended(found: Any) -> None:
            if self._hangs_on.get(part.field) == key:
                left = self._session.state.seeking - {part.field}
                self._session.update(**{part.field: found}, seeking=left)

        def failed(error: ExplorerError) -> None:
            ended(None)
            if self._hangs_on.get(part.field) == key:
                self._failed(error)

        self._session.clear_problem("inspect")
        self._session.update(seeking=self._session.state.seeking | {part.field})
        self._searches.ask(part.slot, request, lambda found: ended(part.kept(found)), failed)

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("inspect", error)


def _answered(state: State) -> _Key | None:
    entry = state.approximate
    return (state.answer, entry.handle) if entry is not None and state.answer is not None else None


def _judged(state: State) -> _Key | None:
    entry = state.approximate
    there = entry is not None and state.answer is not None and state.verdict is not None and state.exact is not None
    return (state.verdict, entry.handle) if there and entry is not None else None


def _traced(state: State) -> _Key | None:
    return (state.replay,) if state.replay is not None and state.replay.trace is not None and state.asked else None


def _missed(state: State) -> _Key | None:
    return _judged(state) if state.verdict is not None and len(state.verdict.misses) else None


def _indexed(state: State) -> _Key | None:
    entry = state.approximate
    return (state.dataset, entry.handle) if entry is not None and state.dataset is not None else None


def _grown(state: State) -> _Key | None:
    has_trees = state.inside is not None and any(isinstance(part, Forest) for part in state.inside)
    return _judged(state) if has_trees else None


def _reachable(state: State) -> _Key | None:
    """Whatever the parameter that makes it look farther is now: that one is what is tried."""
    entry = state.approximate
    if entry is None or state.truth is None or state.exact is None or state.asked is None:
        return None
    param = turned(entry.handle, state.k)
    return (state.truth, entry.handle, tuple(each for each in entry.given.items() if each[0] != param))


def _reach(state: State) -> ReachRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return ReachRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given)


def _explain(state: State) -> ExplainRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return ExplainRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given, builds=False)


def _trace(state: State) -> TraceRequest:
    dataset, asked, entry = state.dataset, state.asked, state.approximate
    assert dataset is not None and asked is not None and entry is not None
    return TraceRequest(dataset, entry.handle, asked.query, state.k, entry.given)


def _distances(state: State) -> DistancesRequest:
    dataset, asked, entry, replay = state.dataset, state.asked, state.approximate, state.replay
    assert dataset is not None and asked is not None and entry is not None
    assert replay is not None and replay.trace is not None
    return DistancesRequest(dataset, entry.handle, asked.query, replay.trace.rows.astype(np.int64))


def _structure(state: State) -> StructureRequest:
    dataset, entry = state.dataset, state.approximate
    assert dataset is not None and entry is not None
    return StructureRequest(dataset, entry.handle)


def _growth(state: State) -> GrowthRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return GrowthRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given)


_PARTS = (
    _Part("replay", "trace", _answered, lambda state: state.tab in ("replay", "structure"), _trace, Replay),
    _Part("distances", "distances", _traced, lambda state: state.tab == "replay", _distances),
    _Part("inside", "structure", _indexed, lambda state: state.tab == "structure", _structure),
    _Part("growth", "growth", _grown, lambda state: state.tab == "structure", _growth),
    _Part("explanation", "explain", _missed, lambda state: True, _explain),
    _Part("reach", "reach", _reachable, lambda state: state.tab == "why", _reach),
)
