"""The slider over the search parameter: it shows what a search would find that looks so far, and sets it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from explorer.gui.inspect.reach import ReachSlider
from tests.gui.conftest import LEFT, NONE, User


@pytest.fixture
def missing(digits: User) -> User:
    """Digits, with a query of which two or more true neighbours were missed, on the page that says why."""
    for row in range(0, 400, 3):
        digits.ask(f"#{row}")
        if len(digits.state.verdict.misses) >= 2:
            digits.controller.inspecting.show("why")
            digits.until(lambda: digits.state.reach is not None and digits.state.explanation is not None)
            return digits
    raise AssertionError("three trees find everything")


def slider(user: User) -> ReachSlider:
    return user.window.inspector.why.reach


def handle(one: ReachSlider) -> QPoint:
    option = QStyleOptionSlider()
    one.slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return one.slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, one.slider).center()


def test_it_stands_where_the_search_looks_now(missing: User) -> None:
    one, reach = slider(missing), missing.state.reach
    assert one.isVisible() and one.slider.maximum() == len(reach.stops) - 1
    assert reach.stops[one.slider.value()] == reach.default == missing.state.answer.params["search_k"]
    hits = 10 - len(missing.state.verdict.misses)
    said = f"search_k {reach.default} (from k) · {hits} of 10 found · recall {hits / 10:.2f}"
    assert one.counted.accessibleName() == said
    page = missing.window.inspector.why._scroll
    assert page.widget().width() <= page.viewport().width()
    assert one.marks.found.sum() == hits and one.gained.text() == ""


def test_moving_shows_and_letting_go_sets(missing: User) -> None:
    one, reach, before = slider(missing), missing.state.reach, missing.state.answer
    missed = set(missing.state.verdict.misses.tolist())
    QTest.mousePress(one.slider, LEFT, NONE, handle(one))
    QTest.mouseMove(one.slider, QPoint(one.slider.width() - 1, handle(one).y()))
    one.slider.setSliderPosition(one.slider.maximum())
    assert one.marks.found.all() and "10 of 10 found · recall 1.00" in one.counted.accessibleName()
    assert one.gained.accessibleName().startswith("finds digit") and missing.state.answer is before
    QTest.mouseRelease(one.slider, LEFT, NONE, QPoint(one.slider.width() - 1, handle(one).y()))
    missing.until(lambda: missing.state.answer is not None and missing.state.verdict is not None)
    assert missing.state.approximate.given == {"search_k": int(reach.stops[-1])}
    assert missing.state.reach is reach and missed <= set(missing.state.answer.neighbours.rows.tolist())
    assert not len(missing.state.verdict.misses) and one.isVisible() and one.gained.text() == ""


def test_the_keys_move_it_and_return_sets_it(missing: User) -> None:
    one, reach = slider(missing), missing.state.reach
    one.slider.setFocus()
    missing.press(Qt.Key.Key_End, on=one.slider)
    assert one.slider.value() == one.slider.maximum() and missing.state.approximate.given == {}
    missing.press(Qt.Key.Key_Return, on=one.slider)
    assert missing.state.approximate.given == {"search_k": int(reach.stops[-1])}
    missing.until_answered()
    back = one.slider.maximum() - reach.place(reach.default)
    for _ in range(back):
        missing.press(Qt.Key.Key_Left, on=one.slider)
    missing.until(lambda: missing.state.approximate.given == {})
    missing.until_answered()
    assert len(missing.state.verdict.misses) >= 2


def test_what_it_promises_is_what_a_search_then_finds(missing: User) -> None:
    one, reach = slider(missing), missing.state.reach
    for place in range(len(reach.stops)):
        one.slider.setValue(place)
        promised = set(reach.rows[one.marks.found].tolist())
        one.settle()
        missing.until(lambda: missing.state.answer is not None and missing.state.verdict is not None)
        assert promised == set(missing.state.answer.neighbours.rows.tolist()) & set(reach.rows.tolist())


def test_it_goes_with_the_query(missing: User) -> None:
    reach = missing.state.reach
    missing.ask(f"#{1796 - missing.state.asked.query.row}")
    missing.until(lambda: missing.state.reach is not None)
    assert missing.state.reach is not reach
    missing.controller.asking.clear()
    assert missing.state.reach is None and not slider(missing).isVisible()


def test_another_index_that_has_another_parameter(missing: User) -> None:
    first = missing.state.current
    missing.controller.indexing.build("hnswlib", {"M": 3})
    missing.until(lambda: missing.state.reach is not None and missing.state.reach.param == "ef")
    one = slider(missing)
    assert one.slider.accessibleName().startswith("ef") and len(one.marks.found) == 10
    missing.controller.indexing.choose(first)
    missing.until(lambda: missing.state.reach is not None and missing.state.reach.param == "search_k")
