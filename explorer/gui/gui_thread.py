"""The one door from worker threads into the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class GuiThread(QObject):
    """`post` may be called from any thread: the function runs later, on the thread that made this object."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, function: Callable[[], None]) -> None:
        """Run `function` on the window's thread, after what was posted before it."""
        if self._open:
            try:
                self._posted.emit(function)
            except RuntimeError:
                # The object died between the check and the call: the window is closing.
                self._open = False

    def close(self) -> None:
        """Run nothing more."""
        self._open = False

    def _run(self, function: Callable[[], None]) -> None:
        if self._open:
            function()
