"""Cells: how many rows each holds, which the search looked into, and where the missed neighbours are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout

from explorer.core.structure import Cells
from explorer.core.trace import PROBE
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.part import Part
from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import State

KEY = "Blue, numbered: looked into, in this order · red: holds a neighbour that was missed"


class CellsPart(Part):
    """Draws Cells, the largest first."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Cells by their rows")
        self._cells: Cells | None = None
        self.sizes = self.draws(BarChart("Cells by their rows", 124, KEY))
        self.column.addWidget(self.sizes)
        self.column.addWidget(label(KEY, "quiet", wrap=True))
        for words, what in (("Colour the map by cell", ""), ("Colour the map by boundary", "boundaries")):
            row = QHBoxLayout()
            row.addWidget(button(words, lambda what=what: self._colour(what)))  # type: ignore[misc]
            row.addStretch(1)
            self.column.addLayout(row)
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Draw Cells with the search of the State in them."""
        assert isinstance(part, Cells)
        self._cells = part
        order = np.argsort(-part.sizes, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        probed = _probed(state)
        missed = state.verdict.misses if state.verdict is not None else np.empty(0, np.int64)
        holding = np.unique(part.cell_of[missed])
        self.sizes.show_bars(
            Bars(
                part.sizes[order],
                ("the largest", f"{len(order):,}th"),
                ("cell", "rows"),
                [str(cell) for cell in order.tolist()],
                frozenset(place[probed].tolist()),
                frozenset(place[holding[holding >= 0]].tolist()),
                {int(place[cell]): str(turn + 1) for turn, cell in enumerate(probed.tolist())},
            )
        )
        mean = float(part.sizes.mean()) if len(part.sizes) else 0.0
        self.facts.show_pairs(
            (
                ("cells", f"{len(part.sizes):,}, of {mean:,.0f} rows on average"),
                ("largest", f"{int(part.sizes.max(initial=0)):,} rows"),
                ("empty", f"{int((part.sizes == 0).sum()):,}"),
                ("imbalance", f"{part.imbalance:.2f}, 1 where all are equal"),
                ("looked into", f"{len(probed):,} by this search" if len(probed) else "no search yet"),
            )
        )

    def _colour(self, what: str) -> None:
        if self._cells is not None:
            self.controller.inspecting.colour_by_part(self._cells, what)


def _probed(state: State) -> NDArray[np.int64]:
    """The cells that the search of the State looked into, in order."""
    trace = state.replay.trace if state.replay is not None else None
    if trace is None:
        return np.empty(0, np.int64)
    return np.asarray(trace.places[trace.actions == PROBE], np.int64)
