"""Deleting from a server what this program has put there, and nothing else."""

from __future__ import annotations

from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.servers import manifest
from explorer.servers.catalogue import INDEX, SCANNED
from explorer.servers.client import Client, permitted, text
from explorer.servers.manifest import Manifest

PATTERN = str.maketrans({mark: f"\\{mark}" for mark in "\\*?[]"})
"""Letters that mean something else where a server looks for keys."""


def removed(client: Client, name: str, progress: Progress = silent) -> int:
    """Delete a push, whole or half, and then its manifest, so that what is left by a stop in between has a name.

    Returns how many keys there were. Raises BadParameter where nothing of that name is ours, or what the client raises.
    """
    said = manifest.read(client, name, progress)
    if said is None:
        raise BadParameter(
            f"“{name}” on {client.address.place} was not put there by this program, so it is left alone; "
            "remove it with the server's own tools."
        )
    if said.kind == INDEX:
        permitted(client, "FT.DROPINDEX", name, progress=progress)
        count = _documents(client, prefix_of(said), progress)
    else:
        count = sum(_one_set(client, key, progress) for key in said.keys)
    return count + int(client.ask("UNLINK", said.key, key=said.key, progress=progress))


def prefix_of(said: Manifest) -> str:
    """What the keys of the documents of a pushed search index begin with."""
    return str(said.params.get("prefix") or f"{said.name}:")


def _one_set(client: Client, key: str, progress: Progress) -> int:
    """A key that holds something else by now is somebody else's."""
    if text(client.ask("TYPE", key, key=key, progress=progress)) != "vectorset":
        return 0
    return int(client.ask("UNLINK", key, key=key, progress=progress))


def _documents(client: Client, prefix: str, progress: Progress) -> int:
    count = 0
    pattern = prefix.translate(PATTERN) + "*"
    for node in client.nodes:
        cursor = "0"
        while True:
            reply = client.on(node, "SCAN", cursor, "MATCH", pattern, "COUNT", SCANNED, progress=progress)
            cursor = text(reply[0])
            keys = [key for key in reply[1] if not text(key).endswith(manifest.SUFFIX)]
            # One by one: in a cluster the keys of one command have to share a slot.
            count += sum(client.gather([("UNLINK", key) for key in keys], keys, progress))
            if cursor == "0":
                break
            progress(None, f"{count:,} removed")
    return count
