"""A graph in layers: one map above the other, the way of the search through them, and how the links are spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.core.structure import Layers
from explorer.gui.captions import caption
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.linkage import Linkage
from explorer.gui.inspect.part import Part
from explorer.gui.inspect.storeys import KEY, Storeys
from explorer.gui.theme import Theme
from explorer.gui.widgets.pieces import label
from explorer.session.controller import Controller
from explorer.session.seeking import pruned_of
from explorer.session.state import State

BINS = 60


class LayersPart(Part):
    """Draws Layers; while it is shown, the map shows the links of the row that is looked at."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Layers")
        self._layers: Layers | None = None
        self.storeys = self.draws(Storeys())
        self.degrees = self.draws(BarChart("Links that lead to a row", 100))
        self._row = label("", "quiet", wrap=True)
        self.column.addWidget(self.storeys)
        self.column.addWidget(label(KEY, "quiet", wrap=True))
        self.column.addWidget(self._row)
        self.paints((("Colour the map by layer", "", lambda: self._colour("")),))
        self.headed("Rows by the links that lead to them", self.degrees)
        self.paints((("Colour the map by links to a row", "", lambda: self._colour("links")),))
        self.column.addWidget(self.facts)
        self.linkage = Linkage(controller, self.draws)
        self.column.addWidget(self.linkage)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        super().set_theme(theme)
        self.linkage.set_theme(theme)

    def show_part(self, part: Any, state: State) -> None:
        """Draw Layers with the search of the State in them."""
        assert isinstance(part, Layers)
        if part is not self._layers:
            self._layers = part
            self._show_figures(part, state)
        trace = state.replay.trace if state.replay is not None else None
        self.storeys.show_layers(part, state.positions, trace)
        self._row.setText(_links_of(part, state))
        self._row.setVisible(bool(self._row.text()))
        self.linkage.show_state(state)

    def _show_figures(self, part: Layers, state: State) -> None:
        held = part.levels >= 0
        degrees = part.links_to()[held]
        counts = np.bincount(degrees) if len(degrees) else np.zeros(1, int)
        step = max(1, -(-len(counts) // BINS))
        heights = np.add.reduceat(counts, np.arange(0, len(counts), step))
        names = [f"{a}–{a + step - 1}" if step > 1 else str(a) for a in range(0, len(counts), step)]
        self.degrees.show_bars(Bars(heights, ("0 links", f"{len(counts) - 1:,}"), ("links", "rows"), names))
        layers = int(part.levels.max(initial=0)) + 1
        rows = [int((part.levels >= level).sum()) for level in range(layers)]
        out = [len(links) / max(1, count) for links, count in zip(part.links, rows, strict=False)]
        entry = "not told by the library"
        if part.entry >= 0 and state.dataset is not None:
            name = caption(state.dataset, part.entry)
            entry = name if name == f"#{part.entry}" else f"{name} #{part.entry}"
        self.facts.show_pairs(
            (
                ("rows by layer", " · ".join(f"{level}: {count:,}" for level, count in enumerate(rows))),
                ("links of a row", " · ".join(f"{level}: {mean:.1f}" for level, mean in enumerate(out))),
                ("entry", entry),
                ("no link leads to", f"{int((degrees == 0).sum()):,} rows"),
                ("most links lead to", f"{int(degrees.max(initial=0)):,}, by {float(degrees.mean()):.1f} on average"),
                ("not in the graph", f"{int((~held).sum()):,} rows"),
            )
        )

    def _colour(self, what: str) -> None:
        if self._layers is not None:
            self.controller.inspecting.colour_by_part(self._layers, what)


def _links_of(layers: Layers, state: State) -> str:
    """The links of the row that is looked at, in words."""
    row = state.focused if state.focused >= 0 else (state.asked.query.row if state.asked is not None else None)
    if row is None or row >= len(layers.levels) or state.dataset is None or not len(layers.links):
        return ""
    name = caption(state.dataset, row)
    if layers.levels[row] < 0:
        return f"{name} is not in the graph."
    to = int(layers.links_to()[row])
    out = int(layers.starts[0][row + 1] - layers.starts[0][row])
    told = f"{name} stands on layer {int(layers.levels[row])}; {out} links lead from it, {to} to it (lines on the map)."
    if (own := pruned_of(layers, state)) is not None and state.truth is not None:
        told += f" {len(own)} of its {len(state.truth)} true neighbours have no link from it (dotted)."
    return told
