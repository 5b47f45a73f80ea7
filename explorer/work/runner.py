"""Worker threads that own warm child processes: one for heavy tasks each, one for searches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from explorer.errors import Cancelled, ExplorerError, TaskFailed
from explorer.work.latest import Latest, ignore
from explorer.work.process import Process
from explorer.work.requests import Request, WarmUpRequest

HEAVY_AT_ONCE = 2
"""Heavy tasks that run at the same time; others wait for their turn."""
NICE = 5


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
        self._running: list[Task] = []
        self._idle: list[Process] = []
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
            process = task.process
        if waiting:
            self._deliver(lambda: task.failed(Cancelled("Stopped.")))
        elif process is not None:
            process.kill(wanted=True)

    def warm_up(self) -> None:
        """Start a child ahead of need and let it import and compile what a map needs."""
        self.searches.warm_up()
        with self._lock:
            busy = bool(self._running or self._waiting)
        if not busy:
            self.start(Task(WarmUpRequest(), "", ignore, ignore))

    def close(self) -> None:
        """Kill every child and deliver nothing more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            processes = [task.process for task in self._running if task.process] + self._idle
            self._idle = []
        self.searches.close()
        for process in processes:
            process.close()

    def _next(self) -> None:
        with self._lock:
            if self._closed or not self._waiting or len(self._running) >= HEAVY_AT_ONCE:
                return
            task = self._waiting.popleft()
            self._running.append(task)
        threading.Thread(target=self._carry_out, args=(task,), name=f"worker {task.title}", daemon=True).start()

    def _carry_out(self, task: Task) -> None:
        ending: Callable[[], None]
        try:
            process = self._child(task)
            result = process.ask(
                task.request,
                lambda fraction, note: self._deliver(lambda: task.progress(fraction, note)),
                lambda value: self._deliver(lambda: task.partial(value)),
            )
            ending = lambda: task.done(result)  # noqa: E731
        except ExplorerError as error:
            failure = error
            ending = lambda: task.failed(failure)  # noqa: E731
        except OSError as error:
            failed_start = TaskFailed(f"No worker process could be started: {error}.")
            ending = lambda: task.failed(failed_start)  # noqa: E731
        with self._lock:
            self._running.remove(task)
            process_left = task.process
            task.process = None
            keep = not self._closed and process_left is not None and process_left.alive and len(self._idle) < 2
            if keep and process_left is not None:
                self._idle.append(process_left)
        if process_left is not None and not keep:
            process_left.close()
        self._deliver(ending)
        self._next()

    def _child(self, task: Task) -> Process:
        """A warm child for the task, or a new one."""
        with self._lock:
            idle = [process for process in self._idle if process.alive]
            process = idle.pop() if idle else None
            self._idle = idle
        process = process or Process(nice=NICE)
        with self._lock:
            task.process = process
            stop = task.cancelled or self._closed
        if stop:
            process.kill(wanted=True)
            raise Cancelled("Stopped.")
        return process

    def _deliver(self, function: Callable[[], None]) -> None:
        if not self._closed:
            self._post(lambda: None if self._closed else function())
