"""What is reached without a mouse, and where the eye is led: legend keys, a focused row, tasks, the row's facts."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QTableView

from explorer.gui.panels.tasks import TasksBar
from explorer.gui.widgets.facts import Facts
from explorer.work.requests import ProjectRequest
from tests.gui.conftest import LEFT, NONE, User

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_the_legend_is_filtered_by_keys(digits: User) -> None:
    legend = next(view for view in digits.window.findChildren(QListView) if view.accessibleName() == "Legend")
    legend.setFocus()
    legend.setCurrentIndex(legend.model().index(0, 0))
    digits.press(Qt.Key.Key_Down, on=legend)
    digits.press(Qt.Key.Key_Space, on=legend)
    assert digits.state.hidden == {"1"}
    digits.press(Qt.Key.Key_Space, on=legend)
    digits.press(Qt.Key.Key_Return, on=legend)
    assert digits.state.hidden == set("023456789")
    digits.press(Qt.Key.Key_Return, on=legend)
    assert not digits.state.hidden


def test_a_row_in_focus_is_brought_into_view_and_one_in_view_moves_nothing(digits: User) -> None:
    row = digits.clickable()
    seen = digits.view.viewport
    digits.controller.looking.focus(row)
    digits.until_still()
    assert digits.view.viewport == seen
    scale = digits.view.viewport.scale
    digits.view.zoom_by(40, digits.view.screen_position(row))
    digits.until(lambda: digits.view.viewport.scale > 39 * scale)
    digits.until_still()
    outside = next(r for r in range(1797) if not digits.view.rect().contains(digits.place(r)))
    digits.controller.looking.focus(outside)
    digits.until(lambda: digits.view.rect().contains(digits.place(outside)))


def test_rows_selected_on_the_map_are_chosen_in_the_table(digits: User) -> None:
    digits.ask("#5")
    found = digits.state.answer.neighbours.rows[:3]
    digits.controller.looking.select(np.sort(found))
    table = digits.window.findChild(QTableView)
    chosen = {index.row() for index in table.selectionModel().selectedRows()}
    assert {digits.window.neighbours.model.lines[i].row for i in chosen} == set(found.tolist())


def test_shift_click_on_a_neighbour_shows_it_in_the_table(digits: User) -> None:
    digits.ask("#5")
    row = digits.clickable(avoid=(5,))
    QTest.mouseClick(digits.view, LEFT, SHIFT, digits.place(row))
    assert digits.state.focused == row and digits.asked_row == 5


def test_every_task_under_way_can_be_cancelled(digits: User) -> None:
    digits.until(lambda: not digits.state.tasks)
    dataset = digits.state.dataset
    ended: list[Any] = []
    for name in ("first", "second"):
        request = ProjectRequest(dataset, "euclidean", "umap", {"n_epochs": 9000})
        digits.controller.tasks.start(name, name, request, ended.append, ended.append)
    bar = digits.window.findChild(TasksBar)
    more = next(b for b in bar.findChildren(QPushButton) if b.text().startswith("and 1 more"))
    digits.until(more.isVisible)
    digits.take_from_menu(more, "Cancel  second")
    digits.until(lambda: [task.key for task in digits.state.tasks] == ["first"])
    cancel = next(b for b in bar.findChildren(QPushButton) if b.text() == "Cancel")
    QTest.mouseClick(cancel, LEFT, NONE)
    digits.until(lambda: not digits.state.tasks)
    assert len(ended) == 2


def test_the_facts_of_a_row_follow_it(digits: User) -> None:
    facts = digits.window.inspector.row.findChild(Facts)
    digits.ask("#7")
    column = digits.state.dataset.column("digit")
    assert facts.accessibleName() == f"digit: {column.cell(7)}"
    other = int(digits.state.answer.neighbours.rows[0])
    digits.controller.looking.focus(other)
    assert facts.accessibleName() == f"digit: {column.cell(other)}"
    assert isinstance(facts, QLabel) and "<" not in facts.accessibleName()
