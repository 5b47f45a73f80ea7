"""Texts that are embedded by a server, and queries in words that go the same way."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.encoders.endpoint import keys
from explorer.encoders.endpoint.place import place_of
from explorer.servers import passwords
from tests.embeddings_server import Handler, Server, answer, server, vector
from tests.session.conftest import Application

__all__ = ["server"]

TEXTS = ["frozen water", "a vehicle that flies", "an animal with fur", "", "the sky at night"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text("text,title\n" + "".join(f"{text},t{i}\n" for i, text in enumerate(TEXTS)))
    return path


def guarded(handler: Handler, body: dict[str, Any]) -> None:
    wrong = handler.headers.get("Authorization") != "Bearer sk-secret"
    handler.say(401, {}) if wrong else answer(handler, body)


def embedded(app: Application, table: Path, server: Server) -> None:
    app.controller.opening.open(str(table), options={"embed": "text", "encoder": f"{server.url}#tiny"})
    app.until(lambda s: (s.dataset is not None or s.problem("data")) and not s.opening)
    app.settle()


def test_a_typed_text_goes_to_the_server_that_made_the_vectors(app: Application, table: Path, server: Server) -> None:
    embedded(app, table, server)
    dataset = app.state.dataset
    assert dataset is not None
    assert dataset.encoder == f"{server.url}#tiny"
    np.testing.assert_allclose(dataset.vectors, [vector(text) for text in TEXTS if text])
    server.seen.clear()
    app.controller.asking.type("an animal with fur", "text")
    state = app.until(lambda s: s.verdict is not None and s.asked is not None)
    assert state.truth is not None
    assert state.truth.rows[0] == 2
    assert {tuple(body["input"]) for body in server.seen} == {("an animal with fur",)}


def test_a_server_that_does_not_answer_keeps_nobody_else_waiting(app: Application, table: Path, server: Server) -> None:
    embedded(app, table, server)
    server.behave = lambda handler, body: server.released.wait(60) and None
    server.seen.clear()
    app.controller.asking.type("anything", "text")
    app.until(lambda s: s.asked is not None and server.seen)
    began = time.monotonic()
    app.controller.asking.ask_row(1)
    state = app.until(lambda s: s.verdict is not None)
    assert state.asked is not None
    assert state.asked.query.row == 1
    assert time.monotonic() - began < 30  # the server's time limit is 60 s; without load it is a quarter of a second
    server.behave = lambda handler, body: handler.say(404, {"error": "gone"})
    app.controller.asking.type("something else", "text")
    assert "no model “tiny” (404)" in app.until(lambda s: s.problem("query")).problem("query")


def test_a_key_is_asked_for_and_held_nowhere_else(
    app: Application, table: Path, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.behave = guarded
    embedded(app, table, server)
    problem = app.state.problem_at("data")
    assert problem is not None
    assert (problem.mend, problem.server) == ("key", server.url)
    app.controller.encoding.look(server.url, "sk-wrong")
    state = app.until(lambda s: s.models is not None and not s.models.looking)
    assert state.models is not None
    assert state.models.wants_key
    assert keys.at_hand(place_of(server.url)) == ""
    app.controller.encoding.look(server.url, "sk-secret")
    state = app.until(lambda s: s.models is not None and not s.models.looking)
    assert state.models is not None
    assert state.models.names == ("tiny", "small")
    app.controller.encoding.leave()
    app.controller.opening.again()
    app.until(lambda s: s.dataset is not None)
    state = app.settle()
    assert state.dataset is not None
    assert state.problem("data") == ""
    assert ("sk-secret") in dict(passwords.held_since(0)).values()
    for file in (*tmp_path.rglob("*"), *state.dataset.folder.rglob("*")):
        assert not file.is_file() or b"sk-secret" not in file.read_bytes()
    assert "sk-secret" not in caplog.text + repr(state.problems) + json.dumps(state.dataset.facts)


def test_embedding_shows_how_far_it_is_and_can_be_stopped(app: Application, table: Path, server: Server) -> None:
    def slow(handler: Handler, body: dict[str, Any]) -> None:
        if len(server.seen) > 1:
            server.released.wait(60)
        answer(handler, body)

    table.write_text("text,n\n" + "".join(f"text {i},a\n" for i in range(200)))
    server.behave = slow
    app.controller.opening.open(str(table), options={"embed": "text", "encoder": f"{server.url}#tiny"})
    app.until(lambda s: any("embedding 64 / 200, tiny at" in task.note for task in s.tasks))
    began = time.monotonic()
    app.controller.tasks.stop("read")
    state = app.until(lambda s: not s.opening and not s.tasks)
    assert time.monotonic() - began < 10
    assert state.dataset is None
    assert state.problems == ()


def test_what_is_no_address_is_told(app: Application) -> None:
    app.controller.encoding.look("http://me:sk-1@host/v1")
    models = app.state.models
    assert models is not None
    assert "holds no user, password or key" in models.failure
