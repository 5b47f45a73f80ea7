"""Connecting to a real server, opening what lies on it, and what is said when that does not work."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.servers import passwords
from explorer.servers.address import Address, address_of
from explorer.session.settings import Settings
from explorer.session.state import State
from tests.redis_servers import Line, RedisServer, Tls
from tests.redis_servers.fixtures import OwnRedis
from tests.session.conftest import Application

SECRET = "open-sésame-8"


def connect(app: Application, address: Address, password: str = "") -> State:
    """Connect and wait until it is known how that ended."""
    app.controller.serving.connect(address, password)
    return app.until(lambda s: not s.connecting)


def fill(server: RedisServer, name: str = "words", rows: int = 40) -> None:
    vectors = np.random.default_rng(1).normal(size=(rows, 8)).astype("<f4")
    with server.client() as client:
        for row in range(rows):
            client.execute_command("VADD", name, "FP32", vectors[row].tobytes(), f"word{row}")


def test_what_lies_there_is_known_after_connecting(app: Application, redis_server: RedisServer) -> None:
    fill(redis_server)
    state = connect(app, address_of(redis_server.url))
    assert state.server is not None and state.server.abilities.title == "Redis 8.2.3"
    (holding,) = state.server.holdings
    assert (holding.title, holding.rows, holding.pushed) == ("words", 40, False)
    fill(redis_server, "more", 3)
    app.controller.serving.refresh()
    assert app.until(lambda s: not s.connecting).server is not state.server
    assert [each.title for each in app.state.server.holdings] == ["more", "words"]


def test_connecting_is_a_task_that_says_so(app: Application, redis_server: RedisServer) -> None:
    app.controller.serving.connect(address_of(redis_server.url))
    assert app.state.connecting == f"{redis_server.url}/0"
    assert [task.title for task in app.state.tasks] == [f"Connecting to 127.0.0.1:{redis_server.port}"]
    app.until(lambda s: s.server)
    assert not app.state.connecting and not app.state.tasks


def test_a_missing_password_is_told_apart_and_a_wrong_one_is_not_kept(app: Application, own_redis: OwnRedis) -> None:
    where = address_of(own_redis(requirepass=SECRET).url)
    problem = connect(app, where).problem_at("server")
    assert problem.mend == "password" and "wants a password" in problem.sentence
    problem = connect(app, where, "wrong").problem_at("server")
    assert problem.mend == "password" and "does not accept" in problem.sentence
    assert passwords.at_hand(where) == ""
    state = connect(app, where, SECRET)
    assert state.server is not None and state.problem("server") == ""
    # A slip of the keys does not take away what works.
    assert connect(app, where, "slip").problem_at("server").mend == "password"
    app.controller.serving.refresh()
    assert app.until(lambda s: not s.connecting).problem("server") == ""


def test_the_address_is_remembered_and_the_password_is_not(
    app: Application, own_redis: OwnRedis, tmp_path: Path
) -> None:
    where = address_of(own_redis(requirepass=SECRET).url)
    assert app.controller.serving.last is None
    connect(app, where, SECRET)
    assert app.controller.serving.last == where
    written = (tmp_path / "settings.json").read_text("utf-8")
    assert where.url in written and SECRET not in json.loads(written).values() and SECRET not in written


def test_nothing_in_the_state_holds_the_password(app: Application, own_redis: OwnRedis) -> None:
    server = own_redis(requirepass=SECRET)
    connect(app, address_of(server.url), SECRET)
    app.controller.opening.open(f"redis://:{SECRET}@127.0.0.1:{server.port}/0?key=nothing")
    assert SECRET not in repr(app.state)
    app.until(lambda s: not s.opening)
    assert SECRET not in repr(app.state)


@pytest.mark.parametrize(("port", "said"), [(1, "refuses the connection")])
def test_a_port_where_nothing_listens(app: Application, port: int, said: str) -> None:
    problem = connect(app, Address("127.0.0.1", port)).problem_at("server")
    assert said in problem.sentence and problem.mend == "again"
    assert app.state.server is None and app.controller.serving.last is None


def test_tls_with_the_right_authority_and_with_another(app: Application, tls: Tls) -> None:
    right = Address(tls.host, tls.port, tls=True, ca=tls.ca)
    assert connect(app, right).server.abilities.product == "Redis"
    app.controller.serving.disconnect()
    assert "signed by no authority we trust" in connect(
        app, Address(tls.host, tls.port, tls=True, ca=tls.wrong_ca)
    ).problem("server")
    assert "certificate for another name" in connect(
        app, Address(tls.host, tls.other_port, tls=True, ca=tls.ca)
    ).problem("server")
    assert app.controller.serving.last == right


def test_connecting_is_stopped_within_a_second(app: Application, own_redis: OwnRedis) -> None:
    server = own_redis()
    server.pause()
    app.controller.serving.connect(address_of(server.url))
    app.until(lambda s: s.tasks)
    time.sleep(0.5)
    begun = time.monotonic()
    app.controller.serving.stop()
    state = app.until(lambda s: not s.connecting)
    assert time.monotonic() - begun < 1
    assert state.server is None and not state.problems and not state.tasks


def test_another_server_takes_the_place_of_the_first_when_it_has_answered(
    app: Application, redis_server: RedisServer, old_redis: RedisServer
) -> None:
    connect(app, address_of(redis_server.url))
    first = app.state.server
    assert connect(app, Address("127.0.0.1", 1)).server is first
    assert connect(app, address_of(old_redis.url)).server.place == f"127.0.0.1:{old_redis.port}"
    assert not app.state.problems


def test_a_server_that_goes_away_leaves_everything_as_it_is(
    app: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line], npy: Path
) -> None:
    app.open(npy)
    line = slow_line(redis_server)
    state = connect(app, address_of(line.url))
    line.refusing = True
    line.cut()
    app.controller.serving.refresh()
    app.until(lambda s: s.problem("server"))
    assert app.state.problem_at("server").mend == "again" and app.state.server is state.server
    app.controller.asking.ask_row(3)
    assert app.settle().verdict is not None
    line.refusing = False
    app.controller.serving.refresh()
    assert not app.until(lambda s: not s.connecting).problems


def test_opening_a_file_does_not_cut_off_the_connecting(
    app: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line], npy: Path
) -> None:
    line = slow_line(redis_server)
    line.delay = 0.1
    app.controller.serving.connect(address_of(line.url))
    app.open(npy)
    assert app.until(lambda s: not s.connecting).server is not None


def test_disconnecting_forgets_the_server(app: Application, redis_server: RedisServer) -> None:
    connect(app, address_of(redis_server.url))
    app.controller.serving.disconnect()
    assert app.state.server is None and not app.state.problems


def test_whether_passwords_can_be_kept_is_found_out(
    app: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keeper.py").write_text(KEYRING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keeper.Keeper")
    app.controller.serving.look_for_keyring()
    app.until(lambda s: s.can_keep)


def test_a_password_that_was_accepted_goes_into_the_keyring(
    app: Application, own_redis: OwnRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keeper.py").write_text(KEYRING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keeper.Keeper")
    monkeypatch.setenv("KEPT_HERE", str(tmp_path / "kept"))
    where = address_of(own_redis(requirepass=SECRET).url)
    app.controller.serving.connect(where, "wrong", keep=True)
    app.until(lambda s: s.problems)
    assert not (tmp_path / "kept").exists()
    app.controller.serving.connect(where, SECRET, keep=True)
    app.until(lambda s: s.server)
    assert (tmp_path / "kept").read_text("utf-8") == f"ANN Explorer {passwords.account(where)} {SECRET}"


KEYRING = """
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class Keeper(KeyringBackend):
    priority = 1

    def get_password(self, service, name):
        return None

    def set_password(self, service, name, word):
        Path(os.environ["KEPT_HERE"]).write_text(f"{service} {name} {word}", "utf-8")

    def delete_password(self, service, name):
        pass
