"""Searches, of which only the newest matters: one child, one slot for each purpose, the newest request wins."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.errors import Cancelled, ExplorerError, TaskFailed
from explorer.work.process import Process
from explorer.work.requests import Request

ORDER = ("readings", "search", "truth")
"""Which slot is served first; other slots come after these, in the order in which they were filled."""


@dataclass(frozen=True, eq=False)
class _Job:
    request: Request
    done: Callable[[Any], None]
    failed: Callable[[ExplorerError], None]


class Latest:
    """One worker thread with one warm child.

    A new request in a slot replaces the one that waits there, and stops the one that runs from there; the replaced
    one fails with Cancelled. A child that dies fails its request and is started again for the next.
    """

    def __init__(self, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._deliver = deliver
        self._changed = threading.Condition()
        self._slots: dict[str, _Job] = {}
        self._running = ""
        self._process: Process | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(
        self, slot: str, request: Request, done: Callable[[Any], None], failed: Callable[[ExplorerError], None]
    ) -> None:
        """Put a request into a slot."""
        job = _Job(request, done, failed)
        with self._changed:
            replaced = self._slots.pop(slot, None)
            self._slots[slot] = job
            stale = self._running == slot or (self._running == "truth" and slot in ("search", "readings"))
            process = self._process if stale else None
            self._start()
            self._changed.notify()
        if replaced is not None:
            self._deliver(lambda: replaced.failed(Cancelled("A newer one took its place.")))
        if process is not None:
            process.stop()

    def warm_up(self) -> None:
        """Start the thread and its child before the first request."""
        with self._changed:
            self._start()

    def forget(self, slot: str) -> None:
        """Drop what waits in a slot and stop what runs from it."""
        with self._changed:
            dropped = self._slots.pop(slot, None)
            process = self._process if self._running == slot else None
        if dropped is not None:
            self._deliver(lambda: dropped.failed(Cancelled("Not wanted any more.")))
        if process is not None:
            process.stop()

    def close(self) -> None:
        """Kill the child and end the thread."""
        with self._changed:
            self._closed = True
            self._slots.clear()
            process = self._process
            self._changed.notify()
        if process is not None:
            process.close()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._serve, name="searches", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            self._child()
        while (job := self._take()) is not None:
            self._carry_out(job)
            with self._changed:
                self._running = ""

    def _take(self) -> _Job | None:
        """Wait for the next job; None when it is time to end."""
        with self._changed:
            while not self._slots and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            self._running = min(self._slots, key=lambda slot: ORDER.index(slot) if slot in ORDER else len(ORDER))
            return self._slots.pop(self._running)

    def _carry_out(self, job: _Job) -> None:
        try:
            result = self._child().ask(job.request, ignore, ignore)
        except (ExplorerError, OSError) as error:
            failure = error if isinstance(error, ExplorerError) else TaskFailed(f"No worker can be started: {error}.")
            self._deliver(lambda: job.failed(failure))
        else:
            self._deliver(lambda: job.done(result))

    def _child(self) -> Process:
        """The warm child; a dead one is replaced. Raises OSError when none can be started."""
        if self._process is None or not self._process.alive:
            if self._process is not None:
                self._process.close()
            process = Process()
            with self._changed:
                self._process = process
                closed = self._closed
            if closed:
                process.close()
        assert self._process is not None
        return self._process


def ignore(*_: Any) -> None:
    """The listener that does nothing."""
