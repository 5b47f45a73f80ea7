"""Seeing inside: why neighbours were missed, the search step by step, what the index is made of, the whole Dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.explanation import Fix
from explorer.core.structure import Cells, Codes, Difficulty, Layers, Structure
from explorer.errors import Cancelled, ExplorerError
from explorer.indexes import type_named
from explorer.measure.honesty import Far, far_away
from explorer.servers.address import is_server
from explorer.session import painting
from explorer.session.asking import Asking
from explorer.session.indexing import Indexing
from explorer.session.looking import Looking
from explorer.session.painting import Painting
from explorer.session.seeking import PARTS, Key, Part, part_of
from explorer.session.session import Session
from explorer.session.state import State, Tab
from explorer.session.tasks import Tasks
from explorer.work.inspecting import (
    BranchesRequest,
    DifficultyRequest,
    HonestyRequest,
    InspectRequest,
    MarginsRequest,
    RecallMapRequest,
)
from explorer.work.picturing import BoundariesRequest, PictureRequest
from explorer.work.runner import Runner

RECALL, HONESTY, DIFFICULTY, BOUNDARIES = "paint recall", "paint honesty", "difficulty", "boundaries"
"""Keys of tasks."""
TABS: tuple[Tab, ...] = ("neighbours", "why", "replay", "structure", "whole")

_FAR = ("shows_far", "truth", "asked", "positions", "laying_out")
"""What the lines to neighbours that landed far away hang on."""


class Inspecting:
    """Explanations come by themselves where an approximate index missed something; all else when it is looked at."""

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        runner: Runner,
        indexing: Indexing,
        asking: Asking,
        looking: Looking,
    ) -> None:
        self._session, self._tasks, self._searches = session, tasks, runner.searches
        self._indexing, self._asking, self._looking = indexing, asking, looking
        self._hangs_on: dict[str, Key | None] = {}
        self._sought: dict[str, Key] = {}
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
            self._paint(painting.of_cells(part))
        elif isinstance(part, Codes):
            self._paint(painting.of_errors(part))
        elif isinstance(part, Layers):
            self._paint(painting.of_in_degrees(part) if what == "links" else painting.of_levels(part))

    def colour_by_boundaries(self) -> None:
        """Measure how near each row lies to the boundary of its cell, and colour the map by that."""
        state = self._session.state
        if state.dataset is not None and (entry := state.approximate) is not None:
            request = BoundariesRequest(state.dataset, entry.handle)
            self._measure(BOUNDARIES, "Boundaries of cells", request, painting.of_boundaries)

    def colour_by_soundness(self, what: str) -> None:
        """Colour the map by the "longest" link of each row, by how many of its true neighbours it has no link to
        ("pruned"), or by its "standing"."""
        state = self._session.state
        if (found := state.soundness) is not None and state.dataset is not None:
            self._paint(painting.OF_SOUNDNESS[what](found, state.dataset.rows))

    def look_at_cell(self, cell: int) -> None:
        """Outline a cell on the map and select its rows; the same once more, or −1, looks at none."""
        cells: Cells | None = part_of(self._session.state, Cells)
        if cell == self._session.state.cell or not 0 <= cell < (len(cells.sizes) if cells is not None else 0):
            cell = -1
        self._session.update(cell=cell)
        if cell >= 0 and cells is not None:
            self._looking.select(np.flatnonzero(cells.cell_of == cell))
        else:
            self._looking.select_none()

    def outline_cells(self, drawn: bool) -> None:
        """Draw outlines of cells on the map while the inspector shows them, or none."""
        self._session.update(outlining=drawn)

    def show_far(self, shown: bool) -> None:
        """Draw lines from the query to its true neighbours that landed far away on the map, or none."""
        self._session.update(shows_far=shown)

    def look_around(self, rows: NDArray[np.int64] | None) -> None:
        """List the worst of the rows near a click, where what colours the map says which are; None: of all rows."""
        painted = self._session.state.painting(self._session.state.colour_by)
        self._session.update(around=rows if painted is not None and painted.worse else None)

    def debug(self, row: int) -> None:
        """Ask for the neighbours of a row, and see why some were missed."""
        self._asking.ask_row(row)
        self.show("why")

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

    def _measure(
        self, key: str, title: str, request: InspectRequest | PictureRequest, made: Callable[[Any], Painting]
    ) -> None:
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
        if new.inside is not old.inside:
            self._session.update(cell=-1)
        if new.colour_by != old.colour_by:
            painted, before = new.painting(new.colour_by), old.painting(old.colour_by)
            honest = painted is not None and painted.kind == "honesty"
            was = before is not None and before.kind == "honesty"
            self._session.update(around=None, shows_far=honest or (new.shows_far and not was))
        if any(getattr(new, name) is not getattr(old, name) for name in _FAR):
            self._session.update(far=_far(self._session.state))
        for part in PARTS:
            self._follow(part, new)

    def _follow(self, part: Part, state: State) -> None:
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

    def _seek(self, part: Part, key: Key, request: InspectRequest | PictureRequest) -> None:
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


def _far(state: State) -> Far | None:
    """The true neighbours of the query that landed far away, where they are to be shown, on a map that stands."""
    row = state.asked.query.row if state.asked is not None else None
    if not state.shows_far or state.laying_out or row is None or state.truth is None or state.positions is None:
        return None
    return far_away(state.positions, row, state.truth.rows.astype(np.int64))