"""


def test_what_was_opened_on_a_server_is_among_the_recent_without_its_password(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.json")
    settings.remember(f"redis://ann:{SECRET}@localhost/2?key=words")
    assert settings.recent == ("redis://ann@localhost:6379/2?key=words",)
    assert SECRET not in (tmp_path / "s.json").read_text("utf-8")


def test_what_lies_there_is_opened_whole_or_as_a_sample(app: Application, redis_server: RedisServer) -> None:
    fill(redis_server)
    (holding,) = connect(app, address_of(redis_server.url)).server.holdings
    app.controller.indexing.first_type = "exact"
    app.controller.serving.open(holding)
    state = app.until(lambda s: s.dataset or s.problems)
    assert not state.problems and state.dataset.rows == 40
    assert state.source == f"{redis_server.url}/0?key=words" and app.controller.settings.recent == (state.source,)
    app.controller.serving.open(holding, 15)
    assert app.until(lambda s: s.dataset is not state.dataset).dataset.rows == 15
    app.controller.asking.ask_row(3)
    assert app.settle().verdict.recall == 1.0


def test_what_was_opened_by_its_url_brings_its_server_along(app: Application, own_redis: OwnRedis, npy: Path) -> None:
    server = own_redis(requirepass=SECRET)
    fill(server)
    app.controller.opening.open(f"{server.url}/0?key=words")
    problem = app.until(lambda s: s.problem("data")).problem_at("data")
    assert problem.mend == "password"
    connect(app, address_of(server.url), SECRET)
    app.controller.serving.disconnect()
    app.controller.opening.again()
    app.until(lambda s: s.dataset and s.server)
    assert not app.state.problems and app.state.server.place == f"127.0.0.1:{server.port}"
    # Its index comes along too, and answers; without the server only exact search still can.
    assert app.settle().approximate.on_server
    server.stop()
    app.controller.asking.ask_row(3)
    assert app.until(lambda s: s.problem("query") and s.truth).verdict is None
    assert "refuses the connection" in app.state.problem("query")
    app.controller.indexing.choose(app.state.exact.key)
    assert app.until(lambda s: s.verdict).verdict.recall == 1.0
    assert not app.state.problem("query")
