"""The window as a whole: commands, keys, screen readers, themes, opening, errors, the empty window, closing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.gui import theme as themes
from explorer.session.settings import Settings
from tests.gui.conftest import LEFT, NONE, User, grabbed, open_window

CONTROL = Qt.KeyboardModifier.ControlModifier
BAD = Path(__file__).parents[1] / "data" / "bad"


@pytest.fixture
def empty(qtbot: QtBot, tmp_path: Path) -> Iterator[User]:
    """A window with nothing open."""
    user = open_window(tmp_path)
    user.controller.mapping.first_method = "pca"
    user.controller.indexing.first_type = ""
    yield user
    user.window.close()


def palette_field(user: User) -> QLineEdit:
    return next(f for f in user.window.findChildren(QLineEdit) if f.accessibleName() == "Command")


def commands(user: User) -> list[str]:
    shown = next(w for w in user.window.findChildren(QListWidget) if w.accessibleName() == "Commands")
    return [shown.item(i).text() for i in range(shown.count())]


def labels(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def drop(user: User, path: Path) -> None:
    """Drop a file on the window, as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy = Qt.DropAction.CopyAction
    middle = user.window.rect().center()
    enter = QDragEnterEvent(middle, copy, mime, LEFT, NONE)
    QApplication.sendEvent(user.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(user.window, QDropEvent(QPointF(middle), copy, mime, LEFT, NONE))


def saved(folder: Path, name: str, rows: int = 300) -> Path:
    path = folder / name
    np.save(path, np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32))
    return path


def test_every_command_has_a_title_and_keys_of_its_own(digits: User) -> None:
    actions = digits.window._actions
    titles = [action.title for action in actions]
    assert all(titles) and len(set(titles)) == len(titles)
    keys = [QKeySequence(action.keys).toString() for action in actions if action.keys]
    assert all(keys) and len(set(keys)) == len(keys)


def test_ctrl_k_finds_and_runs_a_command(digits: User) -> None:
    digits.press(Qt.Key.Key_K, CONTROL)
    field = palette_field(digits)
    assert field.isVisible() and field.hasFocus()
    assert len(commands(digits)) == len(digits.window._actions)
    QTest.keyClicks(field, "box sel")
    assert commands(digits) == ["Select a box"]
    digits.press(Qt.Key.Key_Return, on=field)
    assert not field.isVisible() and digits.view.tool == "box"


def test_escape_closes_the_palette_alone(digits: User) -> None:
    digits.ask("#3")
    digits.press(Qt.Key.Key_K, CONTROL)
    digits.press(Qt.Key.Key_Escape, on=palette_field(digits))
    assert not palette_field(digits).isVisible()
    assert digits.asked_row == 3


