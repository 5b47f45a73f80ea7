"""Count the lines “pass N” that annoy prints to the C library's standard error, one for each tree it begins."""

from __future__ import annotations

import os
from threading import Lock, Thread
from types import TracebackType

OURS = (b"pass ", b"has ", b"Reallocating to ", b"\tNo hyperplane found ")
"""How all lines begin that annoy prints while it builds."""

_one_listens = Lock()


class Passes:
    """While it is open, `count` is how many trees were begun; what others print to standard error is passed on.

    `listening` is False where there is no standard error, as in a windowed program on Windows, and while another
    build of this process listens.
    """

    def __init__(self) -> None:
        self.count = 0
        self.listening = False

    def __enter__(self) -> Passes:
        if not _one_listens.acquire(blocking=False):
            return self
        try:
            self._ours = os.dup(2)
        except OSError:
            _one_listens.release()
            return self
        self._source, sink = os.pipe()
        os.dup2(sink, 2)
        os.close(sink)
        self._reader = Thread(target=self._read, name="annoy passes", daemon=True)
        self._reader.start()
        self.listening = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self.listening:
            return
        os.dup2(self._ours, 2)
        # The end of the pipe is seen at once, unless a process that was started meanwhile still holds it open.
        self._reader.join(1.0)
        _one_listens.release()

    def _read(self) -> None:
        rest = b""
        while read := os.read(self._source, 65536):
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                self._take(line + b"\n")
        self._take(rest)
        os.close(self._source)
        os.close(self._ours)

    def _take(self, line: bytes) -> None:
        if line.startswith(b"pass "):
            self.count += 1
        elif line and not line.startswith(OURS):
            os.write(self._ours, line)
