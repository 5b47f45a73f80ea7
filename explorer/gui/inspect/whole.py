"""The whole Dataset at once: recall and honesty painted on the map, the worst rows, and how hard the data is."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.core.structure import Difficulty
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.part import Part
from explorer.gui.widgets.pieces import button, label
from explorer.gui.widgets.row_list import RowList
from explorer.session.controller import Controller
from explorer.session.painting import Painting
from explorer.session.state import State

NAMED = 8
"""So many of the worst rows are listed."""


class WholePart(Part):
    """Offers the measurements over all rows, and shows what the painting on the map says."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "The whole Dataset")
        self._painted: Painting | None = None
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
        self._note = label("", "quiet", wrap=True, selectable=True)
        self.worst = RowList()
        self.column.addWidget(self._note)
        self.column.addWidget(self.worst)
        self.distances = self.draws(BarChart("Distances between random pairs", 92))
        self._heading = self.headed("Distances between random pairs", self.distances)
        self.column.addWidget(self.facts)
        self._hubs = QWidget()
        hubs = QHBoxLayout(self._hubs)
        hubs.setContentsMargins(0, 0, 0, 0)
        hubs.addWidget(button("Colour the map by hubness", inspecting.colour_by_hubness))
        hubs.addStretch(1)
        self.column.addWidget(self._hubs)

    def show_part(self, part: Any, state: State) -> None:
        """Follow the State; there is no structure to draw."""
        self._recall.setEnabled(state.approximate is not None and state.task("paint recall") is None)
        finished = state.projection is not None and not state.laying_out
        self._honesty.setEnabled(finished and state.task("paint honesty") is None)
        self._hard.setVisible(state.difficulty is None)
        self._hard.setEnabled(state.task("difficulty") is None)
        painting = state.painting(state.colour_by)
        if painting is not self._painted:
            self._painted = painting
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
        rows = painting.worst[:NAMED].tolist() if painting is not None else []
        self.worst.setVisible(bool(rows))
        listed = []
        if painting is not None and state.dataset is not None:
            for row in rows:
                name, cell = caption(state.dataset, row), painting.column.cell(row)
                number = f"  #{row}" if name != f"#{row}" else ""
                ask = partial(self.controller.asking.ask_row, row)
                listed.append(button(f"{cell}   {name}{number}", ask, "plain", tip="Ask for its neighbours"))
        self.worst.arrange(listed)

    def _show_difficulty(self, found: Difficulty) -> None:
        ends = (wording.distance(float(found.edges[0])), wording.distance(float(found.edges[-1])))
        names = [f"{edge:.6g}" for edge in found.edges[:-1].tolist()]
        self.distances.show_bars(Bars(found.counts, ends, ("distance_from", "pairs"), names))
        self.facts.show_pairs(tuple(found.facts.items()))
