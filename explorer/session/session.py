"""The session: holds the State, and tells its listeners when it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from explorer.errors import ExplorerError, PasswordNeeded, PushUnfinished, ServerFailed
from explorer.session.state import Mend, Place, Problem, State

READ = "--read "
"""Stands in a sentence that tells how to read a file otherwise."""
Listener = Callable[[State, State], None]


class Session:
    """One State, one signal. Used from one thread; listeners are called in the order in which they came.

    A listener may change the State again: that change is told after the present one has reached everybody.
    """

    def __init__(self) -> None:
        self.state = State()
        self._listeners: list[Listener] = []
        self._untold: list[tuple[State, State]] = []
        self._telling = False

    def listen(self, listener: Listener) -> None:
        """Call `listener(new, old)` after each change."""
        self._listeners.append(listener)

    def update(self, **changes: Any) -> None:
        """Replace fields of the State and tell everybody; nothing happens when nothing differs."""
        old = self.state
        if all(_same(getattr(old, name), value) for name, value in changes.items()):
            return
        self.state = replace(old, **changes)
        self._untold.append((self.state, old))
        if self._telling:
            return
        self._telling = True
        try:
            self._tell()
        finally:
            self._telling = False

    def _tell(self) -> None:
        """A listener that raises keeps nobody else from hearing; the first such error is raised at the end."""
        raised: list[Exception] = []
        while self._untold:
            new, before = self._untold.pop(0)
            for listener in self._listeners:
                try:
                    listener(new, before)
                except Exception as error:
                    raised.append(error)
        if raised:
            raise raised[0]

    def fail(self, place: Place, error: ExplorerError | str) -> None:
        """Say what went wrong, at its place, and what would mend it."""
        others = tuple(problem for problem in self.state.problems if problem.place != place)
        self.update(problems=(*others, Problem(place, str(error), _mend(error), getattr(error, "code", ()))))

    def clear_problem(self, place: Place) -> None:
        """Nothing is wrong there any more."""
        left = tuple(problem for problem in self.state.problems if problem.place != place)
        if len(left) != len(self.state.problems):
            self.update(problems=left)


def _mend(error: ExplorerError | str) -> Mend:
    """What a server has refused is asked again, with a password where that is what it wants."""
    if isinstance(error, PasswordNeeded):
        return "password"
    if isinstance(error, PushUnfinished):
        return "resume"
    if READ in str(error):
        return "read"
    return "again" if isinstance(error, ServerFailed) else ""


def _same(before: object, now: object) -> bool:
    """Plain values are compared, everything else (arrays, Datasets, answers) is the same only when it is one object."""
    if before is now:
        return True
    return isinstance(before, (int, float, str, tuple, frozenset)) and type(before) is type(now) and before == now
