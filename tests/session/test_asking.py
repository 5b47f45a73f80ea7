"""The answer follows the State."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.metric import distances_of, order


def nearest(state: Any, row: int) -> list[int]:
    distances = order(
        state.metric, distances_of(state.metric, state.dataset.vectors, np.arange(300), state.dataset.vectors[row])
    )
    distances[row] = np.inf
    return list(np.argsort(distances, kind="stable")[: state.k])


@pytest.fixture
def opened(app: Any, npy: Path) -> Any:
    app.open(npy)
    return app


def test_a_row_is_answered_and_judged(opened: Any) -> None:
    opened.controller.asking.ask_row(42)
    state = opened.settle()
    assert state.asked.query.row == 42 and state.truth.rows.tolist() == nearest(state, 42)
    assert state.verdict.recall == len(set(state.answer.neighbours.rows) & set(state.truth.rows)) / 10


def test_a_row_that_is_not_there_is_not_asked(opened: Any) -> None:
    for row in (-1, 300):
        opened.controller.asking.ask_row(row)
    assert opened.state.asked is None


@pytest.mark.parametrize(
    ("text", "kind", "row"),
    [
        ("thing7", "row", 7),
        ("#42", "row", 42),
        ("thing1 + thing2", "expression", None),
        ("1 2 3 4 5 6 7 8", "numbers", None),
    ],
)
def test_what_is_typed_is_read_and_answered(opened: Any, text: str, kind: str, row: int | None) -> None:
    opened.controller.asking.type(text)
    opened.until(lambda s: s.asked is not None)
    state = opened.settle()
    assert (state.asked.query.kind, state.asked.query.row, state.asked.query.text) == (kind, row, text)
    assert len(state.truth) == 10


def test_an_unknown_name_is_a_problem_with_near_names_and_keeps_the_answer(opened: Any) -> None:
    opened.controller.asking.ask_row(1)
    before = opened.settle()
    opened.controller.asking.type("thnig12")
    state = opened.until(lambda s: s.problem("query"))
    assert "“thnig12”" in state.problem("query") and "“thing12”" in state.problem("query")
    assert state.asked is before.asked and state.verdict is before.verdict
    opened.controller.asking.ask_row(2)
    assert opened.settle().problem("query") == ""


def test_typing_right_after_a_click_does_not_lose_the_truth_of_the_click(opened: Any) -> None:
    opened.controller.asking.ask_row(5)
    opened.controller.asking.type("nobody is called so")
    state = opened.settle()
    state = opened.until(lambda s: s.problem("query") and s.verdict is not None)
    assert state.asked.query.row == 5


def test_a_click_overtakes_what_was_typed_before(opened: Any) -> None:
    opened.controller.asking.type("thing7")
    opened.controller.asking.ask_row(3)
    state = opened.settle()
    opened.controller.asking.ask_row(4)
    state = opened.settle()
    assert [asked.query.row for asked in (*state.past, state.asked)] == [3, 4]


def test_of_many_queries_in_a_hurry_the_last_is_answered(opened: Any) -> None:
    for row in range(30):
        opened.controller.asking.ask_row(row)
        opened.controller.asking.set_k(1 + row % 7)
    state = opened.settle()
    assert state.asked.query.row == 29 and len(state.truth) == state.k == 2
    assert state.truth.rows.tolist() == nearest(state, 29)


def test_k_is_clamped_and_answers_anew(opened: Any) -> None:
    opened.controller.asking.ask_row(1)
    for given, k in [(0, 1), (-5, 1), (1000, 1000), (99999, 1000), (5, 5)]:
        opened.controller.asking.set_k(given)
        state = opened.settle()
        assert state.k == k and len(state.truth) == min(k, 299)


def test_another_metric_answers_anew_and_back(opened: Any) -> None:
    opened.controller.asking.ask_row(9)
    first = opened.settle()
    for metric in ("dot", "manhattan", first.metric):
        opened.controller.asking.set_metric(metric)
        state = opened.until(lambda s, m=metric: s.verdict is not None and s.entry().handle.metric == m)
        assert state.truth.rows.tolist() == nearest(state, 9)
        assert state.entry().handle.type == "exact"


def test_changing_the_index_while_the_truth_is_on_its_way_does_not_lose_it(opened: Any) -> None:
    exact, annoy = (entry.key for entry in opened.state.indexes)
    for row in range(10):
        opened.controller.indexing.choose(exact)
        opened.controller.asking.ask_row(row)
        opened.controller.indexing.choose(annoy)
        state = opened.settle()
        assert state.truth.rows.tolist() == nearest(state, row)
        opened.controller.asking.ask_row(row + 10)
        opened.controller.indexing.set_search(annoy, {"search_k": 1 + row})
        state = opened.settle()
        assert state.truth.rows.tolist() == nearest(state, row + 10)


def test_history_goes_back_and_forward_and_a_new_query_ends_the_future(opened: Any) -> None:
    asking = opened.controller.asking
    asking.back()
    asking.forward()
    for row in (1, 2, 3):
        asking.ask_row(row)
    asking.back()
    asking.back()
    asking.back()
    state = opened.settle()
    assert state.asked.query.row == 1 and [a.query.row for a in state.future] == [2, 3]
    assert state.truth.rows.tolist() == nearest(state, 1)
    asking.forward()
    assert opened.settle().asked.query.row == 2
    asking.ask_row(9)
    state = opened.settle()
    assert [a.query.row for a in state.past] == [1, 2] and state.future == ()


def test_clear_takes_the_answer_away_and_keeps_the_history(opened: Any) -> None:
    asking = opened.controller.asking
    asking.ask_row(1)
    opened.settle()
    asking.clear()
    state = opened.settle()
    assert (state.asked, state.answer, state.truth, state.verdict) == (None, None, None, None)
    assert [a.query.row for a in state.past] == [1]
    asking.ask_row(1)
    assert opened.settle().verdict is not None


def test_the_same_query_once_more_is_no_other_query(opened: Any) -> None:
    asking = opened.controller.asking
    asking.ask_row(1)
    asking.ask_row(2)
    before = opened.settle()
    asking.ask_row(2)
    asking.type("#2")
    state = opened.until(lambda s: s.asked.query.text == "thing2" and s.asked is not before.asked)
    assert [a.query.row for a in state.past] == [1] and state.verdict is before.verdict
    for _ in range(2):
        asking.type("1 2 3 4 5 6 7 8")
        opened.until(lambda s: s.asked.query.kind == "numbers")
        opened.settle()
    asking.type("thing1 + thing2")
    opened.until(lambda s: s.asked.query.kind == "expression")
    asking.type("thing1 - thing2")
    state = opened.until(lambda s: s.asked.query.text == "thing1 - thing2")
    assert [a.query.kind for a in state.past] == ["row", "row", "numbers", "expression"]


def test_what_was_cleared_comes_back(opened: Any) -> None:
    asking = opened.controller.asking
    for row in (1, 2):
        asking.ask_row(row)
    asking.clear()
    asking.back()
    state = opened.settle()
    assert (state.asked.query.row, [a.query.row for a in state.past], state.future) == (2, [1], ())
    asking.clear()
    asking.ask_row(2)
    asking.back()
    state = opened.settle()
    assert (state.asked.query.row, state.past, [a.query.row for a in state.future]) == (1, (), [2])


def test_a_query_that_had_no_answer_is_asked_again(opened: Any, npy: Path) -> None:
    npy.rename(npy.with_suffix(".away"))
    opened.controller.asking.ask_row(1)
    assert "vectors.npy" in opened.until(lambda s: s.problem("query")).problem("query")
    npy.with_suffix(".away").rename(npy)
    opened.controller.asking.ask_row(1)
    state = opened.until(lambda s: s.verdict is not None)
    assert state.problem("query") == "" and state.past == ()


class Killer(threading.Thread):
    """Kills the child that searches while it works for one slot, so often."""

    def __init__(self, app: Any, slot: str, times: int) -> None:
        super().__init__(daemon=True)
        self.searches, self.slot, self.times = app.controller.runner.searches, slot, times
        self.killed = 0
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        victim = None
        while not self.done.wait(0.0005) and self.killed < self.times:
            running, process = self.searches._running, self.searches._process
            if running is not None and running.slot.startswith(self.slot) and process not in (None, victim):
                victim, self.killed = process, self.killed + 1
                process.kill()

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.join()


@pytest.fixture
def slow(app: Any, tmp_path: Path) -> Any:
    """So many rows that one can come between the index's answer and the truth."""
    np.save(tmp_path / "slow.npy", np.random.default_rng(0).normal(size=(50_000, 64)).astype(np.float32))
    app.open(tmp_path / "slow.npy")
    return app


