"""Tasks as the session shows them: title, progress, an estimate, and cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from explorer.errors import ExplorerError
from explorer.session.session import Session
from explorer.session.state import TaskView
from explorer.work.latest import ignore
from explorer.work.requests import Request
from explorer.work.runner import Runner, Task

BUILD, SAVE, SERVER, CACHE, VERIFY = "build ", "save ", "server ", "cache", "verify "
"""How the keys of tasks begin that build indexes, that write what somebody asked to keep, that ask a server about
itself, that look at what is kept, and that build to see whether that finds a row."""


class Tasks:
    """Starts heavy work under a key. A key names one purpose: starting it again replaces the one under way."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session = session
        self._runner = runner
        self._tasks: dict[str, Task] = {}
        self._started: dict[str, float] = {}

    def start(
        self,
        key: str,
        title: str,
        request: Request,
        done: Callable[[Any], None],
        failed: Callable[[ExplorerError], None],
        partial: Callable[[Any], None] = ignore,
        unheard: Callable[[], None] = ignore,
        *,
        by_itself: bool = False,
    ) -> None:
        """Start a task, which is shown until it ends. `unheard` is called when it ends after it was cancelled because
        it was not wanted any more: then neither `done` nor `failed` is. `by_itself`: nobody asked for it."""
        self.cancel(key)

        def ended(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            def listener(value: Any) -> None:
                if self._tasks.get(key) is task:
                    self._forget(key)
                    tell(value)
                else:
                    unheard()

            return listener

        def progress(fraction: float | None, note: str) -> None:
            if self._tasks.get(key) is task:
                self._show(key, fraction, note)

        def frame(value: Any) -> None:
            if self._tasks.get(key) is task:
                partial(value)

        task = Task(request, title, ended(done), ended(failed), progress, frame)
        self._tasks[key] = task
        self._started[key] = time.monotonic()
        self._session.update(tasks=(*self._session.state.tasks, TaskView(key, title, by_itself=by_itself)))
        self._runner.start(task)

    def running(self, key: str) -> bool:
        return key in self._tasks

    def stop(self, key: str) -> None:
        """Cancel for the user: the task fails with Cancelled, and its owner hears of it."""
        if task := self._tasks.get(key):
            self._runner.cancel(task)

    def cancel(self, key: str) -> None:
        """Cancel because it is not wanted any more: nobody hears of it."""
        if task := self._tasks.get(key):
            self._forget(key)
            self._runner.cancel(task)

    def cancel_all(self) -> None:
        """Cancel what the next Dataset does not want: all but what is saved, or asked of a server or the cache."""
        for key in list(self._tasks):
            if not key.startswith((SAVE, SERVER, CACHE)):
                self.cancel(key)

    def _forget(self, key: str) -> None:
        del self._tasks[key]
        self._session.update(tasks=tuple(view for view in self._session.state.tasks if view.key != key))

    def _show(self, key: str, fraction: float | None, note: str) -> None:
        elapsed = time.monotonic() - self._started[key]
        left = elapsed * (1 - fraction) / fraction if fraction and 0.02 < fraction <= 1 and elapsed > 1 else None
        self._session.update(
            tasks=tuple(
                replace(view, fraction=fraction, note=note, seconds_left=left) if view.key == key else view
                for view in self._session.state.tasks
            )
        )
