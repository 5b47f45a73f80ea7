"""The command that was sent to a server for an answer, to read and to copy."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from explorer.gui.widgets.pieces import button, label

LONGEST = 60
"""Letters of one word of a command that are shown; what is longer is a vector."""
WORD = re.compile(r'"[^"]*"|\S+')


class CommandDialog(QDialog):
    """Shows vectors as “…”; the copy is whole, as redis-cli takes it."""

    def __init__(self, command: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._command = command
        self.setWindowTitle("The command")
        self.resize(640, 260)
        self.text = QPlainTextEdit(shortened(command))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("The command")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy = button("Copy", self._copy, "primary", tip="Copy the whole command")
        self._copied = label("", "quiet")
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.copy)
        row.addWidget(self._copied, 1)
        row.addWidget(button("Close", self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        about = "What was sent to the server for this answer. The vector is shortened here; the copy is whole."
        column.addWidget(label(about, "quiet", wrap=True))
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self.copy.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self._copied.setText("copied, for redis-cli")


def shortened(command: str) -> str:
    """A command with “…” for each word that is too long to be read."""
    return WORD.sub(lambda word: word[0] if len(word[0]) <= LONGEST else '"…"', command)
