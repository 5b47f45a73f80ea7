"""The dialog of a server, as people use it, with a real server behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from explorer.gui.panels.tasks import TasksBar
from explorer.gui.server.dialog import ServerDialog
from explorer.servers.address import Address
from tests.gui.conftest import LEFT, User, open_window
from tests.redis_servers import Line, RedisServer, Tls
from tests.redis_servers.fixtures import OwnRedis

CONTROL = Qt.KeyboardModifier.ControlModifier
SECRET = "open-sesame-9"
OURS = "ann-explorer:mine"


@pytest.fixture
def dialog(digits: User) -> Iterator[ServerDialog]:
    """Opened by its keys, with no server and empty fields."""
    digits.controller.serving.disconnect()
    digits.press(Qt.Key.Key_R, CONTROL)
    shown = digits.window.server_dialog
    shown.address.form.show_address(Address(""))
    yield shown
    digits.controller.serving.disconnect()
    shown.close()


def texts(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def click(widget: QWidget, text: str) -> None:
    found = next(b for b in widget.findChildren(QPushButton) if b.isVisible() and b.text() == text)
    assert found.isEnabled()
    QTest.mouseClick(found, LEFT)


def type_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def paste(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QApplication.clipboard().setText(text)
    QTest.keyClick(field, Qt.Key.Key_V, CONTROL)


def connect(user: User, dialog: ServerDialog, url: str) -> None:
    paste(dialog.address.form.host, url)
    QTest.keyClick(dialog.address.form.host, Qt.Key.Key_Return)
    user.until(lambda: user.state.server is not None and not user.state.connecting)


def fill(server: RedisServer, name: str, rows: int = 40) -> None:
    vectors = np.random.default_rng(3).normal(size=(rows, 8)).astype("<f4")
    with server.client() as client:
        for row in range(rows):
            client.execute_command("VADD", name, "FP32", vectors[row].tobytes(), f"word{row}")


def push(user: User) -> None:
    """Push the digits to the present server, as OURS."""
    user.controller.asking.set_metric("cosine")
    user.until(lambda: user.state.exact)
    user.controller.indexing.build("redis-vset", {"key": "mine"})
    user.until(lambda: any(entry.on_server for entry in user.state.indexes) or user.state.problem("indexes"))
    assert not user.state.problem("indexes")
    user.until(lambda: not user.state.connecting and user.state.server.holding("redis-vset", OURS))


def test_a_pasted_address_fills_every_field_and_its_password_is_hidden(dialog: ServerDialog) -> None:
    form = dialog.address.form
    paste(form.host, f"redis://ann:{SECRET}@[::1]:7000/3")
    said = (form.host.text(), form.port.value(), form.user.text(), form.database.value(), form.tls.isChecked())
    assert said == ("::1", 7000, "ann", 3, False)
    assert form.password.text() == SECRET and form.password.echoMode() == QLineEdit.EchoMode.Password
    assert form.address() == Address("::1", 7000, user="ann", database=3)
    others = [field.text() for field in dialog.findChildren(QLineEdit) if field is not form.password]
    assert not any(SECRET in text for text in (*others, texts(dialog)))
    QTest.keyClick(form.host, Qt.Key.Key_Z, CONTROL)
    assert SECRET not in form.host.text()


def test_a_pasted_address_that_is_none_is_said_without_its_password(dialog: ServerDialog) -> None:
    paste(dialog.address.form.host, f"redis://:{SECRET}@localhost/words")
    assert "no number of a database" in texts(dialog)
    assert SECRET not in texts(dialog) and SECRET not in dialog.address.form.host.text()


def test_a_wrong_password_is_asked_for_in_place(digits: User, dialog: ServerDialog, own_redis: OwnRedis) -> None:
    server = own_redis(requirepass=SECRET)
    form = dialog.address.form
    type_into(form.host, "127.0.0.1")
    form.port.setValue(server.port)
    click(dialog, "Connect")
    digits.until(lambda: digits.state.problem("server"))
    assert "wants a password" in texts(dialog)
    digits.until(form.password.hasFocus)
    for word, said in (("wrong", "does not accept the password"), (SECRET, "Redis 8.")):
        type_into(form.password, word)
        QTest.keyClick(form.password, Qt.Key.Key_Return)
        digits.until(lambda: not digits.state.connecting)
        digits.until(lambda said=said: said in texts(dialog))
    assert form.password.text() == "" and dialog.server.isVisible()


def test_where_nothing_listens_is_said_and_tried_again(
    digits: User, dialog: ServerDialog, redis_server: RedisServer, slow_line: Callable[[RedisServer], Line]
) -> None:
    line = slow_line(redis_server)
    line.refusing = True
    form = dialog.address.form
    type_into(form.host, line.host)
    form.port.setValue(line.port)
    click(dialog, "Connect")
    digits.until(lambda: digits.state.problem("server"))
    assert f"{line.host}:{line.port}" in texts(dialog)
    line.refusing = False
    click(dialog, "Try again")
    digits.until(lambda: dialog.server.isVisible())


def test_tls_with_a_chosen_authority(
    digits: User, dialog: ServerDialog, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = dialog.address.form
    type_into(form.host, tls.host)
    form.port.setValue(tls.port)
    assert not form.ca.isEnabled()
    form.tls.setChecked(True)
    click(dialog, "Connect")
    digits.until(lambda: "signed by no authority" in texts(dialog))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tls.ca), ""))
    click(dialog, "Choose …")
    assert form.ca.text() == str(tls.ca)
    digits.until(lambda: not digits.state.connecting)
    dialog.address.go.click()
    digits.until(lambda: dialog.server.isVisible())


def test_connecting_is_cancelled_by_escape(digits: User, dialog: ServerDialog, own_redis: OwnRedis) -> None:
    server = own_redis()
    server.pause()
    paste(dialog.address.form.host, server.url)
    QTest.keyClick(dialog.address.form.host, Qt.Key.Key_Return)
    assert digits.state.connecting and dialog.address.cancel.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    digits.until(lambda: not digits.state.connecting)
    assert dialog.isVisible() and not digits.state.problems and not digits.state.server
    assert dialog.address.go.isVisible()


def test_what_it_is_can_do_and_holds_is_shown(digits: User, dialog: ServerDialog, redis_server: RedisServer) -> None:
    fill(redis_server, "words")
    connect(digits, dialog, redis_server.url)
    page = dialog.server
    assert "✓  Vector sets" in texts(page) and "used" in texts(page)
    model = page.table.model()
    cells = [model.index(0, i).data() for i in range(model.columnCount())]
    assert cells == ["words", "vector set", "40 × 8", "cosine", "–"]
    assert not page.remove.isEnabled() and not page.sampled.isChecked()
    bar = digits.window.findChild(TasksBar)
    assert f"Redis 8.2.3 at 127.0.0.1:{redis_server.port}" in texts(bar)
    fill(redis_server, "more")
    click(page, "Refresh")
    digits.until(lambda: page.table.model().rowCount() == 2)
    assert page.chosen.title == "words"
    click(page, "Disconnect")
    assert dialog.address.isVisible() and "on this machine only" in texts(bar)


def test_what_an_old_server_lacks_is_grey_with_the_reason(
    digits: User, dialog: ServerDialog, old_redis: RedisServer
) -> None:
    connect(digits, dialog, old_redis.url)
    why = next(one for one in dialog.server.findChildren(QLabel) if "has no vector sets" in one.text())
    assert not why.isEnabled() and "No vector set" in texts(dialog.server)


def test_a_server_that_falls_silent_is_said_and_asked_again(
    digits: User, dialog: ServerDialog, redis_server: RedisServer
) -> None:
    fill(redis_server, "words")
    connect(digits, dialog, redis_server.url)
    redis_server.pause()
    click(dialog, "Refresh")
    digits.until(lambda: digits.state.problem("server"))
    assert "did not answer" in texts(dialog) and dialog.server.table.model().rowCount() == 1
    redis_server.resume()
    digits.ask("#3")
    click(dialog, "Try again")
    digits.until(lambda: not digits.state.connecting and not digits.state.problems)
    assert not dialog.server.again.isVisible()


def test_a_random_sample_is_opened(qapp: QApplication, redis_server: RedisServer, tmp_path: Path) -> None:
    fill(redis_server, "words")
    user = open_window(tmp_path)
    try:
        user.controller.mapping.first_method = "pca"
        click(user.window.welcome, "Connect to Redis …")
        dialog = user.window.server_dialog
        connect(user, dialog, redis_server.url)
        page = dialog.server
        page.sampled.click()
        page.sample.setValue(12)
        QTest.keyClick(page.table, Qt.Key.Key_Return)
        user.until(lambda: user.state.positions is not None or user.state.problems)
        assert not user.state.problems and user.state.dataset.rows == 12 and dialog.isHidden()
    finally:
        user.window.close()


def test_pushing_leads_to_the_form_with_a_type_of_the_server(
    digits: User, dialog: ServerDialog, redis_server: RedisServer
) -> None:
    connect(digits, dialog, redis_server.url)
    click(dialog, "Push the open set …")
    form = digits.window.indexes.form
    assert form.isVisible() and dialog.isHidden()
    assert form._type.currentText() == "Redis search index", "a vector set knows no euclidean"

    def names() -> set[str]:
        return {box.accessibleName() for box in form.findChildren(QWidget) if box.isVisible()}

    digits.until(lambda: {"key", "prefix", "existing", "M", "algorithm"} <= names())
    assert "server" not in names()


def test_before_something_is_deleted_its_keys_are_named(
    digits: User, dialog: ServerDialog, redis_server: RedisServer
) -> None:
    connect(digits, dialog, redis_server.url)
    push(digits)
    page = dialog.server
    digits.until(lambda: page.chosen is not None and page.remove.isEnabled())
    click(page, "Remove …")
    assert f"{OURS} and {OURS}:about" in texts(page.confirmation)
    digits.until(page.confirmation.no.hasFocus)
    QTest.keyClick(page.confirmation.no, Qt.Key.Key_Escape)
    assert page.confirmation.isHidden() and dialog.isVisible()
    with redis_server.client() as client:
        assert client.dbsize() == 2
        click(page, "Remove …")
        click(page.confirmation, "Delete")
        digits.until(lambda: digits.state.server is not None and not digits.state.server.holdings)
        assert client.dbsize() == 0
    assert not [entry for entry in digits.state.indexes if entry.on_server]
