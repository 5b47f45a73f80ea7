"""One line on a terminal that says how far the work is; nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType

PATIENCE_SECONDS = 0.5
"""Work that is done by then needs no word."""


class Meter:
    """Shows progress on standard error when that is a terminal, and leaves no trace of it."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = False

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, fraction: float | None, note: str) -> None:
        """A share of the work, None where unknown, and what is being done."""
        if sys.stderr.isatty() and time.monotonic() - self._began >= PATIENCE_SECONDS:
            share = "" if fraction is None else f"{fraction:4.0%}  "
            sys.stderr.write(f"\r\x1b[K{share}{note}"[:79])
            sys.stderr.flush()
            self._shown = True
