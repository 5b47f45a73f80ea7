"""What the drawings of all parts share: a heading, a column, facts, and where complaints go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from explorer.gui.inspect.drawing import Drawing
from explorer.gui.theme import Theme
from explorer.gui.widgets.facts import Facts
from explorer.gui.widgets.pieces import button, heading, spaced
from explorer.session.controller import Controller
from explorer.session.state import State

D = TypeVar("D", bound=Drawing)


class Part(QWidget):
    """The drawing of one structure; subclasses fill `column` and show what they are given."""

    def __init__(self, controller: Controller, title: str) -> None:
        super().__init__()
        self.controller = controller
        self._drawings: list[Drawing] = []
        self.facts = Facts()
        self.heading = heading(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.column.addWidget(self.heading)

    def show_part(self, part: Any, state: State) -> None:
        """Draw a structure as the State has it."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.facts.set_theme(theme)
        for drawing in self._drawings:
            drawing.set_theme(theme)

    def draws(self, drawing: D) -> D:
        """Take a drawing into the theme, and its complaints to where people see them."""
        self._drawings.append(drawing)
        drawing.complained.connect(lambda sentence: self.controller.session.fail("inspect", sentence))
        return drawing

    def paints(self, offers: Sequence[tuple[str, str, Callable[[], None]]]) -> QWidget:
        """Put a line of buttons that colour the map at the end of the column: what each says, its tip, what it does."""
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for words, tip, deed in offers:
            row.addWidget(button(words, deed, tip=tip, name=tip))
        row.addStretch(1)
        self.column.addWidget(line)
        return line

    def headed(self, title: str, drawing: Drawing) -> QLabel:
        """Put a drawing below a heading at the end of the column."""
        over = heading(title)
        over.setContentsMargins(0, 6, 0, 0)
        self.column.addWidget(over)
        self.column.addWidget(drawing)
        return over


def scrolled(page: QWidget) -> QVBoxLayout:
    """The column of a page that scrolls, for its parts."""
    inside = QWidget()
    inside.setObjectName("panel")
    column = QVBoxLayout(inside)
    column.setContentsMargins(16, 10, 16, 12)
    column.setSpacing(16)
    scroll = QScrollArea(widgetResizable=True)
    scroll.setObjectName("panel")
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(inside)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(scroll)
    return column


def chooser(prefix: str, least: int, most: int, name: str) -> QSpinBox:
    """A small field for a number."""
    field = QSpinBox(minimum=least, maximum=most, prefix=prefix)
    spaced(field)
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setFixedWidth(132)
    return field
