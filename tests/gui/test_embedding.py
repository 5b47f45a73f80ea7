"""Choosing what makes vectors of text, in the open dialog of the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from explorer.gui.embedding.encoder_field import FOLDER, SERVER, EncoderField
from explorer.gui.embedding.endpoint_dialog import EndpointDialog
from explorer.gui.opening.dialog import OpenDialog
from tests.embeddings_server import Server, answer, server
from tests.gui.conftest import User, open_window

__all__ = ["server"]


@pytest.fixture
def user(qtbot: QtBot, tmp_path: Path) -> Iterator[User]:
    user = open_window(tmp_path)
    user.controller.mapping.first_method = "pca"
    user.controller.indexing.first_type = ""
    yield user
    user.window.close()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text("title,about\nIce,frozen water\nPlane,a vehicle that flies\nDog,an animal with fur\n")
    return path


def looked(user: User) -> OpenDialog:
    """The open dialog, once it has looked at the file."""
    user.until(lambda: (draft := user.state.draft) is not None and draft.preview is not None and not draft.looking)
    (dialog,) = user.window.findChildren(OpenDialog)
    return dialog


def choose(field: Any, value: str) -> None:
    """As somebody does who takes an entry from the list."""
    index = field.findData(value)
    assert index >= 0
    field.setCurrentIndex(index)
    field.activated.emit(index)


def embed(user: User, table: Path, column: str) -> OpenDialog:
    user.window.open(str(table))
    dialog = looked(user)
    assert dialog.form.encoder.isHidden()
    choose(dialog.form.embed, column)
    user.until(lambda: not dialog.form.encoder.isHidden() and not user.state.draft.looking)
    return dialog


def test_a_table_of_text_is_embedded_and_asked_in_words(user: User, table: Path) -> None:
    dialog = embed(user, table, "about")
    dialog.go.click()
    user.until(lambda: user.state.dataset is not None)
    assert user.state.dataset.encoder == "static"
    user.ask("ice")
    user.until_answered()
    assert user.state.asked.query.kind == "row"
    user.ask("something that has fur")
    user.until_answered()
    assert user.state.asked.query.kind == "text"
    assert user.state.truth.rows[0] == 2


def in_the_dialog(user: User, deed: Callable[[EndpointDialog], None]) -> None:
    """Do something in the dialog that is about to be shown."""

    def act() -> None:
        shown = [
            each for each in QApplication.topLevelWidgets() if isinstance(each, EndpointDialog) and each.isVisible()
        ]
        if shown:
            deed(shown[0])
        else:
            QTimer.singleShot(20, act)

    QTimer.singleShot(20, act)


def test_a_server_is_named_by_its_address_and_model(user: User, table: Path, server: Server) -> None:
    dialog = embed(user, table, "about")

    def name_it(form: EndpointDialog) -> None:
        assert not form.go.isEnabled()
        form.address.setText(server.url)
        form.list_models.click()
        user.until(lambda: form.model.count())
        assert [form.model.itemText(i) for i in range(form.model.count())] == ["tiny", "small"]
        form.model.setCurrentIndex(1)
        form.go.click()

    in_the_dialog(user, name_it)
    choose(dialog.form.encoder, SERVER)
    assert dialog.form.encoder.value == f"{server.url}#small"
    assert dialog.form.encoder.currentText() == f"small at {server.url.split('/')[2]}"
    user.until(lambda: user.state.draft.request.options.get("encoder") and not user.state.draft.looking)
    dialog.go.click()
    user.until(lambda: user.state.dataset is not None)
    assert user.state.dataset.encoder == f"{server.url}#small"


def test_a_wrong_key_is_told_in_the_form(user: User, server: Server) -> None:
    server.behave = lambda h, b: answer(h, b) if h.headers.get("Authorization") == "Bearer right" else h.say(401, {})
    form = EndpointDialog(user.controller, user.window, f"{server.url}#tiny", only_key=True)
    form.open()
    form.key.setText("wrong")
    form.go.click()
    user.until(lambda: not form._problem.isHidden())
    assert "does not accept the key" in form._problem.text()
    assert form.isVisible()
    form.key.setText("right")
    assert form.key.echoMode() == QLineEdit.EchoMode.Password
    accepted: list[bool] = []
    form.accepted.connect(lambda: accepted.append(True))
    form.go.click()
    user.until(lambda: accepted)
    assert user.state.models is None


def test_a_key_that_is_wanted_is_asked_for_where_it_is_told(user: User, table: Path, server: Server) -> None:
    server.behave = lambda h, b: answer(h, b) if h.headers.get("Authorization") == "Bearer right" else h.say(401, {})
    user.controller.opening.open(str(table), options={"embed": "about", "encoder": f"{server.url}#tiny"})
    user.until(lambda: user.state.problem("data"))

    def give(form: EndpointDialog) -> None:
        form.key.setText("right")
        form.go.click()

    in_the_dialog(user, give)
    (button,) = [
        each for each in user.window.findChildren(QPushButton) if each.text() == "Give the key …" and each.isVisible()
    ]
    button.click()
    user.until(lambda: user.state.dataset is not None)


def test_a_folder_is_chosen(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    field = EncoderField(user.controller, lambda: told.append(field.value))
    assert (field.value, field.currentText()) == ("", "built-in (English)")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "potion"))
    choose(field, FOLDER)
    assert (field.value, field.currentText(), told) == (str(tmp_path / "potion"), "potion", [str(tmp_path / "potion")])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    choose(field, FOLDER)
    assert field.value == str(tmp_path / "potion")
    choose(field, "")
    assert (field.value, len(told)) == ("", 2)
