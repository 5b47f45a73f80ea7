"""How sound a graph is: hubs, long links, true neighbours that have none, and rows that are never reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from explorer.core.dataset import Dataset
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.theme import Theme
from explorer.gui.widgets.facts import Facts
from explorer.gui.widgets.pieces import Line, button, heading, label
from explorer.gui.widgets.row_list import Entry, RowList
from explorer.measure.soundness import Soundness
from explorer.session.controller import Controller
from explorer.session.state import State

NAMED = 5
"""So many rows of each sort are listed."""
PARTS = 20
"""Bars of the chart of pruned neighbours, at most."""


class Linkage(QWidget):
    """Draws a Soundness; a click on a row looks at it, and with it at its links on the map."""

    def __init__(self, controller: Controller, draws: Callable[[BarChart], BarChart]) -> None:
        super().__init__()
        self._controller = controller
        self._shown: Soundness | None = None
        self._waiting = label("", "quiet", wrap=True)
        self.lengths = draws(BarChart("Links by their length", 92))
        self.pruned = draws(BarChart("Rows by pruned true neighbours", 92))
        self.facts = Facts()
        self._inside = QWidget()
        self.hubs, self.anti = _Sort(controller, "Hubs"), _Sort(controller, "Anti-hubs")
        self.lost, self.long = _Sort(controller, "Never reached"), _Sort(controller, "Long links")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._waiting)
        column.addWidget(self._inside)
        inside = QVBoxLayout(self._inside)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        paint = controller.inspecting.colour_by_soundness
        for title, chart, what in (
            ("Links by length, 1 is usual", self.lengths, "longest"),
            ("Rows by pruned true neighbours", self.pruned, "pruned"),
        ):
            over = heading(title)
            over.setContentsMargins(0, 6, 0, 0)
            inside.addWidget(over)
            inside.addWidget(chart)
            words = "Colour the map by the longest link" if what == "longest" else "Colour the map by pruned neighbours"
            inside.addWidget(button(words, partial(paint, what)), 0, Qt.AlignmentFlag.AlignLeft)
        for sort in (self.hubs, self.anti, self.lost, self.long):
            inside.addWidget(sort)
        standing = button("Colour the map by standing", partial(paint, "standing"), tip="Hubs, and rows never reached")
        inside.addWidget(standing, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(self.facts)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.facts.set_theme(theme)

    def show_state(self, state: State) -> None:
        """Follow the State."""
        found = state.soundness
        self._inside.setVisible(found is not None)
        self._waiting.setVisible(found is None and "soundness" in state.seeking)
        self._waiting.setText("Looking for hubs, long links and rows that are never reached …")
        if found is None or state.dataset is None or found is self._shown:
            return
        self._shown = found
        low, high = wording.distance(float(found.edges[0])), wording.distance(float(found.edges[-1]))
        names = [f"{a:.3g}–{b:.3g}" for a, b in zip(found.edges[:-1].tolist(), found.edges[1:].tolist(), strict=True)]
        self.lengths.show_bars(Bars(found.counts, (low, high), ("length", "links"), names))
        self.pruned.show_bars(_pruned_bars(found))
        degrees = found.degrees
        hubs = [(int(row), _links(int(degrees[row]))) for row in found.hubs[:NAMED]]
        self.hubs.show_rows(found.hubs, hubs, state.dataset)
        for sort, rows in ((self.anti, found.anti_hubs), (self.lost, found.unreachable)):
            sort.show_rows(rows, [(int(row), _links(int(degrees[row]))) for row in rows[:NAMED]], state.dataset)
        longest = [
            (int(row), f"{length:.2f} → {caption(state.dataset, int(to))}")
            for (row, to), length in zip(found.links[:NAMED].tolist(), found.lengths[:NAMED].tolist(), strict=True)
        ]
        self.long.show_rows(np.unique(found.links[:, 0]), longest, state.dataset)
        self._show_facts(found)

    def _show_facts(self, found: Soundness) -> None:
        there = found.degrees[found.degrees >= 0]
        mean = float(there.mean()) if len(there) else 0.0
        pruned = float(found.pruned.mean()) if len(found.pruned) else 0.0
        self.facts.show_pairs(
            (
                ("hubs", f"{len(found.hubs):,} rows, 3 spreads above the mean of {mean:.1f} links"),
                ("no link leads to", f"{len(found.anti_hubs):,} rows (anti-hubs)"),
                ("never reached", f"{len(found.unreachable):,} rows, at whatever effort"),
                ("pieces", f"{found.pieces:,} on the lowest layer"),
                ("a usual link", f"{wording.distance(found.median)} long"),
                ("pruned", f"{pruned:.0%} of the {found.k} true neighbours of a row"),
                ("sample", f"{len(found.sampled):,} rows for lengths and pruned neighbours"),
            )
        )


class _Sort(QWidget):
    """Some rows of a sort: their number, the first of them, and a button that selects all of them on the map."""

    def __init__(self, controller: Controller, title: str) -> None:
        super().__init__()
        self._controller, self._title = controller, title
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self.count = Line(Qt.AlignmentFlag.AlignRight)
        self.select = button("select", self._select, "link", name=f"Select on the map: {title}")
        self.list = RowList()
        top = QHBoxLayout()
        top.addWidget(heading(title))
        top.addWidget(self.count, 1)
        top.addWidget(self.select)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.list)

    def show_rows(self, rows: NDArray[np.int64], named: list[tuple[int, str]], dataset: Dataset) -> None:
        """Name the first rows, each with a few words about it."""
        self._rows = rows
        self.count.say(f"{len(rows):,} rows" if len(rows) != 1 else "1 row")
        self.select.setVisible(len(rows) > 0)
        look = self._controller.looking.focus
        listed = []
        for row, words in named:
            name = caption(dataset, row)
            number = f"  #{row}" if name != f"#{row}" else ""
            listed.append(Entry(f"{name}{number}   {words}", partial(look, row), "Look at it and its links"))
        self.list.arrange(listed)
        self.list.setVisible(bool(listed))

    def _select(self) -> None:
        self._controller.looking.select(self._rows)


def _links(count: int) -> str:
    return "1 link to it" if count == 1 else f"{count:,} links to it"


def _pruned_bars(found: Soundness) -> Bars:
    """How many rows of the sample have no link to 0, 1, … of their true neighbours."""
    counts = np.bincount(np.round(found.pruned * found.k).astype(np.int64), minlength=found.k + 1)
    step = max(1, -(-len(counts) // PARTS))
    heights = np.add.reduceat(counts, np.arange(0, len(counts), step))
    names = [f"{a}–{min(a + step - 1, found.k)}" if step > 1 else str(a) for a in range(0, len(counts), step)]
    return Bars(heights, ("none", f"all {found.k}"), ("pruned", "rows"), names)
