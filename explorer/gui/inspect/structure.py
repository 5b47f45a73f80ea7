"""What the index is made of: one drawing for each kind of structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from explorer.core.structure import Cells, Codes, Facts, Forest, Layers, Structure
from explorer.gui.inspect.cells import CellsPart
from explorer.gui.inspect.codes import CodesPart
from explorer.gui.inspect.facts_part import FactsPart
from explorer.gui.inspect.forest import ForestPart
from explorer.gui.inspect.layers import LayersPart
from explorer.gui.inspect.part import Part, scrolled
from explorer.gui.theme import DARK, Theme
from explorer.gui.widgets.pieces import label
from explorer.session.controller import Controller
from explorer.session.state import State

PARTS: dict[type[Any], Callable[[Controller], Part]] = {
    Forest: ForestPart,
    Cells: CellsPart,
    Codes: CodesPart,
    Layers: LayersPart,
    Facts: FactsPart,
}
"""The one drawing of each kind of value. Nothing here knows of index types."""


_OF_INDEX = (
    "dataset",
    "inside",
    "growth",
    "replay",
    "explanation",
    "verdict",
    "current",
    "metric",
    "seeking",
    "focused",
    "positions",
    "tab",
    "problems",
    "cell",
    "coded",
    "soundness",
    "outlining",
)


class StructurePage(QWidget):
    """Follows the structure of the index that answers."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._theme = DARK
        self._shown: tuple[Structure, ...] | None = None
        self.parts: list[Part] = []
        self._said = label("", wrap=True, selectable=True)
        self._problem = label("", "error", wrap=True, selectable=True)
        self._column = scrolled(self)
        self._column.addWidget(self._problem)
        self._column.addWidget(self._said)
        self._column.addStretch(1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Structure of the index")
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        for part in self.parts:
            part.set_theme(theme)

    def _follow(self, new: State, old: State) -> None:
        if any(getattr(new, name) is not getattr(old, name) for name in _OF_INDEX):
            self._show(new)

    def _show(self, state: State) -> None:
        if state.tab != "structure":
            return
        if state.inside is not self._shown:
            self._shown = state.inside
            self._take_parts(state.inside or ())
        for part, view in zip(state.inside or (), self.parts, strict=True):
            view.show_part(part, state)
        self._said.setText(_said(state))
        self._said.setVisible(bool(self._said.text()))
        self._problem.setText(state.problem("inspect"))
        self._problem.setVisible(bool(self._problem.text()))

    def _take_parts(self, made_of: tuple[Structure, ...]) -> None:
        """Keep the drawings that fit; make others."""
        wanted = [PARTS[type(part)] for part in made_of]
        if [type(view) for view in self.parts] == wanted:
            return
        for view in self.parts:
            self._column.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.parts = [view(self._controller) for view in wanted]
        for place, view in enumerate(self.parts):
            view.set_theme(self._theme)
            self._column.insertWidget(2 + place, view)


def _said(state: State) -> str:
    entry = state.entry()
    if state.dataset is None or entry is None:
        return ""
    if entry.is_exact:
        return "Exact search has no structure: it looks at every row. Choose an approximate index to see its inside."
    if state.inside is None and "inside" in state.seeking:
        return "Reading the index …"
    return ""
