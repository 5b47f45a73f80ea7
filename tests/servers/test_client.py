"""How long a server is waited for, and how often it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from explorer.errors import ServerFailed, Unavailable
from explorer.servers.address import address_of
from explorer.servers.catalogue import holdings
from explorer.servers.client import Client, all_permitted
from tests.redis_servers import RedisServer
from tests.redis_servers.line import Line


def test_the_time_limit_is_for_all_attempts_together(
    redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]
) -> None:
    line = slow_line(redis_server)
    client = Client(address_of(line.url), limit=0.5)
    line.delay, line.cut_after = 0.4, 0
    begun = time.monotonic()
    with pytest.raises(ServerFailed):
        client.ask("GET", "key")
    # The second attempt begins within the limit and ends with it; there is no third.
    assert time.monotonic() - begun >= 0.4 and line.connections <= 2
    client.close()


def test_what_one_command_is_refused_does_not_cost_the_others(redis_server: RedisServer) -> None:
    client = Client(address_of(redis_server.url))
    commands = [("SET", "key", "1"), ("NO.SUCH", "key"), ("GET", "key")]
    keys: list[str] = ["key"] * 3
    assert all_permitted(client, commands, keys) == [b"OK", None, b"1"]
    replies = client.attempted(commands, keys)
    assert isinstance(replies[1], Unavailable) and replies[2] == b"1"
    with pytest.raises(Unavailable):
        client.gather(commands, keys)
    client.close()


def test_a_full_server_is_asked_no_more_often(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    exchange = Client._exchange

    def counted(self: Client, asked: dict, *rest: object) -> object:  # type: ignore[type-arg]
        rounds.append(sum(map(len, asked.values())))
        return exchange(self, asked, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Client, "_exchange", counted)
    theirs, client = redis_server.client(), Client(address_of(redis_server.url))

    def fill(first: int, last: int) -> None:
        for i in range(first, last):
            theirs.execute_command("VADD", f"set{i}:{{a}}", "FP32", np.ones(2, "<f4").tobytes(), "x")
            schema = "VECTOR HNSW 6 TYPE FLOAT32 DIM 2 DISTANCE_METRIC L2"
            theirs.execute_command(*f"FT.CREATE index{i} ON HASH PREFIX 1 p{i}: SCHEMA v {schema}".split())

    fill(0, 1)
    assert len(holdings(client)) == 2
    few = len(rounds)
    rounds.clear()
    fill(1, 12)
    assert len(holdings(client)) == 24
    assert len(rounds) <= few and max(rounds) == 12
    client.close()
    theirs.close()
