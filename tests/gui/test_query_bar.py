"""Queries as people type them: what is read, what is said, history, k and the metric."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from explorer.gui.map.query_note import QueryNote
from explorer.session.lines import lines
from tests.gui.conftest import LEFT, User

ALT = Qt.KeyboardModifier.AltModifier


def note(user: User) -> QueryNote:
    return user.window.findChild(QueryNote)


def said(user: User) -> str:
    """What the note under the bar says."""
    shown = [label.text() for label in note(user).findChildren(QLabel) if label.isVisible() and label.text()]
    return " ".join(shown)


def names_listed(user: User) -> list[str]:
    state = user.state
    listed = lines(state.answer.neighbours, state.truth, state.verdict)
    return [state.dataset.name(line.row) for line in listed]


def test_a_name_asks_its_row(wordnet: User) -> None:
    wordnet.ask("guitar")
    assert wordnet.state.dataset.names[wordnet.asked_row] == "guitar"
    assert "banjo" in names_listed(wordnet)
    assert wordnet.window.neighbours.model.rowCount() == 10


def test_a_number_sign_asks_that_row(wordnet: User) -> None:
    wordnet.ask("#42")
    assert wordnet.asked_row == 42
    assert note(wordnet).isHidden() or "row #42" in said(wordnet)


def test_pasted_numbers_ask_a_vector(wordnet: User) -> None:
    vector = wordnet.state.dataset.vectors[777]
    wordnet.ask(str([round(float(x), 6) for x in vector]))
    assert wordnet.state.asked.query.kind == "numbers"
    assert wordnet.state.answer.neighbours.rows[0] == 777
    assert "256" in said(wordnet) and "approximate" in said(wordnet)


def test_an_expression_leaves_its_own_names_out(wordnet: User) -> None:
    wordnet.ask("guitar - string + drum")
    assert wordnet.state.asked.query.kind == "expression"
    asked_with = {row for _, row in wordnet.state.asked.query.terms}
    assert {wordnet.state.dataset.name(row) for row in asked_with} == {"guitar", "string", "drum"}
    assert asked_with.isdisjoint(wordnet.state.answer.neighbours.rows.tolist())
    assert asked_with.isdisjoint(wordnet.state.truth.rows.tolist())
    assert "expression" in said(wordnet)


def test_free_text_is_encoded(wordnet: User) -> None:
    wordnet.ask("a musical instrument with six strings that is plucked")
    assert wordnet.state.asked.query.kind == "text"
    assert "guitar" in names_listed(wordnet)
    assert "free text" in said(wordnet)


def test_an_approximate_position_is_marked(wordnet: User) -> None:
    wordnet.ask("a very large animal")
    marks = wordnet.view._marks
    assert marks.approximate and marks.query_row is None
    found = wordnet.state.positions[wordnet.state.answer.neighbours.rows]
    assert (found.min(axis=0) <= marks.query_at).all() and (marks.query_at <= found.max(axis=0)).all()


def test_other_readings_are_offered(wordnet: User) -> None:
    wordnet.ask("guitar - string")
    offer = next(b for b in note(wordnet).findChildren(QPushButton) if "free text" in b.text())
    QTest.mouseClick(offer, LEFT)
    assert wordnet.state.asked.query.kind == "text"
    wordnet.until_answered()


def test_rows_of_the_same_name_are_offered(wordnet: User) -> None:
    names = wordnet.state.dataset.names
    name = next(names[row] for row in range(2000) if len(names.rows_called(names[row])) > 1)
    wordnet.ask(name)
    first, second = names.rows_called(name)[:2]
    assert wordnet.asked_row == first
    QTest.mouseClick(next(b for b in note(wordnet).findChildren(QPushButton) if b.text() == f"#{second}"), LEFT)
    assert wordnet.asked_row == second
    wordnet.until_answered()


def test_an_unknown_name_is_said_under_the_bar_with_near_ones(digits: User) -> None:
    digits.type("seven")
    digits.until(lambda: digits.state.problem("query"))
    assert "no names" in said(digits)
    assert note(digits).isVisible() and digits.asked_row is None


def test_near_names_are_named(wordnet: User) -> None:
    wordnet.type("guitr - drum")
    wordnet.until(lambda: wordnet.state.problem("query"))
    assert "guitr" in said(wordnet) and "guitar" in said(wordnet)


def test_a_wrong_query_leaves_the_answer_before_it(wordnet: User) -> None:
    wordnet.ask("guitar")
    before = wordnet.state.answer
    wordnet.type("#99999999")
    wordnet.until(lambda: wordnet.state.problem("query"))
    assert "no row #99999999" in said(wordnet)
    assert wordnet.state.answer is before


def test_what_was_wrong_can_be_dismissed(wordnet: User) -> None:
    wordnet.type("#99999999")
    wordnet.until(lambda: wordnet.state.problem("query"))
    QTest.mouseClick(next(b for b in note(wordnet).findChildren(QToolButton) if b.isVisible()), LEFT)
    assert note(wordnet).isHidden()


def test_the_next_good_query_takes_the_sentence_away(wordnet: User) -> None:
    wordnet.type("#99999999")
    wordnet.until(lambda: wordnet.state.problem("query"))
    wordnet.ask("#7")
    assert not wordnet.state.problem("query")


@pytest.mark.parametrize("numbers", ["[1, 2, 3]", "1 2 3 4"])
def test_the_wrong_number_of_numbers_says_how_many(wordnet: User, numbers: str) -> None:
    wordnet.type(numbers)
    wordnet.until(lambda: wordnet.state.problem("query"))
    assert "256" in said(wordnet)


def test_names_complete_as_they_are_typed(wordnet: User) -> None:
    bar = wordnet.window.query_bar
    QTest.keyClicks(bar.field, "guit")
    assert bar.completion.isVisible()
    offered = [bar.completion.item(i).text() for i in range(bar.completion.count())]
    assert offered and all(text.casefold().startswith("guit") for text in offered)
    QTest.keyClicks(bar.field, "zzzz")
    assert bar.completion.isHidden()


def test_a_completion_is_taken_by_arrow_and_return(wordnet: User) -> None:
    bar = wordnet.window.query_bar
    QTest.keyClicks(bar.field, "guit")
    wordnet.press(Qt.Key.Key_Down, on=bar.field)
    wordnet.press(Qt.Key.Key_Down, on=bar.field)
    wanted = bar.completion.item(1).data(Qt.ItemDataRole.UserRole)
    wordnet.press(Qt.Key.Key_Return, on=bar.field)
    assert wordnet.asked_row == wanted
    assert bar.completion.isHidden()
    wordnet.until_answered()


def test_the_arrow_up_begins_at_the_last_completion(wordnet: User) -> None:
    bar = wordnet.window.query_bar
    QTest.keyClicks(bar.field, "guit")
    wordnet.press(Qt.Key.Key_Up, on=bar.field)
    assert bar.completion.currentRow() == bar.completion.count() - 1


def test_a_completion_is_taken_by_a_click(wordnet: User) -> None:
    bar = wordnet.window.query_bar
    QTest.keyClicks(bar.field, "violi")
    item = bar.completion.item(0)
    QTest.mouseClick(bar.completion.viewport(), LEFT, pos=bar.completion.visualItemRect(item).center())
    assert wordnet.asked_row == item.data(Qt.ItemDataRole.UserRole)
    wordnet.until_answered()


def test_inside_an_expression_the_last_name_is_completed(wordnet: User) -> None:
    bar = wordnet.window.query_bar
    QTest.keyClicks(bar.field, "guitar + violi")
    wordnet.press(Qt.Key.Key_Down, on=bar.field)
    wordnet.press(Qt.Key.Key_Return, on=bar.field)
    assert bar.field.text().startswith("guitar + violi") and bar.field.text() != "guitar + violi"
    assert wordnet.state.asked is None


def test_escape_closes_the_completion_and_keeps_the_query(wordnet: User) -> None:
    wordnet.ask("guitar")
    bar = wordnet.window.query_bar
    bar.take_focus()
    QTest.keyClicks(bar.field, "viol")
    assert bar.completion.isVisible()
    wordnet.press(Qt.Key.Key_Escape, on=bar.field)
    assert bar.completion.isHidden()
    assert wordnet.state.asked is not None


def test_history_goes_back_and_forward(wordnet: User) -> None:
    for text in ("#1", "#2", "#3"):
        wordnet.ask(text)
    rows = []
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
        wordnet.press(key, ALT)
        rows.append(wordnet.asked_row)
    assert rows == [2, 1, 2]
    assert wordnet.window.query_bar.field.text() in ("#2", wordnet.state.dataset.name(2))
    wordnet.until_answered()


def test_a_new_query_ends_the_way_forward(wordnet: User) -> None:
    wordnet.ask("#1")
    wordnet.ask("#2")
    back, forward = (b for b in wordnet.window.query_bar.findChildren(QToolButton) if "query" in b.accessibleName())
    QTest.mouseClick(back, LEFT)
    assert wordnet.asked_row == 1 and forward.isEnabled()
    wordnet.ask("#3")
    assert not forward.isEnabled()


def test_k_asks_for_more_neighbours(wordnet: User) -> None:
    wordnet.ask("guitar")
    spin = wordnet.window.query_bar.k
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, "25")
    wordnet.press(Qt.Key.Key_Return, on=spin)
    wordnet.until(lambda: wordnet.state.truth is not None and len(wordnet.state.truth) == 25)
    wordnet.until(lambda: wordnet.window.neighbours.model.rowCount() == 25)


def test_k_reaches_a_thousand(wordnet: User) -> None:
    wordnet.ask("guitar")
    wordnet.window.query_bar.k.setValue(5000)
    wordnet.until(lambda: wordnet.window.neighbours.model.rowCount() == 1000)


def test_another_metric_answers_again(wordnet: User) -> None:
    wordnet.ask("guitar")
    combo = wordnet.window.query_bar.metrics
    combo.setFocus()
    combo.setCurrentText("manhattan")
    combo.textActivated.emit("manhattan")
    wordnet.until(lambda: wordnet.state.verdict is not None and wordnet.state.entry().handle.metric == "manhattan")
    vectors = wordnet.state.dataset.vectors.astype(np.float64)
    row, nearest = wordnet.asked_row, wordnet.state.truth
    assert np.allclose(nearest.distances, np.abs(vectors[nearest.rows] - vectors[row]).sum(axis=1), atol=1e-5)


def test_ctrl_f_puts_the_cursor_into_the_field(wordnet: User) -> None:
    wordnet.view.setFocus()
    wordnet.press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert wordnet.window.query_bar.field.hasFocus()
