"""Names and values in two columns: one text, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from explorer.gui.theme import DARK, Theme

LONGEST = 2000
"""Letters of one value that are shown."""


class Facts(QLabel):
    """Text that can be selected; names are quiet. A hundred labels would cost a tenth of a second, this costs two
    milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._theme = DARK
        self._pairs: tuple[tuple[str, str], ...] = ()

    def show_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show (name, value) pairs in this order."""
        self._pairs = tuple(pairs)
        rows = "".join(
            f'<tr><td style="color:{self._theme.quiet}; padding:2px 14px 2px 0">{escape(name)}</td>'
            f'<td style="padding:2px 0">{escape(value[:LONGEST])}</td></tr>'
            for name, value in self._pairs
        )
        self.setText(f'<table cellspacing="0" cellpadding="0">{rows}</table>' if rows else "")
        self.setAccessibleName(", ".join(f"{name}: {value[:LONGEST]}" for name, value in self._pairs))

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self.show_pairs(self._pairs)
