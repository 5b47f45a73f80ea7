"""What is kept between openings: look at it, remove some or all of it, say how much it may be."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.errors import Cancelled, ExplorerError
from explorer.session.session import Session
from explorer.session.tasks import CACHE, Tasks
from explorer.work.caching import Cache, CacheRequest


class Caching:
    """Keeps the State's `cache` as it was at the last look; what somebody has open is never removed."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def look(self) -> None:
        """See what is kept now."""
        self._ask("Looking at what is kept", CacheRequest())

    def remove(self, names: Iterable[str]) -> None:
        """Remove these, by name."""
        self._ask("Removing what was kept", CacheRequest(tuple(names)))

    def empty(self) -> None:
        """Remove all that nobody has open."""
        if (cache := self._session.state.cache) is not None:
            self.remove(each.name for each in cache.kept)

    def limit(self, size: int) -> None:
        """Keep no more than so many bytes from now on; 0 for what suits the disk."""
        self._ask("Looking at what is kept", CacheRequest(limit=size))

    def _ask(self, title: str, request: CacheRequest) -> None:
        self._session.clear_problem("cache")
        self._tasks.start(CACHE, title, request, self._seen, self._failed, by_itself=True)

    def _seen(self, cache: Cache) -> None:
        self._session.update(cache=cache)

    def _failed(self, error: ExplorerError) -> None:
        if not isinstance(error, Cancelled):
            self._session.fail("cache", error)
