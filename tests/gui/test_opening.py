"""Files come into the window: looked at first, corrected by hand, dropped, and with a table beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.gui.opening.dialog import OpenDialog
from explorer.gui.opening.joining_dialog import JoiningDialog
from tests.gui.conftest import LEFT, NONE, User, open_window

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
WORDS = ("guitar", "violin", "river", "mountain", "storm", "bread", "castle", "engine", "poem", "ocean")


@pytest.fixture(scope="module")
def window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = open_window(tmp_path_factory.mktemp("opening"))
    user.controller.mapping.first_method = "pca"
    user.controller.indexing.first_type = ""
    yield user
    user.window.close()


@pytest.fixture
def user(window: User, qtbot: QtBot) -> Iterator[User]:
    """A window in which nothing is open, or what the test before has opened."""
    yield window
    window.controller.previewing.leave()
    window.controller.adding.leave()
    window.until_quiet()


def table(folder: Path, rows: int = 40) -> Path:
    path = folder / "t.csv"
    lines = [f"w{i},{1000 + i}," + ",".join(f"{(i * 7 + j * 3) % 11}.5" for j in range(10)) for i in range(rows)]
    path.write_text("\n".join([",".join(["word", "id", *(f"p{j}" for j in range(10))]), *lines]) + "\n")
    return path


def labels(folder: Path) -> Path:
    path = folder / "m.csv"
    path.write_text("ID,size,kind\n" + "".join(f"{1000 + i},{i},{'ab'[i % 2]}\n" for i in range(30, 4, -1)))
    return path


def drop(user: User, *paths: Path) -> None:
    """Drop files on the window, as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, middle = Qt.DropAction.CopyAction, user.window.rect().center()
    enter = QDragEnterEvent(middle, copy, mime, LEFT, NONE)
    QApplication.sendEvent(user.window, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(middle), copy, mime, LEFT, NONE)
    QApplication.sendEvent(user.window, event)
    assert event.isAccepted()


def shown(user: User, kind: Any) -> Any:
    """The dialog of that kind, once it is on the screen and has looked."""

    def ready() -> bool:
        state = user.state
        looking = (state.draft is None or state.draft.looking) and (state.joining is None or state.joining.looking)
        return not looking and any(dialog.isVisible() for dialog in user.window.findChildren(kind))

    user.until(ready)
    (dialog,) = user.window.findChildren(kind)
    return dialog


