"""Codes: what shortening loses in each part of the vectors, and how many of the codes are in use."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout

from explorer.core.structure import Codes
from explorer.gui import wording
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.part import Part
from explorer.gui.widgets.pieces import button
from explorer.session.controller import Controller
from explorer.session.state import State


class CodesPart(Part):
    """Draws Codes."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Error by part of the vector")
        self._codes: Codes | None = None
        self.errors = self.draws(BarChart("Error by part of the vector"))
        self.used = self.draws(BarChart("Codes in use by part"))
        self.column.addWidget(self.errors)
        row = QHBoxLayout()
        row.addWidget(button("Colour the map by error", self._colour))
        row.addStretch(1)
        self.column.addLayout(row)
        self._used_heading = self.headed("Codes in use by part", self.used)
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Draw Codes."""
        assert isinstance(part, Codes)
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

    def _colour(self) -> None:
        if self._codes is not None:
            self.controller.inspecting.colour_by_part(self._codes)
