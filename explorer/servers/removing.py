"""Deleting from a server what this program has put there, and nothing else."""

from __future__ import annotations

from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.servers import manifest
from explorer.servers.catalogue import INDEX
from explorer.servers.client import Client, text
from explorer.servers.manifest import Manifest

AT_ONCE = 2000


def removed(client: Client, name: str, progress: Progress = silent) -> int:
    """Delete a push, whole or half; its manifest goes last, so that what a stop in between leaves has a name.

    Returns how many keys there were. Raises BadParameter where nothing of that name is ours, or what the client raises.
    """
    said = manifest.read(client, name, progress)
    if said is None:
        raise BadParameter(
            f"“{name}” on {client.address.place} was not put there by this program, so it is left alone; "
            "remove it with the server's own tools."
        )
    # Half removed it must not look complete.
    client.ask("HSET", said.key, "written", 0, key=said.key, progress=progress)
    count = _documents(client, said, progress) if said.kind == INDEX else _sets(client, said, progress)
    return count + int(client.ask("UNLINK", said.key, key=said.key, progress=progress))


def _sets(client: Client, said: Manifest, progress: Progress) -> int:
    """A key that holds something else by now is somebody else's."""
    kinds = client.gather([("TYPE", key) for key in said.keys], said.keys, progress)
    ours = [key for key, kind in zip(said.keys, kinds, strict=True) if text(kind) == "vectorset"]
    return sum(client.gather([("UNLINK", key) for key in ours], ours, progress))


def _documents(client: Client, said: Manifest, progress: Progress) -> int:
    """The index, or that of each node, then the documents."""
    listed = client.gather([("FT._LIST",)] * len(said.keys), said.keys, progress)
    for key, names in zip(said.keys, listed, strict=True):
        if key in map(text, names):
            client.ask("FT.DROPINDEX", key, key=key, progress=progress)
    count = 0
    for start in range(0, said.rows, AT_ONCE):
        progress(start / said.rows, "removing")
        keys = [manifest.document(said.name, row) for row in range(start, min(start + AT_ONCE, said.rows))]
        count += sum(client.gather([("UNLINK", key) for key in keys], keys, progress))
    return count
