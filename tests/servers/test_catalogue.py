"""What real servers say of themselves and of what lies on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from explorer.core.progress import silent
from explorer.errors import BadParameter, Cancelled, PasswordNeeded
from explorer.servers import manifest
from explorer.servers.abilities import abilities
from explorer.servers.address import address_of, named
from explorer.servers.catalogue import holding_named, holdings
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest
from tests.redis_servers import Cluster, OwnRedis, RedisServer

SCHEMA = "VECTOR HNSW 6 TYPE FLOAT32 DIM 4 DISTANCE_METRIC L2"


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Client]:
    made = Client(address_of(redis_server.url))
    yield made
    made.close()


def fill(server: RedisServer) -> None:
    """A vector set, an index with two fields of vectors, and other things."""
    theirs = server.client()
    for i in range(5):
        theirs.execute_command(
            "VADD", "words", "VALUES", 3, *(np.eye(5, 3)[i] + 1).tolist(), f"w{i}", "NOQUANT", "M", 8
        )
        theirs.hset(f"doc:{i}", mapping={"v": np.ones(4, "<f4").tobytes(), "w": np.ones(4, "<f4").tobytes()})
    theirs.execute_command(*f"FT.CREATE products ON HASH PREFIX 1 doc: SCHEMA v {SCHEMA} w {SCHEMA} n NUMERIC".split())
    theirs.set("other", "x")


def test_a_server_introduces_itself(client: Client) -> None:
    found = abilities(client)
    assert found.title.startswith("Redis 8.")
    assert not found.cluster
    assert found.masters == 1
    assert found.searches_as_one
    assert found.without_vector_sets is None
    assert found.without_search is None
    assert found.memory > 0
    assert found.most_memory == 0


def test_what_others_call_like_a_shard_is_listed_too(client: Client, redis_server: RedisServer) -> None:
    redis_server.client().execute_command("VADD", "words:{eu}", "VALUES", 2, 1, 0, "one")
    assert [each.name for each in holdings(client)] == ["words:{eu}"]


def test_a_cluster_introduces_itself(redis_cluster: Cluster) -> None:
    client = Client(address_of(redis_cluster.nodes[1].url))
    found = abilities(client)
    client.close()
    assert found.cluster
    assert found.title.endswith("cluster of 3")
    assert not found.searches_as_one


def test_what_a_server_lacks_is_said(own_redis: OwnRedis) -> None:
    client = Client(address_of(own_redis(modules=False, without=["INFO", "MODULE"]).url))
    found = abilities(client)
    client.close()
    assert found.version == "unknown"
    assert found.modules == ()
    assert found.without_search is not None
    assert "no search indexes" in found.without_search


def test_a_server_that_wants_a_password(own_redis: OwnRedis) -> None:
    server = own_redis(requirepass="geheim")
    client = Client(address_of(f"redis://{server.host}:{server.port}"))
    with pytest.raises(PasswordNeeded):
        abilities(client)
    client.close()


def test_everything_that_can_be_opened(redis_server: RedisServer, client: Client) -> None:
    assert holdings(client) == ()
    fill(redis_server)
    sets, *fields = holdings(client)
    assert (sets.kind, sets.name, sets.rows, sets.dimensions, sets.metric) == ("redis-vset", "words", 5, 3, "cosine")
    assert dict(sets.params) == {"M": "8", "quantization": "NOQUANT"}
    assert sets.about == "5 × 3 · cosine · M 8 · quantization NOQUANT"
    assert [each.title for each in fields] == ["products.v", "products.w"]
    assert {(each.kind, each.rows, each.dimensions, each.metric) for each in fields} == {
        ("redis-search", 5, 4, "euclidean")
    }
    assert fields[0].prefixes == ("doc:",)
    assert not any(each.pushed or each.unfinished for each in (sets, *fields))


def test_one_is_named(redis_server: RedisServer, client: Client) -> None:
    url = redis_server.url
    with pytest.raises(BadParameter, match="holds no vector set and no search index"):
        holding_named(client, named(url))
    fill(redis_server)
    with pytest.raises(BadParameter, match=r"name one: key=words, index=products&field=v, index=products&field=w\."):
        holding_named(client, named(url))
    assert holding_named(client, named(f"{url}?key=words")).name == "words"
    assert holding_named(client, named(f"{url}?index=products&field=w")).field == "w"
    for asked, said in (("key=other", "no vector set “other”"), ("index=products&field=n", "the vector field “n”")):
        with pytest.raises(BadParameter, match=said + r".*; there are words, products\.v, products\.w"):
            holding_named(client, named(f"{url}?{asked}"))
    found = holding_named(client, named(f"{url}?index=products&field=w"))
    assert found.named(named(url)) == named(f"{url}?index=products&field=w")


def test_a_push_of_several_sets_is_one(redis_server: RedisServer, client: Client) -> None:
    for shard in ("p:{0}", "p:{1}"):
        redis_server.client().execute_command("VADD", shard, "VALUES", 2, 1, 2, f"e{shard}")
    said = Manifest("p", "redis-vset", ("p:{0}", "p:{1}"), 10, 2, "cosine", "abc", {"M": 16}, 2)
    manifest.write(client, said)
    assert manifest.read(client, "p") == said
    (found,) = holdings(client)
    assert (found.name, found.keys, found.rows, found.written) == ("p", ("p:{0}", "p:{1}"), 10, 2)
    assert found.unfinished
    assert found.pushed
    assert found.about.startswith("2 of 10 × 2, unfinished · cosine")


@pytest.mark.parametrize("about", ["{}", "[1]", "{", '{"kind": 1, "keys": 3}'])
def test_a_manifest_of_somebody_else_is_none(redis_server: RedisServer, client: Client, about: str) -> None:
    redis_server.client().hset("p.about", mapping={"program": "ANN Explorer", "about": about, "written": "1"})
    assert manifest.read(client, "p") is None
    redis_server.client().delete("p.about")
    redis_server.client().set("p.about", "text")
    assert manifest.read(client, "p") is None


def test_looking_can_be_stopped(redis_server: RedisServer, client: Client) -> None:
    fill(redis_server)
    redis_server.pause()

    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        holdings(client, stop)
    redis_server.resume()
    assert len(holdings(client, silent)) == 3
