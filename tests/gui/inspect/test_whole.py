"""All rows at once: what is painted, its worst rows, the rows near a click, and neighbours that landed far away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from explorer.gui.inspect.whole import WholePart
from explorer.gui.map.far import nearest_line
from explorer.measure.honesty import map_places
from tests.gui.conftest import LEFT, NONE, User, grabbed
from tests.gui.inspect.test_structure import press_button, words


@pytest.fixture
def whole(digits: User) -> Iterator[User]:
    """Digits with a query, the page of all rows, and nothing painted."""
    digits.ask("#69")
    digits.controller.inspecting.show("whole")
    yield digits
    digits.controller.looking.colour_by("")
    digits.controller.session.update(paintings=(), shows_far=False)


def part(user: User) -> WholePart:
    QApplication.processEvents()
    return user.window.inspector.whole.part


def listed(user: User) -> list[QPushButton]:
    QApplication.processEvents()
    return [one for one in part(user).worst.findChildren(QPushButton) if not one.isHidden()]


def paint_recall(user: User) -> None:
    press_button(user, "Paint recall on the map")
    user.until(lambda: user.state.paintings)


def test_recall_is_painted_and_the_worst_rows_are_debugged(whole: User) -> None:
    paint_recall(whole)
    painting = whole.state.paintings[0]
    worst = int(painting.worst[0])
    assert painting.note in words(whole) and f"#{worst}" in listed(whole)[0].text()
    listed(whole)[0].click()
    whole.until(lambda: whole.asked_row == worst)
    whole.until_answered()
    assert whole.state.verdict.recall == pytest.approx(painting.column.values[worst])
    assert whole.state.tab == "why"
    columns = [whole.window._left.findChild(type(whole.window.query_bar.metrics))]
    assert columns[0].findData(painting.column.name) >= 0
    whole.controller.inspecting.show("whole")
    whole.controller.looking.colour_by("digit")
    assert painting.note not in words(whole) and not listed(whole)


def test_a_click_on_the_map_lists_the_worst_rows_near_it(whole: User) -> None:
    paint_recall(whole)
    whole.until_still()
    painting = whole.state.paintings[0]
    at = whole.view.screen_position(int(painting.worst[0]))
    QTest.mouseClick(whole.view, LEFT, NONE, QPoint(round(at.x()), round(at.y())))
    near = whole.state.around
    assert near is not None and int(painting.worst[0]) in near and len(near) < whole.state.dataset.rows / 2
    positions = np.array([(p.x(), p.y()) for p in map(whole.view.screen_position, near.tolist())])
    assert (abs(positions - np.round((at.x(), at.y()))) <= 37).all()
    wanted = painting.worst_of(near)[: len(listed(whole))].tolist()
    assert all(f"#{row}" in one.text() for row, one in zip(wanted, listed(whole), strict=True))
    assert "near the click" in words(whole).lower() and f"{len(near):,} rows lie there" in words(whole)
    press_button(whole, "of all")
    assert whole.state.around is None and f"#{int(painting.worst[0])}" in listed(whole)[0].text()


def test_the_worst_rows_are_reached_by_keys(whole: User) -> None:
    paint_recall(whole)
    whole.window.inspector.turn_to("whole")
    first, second = listed(whole)[:2]
    whole.until(first.hasFocus)
    whole.press(Qt.Key.Key_Down, on=first)
    assert second.hasFocus()
    worst = int(whole.state.paintings[0].worst[1])
    whole.press(Qt.Key.Key_Space, on=second)
    whole.until(lambda: whole.asked_row == worst and whole.state.tab == "why")


def test_neighbours_that_landed_far_away_are_linked_and_told(whole: User) -> None:
    assert whole.state.far is None
    whole.until_still()
    before = grabbed(whole.view)
    part(whole).far.click()
    whole.until_answered()
    far, state = whole.state.far, whole.state
    places = map_places(state.positions, 69, state.truth.rows)
    assert far.rows.tolist() == state.truth.rows[places > len(places)].tolist()
    assert far.places.tolist() == places[places > len(places)].tolist()
    assert len(far.rows), "the row of this test should have a neighbour far away"
    assert (grabbed(whole.view) != before).any()
    assert f"{len(far.rows)} of 10 true neighbours" in words(whole)
    assert far.told(int(far.rows[0])).startswith("true neighbour ") and not far.told(69)
    one, other = whole.view.screen_position(69), whole.view.screen_position(int(far.rows[-1]))
    middle = (one + other) / 2
    pointed = nearest_line(far, whole.view._on_screen, middle.x(), middle.y())
    assert pointed >= 0 and nearest_line(far, whole.view._on_screen, -500, -500) == -1
    whole.view._point(QPointF(middle))
    whole.view._point(None)
    assert whole.view._laid.pointed == -1
    card = whole.window.map._card(int(far.rows[0]))
    assert far.told(int(far.rows[0])) in card.lines
    part(whole).far.click()
    assert whole.state.far is None


def test_the_lines_come_and_go_with_the_honesty_of_the_map(whole: User) -> None:
    press_button(whole, "Paint where the map can be trusted")
    whole.until(lambda: whole.state.paintings)
    assert whole.state.shows_far and whole.state.far is not None and part(whole).far.isChecked()
    whole.controller.looking.colour_by("digit")
    assert not whole.state.shows_far and whole.state.far is None


def test_how_hard_the_data_is_stands_below(whole: User) -> None:
    whole.controller.inspecting.measure_difficulty()
    whole.until(lambda: whole.state.difficulty is not None)
    assert "intrinsic dimension" in part(whole).facts.accessibleName()
    press_button(whole, "Colour the map by hubness")
    assert whole.state.colour_by == "hubness"
