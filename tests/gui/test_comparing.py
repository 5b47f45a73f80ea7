"""Two indexes beside each other: in the menu, the palette, the table, the heading and on the map."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox, QToolButton

from explorer.gui.map.map_panel import marks
from explorer.gui.panels.comparing import ComparisonLine
from explorer.gui.panels.neighbours_model import ROW_ROLE
from explorer.session.comparing import agreed, finders
from tests.gui.conftest import LEFT, User, grabbed


@pytest.fixture
def two(digits: User) -> User:
    """A forest of three trees that answers, a graph with few links, and a query of which the forest misses some."""
    first = digits.state.current
    digits.controller.indexing.build("hnswlib", {"M": 2, "ef_construction": 10})
    digits.until(lambda: len(digits.state.indexes) == 3)
    digits.controller.indexing.choose(first)
    digits.until_quiet()
    for row in range(0, 400, 3):
        digits.ask(f"#{row}")
        if len(digits.state.verdict.misses) >= 2:
            return digits
    raise AssertionError("three trees find everything")


def compare_from_menu(user: User, text: str = "Compare with") -> None:
    other = next(entry for entry in user.state.indexes if entry.handle.type == "hnswlib")
    more = next(b for b in user.window.indexes._rows[other.key].findChildren(QToolButton) if b.text() == "⋯")
    user.window.indexes._scroll.ensureWidgetVisible(more)
    user.take_from_menu(more, text)


def both(user: User) -> None:
    user.until(lambda: user.state.other is not None and user.state.verdict is not None)


def test_the_menu_of_an_index_compares_it_and_ends_it(two: User) -> None:
    compare_from_menu(two)
    both(two)
    line = two.window.neighbours.findChild(ComparisonLine)
    assert line.isVisible() and line.said.accessibleName().startswith("A Annoy")
    told = agreed(two.state)
    said = f"A {told.a} · B {told.b} of 10 · both {told.both}"
    assert two.window.neighbours._summary.accessibleName() == said
    compare_from_menu(two, "Compare no longer")
    assert two.state.against == "" and not line.isVisible()
    assert two.window.neighbours.model.finders_section == -1
    assert "found" in two.window.neighbours._summary.accessibleName()


def test_the_table_says_who_found_each_row(two: User) -> None:
    compare_from_menu(two)
    both(two)
    model, who = two.window.neighbours.model, finders(two.state)
    section = model.finders_section
    shown = {}
    for place in range(model.rowCount()):
        index = model.index(place, section)
        row = index.data(ROW_ROLE)
        shown[row] = index.data()
        words = index.data(Qt.ItemDataRole.ToolTipRole)
        expected = {"AB": "found by both", "A": "found by A alone", "B": "found by B alone", "–": "found by neither"}
        assert words.startswith(expected[index.data()])
    assert {row: mark for row, mark in shown.items() if mark != "–"} == who
    assert set(shown) == set(who) | set(two.state.truth.rows.tolist())
    assert "B" in shown.values() or "A" in shown.values()
    table = list(csv.DictReader(io.StringIO("\n".join(",".join(row) for row in model.as_rows()))))
    assert [row["found_by"] or "–" for row in table] == [shown[int(row["row"])] for row in table]


def test_the_map_letters_what_one_found_alone(two: User) -> None:
    before = grabbed(two.view)
    compare_from_menu(two)
    both(two)
    shown = marks(two.state)
    who = finders(two.state)
    assert shown.letters == {row: name for row, name in who.items() if name != "AB"}
    assert set(shown.letters) <= set(shown.rows().tolist())
    assert len(set(shown.rows().tolist())) == len(shown.rows())
    row = next(iter(shown.letters))
    at, now = two.place(row), grabbed(two.view)
    around = (slice(at.y() + 4, at.y() + 17), slice(at.x() + 6, at.x() + 19))
    assert (before[around] != now[around]).any()
    assert "alone" in two.view.accessibleDescription()


def test_the_palette_compares_and_counts_over_a_sample(two: User) -> None:
    run = {action.title: action.run for action in two.window._actions}
    run["Compare with another index, or no longer"]()
    both(two)
    line = two.window.neighbours.findChild(ComparisonLine)
    QTest.mouseClick(line.sample, LEFT)
    assert not line.sample.isVisible()
    two.until(lambda: two.state.agreement is not None)
    told = two.state.agreement
    said = line.said.accessibleName()
    assert said.startswith("1,000 rows: both ") and f"recall A {told.recall_a:.3f}, B {told.recall_b:.3f}" in said
    run["Compare with another index, or no longer"]()
    assert two.state.against == "" and two.state.agreement is None


def test_the_small_cross_ends_it(two: User) -> None:
    compare_from_menu(two)
    line = two.window.neighbours.findChild(ComparisonLine)
    QTest.mouseClick(line.stop, LEFT)
    assert two.state.against == ""


def test_the_only_index_is_held_against_itself_and_with_none_it_says_so(digits: User) -> None:
    run = {action.title: action.run for action in digits.window._actions}["Compare with another index, or no longer"]
    run()
    assert digits.state.against_given is not None and not digits.state.problem("indexes")
    run()
    assert digits.state.against_given is None
    key = digits.state.current
    digits.controller.indexing.choose(digits.state.exact.key)
    run()
    assert "approximate index answer first" in digits.state.problem("indexes")
    digits.controller.indexing.choose(key)


def test_two_settings_of_one_index_are_set_in_place(two: User) -> None:
    settings = next(one for one in two.window._actions if one.title == "Compare two settings of an index")
    settings.run()
    both(two)
    line = two.window.neighbours.findChild(ComparisonLine)
    assert line.isVisible() and line.settings.isVisible()
    assert line.said.accessibleName() == "A search_k 30 · B search_k 120"
    a, b = (form.findChild(QSpinBox) for form in line.settings._forms)
    b.setValue(5000)
    assert two.state.against_given == {"search_k": 5000} and two.state.approximate.given == {}
    both(two)
    told = agreed(two.state)
    assert told.b == 10 > told.a
    alone = [row for row, who in finders(two.state).items() if who == "B"]
    assert set(two.state.verdict.misses.tolist()) <= set(alone)
    assert two.window.neighbours.model.finders_section >= 0
    a.setValue(6000)
    both(two)
    assert two.state.approximate.given == {"search_k": 6000} and agreed(two.state).only_b == 0
    settings.run()
    assert two.state.rival is None and not line.isVisible()
