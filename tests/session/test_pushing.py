"""Indexes on a server: pushed, stopped half-way, gone on with, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.servers.address import address_of
from explorer.session.state import IndexEntry
from tests.redis_servers import Line, RedisServer
from tests.session.conftest import Application

NAME = "ann-explorer:mine"


@pytest.fixture
def opened(app: Application, npy: Path, redis_server: RedisServer) -> Application:
    """300 rows are open, and the server is connected; no other index is built."""
    app.controller.indexing.first_type = "exact"
    app.open(npy)
    app.controller.asking.set_metric("cosine")
    app.controller.serving.connect(address_of(redis_server.url))
    app.until(lambda s: s.server and s.exact)
    return app


def push(app: Application, kind: str = "redis-vset") -> IndexEntry:
    app.controller.indexing.build(kind, {"key": "mine"})
    app.until(lambda s: on_server(app) or s.problem("indexes"))
    assert not app.state.problem("indexes")
    return on_server(app)[0]


def on_server(app: Application) -> list[IndexEntry]:
    return [entry for entry in app.state.indexes if entry.on_server]


def held(app: Application) -> list[tuple[str, int, int]]:
    """What the server holds, as it was asked last: name, rows that are there, rows that there will be."""
    app.until(lambda s: not s.connecting and not s.tasks)
    assert app.state.server is not None
    return [(each.name, each.written, each.rows) for each in app.state.server.holdings]


def test_without_a_server_nothing_is_pushed(app: Application, npy: Path) -> None:
    app.open(npy)
    app.controller.indexing.build("redis-vset")
    assert "connect to a Redis server first" in app.state.problem("indexes")
    assert not [task for task in app.state.tasks if "Redis" in task.title]


def test_a_server_that_cannot_hold_it_says_why(app: Application, npy: Path, old_redis: RedisServer) -> None:
    app.open(npy)
    app.controller.serving.connect(address_of(old_redis.url))
    app.until(lambda s: s.server)
    app.controller.asking.set_metric("cosine")
    app.controller.indexing.build("redis-vset")
    assert "has no vector sets" in app.state.problem("indexes")


@pytest.mark.parametrize("kind", ["redis-vset", "redis-search"])
def test_a_pushed_index_answers_with_the_servers_score_and_command(opened: Application, kind: str) -> None:
    entry = push(opened, kind)
    assert opened.state.current == entry.key and not entry.unsaved
    assert held(opened) == [(NAME, 300, 300)]
    opened.controller.asking.ask_row(5)
    answer = opened.until(lambda s: s.verdict and s.answer and s.answer.command).answer
    assert answer.score_name and len(answer.scores) == len(answer.neighbours)
    assert np.isfinite(answer.scores).all()
    similar = 2 * answer.scores - 1 if kind == "redis-vset" else 1 - answer.scores
    assert np.abs((1 - similar) - answer.neighbours.distances).max() < 0.01
    assert NAME in answer.command
    opened.controller.indexing.choose(opened.state.exact.key)
    exact = opened.until(lambda s: s.verdict and s.answer and not s.answer.command).answer
    assert exact.score_name == "" and exact.scores is None


def test_taken_off_the_list_it_stays_on_the_server_and_is_found_again(opened: Application) -> None:
    entry = push(opened)
    opened.controller.indexing.remove(entry.key)
    opened.controller.serving.refresh()
    assert held(opened) == [(NAME, 300, 300)] and not on_server(opened)
    push(opened)
    assert held(opened) == [(NAME, 300, 300)]


def test_deleted_on_the_server_nothing_is_left_there(opened: Application, redis_server: RedisServer) -> None:
    entry = push(opened)
    opened.controller.indexing.remove(entry.key, on_server=True)
    opened.until(lambda s: s.tasks)
    assert held(opened) == [] and not on_server(opened)
    with redis_server.client() as client:
        assert client.dbsize() == 0


def test_removed_by_name_it_goes_off_the_list_as_well(opened: Application) -> None:
    push(opened)
    assert held(opened) == [(NAME, 300, 300)]
    opened.controller.indexing.remove_from_server(NAME)
    assert not on_server(opened)
    assert held(opened) == []


def slowed(app: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]) -> Line:
    """10,000 rows are open, and a line to the server on which pushing them takes seconds."""
    path = Path(app.state.source).with_name("many.npy")
    np.save(path, np.random.default_rng(2).normal(size=(10_000, 16)).astype(np.float32))
    app.open(path)
    app.controller.asking.set_metric("cosine")
    line = slow_line(redis_server)
    app.controller.serving.connect(address_of(line.url))
    app.until(lambda s: not s.connecting and s.exact)
    line.delay = 0.05
    return line


def half_way(app: Application) -> str:
    """Push until some rows are there; returns the key of the task."""
    app.controller.indexing.build("redis-vset", {"key": "mine"})

    def some(_: object) -> bool:
        assert not app.state.problem("indexes")
        return any((task.fraction or 0) > 0.05 for task in app.state.tasks if task.key.startswith("build "))

    app.until(some)
    return next(task.key for task in app.state.tasks if task.key.startswith("build "))


def test_a_push_that_was_stopped_says_how_far_it_came_and_is_gone_on_with(
    opened: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]
) -> None:
    line = slowed(opened, redis_server, slow_line)
    opened.controller.tasks.stop(half_way(opened))
    problem = opened.until(lambda s: s.problem("indexes")).problem_at("indexes")
    assert "The push was stopped" in problem.sentence and "of 10,000 rows" in problem.sentence
    assert NAME in problem.sentence and problem.mend == "resume"
    with redis_server.client() as client:
        before = client.execute_command("VCARD", NAME)
    assert 0 < before < 10_000
    line.delay = 0
    opened.controller.indexing.resume()
    opened.until(lambda s: on_server(opened) or s.problem("indexes"))
    assert not opened.state.problems
    opened.controller.serving.refresh()
    opened.until(lambda s: not s.connecting)
    assert [each.unfinished for each in opened.state.server.holdings] == [False]


def test_a_push_that_broke_is_removed_from_the_server(
    opened: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]
) -> None:
    line = slowed(opened, redis_server, slow_line)
    half_way(opened)
    line.refusing = True
    line.cut()
    problem = opened.until(lambda s: s.problem("indexes")).problem_at("indexes")
    assert problem.mend == "resume" and "rows are on the server as" in problem.sentence
    line.refusing, line.delay = False, 0
    opened.controller.pushing.remove_unfinished()
    assert not opened.state.problem("indexes")
    assert held(opened) == []
    with redis_server.client() as client:
        assert client.dbsize() == 0


def test_a_query_is_asked_again_when_the_server_is_back(
    opened: Application, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]
) -> None:
    line = slow_line(redis_server)
    opened.controller.serving.connect(address_of(line.url))
    opened.until(lambda s: not s.connecting)
    push(opened)
    opened.settle()
    line.refusing = True
    line.cut()
    opened.controller.asking.ask_row(7)
    problem = opened.until(lambda s: s.problem("query")).problem_at("query")
    assert problem.mend == "again" and opened.state.answer is None
    line.refusing = False
    opened.controller.asking.again()
    assert opened.until(lambda s: s.verdict).answer.command
    assert not opened.state.problem("query")
