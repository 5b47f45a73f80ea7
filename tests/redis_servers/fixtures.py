"""The fixtures; see the package's docstring for what they give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.redis_servers import OwnRedis, SlowLine
from tests.redis_servers.cluster import Cluster, make_cluster, reset_cluster
from tests.redis_servers.keeper import Keeper
from tests.redis_servers.line import Line
from tests.redis_servers.server import RedisServer, make, reset, settings_of
from tests.redis_servers.tls import Tls, make_tls


@pytest.fixture(scope="session")
def _keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.close()


@pytest.fixture(scope="session")
def _running_server(
    _keeper: Keeper, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RedisServer, dict[str, str]]]:
    server = make(_keeper, tmp_path_factory.mktemp("redis"))
    yield server, settings_of(server)
    server.stop()


@pytest.fixture
def redis_server(_running_server: tuple[RedisServer, dict[str, str]]) -> RedisServer:
    """Redis 8.2 with vector sets and the search module: running, empty, with its first settings."""
    server, settings = _running_server
    reset(server, settings)
    return server


@pytest.fixture
def own_redis(_keeper: Keeper, tmp_path: Path) -> Iterator[OwnRedis]:
    """own_redis(modules=True, without=[…], **lines of redis.conf) → a server of this test alone."""
    made: list[RedisServer] = []

    def own(**options: Any) -> RedisServer:
        made.append(make(_keeper, tmp_path / f"redis{len(made)}", **options))
        return made[-1]

    yield own
    for server in made:
        server.stop()


@pytest.fixture
def old_redis(own_redis: OwnRedis) -> RedisServer:
    """A Redis before 8."""
    return own_redis(old=True)


@pytest.fixture(scope="session")
def _running_cluster(
    _keeper: Keeper, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, list[dict[str, str]]]]:
    cluster = make_cluster(_keeper, tmp_path_factory.mktemp("cluster"))
    yield cluster, [settings_of(node) for node in cluster.nodes]
    for node in cluster.nodes:
        node.stop()


@pytest.fixture
def redis_cluster(_running_cluster: tuple[Cluster, list[dict[str, str]]]) -> Cluster:
    """Three masters, all running, empty and in agreement."""
    cluster, settings = _running_cluster
    reset_cluster(cluster, settings)
    return cluster


@pytest.fixture
def slow_line() -> Iterator[SlowLine]:
    """slow_line(server) → another port of that server, as bad as the test wants it."""
    made: list[Line] = []

    def line(server: RedisServer) -> Line:
        made.append(Line(server))
        return made[-1]

    yield line
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def _running_tls(
    _keeper: Keeper,
    _running_server: tuple[RedisServer, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tls]:
    tls = make_tls(_keeper, tmp_path_factory.mktemp("tls") / "certificates", _running_server[0])
    yield tls
    tls.program.kill()


@pytest.fixture
def tls(_running_tls: Tls, redis_server: RedisServer) -> Tls:
    """`redis_server` behind TLS."""
    return _running_tls
