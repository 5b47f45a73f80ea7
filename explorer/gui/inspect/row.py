"""The row that is looked at, all its metadata, and how distance grows from neighbour to neighbour."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from explorer.core.dataset import Dataset
from explorer.gui import wording
from explorer.gui.captions import caption, number
from explorer.gui.inspect.words import why_missed
from explorer.gui.panels.distance_chart import DistanceChart
from explorer.gui.pictures import thumbnail
from explorer.gui.theme import Theme
from explorer.gui.widgets.facts import Facts
from explorer.gui.widgets.pieces import heading, label
from explorer.session.controller import Controller
from explorer.session.lines import lines
from explorer.session.state import State

PICTURE = 84


class RowPage(QWidget):
    """Shows the focused row, or the query's row where none is in focus."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._heading = heading("Row")
        self._picture = label()
        self._name = label("", "title", wrap=True, selectable=True)
        self._number = label("", "quiet", wrap=True)
        self._said = label("", wrap=True)
        self._facts = Facts()
        self._shown: tuple[Dataset, int] | None = None
        self.chart = DistanceChart(controller)
        beside = QVBoxLayout()
        beside.setSpacing(2)
        beside.addWidget(self._name)
        beside.addWidget(self._number)
        beside.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(beside, 1)
        self._inside = inside = QWidget()
        inside.setObjectName("panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(8)
        column.addWidget(self._heading)
        column.addLayout(top)
        column.addWidget(self._said)
        column.addWidget(self._facts)
        column.addStretch(1)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setObjectName("panel")
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.chart)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._facts.set_theme(theme)
        self.chart.set_theme(theme)

    def _follow(self, new: State, old: State) -> None:
        watched = ("dataset", "asked", "focused", "verdict", "answer", "colour_by", "explanation")
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)

    def _show(self, state: State) -> None:
        dataset, row = state.dataset, shown_row(state)
        self._inside.setVisible(dataset is not None and (row is not None or state.asked is not None))
        if dataset is None or row is None:
            self._shown = None
            self._facts.show_pairs(())
            self._show_query(state)
            return
        own = state.asked is not None and state.asked.query.row == row
        self._heading.setText("QUERY" if own else "NEIGHBOUR" if said(state, row) else "ROW")
        picture = thumbnail(dataset, row, PICTURE, self.devicePixelRatioF())
        self._picture.setVisible(picture is not None)
        if picture is not None:
            self._picture.setPixmap(picture)
        self._name.setText(caption(dataset, row, state.colour_by))
        self._number.setText(number(dataset, row))
        self._said.setText(said(state, row))
        self._said.setVisible(bool(said(state, row)))
        if self._shown != (dataset, row):
            # The answer arrives in steps; the row's own facts stay the same through all of them.
            self._shown = (dataset, row)
            cells = ((column.name, column.cell(row)) for column in dataset.columns)
            self._facts.show_pairs([(name, cell) for name, cell in cells if cell])

    def _show_query(self, state: State) -> None:
        """A query that is no row: what was asked, and where that is on the map."""
        if state.asked is None:
            return
        self._heading.setText("QUERY")
        self._picture.hide()
        self._name.setText(state.asked.query.text)
        self._number.setText("no row of its own; its place on the map is approximate")
        self._said.hide()


def shown_row(state: State) -> int | None:
    """The row in focus, otherwise the query's own."""
    if state.focused >= 0:
        return state.focused
    return state.asked.query.row if state.asked is not None else None


def said(state: State, row: int) -> str:
    """What the answer says of a row; empty when it says nothing."""
    answer = state.answer.neighbours if state.answer else None
    line = next((each for each in lines(answer, state.truth, state.verdict) if each.row == row), None)
    if line is None:
        return ""
    at = f"at {state.metric} {'product' if state.metric == 'dot' else 'distance'} {wording.distance(line.distance)}"
    if line.mark == "hit":
        return f"True neighbour {line.rank} {at}: found."
    if line.mark == "miss":
        return f"True neighbour {line.rank} {at}: {why_missed(state, row) or 'this index did not find it.'}"
    if line.mark == "extra":
        return f"Found {at}, but {state.k} rows are nearer."
    return f"Found {at}."
