"""The contract between a kind of Redis index and the parts that push, ask and remove: commands and replies."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.params import Params
from explorer.core.progress import Progress
from explorer.core.structure import NO_INSIDE, Facts
from explorer.errors import BadParameter
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.links import ServerGraph
from explorer.servers.client import Client, Command, Target

Keyed = tuple[Target, Command]
"""A command with the key, or the node, that says where in a cluster it is carried out."""
Scored = tuple[bytes, float]
"""An element and the server's own score of it."""


class Store(ABC):
    """One index on a server, by its description."""

    score_name: str
    nearer_is_larger: bool
    """Whether a larger score of the server's is nearer."""
    effort: str
    """The search parameter that says how many rows are kept in view."""

    def __init__(self, about: Description) -> None:
        self.about = about

    @property
    def lossy(self) -> bool:
        """Whether the server ranks by less than the vectors themselves."""
        return False

    @abstractmethod
    def create(self, client: Client, columns: Sequence[Any], progress: Progress) -> None:
        """Make what rows are added to; harmless when it is there already."""

    @abstractmethod
    def additions(
        self, first: int, elements: Sequence[bytes], vectors: NDArray[np.float32], attributes: Sequence[dict[str, Any]]
    ) -> list[Keyed]:
        """The commands that add rows `first` … with vectors (m, d); carried out twice they do no harm."""

    @abstractmethod
    def settle(self, client: Client, rows: int, progress: Progress) -> None:
        """Wait until all that was added can be found. Raises ServerFailed when some of it cannot."""

    @abstractmethod
    def count(self, client: Client, progress: Progress) -> int:
        """How many rows are there."""

    @abstractmethod
    def occupied(self, client: Client, progress: Progress) -> str:
        """What stands in the place of an index that was not pushed by us; empty when the place is free."""

    @abstractmethod
    def clear(self, client: Client, progress: Progress) -> None:
        """Make the place free of what stands in it and is not ours."""

    @abstractmethod
    def memory(self, client: Client, progress: Progress) -> int:
        """How much memory it takes on the server, as it says."""

    @abstractmethod
    def row_bytes(self) -> int:
        """About how much memory a row takes on the server, without its attributes."""

    @abstractmethod
    def question(self, query: NDArray[np.float32], count: int, params: Params) -> list[Keyed]:
        """The commands whose replies together hold the nearest `count` to a query (d,)."""

    @abstractmethod
    def answer(self, reply: Any) -> list[Scored]:
        """What one reply says."""

    def decoded(self, client: Client, elements: Sequence[bytes]) -> NDArray[np.float32]:
        """Vectors (m, d) as the server holds them. Raises NotImplementedError where it does not give them out."""
        raise NotImplementedError

    def graph(
        self, client: Client, elements: Elements | Numbered, rows: int, progress: Progress
    ) -> ServerGraph | Facts:
        """The graph over n rows, or the reason why the server does not show it."""
        return NO_INSIDE


def spread(client: Client, name: str, shards: int) -> tuple[str, ...]:
    """Keys `NAME:{tag}`, by turns on all nodes of a cluster: Redis puts a key where what stands in braces leads."""
    nodes = client.nodes()
    if shards > 1 and len(nodes) > 1 and "{" in name:
        raise BadParameter(f"“{name}” has a brace, by which Redis would put all of it on one node; take another key.")
    keys: list[str] = []
    tags = itertools.count()
    for shard in range(shards):
        wanted = nodes[shard % len(nodes)]
        keys.append(next(key for tag in tags if client.node_of(key := f"{name}:{{{tag}}}") == wanted))
    return tuple(keys)
