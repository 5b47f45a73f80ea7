"""How distance grows with rank: the truth as a line, what the index found as dots."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.gui.panels.pieces import heading
from explorer.gui.theme import DARK, Theme
from explorer.session.controller import Controller
from explorer.session.state import State

HEIGHT = 168


class DistanceChart(QWidget):
    """A small pyqtgraph plot; imported with the first answer, so that the window need not wait for it."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._theme = DARK
        self._plot: Any = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Distance by rank")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 8, 8, 8)
        self._column.setSpacing(2)
        self._column.addWidget(heading("Distance by rank"))
        self.hide()
        controller.session.listen(self._follow)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self._show(self._controller.session.state)

    def _follow(self, new: State, old: State) -> None:
        if new.verdict is not old.verdict or new.asked is not old.asked:
            self._show(new)

    def _show(self, state: State) -> None:
        if state.asked is None or state.dataset is None:
            self.hide()
        if state.truth is None or state.verdict is None or state.answer is None or len(state.truth) < 2:
            return
        if self._plot is None:
            self._make()
        theme, found, truth = self._theme, state.answer.neighbours, state.truth
        import pyqtgraph as pg

        plot = self._plot
        plot.clear()
        plot.setBackground(theme.panel)
        for side in ("left", "bottom"):
            plot.getAxis(side).setPen(pg.mkPen(theme.line))
            plot.getAxis(side).setTextPen(pg.mkPen(theme.quiet))
        ranks = np.arange(1, len(truth) + 1)
        plot.plot(ranks, truth.distances, pen=pg.mkPen(theme.quiet, width=1.5))
        missed = np.isin(truth.rows, state.verdict.misses)
        dots = ((~missed, theme.text, theme.text), (missed, theme.panel, theme.miss))
        if len(truth) <= 100:
            for which, fill, ring in dots:
                plot.plot(
                    ranks[which],
                    truth.distances[which],
                    pen=None,
                    symbol="o",
                    symbolSize=6,
                    symbolBrush=QColor(fill),
                    symbolPen=pg.mkPen(ring, width=1.4),
                )
        extras = found.distances[~state.verdict.hit]
        if len(extras):
            after = len(truth) + 1 + np.arange(len(extras))
            pen = pg.mkPen(theme.quiet, width=1.2)
            plot.plot(after, extras, pen=None, symbol="s", symbolSize=6, symbolBrush=None, symbolPen=pen)
        plot.autoRange(padding=0.05)
        self.show()

    def _make(self) -> None:
        import pyqtgraph as pg

        pg.setConfigOptions(antialias=True)
        self._plot = pg.PlotWidget(enableMenu=False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._plot.getAxis("left").setWidth(44)
        self._plot.getAxis("bottom").setHeight(18)
        self._column.addWidget(self._plot, 1)
