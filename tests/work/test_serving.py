"""What a server is and holds, asked by a child; and what is removed from it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadParameter, ServerBusy, ServerGone
from explorer.work.process import Process
from explorer.work.requests import BuildRequest, ConnectRequest, RemoveRequest, SoFarRequest
from explorer.work.serving import Connected
from tests.redis_servers import Line, RedisServer
from tests.redis_servers.fixtures import OwnRedis
from tests.work.conftest import nobody


def ask(process: Process, server: RedisServer | Line) -> Connected:
    found = process.ask(ConnectRequest(server.url), nobody, nobody)
    assert isinstance(found, Connected)
    return found


def push(process: Process, dataset: Dataset, server: RedisServer, kind: str = "redis-vset", **params: object) -> str:
    given = {"server": server.url, "key": "words", **params}
    process.ask(BuildRequest(dataset, kind, "cosine", given, dataset.folder / kind), nobody, nobody)
    return "ann-explorer:words"


def keys(server: RedisServer) -> set[str]:
    with server.client(decode_responses=True) as client:
        return set(client.keys("*"))


def test_an_empty_server_says_what_it_can_do(redis_server: RedisServer, process: Process) -> None:
    found = ask(process, redis_server)
    able = found.abilities
    assert (able.product, able.without_vector_sets, able.without_search) == ("Redis", None, None)
    assert able.memory > 0 and found.holdings == ()


def test_an_old_server_says_what_it_lacks(old_redis: RedisServer, process: Process) -> None:
    able = ask(process, old_redis).abilities
    assert "no vector sets" in str(able.without_vector_sets) and "no search" in str(able.without_search)


@pytest.mark.parametrize("kind", ["redis-vset", "redis-search"])
def test_only_what_was_pushed_is_removed(
    redis_server: RedisServer, process: Process, dataset: Dataset, kind: str
) -> None:
    with redis_server.client() as client:
        for name in ("words", "ann-explorer:words:mine", "ann-explorer:wordsmith"):
            client.set(name, "somebody else's")
    others = keys(redis_server)
    name = push(process, dataset, redis_server, kind)
    (holding,) = ask(process, redis_server).holdings
    assert (holding.name, holding.rows, holding.pushed, holding.unfinished) == (name, 200, True, False)
    assert process.ask(SoFarRequest(redis_server.url, name), nobody, nobody) == (200, 200)
    process.ask(RemoveRequest(redis_server.url, name), nobody, nobody)
    assert keys(redis_server) == others and ask(process, redis_server).holdings == ()


def test_what_others_have_put_there_is_left_alone(redis_server: RedisServer, process: Process) -> None:
    with redis_server.client() as client:
        client.execute_command("VADD", "theirs", "FP32", np.ones(4, "<f4").tobytes(), "one")
    with pytest.raises(BadParameter, match="was not put there by this program"):
        process.ask(RemoveRequest(redis_server.url, "theirs"), nobody, nobody)
    assert keys(redis_server) == {"theirs"}
    assert process.ask(SoFarRequest(redis_server.url, "theirs"), nobody, nobody) == (0, 0)


def test_a_silent_server_is_asked_once(own_redis: OwnRedis, process: Process) -> None:
    """Not nine times, and then said to have no vector sets."""
    server = own_redis()
    server.pause()
    begun = time.monotonic()
    with pytest.raises(ServerBusy, match="did not answer in time"):
        ask(process, server)
    assert time.monotonic() - begun < 9


def test_a_server_that_goes_away_is_said(
    redis_server: RedisServer, slow_line: Callable[[RedisServer], Line], process: Process
) -> None:
    line = slow_line(redis_server)
    assert ask(process, line).holdings == ()
    line.refusing = True
    line.cut()
    with pytest.raises(ServerGone):
        ask(process, line)
    line.refusing = False
    assert ask(process, line).abilities.product == "Redis"
