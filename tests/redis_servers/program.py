"""A server program, and the ports of this machine."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.redis_servers.keeper import Keeper

HOST = "127.0.0.1"


class Program:
    """One server program, which can be started again after it was killed. What it says is added to `log`."""

    def __init__(self, keeper: Keeper, command: Sequence[str], log: Path, *, executable: str | None = None) -> None:
        self._keeper, self._command, self._executable, self._log = keeper, command, executable, log
        self._pid: int | None = None

    @property
    def runs(self) -> bool:
        return self._pid is not None and self._keeper.runs(self._pid)

    @property
    def pid(self) -> int:
        """Its process id; only between start and kill."""
        assert self._pid, "it has not been started"
        return self._pid

    def start(self, ready: Callable[[], bool], *more: str) -> None:
        """Start it, with `more` arguments, and wait until it is ready."""
        assert not self.runs, "it runs already"
        self.kill()  # where it ended by itself, its remains
        self._pid = self._keeper.start([*self._command, *more], self._executable, self._log)
        try:
            until(lambda: not self.runs or ready(), f"{self._command[0]} does not answer")
            assert self.runs, f"{self._command[0]} ended:\n{self._log.read_text(encoding='utf-8')[-2000:]}"
        except BaseException:
            self.kill()
            raise

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a farewell; nothing happens where it is not there."""
        if self._pid is not None:
            self._keeper.kill(self._pid)
            self._pid = None


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
