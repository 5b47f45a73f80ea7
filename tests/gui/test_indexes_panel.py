"""Indexes as people handle them: build, rebuild, search parameters, save, open, remove."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QSpinBox, QToolButton, QWidget

from explorer.gui.panels.build_row import BuildRow
from explorer.gui.panels.index_row import IndexRow
from explorer.gui.panels.type_chooser import TypeChooser
from explorer.indexes import types
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
    press(digits.window.indexes, "Build")
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
    press(digits.window.indexes, "Rebuild")
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


def under_way(user: User) -> list[BuildRow]:
    return [row for row in user.window.indexes.findChildren(BuildRow) if row.isVisible()]


def chooser(user: User) -> TypeChooser:
    """The list of types of the opened form."""
    user.press(Qt.Key.Key_B, CONTROL)
    return user.window.indexes.form.findChild(TypeChooser)


def choose(user: User, name: str) -> TypeChooser:
    found = chooser(user)
    found.setCurrentIndex(found.findData(name))
    return found


def build_button(user: User) -> QPushButton:
    return next(b for b in user.window.indexes.findChildren(QPushButton) if b.isVisible() and b.text() == "Build")


def test_a_row_says_what_it_took_how_large_it_is_and_how_fast_it_answers(digits: User) -> None:
    digits.until(lambda: forests(digits)[0].recall is not None)
    entry = forests(digits)[0]
    said = rows(digits)[1].accessibleName()
    assert f"built {max(0.1, entry.handle.build_seconds):.1f} s" in said
    assert f"{round(entry.handle.bytes, -4) / 1e3:.0f} kB" in said
    assert f"{entry.recall.p50_ms:.2f} ms" in said
    tips = [label.toolTip() for label in rows(digits)[1].findChildren(QLabel)]
    assert f"{entry.handle.bytes:,} bytes" in tips
    digits.ask("#10")
    assert f"{digits.state.exact_ms:.2f} ms" in texts(rows(digits)[0])


def test_figures_of_all_rows_end_at_the_same_places(digits: User) -> None:
    digits.controller.indexing.build("annoy", {"trees": 300})
    digits.until(lambda: len(forests(digits)) == 2 and all(entry.recall for entry in forests(digits)))
    digits.until_still()
    ends = []
    for row in rows(digits):
        sizes = [label for label in row.findChildren(QLabel) if label.toolTip().endswith(" bytes")]
        ends.append([label.mapTo(digits.window, label.rect().topRight()).x() for label in sizes])
    assert len(ends) == 3 and ends[0] == ends[1] == ends[2] != []


def test_arrow_keys_go_from_row_to_row_and_return_lets_one_answer(digits: User) -> None:
    exact, forest = rows(digits)
    forest.setFocus()
    QTest.keyClick(forest, Qt.Key.Key_Down)
    assert forest.hasFocus()
    QTest.keyClick(forest, Qt.Key.Key_Up)
    assert exact.hasFocus()
    QTest.keyClick(exact, Qt.Key.Key_Return)
    assert digits.state.entry().handle.type == "exact"
    QTest.keyClick(exact, Qt.Key.Key_Up)
    QTest.keyClick(exact, Qt.Key.Key_Down)
    QTest.keyClick(forest, Qt.Key.Key_Return)
    assert forest.hasFocus() and digits.state.entry().handle.type == "annoy"


def test_what_a_build_takes_is_shown_as_parameters_change(digits: User) -> None:
    digits.press(Qt.Key.Key_B, CONTROL)
    footer = digits.window.indexes.form.footer
    before = texts(footer)
    assert "under 1 s" in before and "to build" in before and "memory" in before and "on disk" in before
    box = field(digits.window.indexes.form, "trees")
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "9000")
    after = texts(footer)
    assert box.value() == 9000 and after != before and "under 1 s" not in after
    assert build_button(digits).isEnabled()


def test_what_would_not_fit_is_said_instead_and_cannot_be_built(digits: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.indexes.building.free_in_memory", lambda: 2_000_000)
    monkeypatch.setattr("explorer.room.free_in_memory", lambda: 2_000_000)
    digits.press(Qt.Key.Key_B, CONTROL)
    footer = digits.window.indexes.form.footer
    assert "of memory, and 2.0 MB are free; up to" in texts(footer) and "use fewer trees" in texts(footer)
    assert "to build" not in texts(footer) and not build_button(digits).isEnabled()
    type_into(field(digits.window.indexes.form, "trees"), "1")
    assert "to build" in texts(footer) and build_button(digits).isEnabled()


def test_a_type_that_is_not_here_is_grey_and_says_how_to_get_it(digits: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(types()["voyager"]), "unavailable", lambda self: "Voyager is not here; “pip” adds it.")
    found = chooser(digits)
    place = found.findData("voyager")
    assert found.model().index(place, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "Voyager, not here"
    found.setFocus()
    for _ in range(found.count()):
        QTest.keyClick(found, Qt.Key.Key_Down)
        if found.currentIndex() == place:
            break
    assert found.currentIndex() == place
    assert "“pip” adds it" in texts(digits.window.indexes.form.footer)
    assert not build_button(digits).isEnabled()
    QTest.keyClick(found, Qt.Key.Key_Up)
    assert build_button(digits).isEnabled()


def test_every_type_is_offered_once_and_headings_cannot_be_chosen(digits: User) -> None:
    found = chooser(digits)
    names = [found.itemData(i) for i in range(found.count())]
    assert sorted(name for name in names if name) == sorted(set(types()) - {"exact"})
    headings = [found.model().index(i, 0) for i, name in enumerate(names) if name is None]
    assert len(headings) >= 4
    assert not any(heading.flags() & Qt.ItemFlag.ItemIsSelectable for heading in headings)
    found.setFocus()
    seen = {found.currentData()}
    for key in [Qt.Key.Key_Up] * len(names) + [Qt.Key.Key_Down] * len(names):
        QTest.keyClick(found, key)
        seen.add(found.currentData())
    assert seen == set(types()) - {"exact"}


def test_a_type_without_the_metric_says_which_it_has(digits: User) -> None:
    digits.controller.asking.set_metric("manhattan")
    digits.until(lambda: digits.state.exact is not None)
    choose(digits, "hnswlib")
    assert "has no manhattan; it has cosine, euclidean, dot" in texts(digits.window.indexes.form.footer)
    assert not build_button(digits).isEnabled()
    digits.controller.asking.set_metric("cosine")
    assert build_button(digits).isEnabled()


@pytest.mark.parametrize("nonsense", ["IVF" + "9" * 400, "PQ0x99", "HNSW" + "9" * 300, "x" * 900, "OPQ_,,PCA-1", "  "])
def test_nonsense_in_the_form_never_raises(digits: User, nonsense: str) -> None:
    choose(digits, "faiss-factory")
    digits.until_still()
    lines = digits.window.indexes.form.findChildren(QLineEdit)
    line = next(each for each in lines if each.accessibleName() == "factory" and each.isVisible())
    line.setText(nonsense)
    assert texts(digits.window.indexes.form.footer)
    line.clear()


def test_a_build_stands_in_the_list_with_its_progress_and_is_cancelled_there(digits: User) -> None:
    digits.controller.indexing.build("annoy", {"trees": 10_000})
    digits.until(lambda: under_way(digits))
    (row,) = under_way(digits)
    assert "Annoy" in texts(row) and "about" in texts(row)
    digits.until(lambda: "left" in texts(row))
    assert "being built" in row.accessibleName() and "10,000 trees" in row.toolTip()
    press(row, "Cancel")
    digits.until(lambda: not digits.state.builds)
    assert under_way(digits) == [] and len(forests(digits)) == 1 and not digits.state.problems


def test_a_build_that_failed_says_why_in_its_place_and_is_tried_again(
    digits: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits.controller.indexing.build("faiss-factory", {"factory": "IVF8,nonsense"})
    digits.until(lambda: digits.state.builds and digits.state.builds[0].failure)
    (row,) = under_way(digits)
    assert "Faiss cannot build “IVF8,nonsense”" in texts(row) and not digits.state.problems
    press(row, "Try again")
    assert not digits.state.builds[0].failure and digits.state.builds[0].params == {"factory": "IVF8,nonsense"}
    digits.until(lambda: digits.state.builds[0].failure)
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Delete)
    assert digits.state.builds == () and under_way(digits) == []


def test_a_row_that_goes_leaves_the_keyboard_to_its_neighbour(digits: User) -> None:
    forest = rows(digits)[1]
    forest.setFocus()
    digits.controller.indexing.build("annoy", {"trees": 10_000})
    digits.until(lambda: under_way(digits))
    QTest.keyClick(forest, Qt.Key.Key_Down)
    (row,) = under_way(digits)
    assert row.hasFocus()
    QTest.keyClick(row, Qt.Key.Key_Delete)
    digits.until(lambda: not digits.state.builds)
    assert QApplication.focusWidget() is forest
