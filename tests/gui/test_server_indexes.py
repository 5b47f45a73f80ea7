"""Indexes on a server in the panels: refused, removed, with their score and their command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QWidget

from explorer.gui.map.query_note import QueryNote
from explorer.gui.panels.command_dialog import CommandDialog, shortened
from explorer.gui.panels.index_row import IndexRow
from explorer.gui.panels.type_chooser import GREYED, TypeChooser
from explorer.servers.address import address_of
from explorer.session.state import IndexEntry
from tests.gui.conftest import User
from tests.redis_servers import RedisServer


@pytest.fixture
def pushed(digits: User, redis_server: RedisServer) -> Iterator[User]:
    """The digits, pushed to a server, which answers."""
    digits.controller.serving.connect(address_of(redis_server.url))
    digits.controller.asking.set_metric("cosine")
    digits.until(lambda: digits.state.server and digits.state.exact)
    digits.controller.indexing.build("redis-vset", {"key": "mine"})
    digits.until(lambda: entries(digits) or digits.state.problems)
    assert not digits.state.problems
    digits.until_quiet()
    yield digits
    redis_server.resume()
    digits.controller.asking.clear()
    digits.controller.serving.disconnect()


def entries(user: User) -> list[IndexEntry]:
    return [entry for entry in user.state.indexes if entry.on_server]


def button(widget: QWidget, text: str) -> QPushButton:
    return next(b for b in widget.findChildren(QPushButton) if b.isVisible() and b.text() == text)


def answer(text: str) -> None:
    """Answer the question that is about to be asked."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(each for each in box.buttons() if each.text().replace("&", "") == text).click()

    QTimer.singleShot(100, press)


def test_without_a_server_such_types_are_grey_and_lead_to_the_dialog(digits: User) -> None:
    digits.controller.serving.disconnect()
    digits.window.indexes.offer_build()
    form = digits.window.indexes.form
    types = form.findChild(TypeChooser)
    place = types.findData("redis-vset")
    assert types.itemData(place, Qt.ItemDataRole.AccessibleTextRole) == "Redis vector set, no server"
    assert types.itemData(place, GREYED)
    types.setCurrentIndex(place)
    said = " ".join(label.text() for label in form.footer.findChildren(QLabel) if label.isVisible())
    assert "connect to a Redis server first" in said and not button(form.footer, "Build").isEnabled()
    button(form.footer, "Connect to Redis …").click()
    assert digits.window.server_dialog.isVisible()
    digits.window.server_dialog.close()


def test_a_server_that_lacks_it_says_so_in_the_form(digits: User, old_redis: RedisServer) -> None:
    digits.controller.serving.connect(address_of(old_redis.url))
    digits.until(lambda: digits.state.server)
    digits.window.indexes.offer_build()
    form = digits.window.indexes.form
    types = form.findChild(TypeChooser)
    types.setCurrentIndex(types.findData("redis-vset"))
    assert types.itemData(types.currentIndex(), Qt.ItemDataRole.AccessibleTextRole).endswith(", not there")
    assert "has no vector sets" in " ".join(label.text() for label in form.footer.findChildren(QLabel))
    assert not button(form.footer, "Build").isEnabled()
    digits.controller.serving.disconnect()


def test_the_servers_score_stands_beside_our_distance(pushed: User) -> None:
    pushed.ask("#10")
    model = pushed.window.neighbours.model
    section = model.score_section
    head = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]
    assert head[section] == "VSIM score"
    for line, row in zip(model.lines, model.as_rows()[1:], strict=True):
        score = row[model.as_rows()[0].index("VSIM score")]
        if line.mark != "miss":
            assert abs(2 - 2 * float(score) - line.distance) < 0.02
    pushed.controller.indexing.choose(pushed.state.exact.key)
    pushed.until_answered()
    assert model.score_section == -1 and "VSIM score" not in model.as_rows()[0]


def test_the_command_is_shown_short_and_copied_whole(pushed: User) -> None:
    pushed.ask("#10")
    pushed.take_from_menu(pushed.window.neighbours._more, "Show the command")
    dialog = pushed.window.findChild(CommandDialog)
    assert dialog.text.toPlainText().startswith('VSIM ann-explorer:mine FP32 "…" ')
    dialog.copy.click()
    assert QApplication.clipboard().text() == pushed.state.answer.command
    assert len(pushed.state.answer.command) > len(dialog.text.toPlainText()) + 100
    dialog.close()


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("VSIM words ELE king", "VSIM words ELE king"),
        (f'FT.SEARCH ix "*=>[KNN 5 @v $q]" PARAMS 2 q "{"a" * 99}"', 'FT.SEARCH ix "*=>[KNN 5 @v $q]" PARAMS 2 q "…"'),
        (f"VSIM a FP32 {'b' * 99} COUNT 3\nVSIM c FP32 d", 'VSIM a FP32 "…" COUNT 3\nVSIM c FP32 d'),
    ],
)
def test_vectors_are_shortened(command: str, shown: str) -> None:
    assert shortened(command) == shown


def test_a_silent_server_is_said_at_the_query_and_asked_again(pushed: User, redis_server: RedisServer) -> None:
    redis_server.pause()
    pushed.controller.asking.ask_row(20)
    pushed.until(lambda: pushed.state.problem("query"))
    redis_server.resume()
    note = pushed.window.findChild(QueryNote)
    button(note, "Try again").click()
    pushed.until_answered()
    assert not pushed.state.problem("query") and np.isfinite(pushed.state.answer.scores).any()


@pytest.mark.parametrize(("said", "keys"), [("Only off the list", 2), ("Delete it on the server", 0)])
def test_before_it_is_removed_it_is_asked_where(pushed: User, redis_server: RedisServer, said: str, keys: int) -> None:
    row: Any = next(
        row for row in pushed.window.indexes.findChildren(IndexRow) if row._entry.key == entries(pushed)[0].key
    )
    answer("Cancel")
    row._remove()
    assert len(entries(pushed)) == 1
    answer(said)
    row._remove()
    pushed.until(lambda: not entries(pushed) and not pushed.state.connecting)
    pushed.until_quiet()
    with redis_server.client() as client:
        assert client.dbsize() == keys
