"""Small pieces that the panels are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QPushButton, QSizePolicy, QToolButton, QWidget

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


def rule() -> QFrame:
    """A thin line between two parts."""
    line = QFrame()
    line.setObjectName("rule")
    return line


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
