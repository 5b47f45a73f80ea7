"""Figures side by side, at the same places from one row of a list to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from explorer.gui.widgets.pieces import Line, label

SIDES = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)
WIDEST = "00.00 ms"


def tabular(widget: QWidget) -> None:
    """Let every digit be equally wide."""
    font = QFont(widget.font())
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)


class Columns(QWidget):
    """Three figures: one at the left, two at the right. With captions they stand in the text's own colour over them,
    without they are quiet, and the first makes do with the room that is left."""

    def __init__(self, *captions: str) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16 if captions else 8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        self._captions = captions or ("", "", "")
        self._first = Line()
        self._first.setProperty("role", "" if captions else "quiet")
        self._others = [label("", "" if captions else "quiet") for _ in range(2)]
        for i, figure in enumerate((self._first, *self._others)):
            tabular(figure)
            grid.addWidget(figure, 0, i, Qt.AlignmentFlag.AlignRight if i else Qt.AlignmentFlag(0))
            if captions:
                grid.addWidget(label(captions[i], "quiet"), 1, i, SIDES[min(i, 1)])
        if not captions:
            grid.setColumnMinimumWidth(2, self.fontMetrics().horizontalAdvance(WIDEST))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, first: tuple[str, ...], *others: str, tips: tuple[str, ...] = ("", "", "")) -> None:
        """Show three figures, of which the first comes in several wordings, the longest first; `tips` say more."""
        self._first.say(*first)
        for shown, figure in zip(self._others, others, strict=True):
            shown.setText(figure)
        for shown, tip in zip((self._first, *self._others), tips, strict=True):
            shown.setToolTip(tip)
        words = zip((first[0], *others), self._captions, strict=True)
        self.setAccessibleName(", ".join(f"{figure} {caption}".strip() for figure, caption in words if figure))
