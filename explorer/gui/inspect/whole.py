"""The whole Dataset at once: recall and honesty painted on the map, the worst rows, and how hard the data is."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from explorer.core.structure import Difficulty
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.part import Part, scrolled
from explorer.gui.theme import Theme
from explorer.gui.widgets.pieces import button, heading, label
from explorer.gui.widgets.row_list import Entry, RowList
from explorer.session.controller import Controller
from explorer.session.painting import Painting
from explorer.session.state import State

NAMED = 8
"""So many of the worst rows are listed."""
_WATCHED = (
    "dataset",
    "difficulty",
    "paintings",
    "colour_by",
    "projection",
    "laying_out",
    "tasks",
    "problems",
    "around",
    "shows_far",
    "far",
    "asked",
    "indexes",
    "current",
    "answer",
    "tab",
)


class WholePage(QWidget):
    """Follows what is known of all rows; ↑ ↓ walk the list of the worst, Return asks for one."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._problem = label("", "error", wrap=True, selectable=True)
        self.part = WholePart(controller)
        column = scrolled(self)
        column.addWidget(self._problem)
        column.addWidget(self.part)
        column.addStretch(1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("All rows")
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.part.set_theme(theme)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The list of the worst rows takes the keyboard, where there is one."""
        super().focusInEvent(event)
        if self.part.worst.isVisible():
            self.part.worst.setFocus(event.reason())

    def _follow(self, new: State, old: State) -> None:
        if any(getattr(new, name) is not getattr(old, name) for name in _WATCHED):
            self._show(new)

    def _show(self, state: State) -> None:
        if state.tab != "whole":
            return
        self._problem.setText(state.problem("inspect"))
        self._problem.setVisible(bool(self._problem.text()))
        self.part.show_part(None, state)


class WholePart(Part):
    """Offers the measurements over all rows, and shows what the painting on the map says."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "The whole Dataset")
        self._painted: Painting | None = None
        self._near: NDArray[np.int64] | None = None
        self._shown: Difficulty | None = None
        inspecting = controller.inspecting
        self._recall = button("Paint recall on the map", inspecting.paint_recall)
        self._honesty = button("Paint where the map can be trusted", inspecting.paint_honesty)
        self._hard = button("Measure how hard the data is", inspecting.measure_difficulty)
        for widget in (self._recall, self._honesty, self._hard):
            row = QHBoxLayout()
            row.addWidget(widget)
            row.addStretch(1)
            self.column.addLayout(row)
        self.far = QCheckBox("Lines to far true neighbours")
        self.far.setToolTip(
            "From the query to those that landed far away on the map; the pointer on a line tells of it"
        )
        self.far.toggled.connect(inspecting.show_far)
        self._far_note = label("", "quiet", wrap=True, selectable=True)
        self.column.addWidget(self.far)
        self.column.addWidget(self._far_note)
        self._note = label("", "quiet", wrap=True, selectable=True)
        self._over = heading("The worst rows")
        self._of_all = button("of all", lambda: inspecting.look_around(None), "link")
        self._top = QWidget()
        top = QHBoxLayout(self._top)
        top.setContentsMargins(0, 6, 0, 0)
        top.addWidget(self._over, 1)
        top.addWidget(self._of_all)
        self._hint = label("", "quiet", wrap=True)
        self.worst = RowList()
        self.worst.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for each in (self._note, self._top, self._hint, self.worst):
            self.column.addWidget(each)
        self.distances = self.draws(BarChart("Distances between random pairs", 92))
        self._heading = self.headed("Distances between random pairs", self.distances)
        self.column.addWidget(self.facts)
        self._hubs = self.paints((("Colour the map by hubness", "", inspecting.colour_by_hubness),))

    def show_part(self, part: Any, state: State) -> None:
        """Follow the State; there is no structure to draw."""
        self._recall.setEnabled(state.approximate is not None and state.task("paint recall") is None)
        finished = state.projection is not None and not state.laying_out
        self._honesty.setEnabled(finished and state.task("paint honesty") is None)
        self._hard.setVisible(state.difficulty is None)
        self._hard.setEnabled(state.task("difficulty") is None)
        self.far.blockSignals(True)
        self.far.setChecked(state.shows_far)
        self.far.blockSignals(False)
        self._far_note.setText(_far_words(state) if state.shows_far else "")
        self._far_note.setVisible(bool(self._far_note.text()))
        painting = state.painting(state.colour_by)
        if painting is not self._painted or state.around is not self._near:
            self._painted, self._near = painting, state.around
            self._show_painting(painting, state)
        there = state.difficulty is not None
        for widget in (self._heading, self.distances, self.facts, self._hubs):
            widget.setVisible(there)
        if state.difficulty is not None and state.difficulty is not self._shown:
            self._show_difficulty(state.difficulty)
        self._shown = state.difficulty

    def _show_painting(self, painting: Painting | None, state: State) -> None:
        self._note.setText(painting.note if painting is not None else "")
        self._note.setVisible(painting is not None)
        dataset, near = state.dataset, state.around
        listed: list[Entry] = []
        if painting is not None and dataset is not None and painting.worse:
            rows = painting.worst if near is None else painting.worst_of(near)
            for row in rows[:NAMED].tolist():
                name, cell = caption(dataset, row), painting.column.cell(row)
                number = f"  #{row}" if name != f"#{row}" else ""
                listed.append(Entry(f"{cell}   {name}{number}", partial(self._ask, row), _tip(painting)))
        self.worst.arrange(listed)
        if listed:
            self.worst.setFocusProxy(listed[0])
        self.worst.setVisible(bool(listed))
        offered = painting is not None and bool(painting.worse)
        self._top.setVisible(offered)
        self._hint.setVisible(offered)
        self._of_all.setVisible(near is not None)
        if painting is not None and offered:
            self._over.setText("THE WORST ROWS" if near is None else "THE WORST NEAR THE CLICK")
            self._hint.setText(_hint(painting, near))

    def _ask(self, row: int) -> None:
        painting = self.controller.session.state.painting(self.controller.session.state.colour_by)
        if painting is not None and painting.kind == "recall":
            self.controller.inspecting.debug(row)
        else:
            self.controller.asking.ask_row(row)

    def _show_difficulty(self, found: Difficulty) -> None:
        ends = (wording.distance(float(found.edges[0])), wording.distance(float(found.edges[-1])))
        names = [f"{edge:.6g}" for edge in found.edges[:-1].tolist()]
        self.distances.show_bars(Bars(found.counts, ends, ("distance_from", "pairs"), names))
        self.facts.show_pairs(tuple(found.facts.items()))


def _tip(painting: Painting) -> str:
    return "Ask for its neighbours, and see why some are missed" if painting.kind == "recall" else "Ask for it"


def _hint(painting: Painting, near: NDArray[np.int64] | None) -> str:
    if near is None:
        return "A click on the map lists the worst rows near it."
    known = painting.known_of(near)
    told = f"{len(near):,} rows lie there" if len(near) != 1 else "One row lies there"
    return f"{told}, of which {known:,} were measured." if known != len(near) else f"{told}."


def _far_words(state: State) -> str:
    """Which true neighbours landed far away, in words."""
    far, dataset = state.far, state.dataset
    if dataset is None or far is None:
        return "Ask for a row: the lines begin there."
    if not len(far.rows):
        return f"All its true neighbours are among its {far.true} nearest on the map."
    farthest = np.argsort(-far.places, kind="stable")[:4]
    who = ", ".join(
        f"{caption(dataset, int(far.rows[i]), state.colour_by)} (place {far.places[i]:,})" for i in farthest
    )
    more = f" and {len(far.rows) - 4} more" if len(far.rows) > 4 else ""
    return f"{len(far.rows)} of {far.true} true neighbours are not among its {far.true} nearest there: {who}{more}."
