"""Servers on the command line: as FILE, as --redis, and their passwords."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from explorer import paths
from explorer.servers import passwords
from tests.cli.conftest import Run, environment
from tests.redis_servers import OwnRedis, RedisServer

WORDS = 40


def fill(server: RedisServer) -> None:
    vectors = np.random.default_rng(4).normal(size=(WORDS, 6)).astype(np.float32)
    with server.client() as client:
        for row, vector in enumerate(vectors):
            client.execute_command("VADD", "words", "FP32", vector.tobytes(), f"w{row:02}", "NOQUANT")


@pytest.fixture
def locked(own_redis: OwnRedis) -> RedisServer:
    server = own_redis(requirepass="geheim")
    fill(server)
    return server


def test_info_and_query(explorer: Run, redis_server: RedisServer) -> None:
    fill(redis_server)
    url = f"{redis_server.url}/0?key=words"
    said = explorer("info", url, "--json").json
    assert {name: said[name] for name in ("path", "format", "rows", "dimensions", "dtype", "metric", "mapped")} == {
        "path": url,
        "format": "redis",
        "rows": WORDS,
        "dimensions": 6,
        "dtype": "float32",
        "metric": "cosine",
        "mapped": False,
    }
    found = explorer("query", url, "--name", "w07", "--k", 3, "--read", "sample=39", "--read", "seed=1", "--json").json
    assert len(found["neighbours"]) == 3 and found["recall"] == 1
    itself = explorer("query", url, "--name", "w07", "--k", 3, "--json").json
    assert itself["index"]["type"] == "redis-vset" and itself["recall"] == 1, "the server answers itself"
    assert explorer("recall", url, "--index", "annoy", "--queries", 5, "--json").json["queries"] == 5


def test_project(explorer: Run, redis_server: RedisServer, tmp_path: Path) -> None:
    fill(redis_server)
    out = tmp_path / "xy.npy"
    assert explorer("project", f"{redis_server.url}/0?key=words", "--method", "pca", "--out", out).status == 0
    assert np.load(out).shape == (WORDS, 2)


def test_what_is_not_there(explorer: Run, redis_server: RedisServer) -> None:
    fill(redis_server)
    place = redis_server.url.removeprefix("redis://")
    assert explorer("info", f"{redis_server.url}/0?key=wrods").sentence == (
        f"{place} has no vector set “wrods”; there are words."
    )
    assert "means nothing in an address" in explorer("info", f"{redis_server.url}/0?kee=words").sentence


def test_a_password_in_an_address_is_used_and_nowhere_shown(explorer: Run, locked: RedisServer) -> None:
    done = explorer("info", locked.url.replace("://", "://default:geheim@") + "/0?key=words", "--json")
    assert done.status == 0 and f'"path": "redis://default@127.0.0.1:{locked.port}/0?key=words"' in done.out
    assert done.err.count("\n") == 1
    assert "can be seen in the list of processes and in the shell's history" in done.err
    assert "geheim" not in done.out + done.err
    kept = [file for file in paths.cache_folder().rglob("*") if file.is_file()]
    assert kept and not [file for file in kept if b"geheim" in file.read_bytes() or "geheim" in str(file)]


@pytest.mark.parametrize(
    "address", ["u:geheim@", "u:geheim@:x", "u:ge/geheim@{}/0", "u:ge#geheim@{}/0", "u:geheim@{}/zz"]
)
def test_nor_when_the_address_is_wrong(explorer: Run, address: str) -> None:
    source = "redis://" + address.format("127.0.0.1:1")
    for arguments in (("info", source), ("info", "a.npy", source), ("indexes", "--redis", source), (source,)):
        done = explorer(*arguments)
        assert done.status == 2 and "geheim" not in done.out + done.err, arguments


def test_the_password_is_in_the_environment_or_missing(
    explorer: Run, locked: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{locked.url}/0?key=words"
    assert "wants a password for the default user; give it in EXPLORER_REDIS_PASSWORD" in explorer("info", url).sentence
    monkeypatch.setenv(passwords.VARIABLE, "other")
    assert "does not accept the password of the default user" in explorer("info", url).sentence
    monkeypatch.setenv(passwords.VARIABLE, "geheim")
    assert explorer("info", url, "--json").json["rows"] == WORDS


@pytest.mark.skipif(sys.platform == "win32", reason="There are no terminals of this kind.")
def test_whoever_sits_at_a_terminal_is_asked(locked: RedisServer, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "explorer", "info", f"{locked.url}/0?key=words", "--json"]
    options = {"cwd": tmp_path, "env": environment(), "start_new_session": True}
    pipes = {"stdin": theirs, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **options, **pipes) as program:  # type: ignore[call-overload]
        os.close(theirs)
        said = b""
        for word in (b"wrong\n", b"geheim\n"):
            said += read_until(program.stderr.fileno(), f"Password of default@127.0.0.1:{locked.port}: ".encode())
            os.write(ours, word)
        out, rest = program.communicate(timeout=60)
    os.close(ours)
    assert program.returncode == 0 and b'"rows": 40' in out
    assert b"wants a password" in said and b"does not accept the password" in said
    assert b"geheim" not in said + rest + out


def read_until(pipe: int, wanted: bytes) -> bytes:
    found, until = b"", time.monotonic() + 60
    while not found.endswith(wanted) and time.monotonic() < until:
        if select.select([pipe], [], [], 0.1)[0]:
            piece = os.read(pipe, 4096)
            assert piece, found
            found += piece
    assert found.endswith(wanted), found
    return found


def test_index_types_say_what_they_lack(explorer: Run, redis_server: RedisServer, old_redis: RedisServer) -> None:
    def on_server(*arguments: object) -> dict[str, str | None]:
        types = explorer("indexes", *arguments, "--json").json["types"]
        return {each["name"]: each["reason"] for each in types if each["name"].startswith("redis")}

    without = on_server()
    assert set(without) == {"redis-vset", "redis-search"}
    assert set(without.values()) == {"It lies on a server; say which: --redis redis://localhost:6379."}
    assert on_server("--redis", redis_server.url) == {"redis-vset": None, "redis-search": None}
    old = on_server("--redis", old_redis.url)
    assert "has no vector sets" in str(old["redis-vset"]) and "has no search indexes" in str(old["redis-search"])


def test_an_index_is_built_on_the_server_that_redis_names(
    explorer: Run, redis_server: RedisServer, named: Path
) -> None:
    given = (named, "--metric", "cosine", "--index", "redis-vset", "--redis", redis_server.url, "--set", "key=mine")
    found = explorer("query", *given, "--row", 7, "--k", 3, "--json").json
    assert found["index"]["type"] == "redis-vset" and len(found["neighbours"]) == 3
    with redis_server.client() as client:
        assert client.dbsize() == 0, "what was built for one answer goes with it"
        out = named.with_name("mine.redis")
        explorer("build", *given, "--out", out)
        assert client.execute_command("VCARD", "ann-explorer:mine") == 120
        again = explorer("query", named, "--metric", "cosine", "--index", out, "--row", 7, "--k", 3, "--json").json
        assert again["neighbours"] == found["neighbours"]
        explorer("query", *given, "--row", 7)
        assert client.execute_command("VCARD", "ann-explorer:mine") == 120, "what was there before stays"
    refused = explorer("query", named, "--index", "annoy", "--redis", redis_server.url, "--row", 7)
    assert "--redis goes with --index redis-vset or redis-search, not with annoy." in refused.sentence


def test_a_server_can_be_drawn(program: Run, redis_server: RedisServer, tmp_path: Path) -> None:
    fill(redis_server)
    shot = ("snapshot", f"{redis_server.url}/0?key=words", "--out", tmp_path / "shot.png", "--wait", "first-map")
    assert program(*shot, "--name", "w03", "--json").json["points_drawn"] == WORDS
