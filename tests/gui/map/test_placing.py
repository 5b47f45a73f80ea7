from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from explorer.gui.map.lettering import ClusterLabels
from explorer.gui.map.placing import MOST_LABELS, Rect, place
from explorer.gui.map.viewport import Viewport

places = st.lists(
    st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.floats(10, 120), st.floats(10, 24)), max_size=40
)  # fmt: skip


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def some_overlap(rects: list[Rect]) -> bool:
    return any(overlap(one, other) for i, one in enumerate(rects) for other in rects[:i])


@given(places)
def test_labels_never_overlap_and_the_first_stands_at_its_place(given: list[tuple[float, ...]]) -> None:
    numbers = np.array(given).reshape(-1, 4)
    placed = place(numbers[:, :2], numbers[:, 2:])
    assert not some_overlap([rect for _, rect in placed])
    if given:
        number, (left, top, width, height) = placed[0]
        assert number == 0
        assert np.allclose((left + width / 2, top + height / 2), given[0][:2])


def test_labels_with_room_are_all_there() -> None:
    anchors = np.array([(x, y) for x in range(0, 500, 100) for y in range(0, 300, 60)], float)
    assert len(place(anchors, np.full((len(anchors), 2), (60.0, 20.0)))) == len(anchors)


def test_at_most_thirty_are_in_view_the_heaviest_and_panning_keeps_them_in_place(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    labels = ClusterLabels([(f"group {i}", *rng.uniform(-50, 50, 2).tolist()) for i in range(150)], QFont())
    view = Viewport(0, 0, 20, 1400, 900)
    shown = labels.placed(view)
    assert len(shown) == MOST_LABELS
    numbers = [number for number, _ in shown]
    assert numbers == sorted(numbers)
    assert next(i for i, (_, x, y) in enumerate(labels.labels) if abs(x) < 34 and abs(y) < 22) in numbers
    assert not some_overlap([rect for _, rect in shown])
    moved = dict(labels.placed(view.panned(10, 5)))
    kept = [number for number, _ in shown if number in moved]
    assert len(kept) > 20
    before = dict(shown)
    for number in kept:
        assert np.allclose(np.subtract(moved[number], before[number]), (10, 5, 0, 0))
