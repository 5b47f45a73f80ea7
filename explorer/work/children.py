"""Warm children for work that is asked one after the other: one for each family of libraries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from explorer.work.process import NotBegun, Process
from explorer.work.requests import UNKNOWN, Request, family_of

MOST_CHILDREN = 4
"""How many stay warm; the one that was used longest ago, and does nothing, goes first."""


class Children:
    """A child for each family, started when it is needed; a dead one is replaced, and no other with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warm: dict[str, Process] = {}
        self._closed = False

    @property
    def alive(self) -> list[Process]:
        """Those that are there now."""
        with self._lock:
            return [process for process in self._warm.values() if process.alive]

    def of(self, family: str) -> Process:
        """The warm child of a family; for UNKNOWN a new one. Raises OSError when none can be started."""
        with self._lock:
            if (process := self._found(family)) is not None:
                return process
        started = Process()
        started.family = family
        with self._lock:
            process = self._found(family) or started
            gone = [] if process is started else [started]
            if self._closed:
                gone = [process]
            elif process is started and family != UNKNOWN:
                gone = self._surplus()
                self._warm[family] = process
        for each in gone:
            each.close()
        return process

    def ask(
        self,
        request: Request,
        progress: Callable[[float | None, str], None],
        partial: Callable[[Any], None],
    ) -> Any:
        """Let a child of the right family carry out a request; raises as `Process.ask` does, and never NotBegun.

        What interrupts it (Ctrl+C above all) ends the child too. Work that may load any library gets a child of its
        own, which goes with it.
        """
        family = family_of(request)
        process = self.of(family)
        try:
            try:
                return process.ask(request, progress, partial)
            except NotBegun:
                process = self.of(family)
                return process.ask(request, progress, partial)
        except (KeyboardInterrupt, SystemExit):
            process.close()
            raise
        finally:
            if family == UNKNOWN:
                process.close()

    def close(self) -> None:
        """Kill them all; a child that is started meanwhile is killed too."""
        with self._lock:
            self._closed = True
            processes, self._warm = list(self._warm.values()), {}
        for process in processes:
            process.close()

    def _found(self, family: str) -> Process | None:
        """The living child of a family, from now on the one used last; a dead one is let go of."""
        process = self._warm.pop(family, None)
        if process is None:
            return None
        if not process.alive:
            process.close()
            return None
        self._warm[family] = process
        return process

    def _surplus(self) -> list[Process]:
        """Those that have to make room for one more."""
        idle = [family for family, process in self._warm.items() if not process.busy]
        return [self._warm.pop(family) for family in idle[: max(0, len(self._warm) + 1 - MOST_CHILDREN)]]
