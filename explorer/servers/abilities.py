"""What a server can do, found out on connecting."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.progress import Progress, silent
from explorer.servers.client import Client, pairs, permitted, text

VECTOR_SETS, SEARCH = "VADD", "FT.SEARCH"
OTHERS = ("VRANGE", "FT.DEBUG", "_FT.DEBUG")
NOT_KNOWN = "unknown"
COORDINATED = 80000
"""The version of the search module since which the nodes of a cluster answer for each other."""


@dataclass(frozen=True)
class Abilities:
    """A server as it introduces itself.

    `product` and `version` are its own words; `masters` is 1 where there is no cluster; `commands` are those of ours
    that it knows; `modules` are names with versions; `memory` and `most_memory` are bytes, 0 where it does not say.
    """

    url: str
    product: str
    version: str
    masters: int
    cluster: bool
    commands: frozenset[str]
    modules: tuple[str, ...] = ()
    memory: int = 0
    most_memory: int = 0

    @property
    def title(self) -> str:
        """Redis 8.2.3, cluster of 3."""
        nodes = f", cluster of {self.masters}" if self.cluster else ""
        return f"{self.product} {self.version}{nodes}"

    @property
    def searches_as_one(self) -> bool:
        """Whether a search index covers all nodes: the module of Redis 8 sees to that, those before it did not."""
        versions = [int(number) for name, _, number in (m.partition(" ") for m in self.modules) if name == "search"]
        return not self.cluster or any(version >= COORDINATED for version in versions)

    @property
    def without_vector_sets(self) -> str | None:
        """Why there are no vector sets on it, or None."""
        if VECTOR_SETS in self.commands:
            return None
        return f"{self.title} has no vector sets; they come with Redis 8."

    @property
    def without_search(self) -> str | None:
        """Why it has no search indexes, or None."""
        if SEARCH in self.commands:
            return None
        return f"{self.title} has no search indexes; they come with Redis 8, Redis Stack or RediSearch."


def abilities(client: Client, progress: Progress = silent) -> Abilities:
    """Ask a server what it is and can do. Raises PasswordNeeded, ServerFailed, or Unavailable where it is no Redis."""
    about = _facts(client, "server", progress)
    product = "Valkey" if "valkey_version" in about else about.get("server_name", "redis").capitalize()
    memory = _facts(client, "memory", progress)
    nodes = client.nodes(progress)
    return Abilities(
        url=client.address.url,
        product=product,
        version=about.get("valkey_version") or about.get("redis_version", NOT_KNOWN),
        masters=len(nodes),
        cluster=client.is_cluster(progress),
        commands=frozenset(name for name in (VECTOR_SETS, SEARCH, *OTHERS) if _knows(client, name, progress)),
        modules=_modules(client, progress),
        memory=_number(memory.get("used_memory", "")),
        most_memory=_number(memory.get("maxmemory", "")),
    )


def _facts(client: Client, section: str, progress: Progress) -> dict[str, str]:
    """A section of INFO; empty where this user may not read it."""
    said = text(permitted(client, "INFO", section, progress=progress) or "")
    lines = (line.partition(":") for line in said.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, mark, value in lines if mark}


def _knows(client: Client, command: str, progress: Progress) -> bool:
    said = permitted(client, "COMMAND", "INFO", command, progress=progress)
    return bool(said and said[0])


def _modules(client: Client, progress: Progress) -> tuple[str, ...]:
    said = [pairs(each) for each in permitted(client, "MODULE", "LIST", progress=progress) or ()]
    return tuple(f"{text(each.get('name', b''))} {each.get('ver', '')}".strip() for each in said)


def _number(written: str) -> int:
    return int(written) if written.isdecimal() else 0
