"""The table of neighbours: it stands beside the map, sorts, copies, exports, and leads to the next query."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QTableView, QToolButton

from explorer.gui.panels.neighbours_model import DISTANCE, MARK, NAME, RANK, ROW_ROLE
from tests.gui.conftest import LEFT, NONE, User

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def asked(digits: User) -> User:
    """Digits, with a query whose answer has misses."""
    for row in range(0, 400, 3):
        digits.ask(f"#{row}")
        if len(digits.state.verdict.misses) >= 2:
            return digits
    raise AssertionError("three trees find everything")


def table(user: User) -> QTableView:
    return user.window.neighbours.table


def column(user: User, section: int, role: int = Qt.ItemDataRole.DisplayRole) -> list[object]:
    """What stands in a column, from top to bottom as it is sorted."""
    shown = table(user).model()
    return [shown.index(line, section).data(role) for line in range(shown.rowCount())]


def middle(user: User, line: int, section: int = NAME) -> QPoint:
    """Where a cell stands on the screen."""
    shown = table(user)
    return shown.visualRect(shown.model().index(line, section)).center()


def click_header(user: User, section: int) -> None:
    header = table(user).horizontalHeader()
    at = QPoint(header.sectionViewportPosition(section) + header.sectionSize(section) // 2, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NONE, at)


def choose(user: User, text: str) -> None:
    """Take an entry of the panel's menu."""
    more = next(b for b in user.window.neighbours.findChildren(QToolButton) if b.text() == "⋯")
    user.take_from_menu(more, text)


def test_before_a_query_it_says_what_to_do(digits: User) -> None:
    assert not table(digits).isVisible()
    assert "Click a point" in digits.window.neighbours._hint.text()


def test_it_lists_hits_misses_and_extras(asked: User) -> None:
    verdict = asked.state.verdict
    assert len(column(asked, RANK)) == 10 + verdict.extras
    ranks = [rank for rank in column(asked, RANK) if rank != "–"]
    assert ranks == [str(i) for i in range(1, 11)]
    marks = column(asked, MARK, Qt.ItemDataRole.AccessibleTextRole)
    assert marks.count("missed") == len(verdict.misses) and marks.count("extra") == verdict.extras
    missed = f"{len(verdict.misses)} missed"
    assert missed in asked.window.neighbours._summary.toolTip()


def test_a_click_on_the_header_sorts(asked: User) -> None:
    click_header(asked, DISTANCE)
    distances = [float(text) for text in column(asked, DISTANCE)]
    assert distances in (sorted(distances), sorted(distances, reverse=True))
    click_header(asked, DISTANCE)
    again = [float(text) for text in column(asked, DISTANCE)]
    assert again == distances[::-1]
    table(asked).model().sort(-1)


def test_a_line_is_looked_at_on_the_map(asked: User) -> None:
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 3))
    row = column(asked, NAME, ROW_ROLE)[3]
    assert asked.state.focused == row
    assert asked.view._marks.focused == row


def test_the_arrow_keys_walk_the_lines(asked: User) -> None:
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 0))
    asked.press(Qt.Key.Key_Down, on=table(asked))
    assert asked.state.focused == column(asked, NAME, ROW_ROLE)[1]


def test_a_row_looked_at_elsewhere_is_chosen_in_the_table(asked: User) -> None:
    row = column(asked, NAME, ROW_ROLE)[5]
    asked.controller.looking.focus(row)
    chosen = table(asked).selectionModel().selectedRows()
    assert [index.data(ROW_ROLE) for index in chosen] == [row]
    asked.controller.looking.focus(-1)
    assert not table(asked).selectionModel().selectedRows()


def test_the_focus_follows_the_row_through_sorting(asked: User) -> None:
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 2))
    row = asked.state.focused
    click_header(asked, DISTANCE)
    click_header(asked, DISTANCE)
    assert [index.data(ROW_ROLE) for index in table(asked).selectionModel().selectedRows()] == [row]
    table(asked).model().sort(-1)


def test_a_double_click_makes_it_the_query(asked: User) -> None:
    row = column(asked, NAME, ROW_ROLE)[1]
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 1))
    QTest.mouseDClick(table(asked).viewport(), LEFT, NONE, middle(asked, 1))
    assert asked.asked_row == row
    asked.until_answered()


def test_return_makes_it_the_query(asked: User) -> None:
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 2))
    row = asked.state.focused
    asked.press(Qt.Key.Key_Return, on=table(asked))
    assert asked.asked_row == row
    asked.until_answered()


def test_copy_puts_the_table_on_the_clipboard(asked: User) -> None:
    asked.press(Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert lines[0] == ["rank", "row", "source_row", "name", "distance", "mark"]
    assert [int(line[1]) for line in lines[1:]] == column(asked, NAME, ROW_ROLE)
    truth = dict(zip(asked.state.truth.rows.tolist(), asked.state.truth.distances.tolist(), strict=True))
    assert all(float(line[4]) == truth[int(line[1])] for line in lines[1:] if line[5] != "extra")


def test_copy_takes_the_chosen_lines_alone(asked: User) -> None:
    QTest.mouseClick(table(asked).viewport(), LEFT, NONE, middle(asked, 1))
    QTest.mouseClick(table(asked).viewport(), LEFT, CONTROL, middle(asked, 3))
    asked.press(Qt.Key.Key_C, CONTROL, on=table(asked))
    rows = column(asked, NAME, ROW_ROLE)
    lines = QGuiApplication.clipboard().text().splitlines()[1:]
    assert [int(line.split("\t")[1]) for line in lines] == [rows[1], rows[3]]


def test_export_writes_csv(asked: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "neighbours, möglich.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    asked.press(Qt.Key.Key_E, CONTROL)
    with out.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [int(line["row"]) for line in written] == column(asked, NAME, ROW_ROLE)
    assert {line["mark"] for line in written} >= {"hit", "miss"}


def test_an_export_that_fails_is_said(asked: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "missing" / "n.csv"), ""))
    asked.window.neighbours.export()
    assert "cannot be written" in asked.state.problem("query")


def test_metadata_columns_come_through_the_menu(asked: User) -> None:
    before = table(asked).model().columnCount()
    choose(asked, "digit")
    assert table(asked).model().columnCount() == before + 1
    digits = asked.state.dataset.column("digit")
    assert column(asked, before) == [digits.cell(row) for row in column(asked, NAME, ROW_ROLE)]
    assert "digit" in asked.window.neighbours.model.as_rows()[0]
    choose(asked, "digit")
    assert table(asked).model().columnCount() == before


def test_a_thousand_lines_scroll_by_keyboard(asked: User) -> None:
    asked.controller.asking.set_k(1000)
    asked.until_answered()
    asked.until(lambda: len(column(asked, RANK)) >= 1000)
    table(asked).setFocus()
    table(asked).selectRow(0)
    for _ in range(3):
        asked.press(Qt.Key.Key_PageDown, on=table(asked))
    line = table(asked).currentIndex().row()
    assert line > 10 and asked.state.focused == column(asked, NAME, ROW_ROLE)[line]
    assert table(asked).viewport().rect().contains(middle(asked, line))
