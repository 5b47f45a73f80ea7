"""The real window with its real children, and somebody who uses it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from explorer import paths
from explorer.core.params import Params
from explorer.gui.main_window import MainWindow
from explorer.session.settings import Settings
from explorer.session.state import State

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PATIENCE_MS = 60_000


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache and one settings folder for all tests of the window: what one opened, the next need not read again."""
    folder = tmp_path_factory.mktemp("gui")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_CACHE", str(folder / "cache"))
        patch.setenv("EXPLORER_SETTINGS", str(folder / "settings"))
        _forget_folders()
        yield
    _forget_folders()


def _forget_folders() -> None:
    paths.cache_folder.cache_clear()
    paths.settings_folder.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """A window serves the tests of a module: what it started has to be gone at the end of that."""
    before = set(psutil.Process().children())
    yield
    deadline = time.monotonic() + 10
    while (left := set(psutil.Process().children()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"left behind: {left}"


class User:
    """Looks at a window and uses it by mouse and keys; what it waits for comes, or the test fails."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.view = window.map.view
        self.controller = window.controller

    @property
    def state(self) -> State:
        return self.controller.session.state

    @property
    def asked_row(self) -> int | None:
        asked = self.state.asked
        return asked.query.row if asked is not None else None

    def until(self, there: Callable[[], object]) -> None:
        """Let the window live until something is so."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not there():
            state = self.state
            assert time.monotonic() < deadline, f"not in time; under way: {state.tasks}; wrong: {state.problems}"
            QApplication.processEvents()
            time.sleep(0.001)

    def until_answered(self) -> None:
        """Until the answer and its truth are there."""
        self.until(lambda: self.state.verdict is not None)

    def until_quiet(self) -> None:
        """Until nothing is under way but measuring, which begins by itself, and the map glides no more."""
        self.until(lambda: all(task.key == "measure" for task in self.state.tasks))
        self.until_still()

    def until_still(self) -> None:
        seen, since = self.view.viewport, time.monotonic()
        while time.monotonic() - since < 0.1:
            QApplication.processEvents()
            time.sleep(0.001)
            if self.view.viewport != seen:
                seen, since = self.view.viewport, time.monotonic()

    def type(self, text: str) -> None:
        """Type into the query field, as keys, and press Return."""
        field = self.window.query_bar.field
        field.clear()
        # Only these have keys that QTest knows.
        QTest.keyClicks(field, text) if text.isascii() else field.insert(text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def ask(self, text: str) -> None:
        """Type a query and wait for its answer."""
        before = self.state.asked
        self.type(text)
        self.until(lambda: self.state.asked is not before)
        self.until_answered()

    def place(self, row: int) -> QPoint:
        """Where a row lies on the map."""
        return self.view.screen_position(row).toPoint()

    def clickable(self, avoid: tuple[int, ...] = ()) -> int:
        """A row that a click meets."""
        for row in range(0, self.state.dataset.rows, 7):
            at = self.place(row)
            free = self.view.rect().adjusted(20, 70, -20, -70).contains(at)
            if row not in avoid and free and self.view.pick(at.x(), at.y()) == row:
                return row
        raise AssertionError("no row can be clicked")

    def click_row(self, row: int) -> None:
        QTest.mouseClick(self.view, LEFT, NONE, self.place(row))

    def drag(self, *path: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press on the map, move along, let go."""
        QTest.mousePress(self.view, LEFT, modifiers, path[0])
        for place in path[1:]:
            where, everywhere = QPointF(place), QPointF(self.view.mapToGlobal(place))
            none = Qt.MouseButton.NoButton
            event = QMouseEvent(QEvent.Type.MouseMove, where, everywhere, none, LEFT, modifiers)
            QApplication.sendEvent(self.view, event)
        QTest.mouseRelease(self.view, LEFT, modifiers, path[-1])

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, on: QWidget | None = None) -> None:
        QTest.keyClick(on or self.window, key, modifiers)

    def take_from_menu(self, button: QWidget, text: str) -> None:
        """Click a button that opens a menu, and the first entry that begins with that text."""
        taken: list[str] = []

        def take() -> None:
            menu = QApplication.activePopupWidget()
            assert isinstance(menu, QMenu)
            entry = next((action for action in menu.actions() if action.text().startswith(text)), None)
            if entry is None:
                menu.close()
                return
            taken.append(text)
            QTest.mouseClick(menu, LEFT, NONE, menu.actionGeometry(entry).center())

        QTimer.singleShot(50, take)
        QTest.mouseClick(button, LEFT)
        assert taken == [text]

    def start_afresh(self) -> None:
        """Back to how the file was opened: no query, no selection, the first indexes, no problems."""
        controller, state = self.controller, self.state
        assert state.dataset is not None
        self.window.map.use("pan") if self.view.tool != "pan" else None
        for task in state.tasks:
            if task.key != "measure":
                controller.tasks.cancel(task.key)
        controller.looking.select_none()
        controller.looking.colour_by(self._colour)
        controller.asking.clear()
        controller.asking.set_k(10)
        controller.asking.set_metric(state.dataset.metric)
        for entry in state.indexes:
            if entry.handle.type != "exact" and entry.key != self._first:
                controller.indexing.remove(entry.key)
        first = state.entry(self._first)
        assert first is not None
        if first.given:
            controller.indexing.set_search(self._first, {})
        controller.indexing.choose(self._first)
        controller.session.update(
            builds=(), problems=(), past=(), future=(), focused=-1, tab="neighbours", paintings=()
        )
        self.window.query_bar.field.clear()
        self.window.indexes.form.hide()
        self.view.fit()
        self.until_quiet()
        self.window.activateWindow()
        self.until(lambda: QApplication.activeWindow() is self.window)
        self.window.setFocus()

    def remember_beginning(self) -> None:
        """What `start_afresh` goes back to."""
        self._first, self._colour = self.state.current, self.state.colour_by


def open_window(
    folder: Path, source: str = "", *, index: str = "", params: Params | None = None, method: str = "pca"
) -> User:
    """A shown window of 1440 × 900, and its source opened with a map and an index that answers."""
    window = MainWindow(theme="dark", settings=Settings(folder / "settings.json"))
    window.show()
    user = User(window)
    try:
        user.until(lambda: user.window.isVisible())
        if source:
            _open(user, source, index, params or {}, method)
    except BaseException:
        window.close()
        raise
    return user


def _open(user: User, source: str, index: str, params: Params, method: str) -> None:
    user.controller.mapping.first_method = method
    user.controller.indexing.first_type = index
    user.controller.indexing.first_params = params
    user.controller.opening.open(source)
    user.until(lambda: user.state.positions is not None or user.state.problems)
    assert not user.state.problems
    user.until(lambda: (entry := user.state.entry()) is not None and entry.handle.type == (index or "exact"))
    user.until(lambda: not user.state.laying_out and user.view.points_drawn)
    user.until_quiet()
    user.remember_beginning()


@pytest.fixture(scope="module")
def digits_window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = open_window(tmp_path_factory.mktemp("digits"), "sample:digits", index="annoy", params={"trees": 3})
    yield user
    user.window.close()


@pytest.fixture(scope="module")
def wordnet_window(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = open_window(tmp_path_factory.mktemp("wordnet"), "sample:wordnet")
    yield user
    user.window.close()


@pytest.fixture
def digits(digits_window: User, qtbot: QtBot) -> User:
    """1,797 digits without names, PCA map, a forest of three trees (which misses), euclidean."""
    digits_window.start_afresh()
    return digits_window


@pytest.fixture
def wordnet(wordnet_window: User, qtbot: QtBot) -> User:
    """20,000 names with an encoder, PCA map, exact search, cosine."""
    wordnet_window.start_afresh()
    return wordnet_window


def grabbed(widget: QWidget) -> NDArray[np.int64]:
    """What a widget shows, (height, width, 3) of red, green, blue, in device pixels."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(np.int64)
