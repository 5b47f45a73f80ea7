"""Ctrl+C and requests to end, where Qt's event loop would sleep over them."""

from __future__ import annotations

import signal
import socket
from types import FrameType, TracebackType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Interrupts(QObject):
    """While it is open, a signal of the system is remembered in `number` and told by `came`, instead of raising
    KeyboardInterrupt in whatever slot runs just then.

    Python only notes a signal and handles it at its next instruction, which the event loop may keep it waiting for; so
    it writes a byte too, and that wakes the loop.
    """

    came = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __enter__(self) -> Interrupts:
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._ear.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)
        self._before: dict[int, Any] = {number: signal.signal(number, self._note) for number in NUMBERS}
        self._mouth_before = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._mouth_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._ear.close()
        self._mouth.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number = number

    def _hear(self) -> None:
        self._ear.recv(4096)
        if self.number:
            self.came.emit()
