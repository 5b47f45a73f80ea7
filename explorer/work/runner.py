"""Worker threads that own warm child processes: one for heavy tasks each, one for searches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from explorer.errors import Cancelled, ExplorerError
from explorer.work.latest import Latest, as_failure, ignore
from explorer.work.process import NotBegun, Process
from explorer.work.requests import UNKNOWN, Request, WarmUpRequest, family_of, is_background

HEAVY_AT_ONCE = 2
"""Background tasks that run at the same time; others wait for their turn. What somebody waits for never does."""
NICE = 15
"""How far children with background work step back, so that the window and the searches go first."""
JOIN_SECONDS = 5.0


@dataclass(eq=False)
class Task:
    """One piece of heavy work. Exactly one of `done`, `failed` is called, on the thread that `post` leads to;
    a cancelled task fails with Cancelled."""

    request: Request
    title: str
    done: Callable[[Any], None]
    failed: Callable[[ExplorerError], None]
    progress: Callable[[float | None, str], None] = ignore
    partial: Callable[[Any], None] = ignore
    process: Process | None = field(default=None, init=False)
    cancelled: bool = field(default=False, init=False)


class Runner:
    """Carries out requests in child processes.

    `post` hands a function to the thread that owns the session (the window's event loop); every callback goes
    through it, so that listeners never need a lock. Nothing is delivered after `close`.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._waiting: deque[Task] = deque()
        self._running: dict[Task, threading.Thread] = {}
        self._idle: dict[bool, list[Process]] = {True: [], False: []}
        """Warm children without work: those for background tasks, and the others."""
        self._closed = False
        self.searches = Latest(self._deliver)

    def start(self, task: Task) -> Task:
        """Carry out a heavy task as soon as there is room for it."""
        with self._lock:
            self._waiting.append(task)
        self._next()
        return task

    def cancel(self, task: Task) -> None:
        """End a task within a second: its process is killed, its memory is free, and it fails with Cancelled."""
        with self._lock:
            task.cancelled = True
            waiting = task in self._waiting
            if waiting:
                self._waiting.remove(task)
            elif task.process is not None:
                # Under the lock: a moment later the process could belong to another task.
                task.process.kill(wanted=True)
        if waiting:
            self._deliver(lambda: task.failed(Cancelled("Stopped.")))

    def warm_up(self) -> None:
        """Start a child ahead of need and let it import and compile what a map needs."""
        self.searches.warm_up()
        with self._lock:
            busy = bool(self._running or self._waiting)
        if not busy:
            self.start(Task(WarmUpRequest(), "", ignore, ignore))

    def close(self) -> None:
        """Kill every child, wait until they and the threads have ended, and deliver nothing more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            threads = list(self._running.values())
            idle = [process for processes in self._idle.values() for process in processes]
            self._idle = {True: [], False: []}
            for task in self._running:
                if task.process is not None:
                    task.process.kill(wanted=True)
        self.searches.close()
        for process in idle:
            process.close()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)

    def _next(self) -> None:
        with self._lock:
            if self._closed or (task := self._turn()) is None:
                return
            self._waiting.remove(task)
            thread = threading.Thread(
                target=self._carry_out, args=(task,), name=f"worker {task.title}".strip(), daemon=True
            )
            self._running[task] = thread
            thread.start()

    def _turn(self) -> Task | None:
        """The task that may start now: the first, but background tasks only while there is room for them."""
        full = sum(is_background(task.request) for task in self._running) >= HEAVY_AT_ONCE
        return next((task for task in self._waiting if not (full and is_background(task.request))), None)

    def _carry_out(self, task: Task) -> None:
        newest = _Newest(self._deliver)
        ending: Callable[[], None]
        try:
            try:
                result = self._asked(task, newest)
            except NotBegun:
                self._discard(task)
                result = self._asked(task, newest)
            ending = lambda: task.done(result)  # noqa: E731
        except Exception as error:
            failure = as_failure(error)
            ending = lambda: task.failed(failure)  # noqa: E731
        self._let_go(task)
        self._deliver(ending)
        self._next()

    def _asked(self, task: Task, newest: _Newest) -> Any:
        return self._child(task).ask(
            task.request,
            lambda fraction, note: newest.say(lambda: task.progress(fraction, note), "progress"),
            lambda value: newest.say(lambda: task.partial(value), "partial"),
        )

    def _discard(self, task: Task) -> None:
        """Let go of a child that had died before the task began."""
        with self._lock:
            process, task.process = task.process, None
        if process is not None:
            process.close()

    def _child(self, task: Task) -> Process:
        """A warm child for the task, or a new one. Raises OSError when none can be started."""
        background, family = is_background(task.request), family_of(task.request)
        with self._lock:
            if self._unwanted(task):
                raise Cancelled("Stopped.")
            for process in [*reversed(self._idle[background])]:
                if not process.alive:
                    self._idle[background].remove(process)
                    process.close()
                elif not family or process.family == family or (not process.family and family != UNKNOWN):
                    self._idle[background].remove(process)
                    process.family = family or process.family
                    task.process = process
                    return process
        process = Process(nice=NICE if background else 0)
        process.family = family
        with self._lock:
            task.process = process
            if self._unwanted(task):
                process.kill(wanted=True)
        return process

    def _unwanted(self, task: Task) -> bool:
        return task.cancelled or self._closed

    def _let_go(self, task: Task) -> None:
        """Keep the task's process for another, if it is of use, and make room."""
        with self._lock:
            process, task.process = task.process, None
            idle = self._idle[is_background(task.request)]
            keep = (
                not self._closed
                and process is not None
                and process.alive
                and process.family != UNKNOWN
                and len(idle) < HEAVY_AT_ONCE
            )
            if keep and process is not None:
                idle.append(process)
        if process is not None and not keep:
            process.close()
        with self._lock:
            del self._running[task]

    def _deliver(self, function: Callable[[], None]) -> None:
        if not self._closed:
            self._post(lambda: None if self._closed else function())


class _Newest:
    """Says things on the way, of each kind only the newest: a window that is busy is not flooded with frames."""

    def __init__(self, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._deliver = deliver
        self._lock = threading.Lock()
        self._unsaid: dict[str, Callable[[], None]] = {}

    def say(self, what: Callable[[], None], kind: str) -> None:
        with self._lock:
            posted = kind in self._unsaid
            self._unsaid[kind] = what
        if not posted:
            self._deliver(lambda: self._said(kind))

    def _said(self, kind: str) -> None:
        with self._lock:
            what = self._unsaid.pop(kind)
        what()
