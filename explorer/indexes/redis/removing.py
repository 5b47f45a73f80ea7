"""Deleting from a server what this program has put there, and nothing else; and how far a push has come."""

from __future__ import annotations

from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.indexes import type_named
from explorer.indexes.redis import pushing
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.kind import RedisType
from explorer.servers import manifest
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest


def removed(client: Client, name: str, progress: Progress = silent) -> Manifest:
    """Delete a push, whole or half, and say what it was.

    Raises BadParameter where nothing of that name is ours, or what the client raises.
    """
    found = manifest.read(client, name, progress)
    kind = type_named(found.kind) if found is not None else None
    if found is None or not isinstance(kind, RedisType):
        raise BadParameter(
            f"“{name}” on {client.address.place} was not put there by this program, so it is left alone; "
            "remove it with the server's own tools."
        )
    about = Description(
        type=found.kind,
        url=client.address.url,
        name=found.name,
        keys=found.keys,
        rows=found.rows,
        dimensions=found.dimensions,
        metric=found.metric,
        called=kind.called,
        params=found.params,
        field=kind.field,
    )
    pushing.remove(client, kind.store(about), found, progress)
    return found


def so_far(client: Client, name: str, progress: Progress = silent) -> tuple[int, int]:
    """How many rows of how many a push has brought to the server; (0, 0) where there is none of that name."""
    found = manifest.read(client, name, progress)
    return (found.written, found.rows) if found is not None else (0, 0)