def test_a_child_that_dies_over_the_truth_is_asked_again(slow: Any) -> None:
    with Killer(slow, "truth", 1) as killer:
        for row in range(200):
            slow.controller.asking.ask_row(row)
            state = slow.settle()
            assert state.problem("query") == "" and len(state.truth) == 10
            if killer.killed:
                return
    raise AssertionError("no child was caught")


def test_the_truth_that_was_lost_comes_with_the_next_try(slow: Any) -> None:
    with Killer(slow, "truth", 100):
        for row in range(200):
            slow.controller.asking.ask_row(row)
            if slow.settle().problem("query"):
                break
    state = slow.state
    assert "process ended" in state.problem("query") and state.answer is not None and state.truth is None
    slow.controller.indexing.choose(state.exact.key)
    slow.controller.indexing.choose(state.current)
    state = slow.until(lambda s: s.verdict is not None)
    slow.controller.asking.ask_row(state.asked.query.row)
    assert slow.state.problem("query") == "" and slow.state.verdict is state.verdict


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
def test_exact_search_that_could_not_be_prepared_is_prepared_for_the_next_query(opened: Any) -> None:
    # One that is stopped has begun nothing when it is killed, and those that follow are killed while they start.
    os.kill(opened.controller.runner.searches._children.of("").pid, signal.SIGSTOP)
    metric = "dot" if opened.state.metric != "dot" else "manhattan"
    with Killer(opened, "prepare", 100):
        opened.controller.asking.set_metric(metric)
        state = opened.until(lambda s: s.problem("indexes"))
    assert "process ended" in state.problem("indexes") and state.exact is None
    opened.controller.asking.ask_row(1)
    state = opened.settle()
    assert state.problem("indexes") == "" and state.truth.rows.tolist() == nearest(state, 1)


