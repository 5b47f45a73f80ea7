"""What a build will take on this machine: by arithmetic, and by how long builds have taken here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer import paths
from explorer.errors import ExplorerError
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import estimated
from explorer.session.session import Session
from explorer.session.settings import Settings

SHORTEST_SECONDS = 0.2
"""A build that should take less tells more of what else goes on than of the work."""


@dataclass(frozen=True)
class Estimate:
    """`seconds`, and bytes of memory at the peak, on the disk, and on a server; None where a type does not say.

    `problem` is why it cannot be built, in a sentence; empty when it can.
    """

    seconds: float | None = None
    memory_bytes: int | None = None
    disk_bytes: int | None = None
    server_bytes: int | None = None
    problem: str = ""


class Estimating:
    """Asks the index types, and learns from every build how fast this machine is at it."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings

    def of(self, type_name: str, params: Mapping[str, object]) -> Estimate:
        """What building over the present Dataset with the present metric would take. Never raises."""
        state = self._session.state
        if state.dataset is None:
            return Estimate()
        rows, dimensions = state.dataset.rows, state.dataset.dimensions
        try:
            if reason := type_named(type_name).unavailable():
                return Estimate(problem=reason)
            cost = estimated(rows, dimensions, type_name, state.metric, params, paths.cache_folder())
        except ExplorerError as error:
            return Estimate(problem=str(error))
        except OSError as error:
            return Estimate(problem=f"{paths.cache_folder()}: {error.strerror or error}.")
        if cost is None:
            return Estimate()
        seconds = cost.seconds(self._settings.factor(type_name))
        return Estimate(seconds, cost.memory_bytes, cost.disk_bytes, cost.server_bytes)

    def learn(self, handle: IndexHandle) -> None:
        """Take to heart how long a build took."""
        try:
            cost = type_named(handle.type).cost(handle.rows, handle.dimensions, handle.metric, handle.params)
        except ExplorerError:
            return
        if cost is not None and cost.seconds() >= SHORTEST_SECONDS:
            self._settings.learn(handle.type, handle.build_seconds / cost.seconds())
