"""The replay: its steps in words, the bar, the keys, and the rows on the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from explorer.core.trace import DESCEND, LEAF, PROBE, RERANK, SPLIT, VISIT, Trace
from explorer.gui.inspect.polar import GAP, directions
from explorer.gui.inspect.steps import Story, ordinal
from explorer.session.state import Replay
from tests.gui.conftest import LEFT, User, grabbed


@pytest.fixture
def replayed(digits: User) -> User:
    digits.ask("#69")
    digits.controller.inspecting.show("replay")
    digits.until(lambda: digits.state.replay is not None)
    return digits


def trace_of(user: User) -> Trace:
    return user.state.replay.trace


def test_every_step_is_told_and_leaves_say_what_they_bring(replayed: User) -> None:
    page, trace = replayed.window.inspector.replay, trace_of(replayed)
    said = [page.model.index(i).data() for i in range(page.model.rowCount())]
    assert len(said) == len(trace) and page.slider.maximum() == len(trace) - 1
    for i, action in enumerate(trace.actions.tolist()):
        assert said[i].startswith(f"tree {trace.levels[i] + 1} · ")
        assert ("leaf" in said[i]) == (action == LEAF) and (action in (SPLIT, LEAF))
    brought = np.diff(np.concatenate([[0], trace.known]))
    assert all(f"+{new:,} row" in said[i] for i, new in enumerate(brought.tolist()) if new)
    met = sum(int(one.rsplit(" · ", 1)[1].split()[0]) for one in said if one.endswith("true"))
    assert met == len(replayed.state.truth) - len(replayed.state.verdict.misses)


def test_the_counters_end_at_what_was_compared(replayed: User) -> None:
    page, trace = replayed.window.inspector.replay, trace_of(replayed)
    replayed.controller.inspecting.go_to(10**9)
    assert f"compared {len(trace.rows):,} of 1,797 rows" in page._counters.text()
    leaves = int((trace.actions == LEAF).sum())
    assert page._place.text() == f"leaf {leaves} of {leaves}"
    found = len(replayed.state.truth) - len(replayed.state.verdict.misses)
    assert f"{found} of 10 true neighbours met" in page._counters.text()


def test_keys_go_through_the_steps_from_the_bar_and_the_list(replayed: User) -> None:
    page, last = replayed.window.inspector.replay, len(trace_of(replayed)) - 1
    for widget in (page.slider, page.steps):
        replayed.press(Qt.Key.Key_Home, on=widget)
        replayed.press(Qt.Key.Key_Right, on=widget)
        assert replayed.state.step == 1 and page.steps.currentIndex().row() == 1 == page.slider.value()
        replayed.press(Qt.Key.Key_Left, on=widget)
        replayed.press(Qt.Key.Key_Left, on=widget)
        assert replayed.state.step == 0
        replayed.press(Qt.Key.Key_End, on=widget)
        assert replayed.state.step == last
    replayed.press(Qt.Key.Key_Home, on=page.steps)
    replayed.press(Qt.Key.Key_Down, on=page.steps)
    assert replayed.state.step == 1


def test_it_plays_to_the_end_and_stops(replayed: User) -> None:
    page, last = replayed.window.inspector.replay, len(trace_of(replayed)) - 1
    replayed.press(Qt.Key.Key_Space, on=page.slider)
    assert page._timer.isActive()
    page._timer.setInterval(5)
    replayed.until(lambda: not page._timer.isActive())
    assert replayed.state.step == last
    QTest.mouseClick(page.play, LEFT)
    assert replayed.state.step == 0 and page._timer.isActive()
    QTest.mouseClick(page.play, LEFT)
    assert not page._timer.isActive()


def test_the_map_shows_what_was_compared_without_drawing_the_points_anew(replayed: User) -> None:
    view, trace = replayed.view, trace_of(replayed)
    drawn = view.pictures_drawn
    before = grabbed(view)
    replayed.controller.inspecting.go_to(len(trace) - 1)
    played = view._laid.played
    assert len(played.compared) + len(played.fresh) == len(trace.rows)
    after = grabbed(view)
    assert (before != after).any() and view.pictures_drawn == drawn
    row = int(played.fresh[np.argmax(~np.isin(played.fresh, view._marks.rows()))])
    at = view.screen_position(row)
    accent = np.array([0x58, 0xA6, 0xFF])
    assert abs(after[round(at.y()), round(at.x())] - accent).sum() < 60
    replayed.controller.inspecting.show("neighbours")
    assert view._laid.played is None


def test_a_replay_that_differs_or_guesses_says_so(replayed: User) -> None:
    page = replayed.window.inspector.replay
    assert not page._said.isVisible()
    odd = replace(trace_of(replayed), differs="The library found row 7 besides.", approximate=True)
    replayed.controller.session.update(replay=Replay(odd))
    assert "approximate" in page._said.text() and "row 7 besides" in page._said.text() and page.steps.isVisible()
    replayed.controller.session.update(replay=Replay(None))
    assert "does not show its inside" in page._said.text() and not page.steps.isVisible()


def test_without_a_search_to_replay_it_says_why(digits: User) -> None:
    page = digits.window.inspector.replay
    digits.controller.inspecting.show("replay")
    assert "Ask something" in page._said.text()
    digits.controller.indexing.choose(digits.state.exact.key)
    digits.ask("#3")
    assert "Exact search compares all 1,797 rows" in page._said.text()


def graph_trace() -> Trace:
    """Down one layer, then two rows expanded, the second of which brings nothing."""
    return Trace(
        kind="graph",
        actions=np.array([DESCEND, VISIT, VISIT, RERANK, PROBE], np.uint8),
        places=np.array([5, 5, 9, 9, 37], np.int32),
        values=np.array([2.0, 2.0, 1.5, 1.25, 0.5]),
        levels=np.array([1, 0, 0, -1, -1], np.int16),
        origins=np.array([-1, 5, 5, -1, -1], np.int32),
        known=np.array([2, 5, 5, 5, 5], np.int32),
        rows=np.array([5, 4, 9, 8, 7], np.int32),
        scores=np.zeros(5),
        found=np.array([9]),
        total=1797,
        computed=5,
    )


def test_other_kinds_of_steps_in_words(digits: User) -> None:
    story = Story.of(graph_trace(), digits.state.dataset, np.array([9, 100]))
    assert story.sentence(0) == "layer 1 → #5 at 2.000 · +2 rows"
    assert story.sentence(1) == "visits #5 at 2.000 · +3 rows · 1 true"
    assert story.sentence(2) == "visits #9 at 1.500"
    assert story.sentence(3) == "compares #9 truly: 1.250"
    assert story.sentence(4) == "cell 37 · 1st, centre at 0.5000"
    assert story.place(2) == "visit 2 of 2" and story.place(0) == "step 1 of 5"
    assert story.counters(1).startswith("compared 5 of 1,797 rows · 1 visit · 1 of 2 true neighbours met")
    played = story.played(2)
    assert played.path.tolist() == [5, 5, 9] and played.origins.tolist() == [-1, 5, 5]
    assert played.compared.tolist() == [5, 4, 9, 8, 7] and not len(played.fresh)


@pytest.mark.parametrize(
    "number, said", [(1, "1st"), (2, "2nd"), (3, "3rd"), (12, "12th"), (22, "22nd"), (111, "111th")]
)
def test_ordinals(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_the_search_is_seen_from_its_query(replayed: User) -> None:
    page, trace, state = replayed.window.inspector.replay, trace_of(replayed), replayed.state
    replayed.until(lambda: replayed.state.distances is not None)
    replayed.press(Qt.Key.Key_V, on=page.slider)
    assert page.polar.isVisible() and not page.steps.isVisible()
    table = page.polar.numbers()[1:]
    assert [int(line[0]) for line in table[: len(trace.rows)]] == trace.rows.tolist()
    far = {int(line[0]): float(line[1]) for line in table}
    for row, distance in zip(state.truth.rows.tolist(), state.truth.distances.tolist(), strict=True):
        assert far[row] == pytest.approx(distance)
    unmet = {int(line[0]) for line in table[len(trace.rows) :]}
    assert unmet == set(state.verdict.misses.tolist()) and all(line[3] == "miss" for line in table[len(trace.rows) :])
    replayed.controller.inspecting.go_to(0)
    before = grabbed(page.polar)
    replayed.controller.inspecting.go_to(len(trace) - 1)
    assert (grabbed(page.polar) != before).any()
    replayed.press(Qt.Key.Key_V, on=page.slider)
    assert page.steps.isVisible()


def test_rows_that_were_met_together_share_a_sector(digits: User) -> None:
    turns = directions(Story.of(graph_trace(), digits.state.dataset, np.empty(0, np.int64)))
    assert (turns[:2] < 0.44).all() and (turns[2:] > 0.44).all() and turns.max() < 1 - GAP
