"""Every action of the window by name: one list for shortcuts and for the command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True)
class Action:
    """`keys` is a portable key sequence, or empty; `run` is called without arguments."""

    title: str
    keys: str
    run: Callable[[], object]

    @property
    def shown_keys(self) -> str:
        """The keys as this system writes them."""
        return QKeySequence(self.keys).toString(QKeySequence.SequenceFormat.NativeText) if self.keys else ""
