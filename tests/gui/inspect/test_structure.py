"""What an index is made of: the drawing of each kind of value, and what a click on it does."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from explorer.core.structure import NO_INSIDE, Cells, Codes, Facts, Forest, Layers
from explorer.gui.inspect.cells import CellsPart
from explorer.gui.inspect.charts import BarChart, Bars
from explorer.gui.inspect.codes import CodesPart
from explorer.gui.inspect.facts_part import FactsPart
from explorer.gui.inspect.forest import ForestPart
from explorer.gui.inspect.icicle import spread
from explorer.gui.inspect.layers import LayersPart
from explorer.gui.inspect.outlining import areas
from explorer.gui.palette import category_colour
from explorer.gui.theme import DARK
from explorer.measure.coding import CodedDistances
from explorer.measure.soundness import Soundness
from explorer.session.comparing import listed
from explorer.session.state import Replay
from tests.gui.conftest import LEFT, NONE, User, grabbed
from tests.gui.inspect.test_replay import graph_trace

Drawn = ForestPart | CellsPart | CodesPart | LayersPart | FactsPart


@pytest.fixture
def seen(digits: User) -> Iterator[User]:
    """Digits with three trees, a query, and the structure of the index shown."""
    digits.ask("#69")
    digits.controller.inspecting.show("structure")
    digits.until(lambda: digits.state.growth is not None and digits.state.replay is not None)
    QApplication.processEvents()
    real = digits.state.inside
    icicle = digits.window.inspector.structure.parts[0].icicle
    icicle.current = int(icicle.forest.roots[icicle.tree])
    yield digits
    if digits.state.inside is not None:
        digits.controller.session.update(inside=real)


def forest_of(user: User) -> Forest:
    (forest,) = (part for part in user.state.inside if isinstance(part, Forest))
    return forest


def part_of(user: User) -> ForestPart:
    return user.window.inspector.structure.parts[0]


def press_button(user: User, text: str) -> None:
    page = user.window.inspector._page(user.state.tab)
    button = next(one for one in page.findChildren(QPushButton) if one.text() == text and not one.isHidden())
    assert button.isEnabled()
    button.click()


def show(user: User, *made_of: object) -> list[Drawn]:
    user.controller.session.update(inside=made_of)
    QApplication.processEvents()
    return user.window.inspector.structure.parts


def words(user: User) -> str:
    QApplication.processEvents()
    page = user.window.inspector._page(user.state.tab)
    return " ".join(one.text() for one in page.findChildren(QLabel) if not one.isHidden())


def test_the_icicle_gives_each_node_its_share(seen: User) -> None:
    forest = forest_of(seen)
    nodes, left, width = spread(forest, 1)
    assert set(forest.trees[nodes].tolist()) == {1}
    share = dict(zip(nodes.tolist(), zip(left, width, strict=True), strict=True))
    for node in nodes.tolist():
        one, other = forest.children[node].tolist()
        if one >= 0:
            assert share[one][0] == share[node][0]
            assert share[other][0] == pytest.approx(share[one][0] + share[one][1])
            assert share[one][1] + share[other][1] == pytest.approx(share[node][1])
            balance = forest.sizes[one] / (forest.sizes[one] + forest.sizes[other])
            assert share[one][1] == pytest.approx(share[node][1] * balance)


def test_the_search_is_lit_in_the_tree(seen: User) -> None:
    part, trace = part_of(seen), seen.state.replay.trace
    icicle = part.icicle
    place = icicle.rectangle(int(forest_of(seen).roots[icicle.tree]), icicle.rect().toRectF()).center()
    assert icicle.tree == int(np.argmax(np.bincount(trace.levels)))
    lit = [line for line in icicle.numbers()[1:] if line[-1] == "1"]
    assert {int(line[0]) for line in lit} == set(trace.places[trace.levels == icicle.tree].tolist())
    shown = grabbed(icicle)[round(place.y()), round(place.x())]
    accent = np.array([int(DARK.accent[i : i + 2], 16) for i in (1, 3, 5)])
    assert abs(shown - accent).sum() < 220 and shown[2] > 150 > shown[0]


def test_a_click_on_a_node_selects_its_rows(seen: User) -> None:
    part, forest = part_of(seen), forest_of(seen)
    child = int(forest.children[part.icicle.current, 1])
    at = part.icicle.rectangle(child, part.icicle.rect().toRectF()).center()
    QTest.mouseClick(part.icicle, LEFT, NONE, QPoint(round(at.x()), round(at.y())))
    seen.until(lambda: len(seen.state.selection))
    assert len(seen.state.selection) == forest.sizes[child] and part.icicle.current == child
    assert f"{forest.sizes[child]:,} rows" in part._node.accessibleName()


def test_the_tree_is_walked_by_keys(seen: User) -> None:
    icicle, forest = part_of(seen).icicle, forest_of(seen)
    root = icicle.current
    seen.press(Qt.Key.Key_Down, on=icicle)
    child = icicle.current
    assert forest.parents[child] == root
    seen.press(Qt.Key.Key_Left, on=icicle)
    seen.press(Qt.Key.Key_Right, on=icicle)
    assert forest.depths[icicle.current] == 1
    seen.press(Qt.Key.Key_Return, on=icicle)
    seen.until(lambda: len(seen.state.selection) == forest.sizes[icicle.current])
    seen.press(Qt.Key.Key_Up, on=icicle)
    assert icicle.current == root


def test_another_tree_can_be_chosen_and_stays(seen: User) -> None:
    part = part_of(seen)
    other = 1 + (part.tree.value() % 3)
    part.tree.setValue(other)
    assert part.icicle.tree == other - 1
    seen.ask("#70")
    seen.until(lambda: seen.state.growth is not None)
    assert part_of(seen).icicle.tree == other - 1


def test_the_map_is_coloured_by_nodes_and_by_sides(seen: User) -> None:
    part = part_of(seen)
    drawn = seen.view.pictures_drawn
    part.level.setValue(2)
    press_button(seen, "Colour the map by it")
    seen.until(lambda: seen.state.paintings)
    name = f"tree {part.tree.value()}, depth 2"
    assert seen.state.colour_by == name
    assert len(seen.state.column(name).labels) <= 4
    press_button(seen, "Colour the map by the sides of the split")
    seen.until(lambda: len(seen.state.paintings) == 2)
    codes = seen.view._points._codes
    margins = np.asarray(seen.state.column(seen.state.colour_by).values)
    assert (codes[margins > 0] >= 127).all() and (codes[margins < 0] <= 128).all()
    QApplication.processEvents()
    assert seen.view.pictures_drawn > drawn


def test_recall_by_trees_and_the_figures_are_shown(seen: User) -> None:
    part, growth = part_of(seen), seen.state.growth
    assert part.recall.numbers()[1:] == [
        [str(a), str(b)] for a, b in zip(growth.stops.tolist(), growth.recall.tolist(), strict=True)
    ]
    forest = forest_of(seen)
    leaves = int((forest.children[:, 0] < 0).sum())
    assert f"{leaves:,}, of" in part.facts.accessibleName()
    assert sum(int(line[1]) for line in part.sizes.numbers()[1:]) == leaves


def test_a_drawing_is_exported_as_picture_and_as_numbers(seen: User, monkeypatch, tmp_path: Path) -> None:
    icicle = part_of(seen).icicle
    for name in ("tree.png", "tree.svg"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        icicle.export_picture()
    image = QImage(str(tmp_path / "tree.png"))
    assert image.width() >= 2 * icicle.width() and image.height() > 2 * icicle.height()
    svg = (tmp_path / "tree.svg").read_text()
    assert "Tree" in svg and svg.count("<rect") + svg.count("<path") > 20
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "tree.csv"), ""))
    icicle.export_numbers()
    with (tmp_path / "tree.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    forest = forest_of(seen)
    assert [int(line["rows"]) for line in written] == forest.sizes[forest.trees == icicle.tree].tolist()
    icicle.write_numbers(tmp_path / "missing" / "tree.csv")
    assert "cannot be written" in seen.state.problem("inspect")
    icicle.write_picture(tmp_path / "missing" / "tree.png")
    assert "tree.png cannot be written" in seen.state.problem("inspect")


def test_cells_are_sorted_numbered_and_marked(seen: User) -> None:
    rows = seen.state.dataset.rows
    cell_of = (np.arange(rows) % 50).astype(np.int32)
    cell_of[:100] = 37
    sizes = np.bincount(cell_of, minlength=50)
    cells = Cells(cell_of, sizes, 1.5)
    (part,) = show(seen, cells)
    seen.controller.session.update(replay=Replay(graph_trace()))
    bars = part.sizes.bars
    assert bars.heights.tolist() == sorted(sizes.tolist(), reverse=True) and bars.names[0] == "37"
    assert bars.lit == {0} and bars.notes == {0: "1"}
    holding = {int(cell_of[row]) for row in seen.state.verdict.misses}
    assert {int(bars.names[place]) for place in bars.red} == holding
    assert "1.50" in part.facts.accessibleName()
    press_button(seen, "Colour the map by cell")
    assert seen.state.column("cells").labels[37] == "cell 37" and seen.state.column("cells").values[5] == 37
    press_button(seen, "Colour the map by boundary")
    seen.until(lambda: seen.state.problem("inspect"))
    assert "This index has no cells." in words(seen)
    seen.controller.session.clear_problem("inspect")


def cells_of(rows: int, count: int = 50) -> Cells:
    """Cells of nearly one size; the first bar is cell 7."""
    cell_of = (np.arange(rows) % count).astype(np.int32)
    cell_of[:40] = 7
    return Cells(cell_of, np.bincount(cell_of, minlength=count), 1.0)


def test_cells_of_the_search_and_of_its_misses_are_outlined(seen: User) -> None:
    rows = seen.state.dataset.rows
    cells = cells_of(rows)
    (part,) = show(seen, cells)
    seen.controller.session.update(replay=Replay(graph_trace()))
    seen.until(lambda: seen.state.outlines is not None)
    drawn, outlines = areas(seen.state), seen.state.outlines
    (looked_into,) = (area for area in drawn if area.manner == "looked into")
    assert looked_into.text == "1" and looked_into.corners.tolist() == outlines.of(37).tolist()
    missed = {int(cells.cell_of[row]) for row in seen.state.verdict.misses} - {37}
    assert sum(area.manner == "missed" for area in drawn) == min(len(missed), 8)
    assert seen.view._laid.areas and not any(area.manner == "quiet" for area in drawn)
    before = grabbed(seen.view)
    part.outlining.click()
    assert not areas(seen.state) and (grabbed(seen.view) != before).any()
    part.outlining.click()
    seen.until(lambda: seen.state.outlines is not None)
    press_button(seen, "Colour the map by cell")
    assert {area.colour for area in areas(seen.state) if area.manner == "looked into"} == {category_colour(37)}
    seen.controller.session.update(replay=None)
    few = cells_of(rows, 12)
    show(seen, few)
    seen.until(lambda: seen.state.outlines is not None and len(seen.state.outlines.middles) == 12)
    assert len(areas(seen.state)) == 12, "of few cells all are outlined"


def test_a_cell_is_chosen_on_its_bar_by_pointer_and_keys(seen: User) -> None:
    cells = cells_of(seen.state.dataset.rows)
    (part,) = show(seen, cells)
    seen.until(lambda: seen.state.outlines is not None)
    chart = part.sizes
    grabbed(chart)
    inner = chart._inner
    at = QPoint(round(inner.left() + 2), round(inner.center().y()))
    QTest.mouseMove(chart, at)
    QTest.mouseClick(chart, LEFT, NONE, at)
    assert seen.state.cell == 7 and seen.state.selection.tolist() == np.flatnonzero(cells.cell_of == 7).tolist()
    assert chart.told(0) == f"cell 7: {cells.sizes[7]} rows" and areas(seen.state)[-1].text == "cell 7"
    chart.setFocus()
    seen.press(Qt.Key.Key_End, on=chart)
    assert chart.told(49) == chart.accessibleDescription() and chart.current == 49
    seen.press(Qt.Key.Key_Return, on=chart)
    last = int(chart.bars.names[49])
    assert seen.state.cell == last
    seen.press(Qt.Key.Key_Return, on=chart)
    assert seen.state.cell == -1 and not len(seen.state.selection)
    seen.press(Qt.Key.Key_Left, on=chart)
    seen.press(Qt.Key.Key_Home, on=chart)
    assert chart.current == 0 and chart.place_at(inner.left() - 3) == -1


def test_codes_show_errors_and_use(seen: User) -> None:
    errors = np.full(seen.state.dataset.rows, 0.25, np.float32)
    errors[7] = 0.75
    (part,) = show(seen, Codes(errors, np.array([0.1, 0.3]), np.array([256, 256]), np.array([256, 200]), 2))
    assert [line[1] for line in part.errors.numbers()[1:]] == ["0.1", "0.3"]
    assert [line[1] for line in part.used.numbers()[1:]] == ["256", "200"]
    assert "56 of them not in use" in part.facts.accessibleName()
    press_button(seen, "Colour the map by error")
    assert seen.state.painting("code error").worst[0] == 7
    # Annoy does not give out what it holds: there is nothing to hold distances against.
    seen.until(lambda: "coded" not in seen.state.seeking)
    assert seen.state.coded is None and part.scatter.isHidden()


def test_true_distances_are_held_against_those_by_code(seen: User) -> None:
    (part,) = show(seen, Codes(np.zeros(seen.state.dataset.rows, np.float32), *[np.ones(1)] * 3, 2))
    seen.until(lambda: "coded" not in seen.state.seeking)
    told = [line.row for line in listed(seen.state)]
    true = np.linspace(1, 2, len(told))
    found = CodedDistances(np.array(told), true, true + 0.1, np.array([0.5, 3.0]), np.array([0.5, 3.2]))
    seen.controller.session.update(coded=found)
    QApplication.processEvents()
    scatter = part.scatter
    assert not scatter.isHidden() and "a correlation of 1.000" in scatter.accessibleDescription()
    lines = scatter.numbers()
    assert len(lines) == 1 + len(told) + 2 and lines[1][:2] == ["query", str(told[0])]
    assert {line[4] for line in lines[1 : len(told) + 1]} == {line.mark for line in listed(seen.state)}
    grabbed(scatter)
    x, y = scatter._at[2].tolist()
    place = QPoint(round(x), round(y))
    QTest.mouseMove(scatter, place)
    QTest.mouseClick(scatter, LEFT, NONE, place)
    assert seen.state.focused == told[2]
    scatter.setFocus()
    seen.press(Qt.Key.Key_Left, on=scatter)
    seen.press(Qt.Key.Key_Return, on=scatter)
    assert seen.state.focused == told[1]
    seen.controller.looking.focus(-1)


def layers(rows: int) -> Layers:
    """A ring on layer 0, three rows on layer 1; the last row is in no layer, and no link leads to row 0."""
    levels = np.zeros(rows, np.int8)
    levels[[3, 5, 9]] = 1
    levels[-1] = -1
    below = np.arange(rows, dtype=np.int32)
    starts = np.arange(rows + 1, dtype=np.int64)
    starts[-1] = rows - 1
    above = np.zeros(rows + 1, np.int64)
    above[4:] = 1
    return Layers(levels, (starts, above), (np.maximum(1, below[:-1]), np.array([5], np.int32)), 3, (8, 4))


def test_layers_show_their_rows_links_and_way(seen: User) -> None:
    rows = seen.state.dataset.rows
    (part,) = show(seen, layers(rows))
    assert part.storeys.drawn == 2
    said = part.facts.accessibleName()
    assert f"0: {rows - 1:,} · 1: 3" in said and "no link leads to: 1 rows" in said and "#3" in said
    assert "layer 1: 3 rows" in part.storeys.accessibleDescription()
    seen.controller.looking.focus(9)
    assert "stands on layer 1; 1 links lead from it, 1 to it" in words(seen)
    assert seen.view._laid.played.spokes.tolist() == [9, 9]
    before = grabbed(part.storeys)
    seen.controller.session.update(replay=Replay(graph_trace()))
    QApplication.processEvents()
    assert (grabbed(part.storeys) != before).any()
    seen.controller.looking.focus(-1)
    assert "true neighbours have no link from it" in words(seen)
    lacking = seen.view._laid.played.lacking
    assert lacking[0] == 69 and set(lacking[1:].tolist()) == set(seen.state.truth.rows.tolist()) - {68, 70, 69}
    press_button(seen, "Colour the map by layer")
    assert seen.state.column("graph layers").values[9] == 1
    press_button(seen, "Colour the map by links to a row")
    assert np.isnan(seen.state.column("links to a row").values[-1])
    assert seen.state.painting("links to a row").worst[0] == 0


def test_how_sound_a_graph_is_is_shown_and_painted(seen: User) -> None:
    rows = seen.state.dataset.rows
    (part,) = show(seen, layers(rows))
    seen.until(lambda: "soundness" not in seen.state.seeking)
    degrees = np.full(rows, 2, np.int32)
    degrees[[5, 9, 11]], degrees[-1] = (30, 0, 1), -1
    sampled = np.array([5, 20])
    found = Soundness(
        degrees, *map(np.array, ([5], [9], [9, 11])), 2, sampled, np.array([1.5, 3.0], np.float32),
        np.array([0.5, 0.2], np.float32), 10, np.array([3, 1]), np.array([0.0, 1.0, 3.0]), 0.25,
        np.array([[20, 5]]), np.array([3.0]),
    )  # fmt: skip
    seen.controller.session.update(soundness=found)
    QApplication.processEvents()
    linkage = part.linkage
    assert [line[1] for line in linkage.pruned.numbers()[1:]] == ["0", "0", "1", "0", "0", "1", *"00000"]
    assert [line[1] for line in linkage.lengths.numbers()[1:]] == ["3", "1"]
    said = linkage.facts.accessibleName()
    assert "no link leads to: 1 rows" in said and "never reached: 2 rows" in said and "2 on the lowest" in said
    assert "pruned: 35% of the 10" in said
    (hub,) = (one for one in linkage.hubs.list.findChildren(QPushButton) if not one.isHidden())
    assert "30 links to it" in hub.text()
    hub.click()
    assert seen.state.focused == 5 and seen.view._laid.played.spokes[0] == 5
    linkage.lost.select.click()
    assert seen.state.selection.tolist() == [9, 11]
    seen.controller.looking.select_none()
    press_button(seen, "Colour the map by standing")
    column = seen.state.column("standing in the graph")
    assert [column.cell(row) for row in (5, 9, 11, 30)] == ["hub", "never reached", "never reached", ""]
    press_button(seen, "Colour the map by pruned neighbours")
    assert seen.state.painting("pruned neighbours").worst.tolist() == [5, 20]
    press_button(seen, "Colour the map by the longest link")
    assert seen.state.painting("longest link").worst.tolist() == [20, 5]


def test_an_index_that_shows_nothing_says_so(seen: User) -> None:
    show(seen, NO_INSIDE)
    assert "This library does not show its inside." in words(seen)
    (part,) = show(seen, Facts((("rows", "12"),), "Nothing more."))
    assert part.facts.accessibleName() == "rows: 12" and "Nothing more." in words(seen)


def test_several_parts_stand_one_below_the_other(seen: User) -> None:
    parts = show(seen, Facts((("a", "1"),)), layers(seen.state.dataset.rows))
    assert [type(part) for part in parts] == [FactsPart, LayersPart]


def test_exact_search_has_no_structure(seen: User) -> None:
    seen.controller.indexing.choose(seen.state.exact.key)
    assert "Exact search has no structure" in words(seen) and not seen.window.inspector.structure.parts


def test_more_bars_than_pixels_keep_the_highest(qtbot: object) -> None:
    chart = BarChart("many")
    heights = np.ones(10_000)
    heights[4321] = 50
    chart.resize(300, 108)
    chart.show_bars(Bars(heights, ("a", "b"), ("place", "height"), red=frozenset({9000})))
    picture = grabbed(chart)
    quiet = (abs(picture - picture[2, 150]).sum(axis=2) > 30).sum(axis=0)
    inner = picture.shape[1]
    assert quiet[: int(inner * 0.9)].argmax() / inner == pytest.approx(0.43, abs=0.12)
    assert ((picture[:, :, 0] > 200) & (picture[:, :, 2] < 130)).any()