def test_an_answer_that_comes_after_clear_is_dropped(opened: Any) -> None:
    opened.controller.asking.ask_row(1)
    opened.controller.asking.clear()
    opened.controller.asking.type("thing3")
    opened.controller.asking.clear()
    opened.controller.opening.open("sample:nothing")
    state = opened.until(lambda s: s.problem("data"))
    assert state.asked is None and state.answer is None and state.problem("query") == ""


def test_a_query_without_an_answer_says_so_and_the_next_one_is_answered(opened: Any) -> None:
    opened.controller.asking.set_metric("cosine")
    opened.settle()
    opened.controller.asking.type("0 0 0 0 0 0 0 0")
    assert "no direction" in opened.until(lambda s: s.problem("query")).problem("query")
    opened.controller.asking.ask_row(1)
    assert opened.settle().problem("query") == ""


def test_an_answer_that_comes_too_late_is_dropped(opened: Any) -> None:
    seen: list[Any] = []
    opened.controller.session.listen(lambda new, old: seen.append(new))
    opened.controller.asking.ask_row(1)
    # Both its answers are posted by now, and nobody has heard them.
    opened.wait_for_posts(2)
    opened.controller.asking.ask_row(2)
    assert opened.settle().truth.rows.tolist() == nearest(opened.state, 2)
    assert all(state.answer is None and state.truth is None for state in seen if state.asked.query.row == 1)
    assert all(1 not in state.asked.query.leave_out or state.answer is None for state in seen)
    assert all(2 not in state.answer.neighbours.rows for state in seen if state.answer is not None)