@pytest.mark.parametrize("theme", [themes.DARK, themes.LIGHT])
def test_text_has_the_contrast_that_it_needs(theme: themes.Theme) -> None:
    for paper in (theme.panel, theme.field, theme.window):
        for ink in (theme.text, theme.quiet, theme.error):
            assert _contrast(ink, paper) >= 4.5, (ink, paper)
    assert _contrast(theme.on_accent, theme.accent) >= 4.5
    assert _contrast(theme.text, theme.chosen) >= 4.5
    assert _contrast(theme.quiet, theme.chosen) >= 4.5


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_theme_is_switched_and_remembered(digits: User, tmp_path: Path) -> None:
    dark = grabbed(digits.window)[5, 5]
    digits.press(Qt.Key.Key_L, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    light = grabbed(digits.window)[5, 5]
    assert dark.max() < 80 and light.min() > 200
    assert grabbed(digits.view)[3, 3].min() > 200
    assert digits.controller.settings.get("theme") == "light"
    digits.window.switch_theme()
    assert (grabbed(digits.window)[5, 5] == dark).all()


def test_whatever_takes_the_focus_has_a_name_for_screen_readers(digits: User) -> None:
    digits.window.indexes.offer_build()
    nameless = []
    for widget in digits.window.findChildren(QWidget):
        inner = isinstance(widget, QLineEdit) and widget.objectName() == "qt_spinbox_lineedit"
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not inner
        said = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        if takes and not any(letter.isalpha() for letter in said):
            nameless.append(widget)
    assert not nameless


def test_tab_reaches_the_query_the_map_and_the_table(digits: User) -> None:
    digits.ask("#3")
    digits.window.query_bar.field.setFocus()
    seen = []
    for _ in range(60):
        seen.append(QApplication.focusWidget())
        digits.press(Qt.Key.Key_Tab, on=QApplication.focusWidget())
        if QApplication.focusWidget() is seen[0]:
            break
    places = [seen.index(w) for w in (digits.window.query_bar.field, digits.view, digits.window.neighbours.table)]
    assert places == sorted(places)
    assert len(set(seen)) == len(seen)


def test_a_dropped_file_replaces_the_dataset(empty: User, tmp_path: Path) -> None:
    drop(empty, saved(tmp_path, "first.npy"))
    empty.until(lambda: empty.state.positions is not None)
    assert empty.window.windowTitle().startswith("first")
    drop(empty, saved(tmp_path, "second.npy", rows=200))
    empty.until(lambda: empty.state.dataset.rows == 200)
    empty.until_quiet()


def test_a_build_under_way_is_not_lost_without_asking(
    empty: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(empty, saved(tmp_path, "first.npy", rows=20_000))
    empty.until(lambda: empty.state.entry() is not None)
    empty.controller.indexing.build("annoy", {"trees": 5000})
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "question", lambda *a: questions.append(a[2]) or QMessageBox.StandardButton.No)
    drop(empty, saved(tmp_path, "second.npy"))
    assert questions and "Building Annoy" in questions[0]
    assert empty.state.dataset.title.startswith("first") and not empty.state.opening


def test_progress_is_shown_and_cancel_ends_it(empty: User, tmp_path: Path) -> None:
    drop(empty, saved(tmp_path, "vectors.npy", rows=20_000))
    empty.until(lambda: empty.state.entry() is not None and empty.state.positions is not None)
    empty.until_quiet()
    empty.controller.indexing.build("annoy", {"trees": 5000})
    empty.until(lambda: any(task.fraction for task in empty.state.tasks))
    assert "Building Annoy" in labels(empty.window)
    cancel = next(b for b in empty.window.findChildren(QPushButton) if b.text() == "Cancel" and b.isVisible())
    QTest.mouseClick(cancel, LEFT)
    empty.until(lambda: not empty.state.tasks)
    assert [entry.handle.type for entry in empty.state.indexes] == ["exact"]
    assert not empty.state.problems


def test_a_file_that_cannot_be_read_is_said_where_one_is_chosen(empty: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(BAD / "pickled.npy"), ""))
    last = empty.window.welcome.findChildren(QPushButton)[-1]
    before = last.mapTo(empty.window, empty.window.rect().topLeft())
    empty.press(Qt.Key.Key_O, CONTROL)
    empty.until(lambda: empty.state.problem("data"))
    sentence = next(text for text in labels(empty.window.welcome) if "pickled.npy" in text)
    assert "Python objects" in sentence
    assert sentence.splitlines()[1] == "import numpy"
    copy = next(b for b in empty.window.welcome.findChildren(QPushButton) if b.text() == "Copy these lines")
    QTest.mouseClick(copy, LEFT)
    assert QApplication.clipboard().text().splitlines() == sentence.splitlines()[1:]
    empty.until(lambda: last.mapTo(empty.window, empty.window.rect().topLeft()) == before)


def test_a_failed_opening_keeps_what_is_open_and_can_be_dismissed(digits: User) -> None:
    digits.ask("#3")
    digits.window.open(str(BAD / "pickled.npy"))
    digits.until(lambda: digits.state.problem("data"))
    assert any("pickled.npy" in text for text in labels(digits.window.map))
    assert digits.asked_row == 3 and digits.view.points_drawn == 1797
    dismiss = next(b for b in digits.window.findChildren(QAbstractButton) if b.accessibleName() == "Dismiss")
    QTest.mouseClick(dismiss, LEFT)
    assert not digits.state.problem("data")
    assert not any("pickled.npy" in text for text in labels(digits.window.map))


