"""The question about an index file that does not say all of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer.gui.panels.untold import UntoldDialog
from tests.gui.conftest import User, open_window
from tests.gui.test_main_window import drop


@pytest.fixture
def user(qtbot: QtBot, tmp_path: Path) -> Iterator[User]:
    user = open_window(tmp_path)
    user.controller.mapping.first_method = "pca"
    yield user
    user.window.close()


def forest(path: Path, metric: Any) -> Path:
    """300 × 8 vectors, at one distance from the origin, in a file that the library wrote without us."""
    vectors = np.abs(np.random.default_rng(0).standard_normal((300, 8)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(path.with_suffix(".npy"), vectors.astype(np.float32))
    index = AnnoyIndex(8, metric)
    for row, vector in enumerate(vectors.tolist()):
        index.add_item(row, vector)
    index.build(4)
    index.save(str(path))
    return path


def asked(user: User) -> UntoldDialog:
    """The question, once it is on the screen."""

    def shown() -> list[UntoldDialog]:
        return [dialog for dialog in user.window.findChildren(UntoldDialog) if dialog.isVisible()]

    user.until(shown)
    (dialog,) = shown()
    return dialog


def test_a_dropped_index_asks_and_then_answers(user: User, tmp_path: Path) -> None:
    drop(user, forest(tmp_path / "x.ann", "manhattan"))
    dialog = asked(user)
    assert [dialog.dimensions.itemText(i) for i in range(dialog.dimensions.count())] == ["8", "7"]
    assert [dialog.metrics.itemText(i) for i in range(dialog.metrics.count())] == ["euclidean", "manhattan"]
    dialog.dimensions.setCurrentIndex(1)
    assert [dialog.metrics.itemText(i) for i in range(dialog.metrics.count())] == ["dot"]
    dialog.dimensions.setCurrentIndex(0)
    dialog.metrics.setCurrentIndex(1)
    dialog.go.click()
    user.until(lambda: (entry := user.state.entry()) is not None and not entry.is_exact)
    assert (user.state.metric, user.state.dataset.dimensions) == ("manhattan", 8)
    assert [entry.name for entry in user.state.indexes] == ["", "x.ann"]
    assert not any(question.isVisible() for question in user.window.findChildren(UntoldDialog))


def test_cancel_leaves_everything_as_it_was(user: User, tmp_path: Path) -> None:
    user.window.open(str(forest(tmp_path / "x.ann", "euclidean")))
    user.press(Qt.Key.Key_Escape, on=asked(user))
    user.until(lambda: user.state.untold is None)
    assert (user.state.dataset, user.state.opening, user.state.problems) == (None, "", ())
    assert user.window.welcome.isVisible()


def test_the_vectors_may_come_from_a_file(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = forest(tmp_path / "x.ann", "dot")
    faiss = pytest.importorskip("faiss")
    index = faiss.index_factory(8, "ITQ4,LSH")
    vectors = np.load(path.with_suffix(".npy"))
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "codes.faiss"))
    user.window.open(str(tmp_path / "codes.faiss"))
    dialog = asked(user)
    assert not dialog.go.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    dialog.from_file.click()
    assert dialog.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path.with_suffix(".npy")), ""))
    dialog.from_file.click()
    user.until(lambda: user.state.dataset is not None)
    assert user.state.dataset.own_index == tmp_path / "codes.faiss"
    user.until(lambda: (entry := user.state.entry()) is not None and entry.handle.type == "faiss-factory")


def test_the_open_dialog_offers_indexes(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: (offered.append(given[3]), ("", ""))[1])
    user.window.choose_file()
    vectors_and_indexes = offered[0].split(";;")[0]
    assert all(f"*{suffix}" in vectors_and_indexes for suffix in (".npy", ".csv", ".ann", ".faiss", ".bin"))
    assert offered[0].endswith("All files (*)")
