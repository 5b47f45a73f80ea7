"""A polite request to end: what a command began is undone, as after Ctrl+C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def unwinding_when_ended() -> Iterator[None]:
    """Within the block SIGTERM, which `timeout` and `kill` send, ends the program by way of every `finally`."""
    try:
        before = signal.signal(signal.SIGTERM, _end)
    except ValueError:
        # Only the main thread may ask for signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