def test_what_goes_wrong_with_the_map_is_said_on_it(digits: User, tmp_path: Path) -> None:
    digits.controller.mapping.save_positions(tmp_path / "missing" / "xy.npy")
    digits.until(lambda: digits.state.problem("map"))
    assert any("missing" in text for text in labels(digits.window.map))


def test_the_empty_window_offers_the_samples(empty: User) -> None:
    cards = [b for b in empty.window.welcome.findChildren(QPushButton) if b.objectName() == "card"]
    assert {card.accessibleName() for card in cards} >= {"WordNet concepts", "Handwritten digits", "English words"}
    QTest.mouseClick(next(card for card in cards if card.accessibleName() == "Handwritten digits"), LEFT)
    empty.until(lambda: empty.state.positions is not None)
    assert empty.view.isVisible() and not empty.window.welcome.isVisible()


def test_recent_files_are_offered_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    path = saved(tmp_path, "before.npy")
    Settings(tmp_path / "settings.json").remember(str(path))
    user = open_window(tmp_path)
    user.controller.mapping.first_method, user.controller.indexing.first_type = "pca", ""
    recent = next(b for b in user.window.welcome.findChildren(QPushButton) if "before.npy" in b.text())
    QTest.mouseClick(recent, LEFT)
    user.until(lambda: user.state.dataset is not None)
    assert user.state.dataset.rows == 300
    user.window.close()


def test_a_file_that_is_gone_is_not_offered(qtbot: QtBot, tmp_path: Path) -> None:
    path = saved(tmp_path, "gone.npy")
    Settings(tmp_path / "settings.json").remember(str(path))
    path.unlink()
    user = open_window(tmp_path)
    assert not any("gone.npy" in b.text() for b in user.window.welcome.findChildren(QPushButton))
    user.window.close()


def test_a_metadata_table_is_put_beside_the_vectors(
    empty: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.window.open(str(saved(tmp_path, "vectors.npy")))
    empty.until(lambda: empty.state.dataset is not None)
    table = tmp_path / "elsewhere.tsv"
    table.write_text("name\tkind\n" + "".join(f"row {i}\t{'ab'[i % 2]}\n" for i in range(300)))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    empty.window.files.choose_metadata()
    empty.until(lambda: empty.state.joining is not None and empty.state.joining.match is not None)
    empty.press(Qt.Key.Key_Return, on=empty.window.files.joining_dialog)
    empty.until(lambda: empty.state.dataset.names is not None)
    assert empty.state.dataset.names[7] == "row 7" and empty.state.colour_by == "kind"
    empty.until_quiet()


def test_closing_during_a_build_is_asked_about_and_leaves_no_child_behind(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(psutil.Process().children())
    user = open_window(tmp_path)
    user.controller.indexing.first_type = ""
    user.window.open(str(saved(tmp_path, "vectors.npy", rows=20_000)))
    user.until(lambda: user.state.entry() is not None)
    user.controller.indexing.build("annoy", {"trees": 5000})
    user.until(lambda: any(task.fraction for task in user.state.tasks))
    assert set(psutil.Process().children()) - before
    questions: list[str] = []
    buttons = iter([QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
    monkeypatch.setattr(QMessageBox, "question", lambda *a: questions.append(a[2]) or next(buttons))
    user.press(Qt.Key.Key_Q, CONTROL)
    assert user.window.isVisible() and "Building Annoy" in questions[0]
    user.press(Qt.Key.Key_Q, CONTROL)
    assert not user.window.isVisible()
    user.until(lambda: not set(psutil.Process().children()) - before)
    assert not list((tmp_path / "cache").rglob("*.ann"))
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
