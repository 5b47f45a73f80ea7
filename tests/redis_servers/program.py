"""Server programs as children that end with the tests, however these end."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

HOST = "127.0.0.1"
STARTED: set[int] = set()
"""The process ids of all that was started here, for those who look for what the program itself left behind."""

_KILLS_WHAT_IS_LEFT = """
import os, signal, sys
left = set()
for line in sys.stdin:
    pid = int(line)
    left.add(pid) if pid > 0 else left.discard(-pid)
for pid in left:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Guard:
    """A process that outlives ours by a moment, to kill what ours left: our death closes the pipe that it reads."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _KILLS_WHAT_IS_LEFT],
            stdin=subprocess.PIPE,
            start_new_session=True,
            encoding="ascii",
        )
        STARTED.add(self._process.pid)

    def watch(self, pid: int) -> None:
        """See to it that this process ends with ours."""
        self._say(pid)

    def forget(self, pid: int) -> None:
        """It has ended, and another may get its number."""
        self._say(-pid)

    def _say(self, number: int) -> None:
        assert self._process.stdin
        print(number, file=self._process.stdin, flush=True)

    def close(self) -> None:
        """Kill what is left."""
        self._process.communicate(timeout=30)


class Program:
    """One server program, which can be started again after it was killed. What it says is added to `log`."""

    def __init__(self, guard: Guard, command: Sequence[str], log: Path, *, executable: str | None = None) -> None:
        self._guard, self._command, self._executable, self._log = guard, command, executable, log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; only while it runs."""
        assert self._process, "it is not running"
        return self._process.pid

    def start(self, ready: Callable[[], bool], *more: str) -> None:
        """Start it, with `more` arguments, and wait until it is ready."""
        assert not self.runs, "it is running already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *more],
                executable=self._executable,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        STARTED.add(self.pid)
        self._guard.watch(self.pid)
        try:
            until(lambda: not self.runs or ready(), f"{self._command[0]} does not answer")
            assert self.runs, f"{self._command[0]} ended:\n{self._log.read_text(encoding='utf-8')[-2000:]}"
        except BaseException:
            self.kill()
            raise

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.runs, "it is not running"
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without a farewell; nothing happens if it has ended."""
        if self._process:
            self._process.kill()
            self._process.wait(30)
            self._guard.forget(self._process.pid)
            self._process = None


def until(there: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
    """Wait until it is there; fail with a sentence when it does not come."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.005)


def free_port() -> int:
    """A port that nobody listens on, and that no outgoing connection can be given while its server is stopped."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind((HOST, port))
            return port


def accepts(port: int) -> bool:
    """Does anybody listen on this port?"""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False


def said(port: int, line: bytes, seconds: float = 1) -> bytes:
    """The beginning of what a server answers to one line; empty where it does not."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), seconds) as connection:
        connection.sendall(line)
        return connection.recv(100)
    return b""
