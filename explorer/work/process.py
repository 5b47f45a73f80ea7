"""One child process as its parent sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer import machine_code, paths, unfinished
from explorer.errors import Cancelled, ExplorerError, TaskFailed, named
from explorer.servers import passwords
from explorer.work import wire
from explorer.work.previewing import PreviewRequest
from explorer.work.requests import ReadRequest, Request

CHILD_ARGUMENT = "--explorer-child"
"""The hidden argument by which the frozen program starts as a child."""
BREAKDOWNS: dict[int | None, str] = {
    signal.SIGSEGV: "a library crashed",
    signal.SIGABRT: "a library gave up",
    signal.SIGFPE: "a library divided by zero",
    signal.SIGILL: "a library stopped itself",
    getattr(signal, "SIGXCPU", None): "a library came to no end",
}
"""The signals by which libraries end the process that they are in."""
WINDOWS_CRASH = 0xC0000000
"""From here on the exit statuses of Windows are those of programs that crashed."""
GONE_SECONDS = 5.0
"""How long a killed process is waited for. It ends at once, unless a disk keeps it inside the kernel."""


class NotBegun(TaskFailed):
    """The child was gone before it began: what was asked had no part in that, and another child can be asked."""


class Process:
    """A warm child: `ask` blocks the calling thread until the answer is there; the rest may come from any thread.

    A process that was killed is of no further use: `alive` is false from then on, even while the system tidies up.
    """

    def __init__(self, *, nice: int = 0) -> None:
        self.family = ""
        """Whose libraries it may have loaded: those of another family are not to be loaded beside them."""
        self._number = 0
        self._told = 0
        """Of how many passwords it has heard."""
        self._asked: Request | None = None
        self._refused: Request | None = None
        self._writing = threading.Lock()
        self._reading = threading.RLock()
        self._unfinished: set[Path] = set()
        self._killed = False
        self._wanted = False
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
        return not self._killed and self._process.poll() is None

    @property
    def busy(self) -> bool:
        return self._asked is not None

    def ask(
        self,
        request: Request,
        progress: Callable[[float | None, str], None],
        partial: Callable[[Any], None],
    ) -> Any:
        """Carry out a request, one at a time; raises what it raised, Cancelled after `stop` or `kill`, TaskFailed
        when the child died; NotBegun when it had died before, which nobody can know until the system has tidied up."""
        try:
            with self._reading:
                return self._answer(self._begin(request), progress, partial)
        finally:
            with self._writing:
                self._asked = None

    def stop(self, request: Request) -> None:
        """Ask this request to stop at its next progress, or not to begin; the child stays warm, and whatever else
        it does goes on."""
        assert self._process.stdin is not None
        with self._writing:
            if self._asked is not request:
                self._refused = request
                return
            with contextlib.suppress(OSError, ValueError):
                wire.send(self._process.stdin, ("stop", self._number))

    def kill(self, *, wanted: bool = False) -> None:
        """End the process now, with all its memory; with `wanted` a request under way ends as cancelled.

        Does not wait for the end: that may take a moment when there is much memory to free.
        """
        self._wanted = self._wanted or wanted
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """Kill it, wait for its end, remove what it leaves half-made, and let go of the pipes."""
        self.kill(wanted=True)
        if self._ended():
            with self._reading:
                self._clear_away()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _begin(self, request: Request) -> int:
        assert self._process.stdin is not None
        body = wire.Packed.of(request)
        try:
            with self._writing:
                if self._refused is request:
                    self._refused = None
                    raise Cancelled("Stopped.")
                self._number += 1
                self._asked = request
                self._tell_passwords()
                wire.send(self._process.stdin, ("do", self._number, body))
                return self._number
        except (OSError, ValueError) as error:
            raise self._death(begun=False) from error

    def _tell_passwords(self) -> None:
        """Passwords go this way only: a list of processes, their environment and their requests show none."""
        assert self._process.stdin is not None
        untold = passwords.held_since(self._told)
        for account, password in untold:
            wire.send(self._process.stdin, ("know", 0, account, password))
        self._told += len(untold)

    def _answer(self, asked: int, progress: Callable[[float | None, str], None], partial: Callable[[Any], None]) -> Any:
        begun = False
        while True:
            verb, number, *rest = self._receive(begun=begun)
            if verb == "unfinished":
                self._note(*rest)
            if number != asked or verb == "unfinished":
                continue
            if verb == "begun":
                begun = True
            elif verb == "progress" and len(rest) == 2:
                progress(*rest)
            elif verb == "partial" and len(rest) == 1 and isinstance(rest[0], wire.Packed):
                partial(_opened(rest[0]))
            elif verb == "done" and len(rest) == 1 and isinstance(rest[0], wire.Packed):
                return _opened(rest[0])
            elif verb == "failed" and len(rest) == 3:
                raise named(*rest)
            elif verb == "cancelled":
                raise Cancelled("Stopped.")
            else:
                raise self._death()

    def _receive(self, *, begun: bool) -> tuple[Any, ...]:
        assert self._process.stdout is not None
        try:
            return wire.receive(self._process.stdout)
        except (EOFError, OSError, ValueError, MemoryError) as error:
            raise self._death(begun=begun) from error

    def _note(self, path: Path, there: bool) -> None:
        """What the child says of something that it makes."""
        (self._unfinished.add if there else self._unfinished.discard)(path)

    def _clear_away(self) -> None:
        """Remove what a child that has ended has left half-made; it may have said so after its last answer."""
        assert self._process.stdout is not None
        with contextlib.suppress(EOFError, OSError, ValueError, MemoryError):
            while True:
                verb, _, *rest = wire.receive(self._process.stdout)
                if verb == "unfinished":
                    self._note(*rest)
        for path in self._unfinished:
            unfinished.remove(path)
        self._unfinished.clear()

    def _death(self, *, begun: bool = True) -> ExplorerError:
        """What to raise when the child is gone, or talks nonsense and therefore has to go."""
        # One that died by itself has closed its pipes and is about to be a zombie: its own status says why.
        with contextlib.suppress(subprocess.TimeoutExpired):
            if not self._killed:
                self._process.wait(timeout=1.0)
        if self._process.poll() is None:
            self.kill()
            self._ended()
        self._killed = True
        self._clear_away()
        if self._wanted:
            return Cancelled("Stopped.")
        if not begun:
            return NotBegun(self._how_it_died())
        asked, broke = self._asked, self._broke()
        if broke and isinstance(asked, ReadRequest | PreviewRequest):
            return asked.crashed(broke)
        return TaskFailed(self._how_it_died())

    def _ended(self) -> bool:
        try:
            self._process.wait(timeout=GONE_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _broke(self) -> str:
        """How a library ended the process; empty when something else did."""
        code = self._process.returncode or 0
        if code >= WINDOWS_CRASH:
            return BREAKDOWNS[signal.SIGSEGV]
        return BREAKDOWNS.get(-code, "") if code < 0 else ""

    def _how_it_died(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            reason = {
                signal.SIGKILL: "it was killed, perhaps because memory ran out",
                getattr(signal, "SIGBUS", None): "a file that it had mapped became shorter",
                **BREAKDOWNS,
            }.get(-code, f"by signal {-code}")
            return f"The work stopped because its process ended: {reason}. Nothing else is affected; try again."
        return f"The work stopped because its process ended (status {code}). Nothing else is affected; try again."


def _opened(result: wire.Packed) -> Any:
    """What a request returned; it may be a Dataset whose folder somebody has just emptied."""
    try:
        return result.value()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise TaskFailed(f"{where}{error.strerror or error}.") from error


def _environment(nice: int) -> dict[str, str]:
    """Ours, with the package's own folder first on the path, so that a script anywhere can start children.

    What lies in the present folder is not imported: a `queue.py` beside somebody's vectors is not ours.
    """
    here = str(Path(__file__).resolve().parents[2])
    rest = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (here, rest))),
        "PYTHONSAFEPATH": "1",
        "PYTHONWARNINGS": "ignore",
        # Arrow's allocator would otherwise ask for a gigabyte at once, which a limit on memory has to count.
        "MIMALLOC_ARENA_EAGER_COMMIT": os.environ.get("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR") or str(machine_code.folder()),
        "EXPLORER_CHILD_NICE": str(nice) if nice else "",
    }
