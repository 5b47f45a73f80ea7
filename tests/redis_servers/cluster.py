"""Three Redis servers that share the keys between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.redis_servers.keeper import Keeper
from tests.redis_servers.program import free_port, until
from tests.redis_servers.server import RedisServer, make, reset

if TYPE_CHECKING:
    from redis.cluster import RedisCluster

SLOTS = 16_384
NODES = 3
TIMEOUT_MS = 1_000
"""After which a silent node is held to have failed."""


@dataclass(frozen=True)
class Cluster:
    """Masters only: while one is down, its slots are."""

    nodes: tuple[RedisServer, ...]

    @property
    def url(self) -> str:
        """The address of the first node, from which the others are found."""
        return self.nodes[0].url

    def client(self, **options: Any) -> RedisCluster:
        """A client of redis-py that knows the slots."""
        from redis.cluster import RedisCluster

        return RedisCluster(host=self.nodes[0].host, port=self.nodes[0].port, **options)

    def holding(self, key: str) -> RedisServer:
        """The node that has the slot of this key, alive or not."""
        from redis.crc import key_slot

        return self.nodes[key_slot(key.encode()) * NODES // SLOTS]

    def wait_until(self, state: str) -> None:
        """Wait until all living nodes say that the cluster is “ok”, or “fail”."""
        until(lambda: all(_state(node) == state for node in self.nodes if node.runs), f"the cluster is not {state}")


def _state(node: RedisServer) -> str:
    with node.client(decode_responses=True) as client:
        return client.execute_command("CLUSTER INFO")["cluster_state"]


def make_cluster(keeper: Keeper, folder: Path) -> Cluster:
    """Three servers, started and joined."""
    nodes = tuple(
        make(
            keeper,
            folder / f"node{number}",
            cluster_enabled="yes",
            cluster_port=free_port(),
            cluster_node_timeout=TIMEOUT_MS,
        )
        for number in range(NODES)
    )
    for number, node in enumerate(nodes):
        first, end = (-(-SLOTS * edge // NODES) for edge in (number, number + 1))
        with node.client() as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            bus = client.config_get("cluster-port")["cluster-port"]
        with nodes[0].client() as client:
            client.execute_command("CLUSTER MEET", node.host, node.port, bus)
    cluster = Cluster(nodes)
    cluster.wait_until("ok")
    return cluster


def reset_cluster(cluster: Cluster, settings: list[dict[str, str]]) -> None:
    """Have all nodes run, empty and in agreement."""
    for node, known in zip(cluster.nodes, settings, strict=True):
        reset(node, known)
    cluster.wait_until("ok")
