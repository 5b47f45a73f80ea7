"""Indexes as people handle them: build, rebuild, search parameters, save, open, remove."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QSpinBox, QToolButton, QWidget

from explorer.gui.panels.index_row import IndexRow
from explorer.session.state import IndexEntry
from tests.gui.conftest import LEFT, User

CONTROL = Qt.KeyboardModifier.ControlModifier


def rows(user: User) -> list[IndexRow]:
    found = [row for row in user.window.indexes.findChildren(IndexRow) if row.isVisible()]
    return sorted(found, key=lambda row: row.mapTo(user.window, row.rect().topLeft()).y())


def forests(user: User) -> list[IndexEntry]:
    return [entry for entry in user.state.indexes if entry.handle.type == "annoy"]


def texts(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def press(widget: QWidget, text: str) -> None:
    button = next(b for b in widget.findChildren(QPushButton) if b.isVisible() and b.text() == text)
    QTest.mouseClick(button, LEFT)


def field(widget: QWidget, name: str) -> QSpinBox:
    return next(box for box in widget.findChildren(QSpinBox) if box.accessibleName() == name and box.isVisible())


def type_into(box: QSpinBox, text: str) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def take(user: User, row: IndexRow, text: str) -> None:
    """Open the menu of an index and take the entry of that text."""
    user.take_from_menu(row.findChild(QToolButton), text)


def test_exact_is_the_truth_and_the_forest_says_its_recall(digits: User) -> None:
    digits.until(lambda: forests(digits)[0].recall is not None)
    exact, forest = rows(digits)
    assert "Exact" in texts(exact) and "truth" in texts(exact)
    assert "3 trees" in texts(forest) and "recall@10" in texts(forest)
    assert f"{forests(digits)[0].recall.recall:.2f}" in texts(forest)


def test_a_click_lets_an_index_answer(digits: User) -> None:
    digits.ask("#10")
    exact, forest = rows(digits)
    QTest.mouseClick(exact, LEFT)
    digits.until_answered()
    assert digits.state.entry().handle.type == "exact" and digits.state.verdict.recall == 1.0
    forest.setFocus()
    QTest.keyClick(forest, Qt.Key.Key_Space)
    digits.until_answered()
    assert digits.state.entry().handle.type == "annoy"


def test_every_parameter_is_explained_in_the_build_form(digits: User) -> None:
    digits.press(Qt.Key.Key_B, CONTROL)
    form = digits.window.indexes.form
    assert form.isVisible()
    for name in ("trees", "seed"):
        box = field(form, name)
        assert box.accessibleDescription() and box.accessibleDescription() in texts(form)


def test_the_form_builds_another_index_that_then_answers(digits: User) -> None:
    press(digits.window.indexes, "+ Build index …")
    form = digits.window.indexes.form
    type_into(field(form, "trees"), "7")
    press(form, "Build")
    assert form.isHidden()
    digits.until(lambda: digits.state.entry().handle.params.get("trees") == 7)
    assert len(forests(digits)) == 2


def test_a_rebuild_keeps_the_old_one_until_the_new_one_is_ready(digits: User) -> None:
    old = forests(digits)[0]
    seen: list[tuple[int, ...]] = []
    digits.controller.session.listen(
        lambda new, _: seen.append(tuple(e.handle.params["trees"] for e in new.indexes if e.handle.type == "annoy"))
    )
    take(digits, rows(digits)[1], "Rebuild with other parameters …")
    form = digits.window.indexes.form
    assert field(form, "trees").value() == 3
    type_into(field(form, "trees"), "4")
    press(form, "Rebuild")
    digits.until(lambda: digits.state.entry(old.key).handle.params["trees"] == 4)
    assert set(seen) <= {(3,), (4,)}
    digits.controller.indexing.build("annoy", {"trees": 3}, replacing=old.key)
    digits.until(lambda: digits.state.entry(old.key).handle.params["trees"] == 3)


def test_search_k_acts_at_once_without_rebuilding(digits: User) -> None:
    digits.ask("#10")
    before, handle = digits.state.verdict.recall, digits.state.entry().handle
    box = field(rows(digits)[1], "search_k")
    assert box.text() == "auto 30"
    type_into(box, str(1797 * 3))
    digits.until(lambda: digits.state.entry().given == {"search_k": 1797 * 3})
    digits.until_answered()
    assert digits.state.entry().handle is handle
    assert digits.state.verdict.recall == 1.0 >= before


def test_auto_search_k_follows_k(digits: User) -> None:
    digits.window.query_bar.k.setValue(20)
    assert field(rows(digits)[1], "search_k").text() == "auto 60"


def test_an_index_is_saved_and_opened_again(digits: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "ziffern.ann"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(out), ""))
    take(digits, rows(digits)[1], "Save index …")
    digits.until(lambda: out.exists() and forests(digits)[0].name == out.name)
    press(digits.window.indexes, "Open …")
    digits.until(lambda: len(forests(digits)) == 2)
    opened = forests(digits)[-1]
    assert opened.name == out.name and opened.handle.params["trees"] == 3
    assert digits.state.current == opened.key


def test_a_file_that_is_no_index_is_said_in_the_panel(
    digits: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.ann"
    wrong.write_bytes(b"not a forest")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wrong), ""))
    digits.window.indexes.offer_open()
    digits.until(lambda: digits.state.problem("indexes"))
    assert "wrong.ann" in texts(digits.window.indexes)
    assert len(forests(digits)) == 1


def test_an_index_is_removed_and_exact_search_answers(digits: User) -> None:
    digits.controller.indexing.build("annoy", {"trees": 2})
    digits.until(lambda: len(forests(digits)) == 2)
    digits.ask("#10")
    take(digits, rows(digits)[2], "Remove")
    assert len(forests(digits)) == 1
    digits.until_answered()
    assert digits.state.entry().handle.type == "exact"


def test_an_index_of_another_metric_is_greyed_until_rebuilt(digits: User) -> None:
    digits.controller.asking.set_metric("manhattan")
    digits.until(lambda: digits.state.exact is not None)
    forest = rows(digits)[1]
    assert "rebuild for manhattan" in forest.accessibleName()
    assert not forest._title.isEnabled()


def test_many_indexes_scroll_instead_of_growing_the_window(digits: User) -> None:
    for trees in range(1, 9):
        digits.controller.indexing.build("annoy", {"trees": trees})
    digits.until(lambda: len(forests(digits)) == 9)
    digits.until_still()
    assert digits.window.size().height() == 900
    assert digits.window.indexes.height() < 900
    last = rows(digits)[-1]
    assert last.height() >= last.minimumSizeHint().height()
