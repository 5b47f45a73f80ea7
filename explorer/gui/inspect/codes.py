"""Codes: what shortening loses in each part of a vector, what it makes of distances, and which codes are in use."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.core.structure import Codes
from explorer.gui import wording
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.part import Part
from explorer.gui.inspect.scatter import KEY, SAMPLED, Scatter
from explorer.gui.widgets.pieces import label
from explorer.session.controller import Controller
from explorer.session.lines import lines
from explorer.session.state import State


class CodesPart(Part):
    """Draws Codes."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Error by part of the vector")
        self._codes: Codes | None = None
        self.errors = self.draws(BarChart("Error by part of the vector"))
        self.used = self.draws(BarChart("Codes in use by part"))
        self.column.addWidget(self.errors)
        self.paints((("Colour the map by error", "", self._colour),))
        self.scatter = self.draws(Scatter())
        self.scatter.row_chosen.connect(controller.looking.focus)
        self._scatter_heading = self.headed("True distance against distance by code", self.scatter)
        self._scatter_key = label("", "quiet", wrap=True)
        self.column.addWidget(self._scatter_key)
        self._used_heading = self.headed("Codes in use by part", self.used)
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Draw Codes."""
        assert isinstance(part, Codes)
        self._show_distances(state)
        if part is self._codes:
            return
        self._codes = part
        count = len(part.part_errors)
        names = [str(i + 1) for i in range(count)]
        ends = ("part 1", str(count))
        self.errors.show_bars(Bars(part.part_errors, ends, ("part", "mean_square_error"), names))
        self.used.show_bars(Bars(part.part_used, ends, ("part", "codes_used"), names))
        for widget in (self.used, self._used_heading):
            widget.setVisible(len(part.part_used) > 0)
        unused = int((part.part_codes - part.part_used).sum())
        known = part.errors[~np.isnan(part.errors)]
        lost = f"{float(known.mean()):.3f} of a vector’s length on average" if len(known) else "not known"
        self.facts.show_pairs(
            (
                ("a code", wording.size(part.bytes)),
                ("lost", lost),
                ("codes", f"{int(part.part_codes.sum()):,} in {count:,} parts, {unused:,} of them not in use"),
            )
        )

    def _show_distances(self, state: State) -> None:
        coded, there = state.coded, state.coded is not None and len(state.coded.rows) > 0
        for widget in (self.scatter, self._scatter_heading, self._scatter_key):
            widget.setVisible(there)
        if coded is None or not there:
            return
        found = state.answer.neighbours if state.answer is not None else None
        self.scatter.show_distances(coded, lines(found, state.truth, state.verdict), state.metric)
        off = f"Of the sample a distance is off by {wording.distance(coded.off)} in the middle; "
        self._scatter_key.setText(f"{KEY} · {SAMPLED}. {off}the correlation is {coded.correlation:.3f}.")

    def _colour(self) -> None:
        if self._codes is not None:
            self.controller.inspecting.colour_by_part(self._codes)