def words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def choose(box: QComboBox, text: str) -> None:
    """Choose by keys, as whoever has no mouse does."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    while not box.currentText().startswith(text):
        before = box.currentIndex()
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() > before, f"there is no “{text}”"


def test_a_good_file_opens_without_a_question(user: User, tmp_path: Path) -> None:
    path = table(tmp_path)
    drop(user, path)
    user.until(lambda: user.state.source == str(path))
    assert not any(dialog.isVisible() for dialog in user.window.findChildren(OpenDialog))


def test_a_file_is_corrected_by_keys_and_opened_so(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    QTest.keyClick(user.window, Qt.Key.Key_O, CONTROL | SHIFT)
    dialog = shown(user, OpenDialog)
    said = words(dialog)
    assert "t.csv" in said and "40 × 10" in said and "Takes 1.6 kB on the disk" in said
    assert dialog.table.header[:3] == ("word", "id", "p0") and dialog.go.hasFocus()
    dialog.form.vectors.setFocus()
    QTest.keyClicks(dialog.form.vectors, "p0,p1,p2")
    user.until(lambda: user.state.draft.preview.dimensions == 3 and not user.state.draft.looking)
    assert dialog.form.vectors.text() == "p0,p1,p2" and dialog.form.vectors.hasFocus()
    choose(dialog.form.part.which, "a sample")
    choose(dialog.form.name, "id")
    user.until(lambda: user.state.draft.preview.values.get("name") == "id")
    dialog.form.part.count.setValue(25)
    QTest.keyClick(dialog.go, Qt.Key.Key_Return)
    user.until(lambda: user.state.source == str(path))
    dataset = user.state.dataset
    assert (dataset.rows, dataset.dimensions, dataset.name_column) == (25, 3, "id") and not dialog.isVisible()
    user.until_quiet()
    assert user.window.data.read_with.accessibleName() == "Read with vectors=p0,p1,p2, name=id, sample=25"
    user.window.open(str(path))
    user.until(lambda: user.state.dataset is not dataset)
    assert user.state.dataset.rows == 25, "it is remembered"
    user.until_quiet()
    QTest.mouseClick(user.window.data.differently, LEFT)
    dialog = shown(user, OpenDialog)
    assert dialog.form.vectors.text() == "p0,p1,p2" and dialog.form.part.count.value() == 25
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert user.state.draft is None and not dialog.isVisible() and user.state.dataset.rows == 25


def test_what_is_wrong_is_said_and_cannot_be_opened(user: User, tmp_path: Path) -> None:
    user.controller.previewing.look_at(str(table(tmp_path)))
    dialog = shown(user, OpenDialog)
    dialog.form.vectors.setFocus()
    QTest.keyClicks(dialog.form.vectors, "zz*")
    user.until(lambda: user.state.draft.preview.problem)
    assert "vectors=zz* fits no column" in words(dialog) and not dialog.go.isEnabled()
    assert dialog.table.header[:2] == ("word", "id")
    dialog.form.vectors.selectAll()
    QTest.keyClick(dialog.form.vectors, Qt.Key.Key_Delete)
    user.until(lambda: not user.state.draft.looking and not user.state.draft.preview.problem)
    assert dialog.go.isEnabled() and "fits no column" not in words(dialog)


def test_a_table_of_texts_offers_to_embed_one(user: User, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("title,review\n" + "".join(f"Film {i},A film of some {i} words\n" for i in range(9)))
    user.window.open(str(path))
    dialog = shown(user, OpenDialog)
    assert "choose a column of text to embed" in words(dialog) and not dialog.go.isEnabled()
    choose(dialog.form.embed, "review")
    user.until(lambda: user.state.draft.request.options == {"embed": "review"})
    user.until(lambda: not user.state.draft.looking)
    assert dialog.go.isEnabled()


def test_what_does_not_fit_offers_a_sample(user: User, tmp_path: Path) -> None:
    from dataclasses import replace

    user.controller.previewing.look_at(str(table(tmp_path)))
    dialog = shown(user, OpenDialog)
    draft = user.state.draft
    assert not dialog.advised.isVisible()
    small = replace(draft.preview, free=1000, needed=1600, memory=0, fitting=20)
    user.controller.session.update(draft=replace(draft, preview=small))
    assert "It does not fit: it takes 1.6 kB on the disk, and 1 kB are free." in words(dialog)
    assert dialog.advised.text() == "Read a sample of 20 rows"
    QTest.mouseClick(dialog.advised, LEFT)
    user.until(lambda: user.state.draft.request.options == {"sample": "20"} and not user.state.draft.looking)
    assert user.state.draft.preview.taken == 20 and dialog.form.part.count.value() == 20


def test_a_screen_reader_finds_a_name_for_every_field(user: User, tmp_path: Path) -> None:
    user.controller.previewing.look_at(str(table(tmp_path)))
    dialog = shown(user, OpenDialog)
    fields = [w for kind in (QComboBox, QSpinBox, QLineEdit) for w in dialog.findChildren(kind) if w.isVisible()]
    fields = [field for field in fields if not isinstance(field.parent(), QSpinBox)]
    assert len(fields) >= 6 and all(field.accessibleName() for field in fields)
    assert dialog.table.accessibleName() == "First rows"
    assert all(b.text() or b.accessibleName() for b in dialog.findChildren(QAbstractButton) if b.isVisible())


def test_metadata_is_added_by_a_key(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path)
    user.window.open(str(path))
    user.until(lambda: user.state.source == str(path))
    user.until_quiet()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(labels(tmp_path)), ""))
    QTest.mouseClick(user.window.data.add, LEFT)
    dialog = shown(user, JoiningDialog)
    assert dialog.by.currentText() == "by id = ID" and "26 of 40 rows have a record." in words(dialog)
    assert dialog.add.text() == "Add" and not dialog.instead.isVisible()
    choose(dialog.by, "in order")
    user.until(lambda: not user.state.joining.looking and not user.state.joining.match.fits)
    assert "26 records for 40 rows" in words(dialog) and not dialog.add.isEnabled()
    choose(dialog.by, "by other")
    user.until(lambda: not user.state.joining.looking)
    choose(dialog.ours, "id")
    choose(dialog.theirs, "ID")
    user.until(lambda: not user.state.joining.looking and user.state.joining.match.fits)
    dataset = user.state.dataset
    QTest.mouseClick(dialog.add, LEFT)
    user.until(lambda: user.state.dataset is not dataset)
    assert user.state.dataset.column("kind") is not None and user.state.colour_by == "kind"
    assert user.window.data.read_with.accessibleName() == "Read with key=id=ID, metadata m.csv"
    user.until_quiet()


def test_a_dropped_table_is_metadata_or_another_file(user: User, tmp_path: Path) -> None:
    path = table(tmp_path)
    user.window.open(str(path))
    user.until(lambda: user.state.source == str(path))
    user.until_quiet()
    dataset = user.state.dataset
    drop(user, labels(tmp_path))
    dialog = shown(user, JoiningDialog)
    assert dialog.add.text() == "Add as metadata" and dialog.instead.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert user.state.joining is None and user.state.dataset is dataset
    drop(user, labels(tmp_path))
    dialog = shown(user, JoiningDialog)
    QTest.mouseClick(dialog.instead, LEFT)
    user.until(lambda: user.state.dataset is not dataset)
    assert user.state.dataset.title == "m.csv" and not dialog.isVisible()
    user.until_quiet()


def test_vectors_and_their_table_are_dropped_together(user: User, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(40, 5)).astype("f4"))
    names = tmp_path / "names.csv"
    names.write_text("name,kind\n" + "".join(f"w{i},{'ab'[i % 2]}\n" for i in range(40)))
    drop(user, names, tmp_path / "v.npy")
    user.until(lambda: user.state.source == str(tmp_path / "v.npy"))
    assert user.state.dataset.title == "v.npy" and user.state.dataset.name(7) == "w7"
    user.until_quiet()


def test_arrays_of_equal_standing_are_asked_about_once(user: User, tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    left = np.random.default_rng(0).normal(size=(30, 4)).astype("f4")
    np.savez(path, left=left, right=left * 2)
    drop(user, path)
    dialog = shown(user, OpenDialog)
    assert user.state.source != str(path) and dialog.focusWidget() is dialog.form.array
    assert "Any of 2 arrays may be the vectors" in words(dialog) and dialog.go.isEnabled()
    choose(dialog.form.array, "right")
    QTest.keyClick(dialog.go, Qt.Key.Key_Return)
    user.until(lambda: user.state.source == str(path))
    assert np.array_equal(user.state.dataset.vectors, left * 2) and not dialog.isVisible()
    user.until_quiet()
    before = user.state.dataset
    drop(user, path)
    user.until(lambda: user.state.dataset is not before)
    assert user.state.read_by.options == {"array": "right"}, "nobody is asked twice"


def test_the_first_of_equal_arrays_can_be_taken_as_it_stands(user: User, tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, left=np.ones((9, 3), "f4"), right=np.zeros((9, 3), "f4"))
    drop(user, path)
    dialog = shown(user, OpenDialog)
    QTest.mouseClick(dialog.go, LEFT)
    user.until(lambda: user.state.source == str(path))
    assert user.state.read_by.options == {"array": "left"}
    user.until_quiet()


def test_a_table_of_texts_is_embedded_by_one_click(user: User, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("id,title\n" + "".join(f"{i},about the {word}\n" for i, word in enumerate(WORDS)))
    user.window.open(str(path))
    dialog = shown(user, OpenDialog)
    assert "choose a column of text to embed" in words(dialog) and not dialog.go.isEnabled()
    assert dialog.embeds.text() == "Embed “title”"
    assert dialog.focusWidget() is dialog.form.embed
    QTest.mouseClick(dialog.embeds, LEFT)
    user.until(lambda: user.state.draft.preview.can_be_opened and not user.state.draft.looking)
    assert dialog.form.encoder.isVisible() and not dialog.embeds.isVisible()
    QTest.mouseClick(dialog.go, LEFT)
    user.until(lambda: user.state.source == str(path))
    dataset = user.state.dataset
    assert (dataset.rows, dataset.dimensions, dataset.encoder) == (len(WORDS), 256, "static")
    user.until_quiet()
    user.ask("a stringed instrument")
    assert user.state.answer.neighbours.rows[0] in (WORDS.index("guitar"), WORDS.index("violin"))
    user.until_quiet()


def test_raw_numbers_are_told_by_typing_how_many_make_a_vector(user: User, tmp_path: Path) -> None:
    path = tmp_path / "raw.f32"
    np.arange(48, dtype="f4").tofile(path)
    user.window.open(str(path))
    dialog = shown(user, OpenDialog)
    field = dialog.focusWidget()
    assert isinstance(field, QLineEdit) and field.accessibleName() == "dimensions" and not dialog.go.isEnabled()
    QTest.keyClicks(field, "8")
    user.until(lambda: dialog.go.isEnabled() and not user.state.draft.looking)
    QTest.keyClick(field, Qt.Key.Key_Return)
    user.until(lambda: user.state.source == str(path))
    assert (user.state.dataset.rows, user.state.dataset.dimensions) == (6, 8)
    user.until_quiet()
