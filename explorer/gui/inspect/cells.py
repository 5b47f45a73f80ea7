"""Cells: how many rows each holds, which the search looked into, and where the missed neighbours are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QCheckBox

from explorer.core.structure import Cells
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.outlining import ALL, missing, probed
from explorer.gui.inspect.part import Part
from explorer.gui.widgets.pieces import label
from explorer.measure.outlines import SHARE
from explorer.session.controller import Controller
from explorer.session.state import State

KEY = "Blue, numbered: looked into, in this order · red: holds a neighbour that was missed"
CHOOSE = "Click: select its rows, and outline it on the map"


class CellsPart(Part):
    """Draws Cells, the largest first."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Cells by their rows")
        self._cells: Cells | None = None
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self.sizes = self.draws(BarChart("Cells by their rows", 124, KEY, CHOOSE))
        self.sizes.chosen.connect(lambda place: controller.inspecting.look_at_cell(int(self._order[place])))
        self.column.addWidget(self.sizes)
        self.column.addWidget(label(KEY, "quiet", wrap=True))
        self.outlining = QCheckBox("Outline them on the map")
        self.outlining.setToolTip("The cells that the search looked into, and those that hold what it missed")
        self.outlining.toggled.connect(controller.inspecting.outline_cells)
        self._drawn = label("", "quiet", wrap=True)
        self.column.addWidget(self.outlining)
        self.column.addWidget(self._drawn)
        self.paints((("Colour the map by cell", "", self._colour),))
        self.paints((("Colour the map by boundary", "", controller.inspecting.colour_by_boundaries),))
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Draw Cells with the search of the State in them."""
        assert isinstance(part, Cells)
        if part is not self._cells:
            self._cells, self._order = part, np.argsort(-part.sizes, kind="stable")
        order = self._order
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        looked_into, holding = probed(state), missing(part, state)
        self.sizes.show_bars(
            Bars(
                part.sizes[order],
                ("the largest", f"{len(order):,}th"),
                ("cell", "rows"),
                [str(cell) for cell in order.tolist()],
                frozenset(place[looked_into].tolist()),
                frozenset(place[holding].tolist()),
                {int(place[cell]): str(turn + 1) for turn, cell in enumerate(looked_into.tolist())},
            )
        )
        self.outlining.blockSignals(True)
        self.outlining.setChecked(state.outlining)
        self.outlining.blockSignals(False)
        self._drawn.setText(_drawn(part, state))
        self._drawn.setVisible(state.outlining)
        mean = float(part.sizes.mean()) if len(part.sizes) else 0.0
        self.facts.show_pairs(
            (
                ("cells", f"{len(part.sizes):,}, of {mean:,.0f} rows on average"),
                ("largest", f"{int(part.sizes.max(initial=0)):,} rows"),
                ("empty", f"{int((part.sizes == 0).sum()):,}"),
                ("imbalance", f"{part.imbalance:.2f}, 1 where all are equal"),
                ("looked into", f"{len(looked_into):,} by this search" if len(looked_into) else "no search yet"),
            )
        )

    def _colour(self) -> None:
        if self._cells is not None:
            self.controller.inspecting.colour_by_part(self._cells)


def _drawn(cells: Cells, state: State) -> str:
    """What the outlines on the map are."""
    if "outlines" in state.seeking:
        return "Drawing the outlines …"
    which = "The first of this search and of its misses" if len(probed(state)) else "The largest"
    which = "All cells" if len(cells.sizes) <= ALL else which
    return f"{which}, each around the {SHARE:.0%} of its rows nearest to its middle there."
