"""Requests about what is kept between openings: see it, remove some of it, say how much it may be."""

from __future__ import annotations

from dataclasses import dataclass

from explorer import budget
from explorer.formats import keeping
from explorer.formats.keeping import Kept
from explorer.work.desk import Desk


@dataclass(frozen=True)
class Cache:
    """What is kept, what was used last first, and how many bytes it may take."""

    kept: tuple[Kept, ...]
    limit: int

    @property
    def bytes(self) -> int:
        """What it takes now."""
        return sum(each.bytes for each in self.kept)


@dataclass(frozen=True)
class CacheRequest:
    """See what is kept, after removing those of the named that nobody has open, and whatever a new limit (in bytes)
    leaves no room for; 0 for the limit that suits the disk."""

    remove: tuple[str, ...] = ()
    limit: int | None = None

    def __call__(self, desk: Desk) -> Cache:
        if self.limit is not None:
            budget.set_limit(self.limit or None)
        if self.remove:
            desk.progress(None, "removing")
            keeping.removed(self.remove)
        keeping.trim()
        return Cache(keeping.listed(), budget.limit())
