"""A question in place, before something is deleted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from explorer.gui.widgets.pieces import button, label


class Confirmation(QFrame):
    """Hidden until something is asked; the answer that changes nothing has the focus, and Escape gives it."""

    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("popup")
        self.about = ""
        self._do: Callable[[], None] = lambda: None
        self._question = label("", wrap=True, selectable=True)
        self.yes = button("", self._done)
        self.no = button("Keep it", self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(self._question, 1)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        self.hide()

    def ask(self, about: str, question: str, yes: str, do: Callable[[], None]) -> None:
        """Ask; `do` is called for yes."""
        self.about, self._do = about, do
        self._question.setText(question)
        self.setAccessibleName(question)
        self.yes.setText(yes)
        self.show()
        self.no.setFocus()

    def dismiss(self) -> None:
        """Change nothing."""
        if self.isVisible():
            self.hide()
            self.answered.emit()

    def _done(self) -> None:
        self.dismiss()
        self._do()
