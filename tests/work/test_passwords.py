"""Passwords reach a child over its pipe, and stand in no list of processes."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from explorer.errors import PasswordNeeded
from explorer.servers import passwords
from explorer.servers.address import address_of
from explorer.work.process import Process
from explorer.work.requests import ConnectRequest
from tests.redis_servers.fixtures import OwnRedis
from tests.work.conftest import nobody

SECRET = "open-sésame-7"


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passwords.VARIABLE, raising=False)


def test_a_child_that_runs_already_hears_of_a_password(own_redis: OwnRedis, process: Process) -> None:
    server = own_redis(requirepass=SECRET)
    with pytest.raises(PasswordNeeded):
        process.ask(ConnectRequest(server.url), nobody, nobody)
    passwords.hold(address_of(server.url), SECRET)
    found = process.ask(ConnectRequest(server.url), nobody, nobody)
    assert found.abilities.title == "Redis 8.2.3"


def test_a_child_that_starts_later_hears_of_it_too(own_redis: OwnRedis) -> None:
    server = own_redis(requirepass=SECRET)
    passwords.hold(address_of(server.url), SECRET)
    late = Process()
    try:
        assert late.ask(ConnectRequest(server.url), nobody, nobody).place == f"127.0.0.1:{server.port}"
    finally:
        late.close()


def test_no_process_shows_it(own_redis: OwnRedis, process: Process) -> None:
    server = own_redis(requirepass=SECRET)
    passwords.hold(address_of(server.url), SECRET)
    process.ask(ConnectRequest(server.url), nobody, nobody)
    child = psutil.Process(process.pid)
    shown = [*child.cmdline(), *child.environ().values()]
    proc = Path(f"/proc/{process.pid}")
    if proc.is_dir():
        shown += [(proc / "cmdline").read_bytes().decode(), (proc / "environ").read_bytes().decode()]
    assert shown and not any(SECRET in text for text in shown)


def test_the_last_word_counts(own_redis: OwnRedis, process: Process) -> None:
    server = own_redis(requirepass=SECRET)
    where = address_of(server.url)
    for word in ("wrong", SECRET, "wrong again"):
        passwords.hold(where, word)
    with pytest.raises(PasswordNeeded, match="does not accept"):
        process.ask(ConnectRequest(server.url), nobody, nobody)
    passwords.hold(where, SECRET)
    process.ask(ConnectRequest(server.url), nobody, nobody)
