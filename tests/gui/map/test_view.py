"""The map as people use it: one gesture, one expectation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.gui import palette
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.marks import HoverCard, Marks
from explorer.gui.map.theme import DARK, LIGHT, MapTheme
from explorer.gui.map.view import MapView
from tests.gui.map.conftest import difference, pixel, rgb, scattered

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier

FOUR = np.array([[0, 0], [4, 0], [4, 3], [0, 3]], np.float32)
PAPER = {theme: rgb(theme.background) for theme in (DARK, LIGHT)}


def at(view: MapView, row: int) -> QPoint:
    return view.screen_position(row).toPoint()


def drag(view: MapView, *path: QPoint, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(view, button, modifiers, path[0])
    for place in path[1:]:
        QApplication.sendEvent(view, _move(view, place, button, modifiers))
    QTest.mouseRelease(view, button, modifiers, path[-1])


def _move(view: MapView, place: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> QMouseEvent:
    where = QPointF(place)
    return QMouseEvent(
        QEvent.Type.MouseMove, where, QPointF(view.mapToGlobal(place)), Qt.MouseButton.NoButton, button, modifiers
    )  # fmt: skip


def hover(qtbot: QtBot, view: MapView, place: QPoint) -> None:
    QApplication.sendEvent(view, _move(view, place, Qt.MouseButton.NoButton, NONE))
    qtbot.wait(60)


def fill(view: MapView, n: int = 500) -> NDArray[np.float32]:
    positions = scattered(n)
    view.set_positions(positions)
    return positions


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_points_are_lit_in_their_colours(view: MapView, theme: MapTheme) -> None:
    view.set_theme(theme)
    view.set_positions(FOUR)
    view.set_colours(np.arange(4, dtype=np.uint8), palette.CATEGORY_COLOURS[:4])
    for row in range(4):
        found = pixel(view, view.screen_position(row))
        colour = palette.category_colour(row)
        red, green, blue = (
            round(c * theme.opacity + p * (1 - theme.opacity)) for c, p in zip(colour, PAPER[theme], strict=True)
        )
        mixed = red, green, blue
        assert difference(found, mixed) <= 4
    assert difference(pixel(view, QPointF(300, 200)), PAPER[theme]) == 0
    assert view.points_drawn == 4


def test_without_colours_points_are_quiet(view: MapView) -> None:
    view.set_positions(FOUR)
    assert difference(pixel(view, view.screen_position(0)), rgb(DARK.point)) < 60
    view.set_colours(np.zeros(4, np.uint8), [(255, 0, 0)])
    assert pixel(view, view.screen_position(0))[0] > 170
    view.set_colours(None)
    assert pixel(view, view.screen_position(0))[0] < 150


@pytest.mark.parametrize("compiled", [False, True])
def test_every_outlier_among_a_million_is_lit(qtbot: QtBot, view: MapView, kernels: Kernels, compiled: bool) -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(0, 1, (1_000_000, 2)).astype(np.float32)
    outliers = np.arange(0, 1_000_000, 10_000)
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    positions[outliers] = np.stack([30 * np.cos(angle), 20 * np.sin(angle)], axis=1)
    if compiled:
        view.set_kernels(kernels)
    view.set_positions(positions)
    view.grab()
    assert view.finished is compiled
    qtbot.waitUntil(lambda: view.finished, timeout=60_000)
    image = view.grab().toImage()
    assert view.points_drawn == 1_000_000
    for row in outliers:
        where = view.screen_position(int(row))
        colour = rgb(image.pixel(int(where.x()), int(where.y())))
        assert difference(colour, PAPER[DARK]) > 50


def test_filtered_rows_are_faint_and_cannot_be_picked(view: MapView) -> None:
    view.set_positions(FOUR)
    before = difference(pixel(view, view.screen_position(1)), PAPER[DARK])
    view.set_visible(np.array([True, False, True, True]))
    after = difference(pixel(view, view.screen_position(1)), PAPER[DARK])
    assert after < 0.3 * before
    assert view.pick(*view.screen_position(1).toTuple()) == -1
    view.set_visible(None)
    assert view.pick(*view.screen_position(1).toTuple()) == 1


def test_selected_rows_are_brighter_than_the_others(view: MapView) -> None:
    view.set_positions(FOUR)
    plain = difference(pixel(view, view.screen_position(0)), PAPER[DARK])
    view.set_selection([2])
    dimmed = difference(pixel(view, view.screen_position(0)), PAPER[DARK])
    bright = difference(pixel(view, view.screen_position(2)), PAPER[DARK])
    assert dimmed < plain < bright
    view.set_selection([])
    assert difference(pixel(view, view.screen_position(0)), PAPER[DARK]) == plain


def test_marks_have_their_shapes_and_do_not_redraw_the_points(view: MapView) -> None:
    view.set_positions(np.array([[0, 0], [10, 0], [20, 0], [30, 0], [40, 0]], np.float32))
    view.set_colours(np.zeros(5, np.uint8), [(0, 158, 115)])
    view.grab()
    pictures = view.pictures_drawn
    view.set_marks(
        Marks(query_row=0, hits=np.array([1]), misses=np.array([2]), extras=np.array([3]), pending=np.array([4]))
    )
    accent, text, miss, grey = (rgb(colour) for colour in (DARK.accent, DARK.text, DARK.miss, DARK.grey))
    place = [view.screen_position(row) for row in range(5)]
    assert difference(pixel(view, place[0]), accent) < 20
    assert difference(pixel(view, place[0] + QPointF(0, 16.8)), accent) < 70
    assert difference(pixel(view, place[1]), (0, 158, 115)) < 5
    assert difference(pixel(view, place[1] + QPointF(0, 6.1)), text) < 90
    assert difference(pixel(view, place[2] + QPointF(0, 7.2)), miss) < 70
    assert difference(pixel(view, place[3] + QPointF(0, 5.4)), grey) < 70
    assert difference(pixel(view, place[4] + QPointF(0, 4.5)), (0, 158, 115)) < 5
    assert view.pictures_drawn == pictures


def test_marks_far_outside_a_deep_zoom_cost_nothing(view: MapView) -> None:
    positions = fill(view, 300)
    rows = np.arange(1, 200)
    view.set_marks(Marks(query_row=0, misses=rows[:100], hits=rows[100:], ranks={int(row): 1 for row in rows}))
    view.centre_on(0)
    view.zoom_by(1e5)
    view.grab()
    assert view.screen_position(0).toTuple() == pytest.approx((300, 200), abs=0.5)
    assert len(positions) == 300


def test_a_placed_query_says_that_its_place_is_approximate(view: MapView) -> None:
    view.set_positions(FOUR)
    below = QPointF(300, 200 + 29)
    view.set_marks(Marks(query_at=(2.0, 1.5), approximate=False))
    without = view.grab().toImage()
    view.set_marks(Marks(query_at=(2.0, 1.5), approximate=True))
    captioned = view.grab().toImage()
    assert difference(pixel(view, QPointF(300, 200)), rgb(DARK.accent)) < 20
    box = [(x, y) for x in range(220, 380) for y in range(int(below.y()) - 6, int(below.y()) + 6)]
    assert sum(without.pixel(*p) != captioned.pixel(*p) for p in box) > 200


@pytest.mark.parametrize(("modifiers", "extend"), [(NONE, False), (CONTROL, True), (SHIFT, True)])
def test_a_click_finds_the_row(qtbot: QtBot, view: MapView, modifiers: Qt.KeyboardModifier, extend: bool) -> None:
    view.set_positions(FOUR)
    for row in range(4):
        with qtbot.waitSignal(view.row_clicked) as clicked:
            QTest.mouseClick(view, LEFT, modifiers, at(view, row))
        assert clicked.args == [row, extend]


def test_a_click_on_nothing_says_so(qtbot: QtBot, view: MapView) -> None:
    view.set_positions(FOUR)
    with qtbot.waitSignal(view.empty_clicked), qtbot.assertNotEmitted(view.row_clicked):
        QTest.mouseClick(view, LEFT, NONE, QPoint(300, 200))


def test_a_mark_goes_before_the_points_it_covers(view: MapView) -> None:
    view.set_positions(np.array([[0, 0], [0.05, 0], [10, 0]], np.float32))
    x, y = view.screen_position(0).toTuple()
    assert view.pick(x - 2, y) == 0
    view.set_marks(Marks(hits=np.array([1])))
    assert view.pick(x - 2, y) == 1
    assert view.pick(x, y) == 0


def test_a_double_click_activates(qtbot: QtBot, view: MapView) -> None:
    view.set_positions(FOUR)
    with qtbot.waitSignal(view.row_activated) as activated:
        QTest.mouseDClick(view, LEFT, NONE, at(view, 2))
    assert activated.args == [2]


def test_hovering_shows_the_card_and_does_not_redraw_the_points(qtbot: QtBot, view: MapView) -> None:
    view.set_positions(FOUR)
    asked: list[int] = []
    image = QImage(8, 8, QImage.Format.Format_Grayscale8)
    image.fill(255)

    def card(row: int) -> HoverCard:
        asked.append(row)
        return HoverCard(f"row {row}", ("one", "two"), image)

    view.set_tooltip_source(card)
    told: list[int] = []
    view.row_hovered.connect(told.append)
    view.grab()
    pictures = view.pictures_drawn
    without = view.grab().toImage()
    hover(qtbot, view, at(view, 3) + QPoint(3, 3))
    assert view.hovered == 3
    assert view.grab().toImage() != without
    hover(qtbot, view, at(view, 3) + QPoint(2, 3))
    hover(qtbot, view, QPoint(300, 200))
    assert told == [3, -1]
    assert asked == [3]
    assert view.pictures_drawn == pictures
    assert view.grab().toImage() == without


def test_dragging_pans_and_selects_nothing(qtbot: QtBot, view: MapView) -> None:
    fill(view)
    before = view.screen_position(0)
    with qtbot.waitSignal(view.view_changed), qtbot.assertNotEmitted(view.row_clicked):
        drag(view, QPoint(300, 200), QPoint(320, 210), QPoint(350, 230))
    moved = view.screen_position(0) - before
    assert moved.toTuple() == pytest.approx((50, 30), abs=0.01)


@pytest.mark.parametrize(
    ("tool", "button", "modifiers", "mode"),
    [
        ("box", LEFT, NONE, "replace"),
        ("box", LEFT, SHIFT, "add"),
        ("box", LEFT, ALT, "subtract"),
        ("pan", RIGHT, NONE, "replace"),
        ("pan", LEFT, SHIFT, "add"),
    ],
)
def test_a_box_selects(
    qtbot: QtBot, view: MapView, tool: str, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier, mode: str
) -> None:
    fill(view)
    view.set_tool(tool)  # type: ignore[arg-type]
    inside = [
        row for row in range(500) if 100 < view.screen_position(row).x() < 300 and view.screen_position(row).y() < 250
    ]
    with qtbot.waitSignal(view.selection_made) as made:
        drag(view, QPoint(100, 250), QPoint(200, 100), QPoint(300, 0), button=button, modifiers=modifiers)
    rows, said = made.args
    assert rows.tolist() == inside and said == mode
    assert 0 < len(inside) < 500
    assert rows.dtype == np.int64


def test_a_lasso_selects(qtbot: QtBot, view: MapView) -> None:
    fill(view)
    view.set_tool("lasso")
    path = [QPoint(50, 50), QPoint(550, 60), QPoint(300, 380), QPoint(60, 80)]
    with qtbot.waitSignal(view.selection_made) as made:
        drag(view, *path)
    outline = np.array([place.toTuple() for place in path], float)
    assert made.args[0].tolist() == view.pick_all("lasso", outline).tolist()
    assert 0 < len(made.args[0]) < 500


def test_escape_leaves_the_tool(qtbot: QtBot, view: MapView) -> None:
    view.set_tool("box")
    with qtbot.waitSignal(view.tool_changed):
        QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.tool == "pan"


def test_the_wheel_zooms_at_the_cursor(view: MapView) -> None:
    fill(view)
    place = view.screen_position(7)
    scale = view.viewport.scale
    event = QWheelEvent(
        place, QPointF(view.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
    assert view.viewport.scale == pytest.approx(scale * 1.0015**120)
    assert view.screen_position(7).toTuple() == pytest.approx(place.toTuple())


def test_keys_move_and_zoom(view: MapView) -> None:
    fill(view)
    whole = view.viewport
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.viewport.cx > whole.cx
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.viewport.cy > whole.cy
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.viewport.scale > whole.scale
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.viewport == whole
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.viewport.scale < whole.scale
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.viewport == whole


def test_a_running_layout_is_followed_until_somebody_moves_the_view(view: MapView) -> None:
    positions = fill(view)
    view.set_positions(positions * np.float32(1.5), animate=True)
    followed = view.viewport.scale
    view.set_positions(positions * 3, animate=True)
    assert view.viewport.scale == pytest.approx(followed / 2)
    view.zoom_by(2)
    mine = view.viewport
    view.set_positions(positions * 4, animate=True)
    assert view.viewport == mine
    view.set_positions(positions * np.float32(4.01), animate=False)
    assert view.viewport == mine
    view.set_positions(positions[:, ::-1] * 9, animate=False)
    assert view.viewport != mine


def test_a_view_that_nobody_moved_fits_the_window_when_it_is_resized(view: MapView) -> None:
    positions = fill(view)
    view.resize(300, 500)
    screen = view.viewport.screen_of(positions)
    assert screen.min() > 0 and screen[:, 0].max() < 300 and screen[:, 1].max() < 500


def test_gliding_ends_at_its_goal(qtbot: QtBot) -> None:
    view = MapView(smooth=True)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    view.set_positions(FOUR)
    whole = view.viewport
    steps: list[float] = []
    view.view_changed.connect(lambda: steps.append(view.viewport.scale))
    view.zoom_by(3)
    qtbot.waitUntil(lambda: view.viewport.scale == pytest.approx(3 * whole.scale), timeout=3000)
    assert len(steps) > 2 and steps == sorted(steps)


def test_an_empty_map_is_paper_and_survives_everything(view: MapView) -> None:
    view.set_positions(None)
    view.set_labels([("one", 0, 0)])
    view.set_marks(Marks(query_row=3, hits=np.array([1, 2]), focused=1))
    view.set_selection([1])
    view.fit()
    view.zoom_by(2)
    QTest.mouseClick(view, LEFT, NONE, QPoint(100, 100))
    drag(view, QPoint(10, 10), QPoint(50, 50), button=RIGHT)
    assert pixel(view, QPointF(300, 200)) == PAPER[DARK]
    assert view.points_drawn == 0


def test_another_number_of_rows_forgets_what_was_marked(view: MapView) -> None:
    fill(view)
    view.set_selection([400])
    view.set_visible(np.arange(500) > 3)
    view.set_marks(Marks(query_row=499))
    view.set_colours(np.zeros(500, np.uint8), [(255, 0, 0)])
    view.set_positions(FOUR)
    view.grab()
    assert view.points_drawn == 4


def test_high_density_screens_get_all_their_pixels(
    qtbot: QtBot, kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = MapView(smooth=False)
    qtbot.addWidget(view)
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: 2.0)
    view.set_kernels(kernels)
    view.resize(300, 200)
    view.show()
    view.set_positions(FOUR)
    view.set_colours(np.arange(4, dtype=np.uint8), palette.CATEGORY_COLOURS[:4])
    for row in range(4):
        assert difference(pixel(view, view.screen_position(row)), palette.category_colour(row)) < 90
    assert view._raster._image.width() == 600


def test_the_compiled_loops_come_by_themselves(qtbot: QtBot, kernels: Kernels, view: MapView) -> None:
    fill(view)
    view.start_warm_up()
    qtbot.waitUntil(lambda: view.compiled, timeout=20_000)
    view.grab()
    assert view.points_drawn == 500


def test_it_tells_screen_readers_what_it_shows(view: MapView) -> None:
    assert view.accessibleName() == "Map"
    fill(view)
    view.set_marks(Marks(query_row=0, hits=np.array([1, 2]), misses=np.array([3])))
    assert "500 points" in view.accessibleDescription()
    assert "2 found, 1 missed" in view.accessibleDescription()


def test_keyboard_focus_is_seen_and_mouse_focus_is_not(view: MapView) -> None:
    view.set_positions(FOUR)
    edge = QPointF(300, 2)
    view.activateWindow()
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    assert pixel(view, edge) == PAPER[DARK]
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert difference(pixel(view, edge), rgb(DARK.accent)) < 20


def test_labels_are_written_at_their_places_and_never_overlap(view: MapView) -> None:
    positions = fill(view)
    view.set_labels([(f"cluster {i}", float(positions[i, 0]), float(positions[i, 1])) for i in range(60)])
    rects = view.label_rectangles()
    assert 3 < len(rects) <= 30
    assert not any(one.intersects(other) for i, one in enumerate(rects) for other in rects[:i])
