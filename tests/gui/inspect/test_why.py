"""Why a row is missing: said in the inspector, the table and the map, and mended by one click."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from explorer.core.explanation import Explanation, Fix, Miss
from explorer.gui.inspect.why import MissBlock
from explorer.gui.panels.neighbours_model import NAME, ROW_ROLE
from tests.gui.conftest import LEFT, User

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def missing(digits: User) -> User:
    """Digits, with a query of which two or more true neighbours were missed, explained, on the page that says why."""
    for row in range(0, 400, 3):
        digits.ask(f"#{row}")
        if len(digits.state.verdict.misses) >= 2:
            digits.controller.inspecting.show("why")
            digits.until(lambda: digits.state.explanation is not None)
            return digits
    raise AssertionError("three trees find everything")


def blocks(user: User) -> list[MissBlock]:
    return list(user.window.inspector.why._blocks.values())


def words(user: User) -> str:
    QApplication.processEvents()
    return " ".join(one.text() for one in user.window.inspector.why.findChildren(QLabel) if one.isVisible())


def test_each_miss_is_told_with_its_reason_and_its_fix(missing: User) -> None:
    told = missing.state.explanation
    assert [block.miss for block in blocks(missing)] == list(told.misses)
    for block in blocks(missing):
        assert block.miss.detail in words(missing)
        assert block.button.text() == f"Set search_k {block.miss.fix.value:,}"
    assert f"compared {told.visited:,} of 1,797 rows" in words(missing)
    assert missing.window.inspector.tabs.tabText(1) == f"Why missed {len(told.misses)}"


def test_one_click_on_a_fix_finds_the_row(missing: User) -> None:
    block = blocks(missing)[0]
    row = block.miss.row
    QTest.mouseClick(block.button, LEFT)
    missing.until_answered()
    missing.until(lambda: missing.state.answer is not None)
    table = missing.window.neighbours.table.model()
    missing.until(lambda: row in missing.state.answer.neighbours.rows)
    listed = {table.index(line, NAME).data(ROW_ROLE) for line in range(table.rowCount())}
    assert row in listed and row not in missing.state.verdict.misses
    assert missing.state.approximate.given == {"search_k": block.miss.fix.value}


def test_one_click_finds_them_all_and_one_goes_back(missing: User) -> None:
    page = missing.window.inspector.why
    assert page._all.isVisible() and f"finds all {len(blocks(missing))}" in words(missing)
    QTest.mouseClick(page._all, LEFT)
    missing.until(lambda: missing.state.verdict is not None and not len(missing.state.verdict.misses))
    assert "Nothing is missing: all 10 true neighbours were found." in words(missing) and not blocks(missing)
    assert missing.window.inspector.tabs.tabText(1) == "Why missed"
    QTest.mouseClick(page._given, LEFT)
    missing.until(lambda: missing.state.explanation is not None)
    assert missing.state.approximate.given == {} and len(blocks(missing)) >= 2


def test_a_click_on_a_miss_looks_at_its_row_and_the_other_way_round(missing: User) -> None:
    one, other = blocks(missing)[:2]
    QTest.mouseClick(one, LEFT)
    assert missing.state.focused == one.miss.row and one.property("chosen") == "true"
    missing.controller.looking.focus(other.miss.row)
    assert other.property("chosen") == "true" and one.property("chosen") == "false"
    one.setFocus()
    missing.press(Qt.Key.Key_Return, on=one)
    assert missing.state.focused == one.miss.row
    missing.press(Qt.Key.Key_Down, on=one)
    assert other.hasFocus()


def test_the_table_and_the_map_say_it_too(missing: User) -> None:
    miss = missing.state.explanation.misses[0]
    table = missing.window.neighbours.table.model()
    line = next(i for i in range(table.rowCount()) if table.index(i, NAME).data(ROW_ROLE) == miss.row)
    assert table.index(line, NAME).data(Qt.ItemDataRole.ToolTipRole) == miss.sentence
    card = missing.window.map._card(miss.row)
    assert miss.sentence in " ".join(card.lines)
    missing.controller.inspecting.show("neighbours")
    missing.controller.looking.focus(miss.row)
    assert miss.sentence in missing.window.inspector.row._said.text()


def test_a_rebuild_goes_to_the_form_filled_in(missing: User) -> None:
    miss = missing.state.explanation.misses[0]
    fix = Fix("trees", 12, rebuild=True, verified=False)
    again = Miss(miss.row, miss.true_rank, miss.distance, "unreachable", "No link leads to it.", fix)
    told = missing.state.explanation
    missing.controller.session.update(
        explanation=Explanation(told.hits, (again,), told.visited, told.total, told.params)
    )
    (block,) = blocks(missing)
    assert block.button.text() == "Verify by building" and "trees 12 likely finds it" in words(missing)
    QTest.mouseClick(block.form, LEFT)
    form = missing.window.indexes.form
    assert form.isVisible() and form._params.values()["trees"] == 12
    form.hide()


def test_a_likely_rebuild_is_verified_by_building_and_applied(missing: User) -> None:
    told = missing.state.explanation
    likely = Fix("trees", 60, rebuild=True, verified=False)
    misses = tuple(replace(miss, fix=likely) for miss in told.misses[:2])
    missing.controller.session.update(explanation=replace(told, misses=misses, all_fix=None))
    one, other = blocks(missing)
    QTest.mouseClick(one.button, LEFT)
    assert one.button.text() == "Stop" and other.button.text() == "Verify by building"
    QTest.mouseClick(one.button, LEFT)
    missing.until(lambda: not missing.state.tasks)
    assert one.button.text() == "Verify by building" and not missing.state.problems
    QTest.mouseClick(one.button, LEFT)
    missing.until(lambda: missing.state.explanation.misses[0].fix != likely)
    fix = missing.state.explanation.misses[0].fix
    assert fix is not None and fix.verified and "built and tried: finds it" in words(missing)
    one = blocks(missing)[0]
    assert one.button.text() == f"Apply trees {fix.value}"
    QTest.mouseClick(one.button, LEFT)
    assert missing.state.approximate.handle.params["trees"] == fix.value
    missing.until(lambda: missing.state.verdict is not None)
    assert misses[0].row in missing.state.answer.neighbours.rows
    assert misses[0].row not in missing.state.verdict.misses


def test_where_only_exact_search_helps_it_is_one_click_away(missing: User) -> None:
    told = missing.state.explanation
    miss = told.misses[0]
    again = Miss(miss.row, miss.true_rank, miss.distance, "not_indexed", "The index does not hold it.", None)
    missing.controller.session.update(
        explanation=Explanation(told.hits, (again,), told.visited, told.total, told.params)
    )
    (block,) = blocks(missing)
    assert "only it finds this row" in words(missing)
    QTest.mouseClick(block.button, LEFT)
    missing.until(lambda: missing.state.verdict is not None and not len(missing.state.verdict.misses))
    assert missing.state.entry().is_exact and "Exact search looks at every row" in words(missing)


def test_before_a_query_it_says_what_will_stand_here(digits: User) -> None:
    digits.controller.inspecting.show("why")
    assert "Ask something" in words(digits)


def test_the_pages_turn_by_keyboard_and_command(digits: User) -> None:
    for key, tab in ((Qt.Key.Key_2, "why"), (Qt.Key.Key_3, "replay"), (Qt.Key.Key_4, "structure"),
                     (Qt.Key.Key_1, "neighbours")):  # fmt: skip
        digits.press(key, CONTROL)
        assert digits.state.tab == tab
    tabs = digits.window.inspector.tabs
    tabs.setFocus()
    digits.press(Qt.Key.Key_Right, on=tabs)
    assert digits.state.tab == "why" and digits.window.inspector.why.isVisible()
    titles = [action.title for action in digits.window._actions]
    assert {"Inspect: why missed", "Paint recall on the map", "Paint where the map can be trusted"} <= set(titles)
