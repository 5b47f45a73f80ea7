"""Whether this PySide6 fits this Python."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def references_lost(calls: int) -> int:
    """How many references to None are lost in so many calls that return nothing.

    PySide6 6.12 on Python 3.11 loses one with each, and the process aborts after some thousands. Where None is
    immortal (Python 3.12 and later) none is ever lost.
    """
    probe = QObject()
    before = sys.getrefcount(None)
    for _ in range(calls):
        probe.setObjectName("probe")
    return before - sys.getrefcount(None)
