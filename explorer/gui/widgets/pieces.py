"""Small pieces that the panels are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from explorer.gui.theme import heading_font


def heading(text: str, parent: QWidget | None = None) -> QLabel:
    """A heading in quiet small capitals."""
    label = QLabel(text, parent)
    label.setProperty("role", "quiet")
    # A style sheet's font-size would win over the font, so the size is said there too.
    label.setStyleSheet("font-size: 11px; font-weight: 600; letter-spacing: 0.8px;")
    label.setFont(heading_font(label.font()))
    label.setText(text.upper())
    label.setAccessibleName(text)
    return label


def label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A line of text: role "quiet", "title", "big", "error" or none."""
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        widget.setProperty("role", role)
    if wrap:
        widget.setWordWrap(True)
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    if selectable:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return widget


def button(text: str, clicked: Callable[[], Any], role: str = "", *, tip: str = "", name: str = "") -> QPushButton:
    """A push button: role "primary", "link", "plain" or none; `name` is what a screen reader says."""
    widget = QPushButton(text)
    if role:
        widget.setProperty("role", role)
    widget.clicked.connect(lambda: clicked())
    widget.setAutoDefault(False)
    _describe(widget, tip, name)
    return widget


def tool(text: str, clicked: Callable[[], Any], role: str = "plain", *, tip: str = "", name: str = "") -> QToolButton:
    """A small button that bears a sign."""
    widget = QToolButton()
    widget.setText(text)
    if role:
        widget.setProperty("role", role)
    widget.clicked.connect(lambda: clicked())
    _describe(widget, tip, name)
    return widget


class Line(QLabel):
    """One quiet line that never pushes others aside: of several wordings it shows the longest that has room.

    The first wording is the full one: it is the tool tip while something shorter is shown, and the accessible name.
    """

    def __init__(self, side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        super().__init__()
        self._wordings: tuple[str, ...] = ("",)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "quiet")
        self.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, *wordings: str) -> None:
        """Say the same in several lengths, the longest first."""
        self._wordings = wordings or ("",)
        self.setAccessibleName(self._wordings[0])
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may have room for another wording."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """As wide as there is room, as high as one line."""
        return QSize(40, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        return self.sizeHint()

    def _fit(self) -> None:
        metrics, room = self.fontMetrics(), self.width()
        fitting = (words for words in self._wordings if metrics.horizontalAdvance(words) <= room)
        shown = next(fitting, None)
        if shown is None:
            shown = metrics.elidedText(self._wordings[-1], Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip("" if shown == self._wordings[0] else self._wordings[0])


class Scrolled(QScrollArea):
    """As high as what is in it where there is room, otherwise a part of it, to scroll; never sideways."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setObjectName("panel")
        inside.setObjectName("panel")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._inside = inside
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is in it has grown or shrunk."""
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps lines elsewhere."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The height of what is in it."""
        inside, wide = self._inside, max(1, self.viewport().width())
        high = inside.heightForWidth(wide) if inside.hasHeightForWidth() else inside.sizeHint().height()
        return QSize(inside.minimumSizeHint().width(), high)

    def minimumSizeHint(self) -> QSize:
        """A few lines of it."""
        return QSize(self.sizeHint().width(), min(180, self.sizeHint().height()))


def rule() -> QFrame:
    """A thin line between two parts."""
    line = QFrame()
    line.setObjectName("rule")
    return line


def spaced(box: QAbstractSpinBox) -> None:
    """Keep the figures off the frame, which a style sheet's padding does not do for a spin box."""
    box.lineEdit().setTextMargins(6, 0, 0, 0)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            return
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


def restyled(widget: QWidget) -> None:
    """Let the style sheet see a property that has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _describe(widget: QWidget, tip: str, name: str) -> None:
    if tip:
        widget.setToolTip(tip)
    if name or tip:
        widget.setAccessibleName(name or tip)
