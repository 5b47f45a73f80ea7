"""Searches, of which only the newest matters: one at a time, one slot for each purpose, the newest request wins."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.errors import Cancelled, ExplorerError, TaskFailed
from explorer.work.children import Children
from explorer.work.process import NotBegun, Process
from explorer.work.requests import ForgetRequest, PrepareRequest, Request, SearchRequest, family_of

ORDER = ("readings", "search", "truth")
"""Which slot is served first; other slots come after these, in the order in which they were filled."""
URGENT = ("readings", "search")
"""Somebody waits for these: whatever runs from another slot makes way for them, and is begun again after them."""
PATIENT = ("explain", "reach", "outlines", "coded", "soundness")
"""Nobody waits for these: they are served last, and make way for all others."""
JOIN_SECONDS = 5.0


@dataclass(eq=False)
class _Job:
    slot: str
    request: Request
    done: Callable[[Any], None]
    failed: Callable[[ExplorerError], None]
    unwanted: str = ""
    """Why nobody waits for it any more."""
    stopped: bool = False
    """It has to end, because nobody waits for it or because it makes way."""


class Latest:
    """One worker thread with warm children, one for each family of libraries.

    A new request in a slot replaces the one that waits there, and stops the one that runs from there; the replaced
    one fails with Cancelled. A child that dies fails its request and is started again for the next; what other children
    have opened stays open.
    """

    def __init__(self, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._deliver = deliver
        self._changed = threading.Condition()
        self._slots: dict[str, _Job] = {}
        self._running: _Job | None = None
        self._children = Children()
        self._process: Process | None = None
        """The child that carries out what runs."""
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(
        self, slot: str, request: Request, done: Callable[[Any], None], failed: Callable[[ExplorerError], None]
    ) -> None:
        """Put a request into a slot."""
        with self._changed:
            stopped = self._drop(slot, "A newer one took its place.")
            if self._running is not None and _makes_way(self._running, slot, request):
                stopped = self._running
            self._slots[slot] = _Job(slot, request, done, failed)
            process = self._stopping(stopped)
            self._start()
            self._changed.notify()
        if stopped is not None and process is not None:
            process.stop(stopped.request)

    def warm_up(self) -> None:
        """Start the thread and its child before the first request."""
        with self._changed:
            self._start()

    def forget(self, slot: str) -> None:
        """Drop what waits in a slot and stop what runs from it."""
        with self._changed:
            stopped = self._drop(slot, "Not wanted any more.")
            process = self._stopping(stopped)
        if stopped is not None and process is not None:
            process.stop(stopped.request)

    def close(self) -> None:
        """Kill the children and end the thread."""
        with self._changed:
            self._closed = True
            self._slots.clear()
            thread = self._thread
            self._changed.notify()
        self._children.close()
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_SECONDS)

    def _drop(self, slot: str, why: str) -> _Job | None:
        """Take away what waits in a slot; returns what runs from it, which has to be stopped."""
        if (waiting := self._slots.pop(slot, None)) is not None:
            self._deliver(lambda: waiting.failed(Cancelled(why)))
        if self._running is None or self._running.slot != slot or self._running.unwanted:
            return None
        self._running.unwanted = why
        return self._running

    def _stopping(self, job: _Job | None) -> Process | None:
        """Note that what runs has to stop; the child to tell so, if it has one yet."""
        if job is not None:
            job.stopped = True
        return self._process

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._serve, name="searches", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(Exception):
            self._children.of("")
        while (job := self._take()) is not None:
            self._carry_out(job)
        self._children.close()

    def _take(self) -> _Job | None:
        """Wait for the next job; None when it is time to end."""
        with self._changed:
            while not self._slots and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            first = min(self._slots, key=_turn)
            self._running = self._slots.pop(first)
            return self._running

    def _carry_out(self, job: _Job) -> None:
        result: Any = None
        failure: ExplorerError | None = None
        try:
            try:
                result = self._asked(job)
            except NotBegun:
                result = self._asked(job)
        except Exception as error:
            failure = as_failure(error)
        with self._changed:
            self._running = self._process = None
            if isinstance(failure, Cancelled) and not job.unwanted and not self._closed:
                # It was stopped only to make way.
                job.stopped = False
                self._slots[job.slot] = job
                return
        if failure is None:
            self._deliver(lambda: job.done(result))
        else:
            reason = Cancelled(job.unwanted) if isinstance(failure, Cancelled) and job.unwanted else failure
            self._deliver(lambda: job.failed(reason))

    def _asked(self, job: _Job) -> Any:
        """What the child of its family answers. Raises OSError when none can be started."""
        if isinstance(job.request, ForgetRequest):
            return self._forgotten(job)
        return self._answer_of(self._children.of(family_of(job.request)), job)

    def _forgotten(self, job: _Job) -> bool:
        """Every child is told to forget; one that is gone has forgotten."""
        for process in self._children.alive:
            with contextlib.suppress(TaskFailed):
                self._answer_of(process, job)
        return True

    def _answer_of(self, process: Process, job: _Job) -> Any:
        with self._changed:
            self._process = process
            if job.stopped:
                raise Cancelled("Stopped.")
        return process.ask(job.request, ignore, ignore)


def _turn(slot: str) -> int:
    """When a slot is served: the lower, the sooner."""
    return ORDER.index(slot) if slot in ORDER else len(ORDER) + (slot in PATIENT)


def _makes_way(running: _Job, slot: str, request: Request) -> bool:
    """Whether what runs has to stop for a new request; not when it opens the very index that is to be asked."""
    if running.unwanted:
        return False
    if running.slot in PATIENT:
        return slot not in PATIENT
    if running.slot in URGENT or slot not in URGENT:
        return False
    opens = running.request.handle if isinstance(running.request, PrepareRequest) else None
    return opens is None or not isinstance(request, SearchRequest) or request.handle != opens


def ignore(*_: Any) -> None:
    """The listener that does nothing."""


def as_failure(error: Exception) -> ExplorerError:
    """What is told to the one who asked: whatever happens, he hears of it."""
    if isinstance(error, ExplorerError):
        return error
    if isinstance(error, OSError):
        return TaskFailed(f"No worker process could be started: {error}.")
    return TaskFailed(f"Something unforeseen happened ({type(error).__name__}: {error}).")
