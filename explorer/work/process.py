"""One child process as its parent sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from explorer import paths
from explorer.errors import Cancelled, TaskFailed, named
from explorer.work import wire
from explorer.work.requests import Request

CHILD_ARGUMENT = "--explorer-child"
"""The hidden argument by which the frozen program starts as a child."""


class Process:
    """A warm child: `ask` blocks the calling thread until the answer is there; `kill` may come from any thread."""

    def __init__(self, *, nice: int = 0) -> None:
        self._number = 0
        self._writing = threading.Lock()
        self._killed = False
        command = [sys.executable, CHILD_ARGUMENT] if paths.frozen() else [sys.executable, "-m", "explorer.work.child"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("EXPLORER_DEBUG") else subprocess.DEVNULL,
            env=_environment(nice),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self,
        request: Request,
        progress: Callable[[float | None, str], None],
        partial: Callable[[Any], None],
    ) -> Any:
        """Carry out a request; raises what it raised, Cancelled after `stop` or `kill`, TaskFailed when the child
        died."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._number += 1
        try:
            with self._writing:
                wire.send(self._process.stdin, ("do", self._number, request))
            while True:
                verb, number, *rest = wire.receive(self._process.stdout)
                if number != self._number:
                    continue
                if verb == "progress":
                    progress(*rest)
                elif verb == "partial":
                    partial(rest[0])
                elif verb == "done":
                    return rest[0]
                elif verb == "failed":
                    raise named(*rest)
                else:
                    raise Cancelled("Stopped.")
        except (EOFError, OSError, ValueError) as error:
            self.kill()
            if self._killed:
                raise Cancelled("Stopped.") from None
            raise TaskFailed(self._how_it_died()) from error

    def stop(self) -> None:
        """Ask the running request to stop at its next progress; the child stays warm."""
        assert self._process.stdin is not None
        try:
            with self._writing:
                wire.send(self._process.stdin, ("stop", self._number))
        except (OSError, ValueError):
            pass

    def kill(self, *, wanted: bool = False) -> None:
        """End the process now, with all its memory; with `wanted` a request under way ends as cancelled."""
        self._killed = self._killed or wanted
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Kill it and let go of the pipes."""
        self.kill(wanted=True)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _how_it_died(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            reason = {
                signal.SIGKILL: "it was killed, perhaps because memory ran out",
                getattr(signal, "SIGBUS", None): "a file that it had mapped became shorter",
                signal.SIGSEGV: "a library crashed",
                signal.SIGABRT: "a library gave up",
            }.get(signal.Signals(-code), f"by signal {-code}")
            return f"The work stopped because its process ended: {reason}. Nothing else is affected; try again."
        return f"The work stopped because its process ended (status {code}). Nothing else is affected; try again."


def _environment(nice: int) -> dict[str, str]:
    """Ours, with the package's own folder first on the path, so that a script anywhere can start children."""
    from pathlib import Path

    here = str(Path(__file__).resolve().parents[2])
    rest = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (here, rest))),
        "PYTHONWARNINGS": "ignore",
        "EXPLORER_CHILD_NICE": str(nice) if nice else "",
    }
