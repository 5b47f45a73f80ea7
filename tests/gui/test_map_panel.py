"""The map in the window: clicks ask, the legend filters, tools select, and another map is made on request."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QListView, QPushButton, QSpinBox, QToolButton, QWidget

from explorer.core.column import Column
from explorer.gui.map.legend_picture import legend_of
from explorer.gui.map.projection_menu import ProjectionMenu
from explorer.session.painting import Painting
from tests.gui.conftest import LEFT, NONE, User, grabbed

SHIFT = Qt.KeyboardModifier.ShiftModifier


def legend(user: User) -> QListView:
    return next(view for view in user.window.findChildren(QListView) if view.accessibleName() == "Legend")


def swatch(user: User, label: str) -> QPoint:
    view = legend(user)
    lines = [view.model().index(i, 0) for i in range(view.model().rowCount())]
    return view.visualRect(next(line for line in lines if line.data() == label)).center()


def colour_at(user: User, row: int) -> np.ndarray:
    at = user.place(row)
    return grabbed(user.view)[at.y(), at.x()]


def whole_map(user: User) -> tuple[QPoint, QPoint]:
    return QPoint(2, 2), QPoint(user.view.width() - 3, user.view.height() - 3)


def button(user: User, text: str) -> QWidget:
    found = [*user.window.map.findChildren(QToolButton), *user.window.map.findChildren(QPushButton)]
    return next(b for b in found if b.text() == text)


def test_a_click_on_a_point_asks_it(digits: User) -> None:
    row = digits.clickable()
    digits.click_row(row)
    assert digits.asked_row == row
    digits.until_answered()
    assert digits.window.neighbours.model.rowCount() >= 10
    assert digits.view._marks.query_row == row


def test_what_is_marked_is_the_answer(digits: User) -> None:
    digits.click_row(digits.clickable())
    digits.until_answered()
    marks, verdict, found = digits.view._marks, digits.state.verdict, digits.state.answer.neighbours
    assert marks.hits.tolist() == found.rows[verdict.hit].tolist()
    assert marks.misses.tolist() == verdict.misses.tolist()
    assert marks.extras.tolist() == found.rows[~verdict.hit].tolist()


def test_a_query_changes_the_pixels_of_its_neighbours(digits: User) -> None:
    row = digits.clickable()
    before = grabbed(digits.view)
    digits.click_row(row)
    digits.until_answered()
    after = grabbed(digits.view)
    for each in (row, *digits.state.answer.neighbours.rows.tolist()):
        at = digits.place(each)
        around = np.s_[max(0, at.y() - 8) : at.y() + 9, max(0, at.x() - 8) : at.x() + 9]
        assert (before[around] != after[around]).any()


def test_shift_click_selects_instead_of_asking(digits: User) -> None:
    row = digits.clickable()
    QTest.mouseClick(digits.view, LEFT, SHIFT, digits.place(row))
    assert digits.state.asked is None and digits.state.selection.tolist() == [row]


def test_a_click_on_a_label_hides_it_and_again_shows_it(digits: User) -> None:
    column = digits.state.dataset.column("digit")
    row = next(r for r in range(1797) if column.cell(r) == "3" and digits.view.pick(*digits.place(r).toTuple()) == r)
    bright = colour_at(digits, row)
    QTest.mouseClick(legend(digits).viewport(), LEFT, NONE, swatch(digits, "3"))
    assert digits.state.hidden == {"3"}
    paper = np.array([0x12, 0x14, 0x16])
    assert np.abs(colour_at(digits, row) - paper).sum() < np.abs(bright - paper).sum()
    assert digits.view.pick(*digits.place(row).toTuple()) != row
    QTest.mouseClick(legend(digits).viewport(), LEFT, NONE, swatch(digits, "3"))
    assert not digits.state.hidden


def test_a_double_click_shows_one_label_alone_and_again_all(digits: User) -> None:
    for expected in (set("012345689"), set()):
        QTest.mouseClick(legend(digits).viewport(), LEFT, NONE, swatch(digits, "7"))
        QTest.mouseDClick(legend(digits).viewport(), LEFT, NONE, swatch(digits, "7"))
        assert digits.state.hidden == expected


def test_colour_by_nothing_takes_labels_and_legend_away(digits: User) -> None:
    combo = digits.window.findChild(QWidget, "left").findChild(type(digits.window.query_bar.metrics))
    combo.setFocus()
    digits.press(Qt.Key.Key_Up, on=combo)
    assert digits.state.colour_by == ""
    assert not legend(digits).isVisible()
    digits.press(Qt.Key.Key_Down, on=combo)
    assert digits.state.colour_by == "digit" and legend(digits).isVisible()


def test_a_box_selects_what_is_in_it(digits: User) -> None:
    QTest.mouseClick(button(digits, "Box"), LEFT)
    width, height = digits.view.width(), digits.view.height()
    low, high = QPoint(width // 4, height // 4), QPoint(width * 3 // 4, height * 3 // 4)
    digits.drag(low, QPoint(width // 2, height // 2), high)
    at = np.array([digits.view.screen_position(row).toTuple() for row in range(1797)])
    inside = np.flatnonzero(((at > low.toTuple()) & (at < high.toTuple())).all(axis=1))
    assert 0 < len(inside) < 1797
    assert np.isin(inside, digits.state.selection).mean() > 0.99
    assert abs(len(inside) - len(digits.state.selection)) <= 0.01 * len(inside)
    assert f"{len(digits.state.selection):,} selected" in digits.window.map._selected.text()


def test_a_lasso_selects_and_clear_takes_it_back(digits: User) -> None:
    QTest.mouseClick(button(digits, "Lasso"), LEFT)
    (left, top), (right, bottom) = (corner.toTuple() for corner in whole_map(digits))
    corners = [QPoint(left, top), QPoint(right, top), QPoint(right, bottom), QPoint(left, bottom), QPoint(left, top)]
    digits.drag(*corners)
    assert len(digits.state.selection) == 1797
    QTest.mouseClick(button(digits, "Clear"), LEFT)
    assert not len(digits.state.selection)


def test_escape_puts_away_tool_selection_focus_and_query_in_turn(digits: User) -> None:
    digits.ask("#5")
    digits.drag(*whole_map(digits), modifiers=SHIFT)
    digits.controller.looking.focus(int(digits.state.truth.rows[0]))
    digits.window.map.use("box")
    left = []
    for _ in range(4):
        digits.press(Qt.Key.Key_Escape)
        state = digits.state
        left.append((digits.view.tool, len(state.selection) > 0, state.focused >= 0, state.asked is not None))
    assert left == [
        ("pan", True, True, True),
        ("pan", False, True, True),
        ("pan", False, False, True),
        ("pan", False, False, False),
    ]


def test_the_map_says_how_it_was_made(digits: User) -> None:
    assert "PCA" in digits.window.findChild(ProjectionMenu).text()


def test_umap_is_made_with_other_parameters_and_cancel_keeps_the_last_frame(digits: User) -> None:
    menu = digits.window.findChild(ProjectionMenu)
    before = digits.state.positions
    digits.until(lambda: not digits.state.tasks)
    QTest.mouseClick(menu, LEFT)
    boxes = [box for box in digits.window.map.findChildren(QSpinBox) if box.isVisible()]
    for name, value in (("n_neighbors", "7"), ("n_epochs", "4000")):
        box = next(box for box in boxes if box.accessibleName() == name)
        box.selectAll()
        QTest.keyClicks(box, value)
        QTest.keyClick(box, Qt.Key.Key_Return)
    QTest.mouseClick(button(digits, "Make UMAP"), LEFT)
    digits.until(lambda: digits.state.positions is not before)
    assert "running" in menu.text()
    cancel = next(b for b in digits.window.findChildren(QPushButton) if b.text() == "Cancel" and b.isVisible())
    QTest.mouseClick(cancel, LEFT)
    digits.until(lambda: not digits.state.laying_out)
    kept = digits.state.projection
    assert kept.stopped and kept.positions is digits.state.positions and "stopped" in menu.text()
    digits.until_still()
    assert digits.view.points_drawn == 1797

    QTest.mouseClick(menu, LEFT)
    box = next(b for b in digits.window.map.findChildren(QSpinBox) if b.accessibleName() == "n_epochs")
    box.setValue(30)
    QTest.mouseClick(button(digits, "Make UMAP"), LEFT)
    digits.until(lambda: not digits.state.laying_out and digits.state.projection is not kept)
    assert digits.state.projection.params["n_neighbors"] == 7 and "7 neighbours" in menu.text()
    QTest.mouseClick(menu, LEFT)
    QTest.mouseClick(button(digits, "PCA"), LEFT)
    digits.until(lambda: digits.state.projection.method == "pca" and not digits.state.laying_out)


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700)])
def test_nothing_in_the_window_is_cut_off(digits: User, size: tuple[int, int]) -> None:
    digits.window.resize(*size)
    digits.until_still()
    shown = [b for kind in (QPushButton, QToolButton) for b in digits.window.findChildren(kind) if b.isVisible()]
    cut = [b.text() for b in shown if b.text() and b.width() < b.minimumSizeHint().width()]
    digits.window.resize(1440, 900)
    assert not cut


def test_the_map_is_exported_with_a_legend_and_as_numbers(digits: User, monkeypatch, tmp_path: Path) -> None:
    digits.ask("#69")
    digits.controller.looking.colour_by("digit")
    digits.until_still()
    for name in ("map.png", "map.svg"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        digits.window.map.export_picture()
    image = QImage(str(tmp_path / "map.png"))
    assert image.width() >= 2 * digits.view.width() and image.height() > 2 * digits.view.height() + 40
    svg = (tmp_path / "map.svg").read_text()
    assert all(word in svg for word in ("query", "found", "<image")) and svg.count("<text") >= 12
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "map.csv"), ""))
    digits.window.map.export_numbers()
    digits.until(lambda: (tmp_path / "map.csv").exists())
    with (tmp_path / "map.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    state = digits.state
    assert len(lines) == state.dataset.rows and lines[69]["mark"] == "query"
    assert [float(lines[5][axis]) for axis in "xy"] == pytest.approx(state.positions[5].tolist())
    assert lines[5]["digit"] == state.dataset.column("digit").cell(5)
    assert {i for i, line in enumerate(lines) if line["mark"] == "miss"} == set(state.verdict.misses.tolist())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "map.csv"), ""))
    digits.window.map.export_numbers()
    digits.until(lambda: "cannot be written" in digits.state.problem("map"))
    digits.controller.session.clear_problem("map")


def test_the_legend_of_a_picture_says_what_is_on_it(digits: User) -> None:
    digits.ask("#69")
    digits.controller.looking.colour_by("digit")
    legend = legend_of(digits.state)
    assert len(legend.labels) == 10 and legend.ends is None and legend.title == "digit"
    assert legend.marks[0] == "query" and ("missed" in legend.marks) == bool(len(digits.state.verdict.misses))
    many = Column("many", "category", np.arange(digits.state.dataset.rows, dtype=np.int32) % 50, tuple("x" * 50))
    digits.controller.session.update(paintings=(Painting(many, "A note."),), colour_by="many")
    legend = legend_of(digits.state)
    assert len(legend.labels) == 41 and legend.labels[-1][0] == "and 10 more" and legend.note == "A note."
    values = Column("side", "number", np.linspace(-1, 3, digits.state.dataset.rows))
    digits.controller.session.update(paintings=(Painting(values, "", diverging=True),), colour_by="side")
    low, high = legend_of(digits.state).ends
    assert low == "−" + high
    digits.controller.session.update(paintings=(), colour_by="digit")
