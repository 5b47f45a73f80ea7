"""A second index is asked whatever the first is asked, and both are held against the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.session.comparing import AGREEMENT, agreed, finders, listed, rivals
from explorer.session.state import State


@pytest.fixture
def two(app: Any, npy: Any) -> Any:
    """A forest of one tree that answers, a graph with few links of another library, and a query."""
    app.controller.indexing.first_params = {"trees": 1}
    app.open(npy)
    first = app.state.current
    app.controller.indexing.build("hnswlib", {"M": 2, "ef_construction": 4})
    app.until(lambda s: len(s.indexes) == 3)
    app.controller.indexing.choose(first)
    app.controller.asking.ask_row(5)
    app.settle()
    return app


def compared(app: Any) -> State:
    return app.until(lambda s: s.other is not None and s.verdict is not None)


def test_the_second_index_answers_the_same_query(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    state = compared(two)
    a, b = set(state.answer.neighbours.rows.tolist()), set(state.other.neighbours.rows.tolist())
    truth = set(state.truth.rows.tolist())
    told = agreed(state)
    assert (told.both, told.only_a, told.only_b) == (len(a & b & truth), len(a & truth - b), len(b & truth - a))
    assert told.true == 10 and told.a == len(truth & a) and told.b == len(truth & b)
    who = finders(state)
    assert {row for row, name in who.items() if name == "AB"} == a & b
    assert {row for row, name in who.items() if name == "A"} == a - b
    assert {row for row, name in who.items() if name == "B"} == b - a
    assert [line.row for line in listed(state)] == list(dict.fromkeys(line.row for line in listed(state)))
    assert {line.row for line in listed(state)} == a | b | truth
    assert all(line.mark == "extra" for line in listed(state) if line.row in b - a - truth)


def test_it_follows_the_query_and_its_own_settings(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    before = compared(two).other
    two.controller.asking.ask_row(77)
    assert two.state.other is None and finders(two.state) == {} and agreed(two.state) is None
    state = compared(two)
    assert state.other is not before and 77 not in state.other.neighbours.rows
    two.controller.indexing.set_search(rival.key, {"ef": 300})
    assert two.state.other is None
    after = compared(two)
    assert after.other.params["ef"] == 300 and after.answer is state.answer
    two.controller.asking.set_k(3)
    assert len(compared(two).other.neighbours) == 3
    two.controller.asking.clear()
    assert two.state.other is None and two.state.against == rival.key


def test_the_newest_query_wins(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    for row in range(20, 40):
        two.controller.asking.ask_row(row)
    state = compared(two)
    own = state.dataset.vectors[39]
    apart = np.linalg.norm(state.dataset.vectors[state.other.neighbours.rows] - own, axis=1)
    assert state.asked.query.row == 39 and 39 not in state.other.neighbours.rows and apart.min() > 0


def test_letting_the_second_answer_turns_them_round(two: Any) -> None:
    (rival,), first = rivals(two.state), two.state.current
    two.controller.comparing.compare(rival.key)
    before = agreed(compared(two))
    two.controller.indexing.choose(rival.key)
    state = compared(two)
    assert (state.current, state.against) == (rival.key, first)
    after = agreed(state)
    assert (after.only_a, after.only_b, after.both) == (before.only_b, before.only_a, before.both)


def test_it_ends_by_the_same_command_and_with_the_index(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    compared(two)
    two.controller.comparing.compare(rival.key)
    assert two.state.against == "" and two.state.other is None
    two.controller.comparing.compare(rival.key)
    compared(two)
    two.controller.indexing.choose(two.state.exact.key)
    assert two.state.rival is None and two.state.other is None
    two.controller.indexing.choose("annoy" if two.state.entry("annoy") else two.state.indexes[1].key)
    compared(two)
    two.controller.indexing.remove(rival.key)
    assert two.state.against == "" and two.state.other is None


def test_what_cannot_be_compared_is_said(two: Any) -> None:
    two.controller.comparing.compare(two.state.exact.key)
    assert "second approximate index" in two.state.problem("indexes") and two.state.against == ""
    (rival,) = rivals(two.state)
    two.controller.indexing.choose(two.state.exact.key)
    two.controller.comparing.compare(rival.key)
    assert "exact search" in two.state.problem("indexes") and two.state.against == ""


def test_over_a_sample_of_two_libraries(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    two.controller.comparing.sample()
    assert two.state.task(AGREEMENT) is not None
    state = two.until(lambda s: s.agreement is not None)
    told = state.agreement
    assert (told.queries, told.true) == (300, 3000)
    measured = two.until(lambda s: all(e.recall for e in s.indexes if not e.is_exact))
    assert told.recall_a == pytest.approx(measured.approximate.recall.recall)
    assert told.recall_b == pytest.approx(measured.rival.recall.recall)
    two.controller.indexing.set_search(rival.key, {"ef": 250})
    assert two.state.agreement is None


def test_two_settings_of_one_index(two: Any) -> None:
    key = two.state.current
    two.controller.comparing.compare_settings()
    state = compared(two)
    assert state.against == key and state.approximate.given == {} and state.against_given == {"search_k": 40}
    assert (state.answer.params["search_k"], state.other.params["search_k"]) == (10, 40)
    two.controller.comparing.set_other(key, {"search_k": 300})
    state = compared(two)
    told = agreed(state)
    assert told.both == told.a < told.b == 10
    two.controller.comparing.sample()
    told = two.until(lambda s: s.agreement is not None).agreement
    assert told.true == 3000 and told.only_a == 0 and told.recall_a < told.recall_b == 1.0
    two.controller.comparing.set_other(key, {"search_k": "many"})
    assert two.state.problem("indexes") and two.state.against_given == {"search_k": 300}
    two.controller.indexing.set_search(key, {"search_k": 300})
    assert two.state.agreement is None and compared(two).verdict.recall == 1.0
    two.controller.comparing.stop()
    assert two.state.rival is None and two.state.other is None and two.state.against_given is None


def test_two_settings_are_of_the_index_that_answers(two: Any) -> None:
    two.controller.comparing.compare_settings({"search_k": 300})
    compared(two)
    (rival,) = rivals(two.state)
    two.controller.indexing.choose(rival.key)
    assert two.state.rival is None and two.state.against == "" and two.state.against_given is None
    two.controller.indexing.choose(two.state.exact.key)
    two.controller.comparing.compare_settings()
    assert "exact search" in two.state.problem("indexes")


def test_a_count_that_is_stale_is_not_taken(two: Any) -> None:
    (rival,) = rivals(two.state)
    two.controller.comparing.compare(rival.key)
    two.controller.comparing.sample()
    two.controller.comparing.stop()
    assert two.state.task(AGREEMENT) is None
    two.settle()
    assert two.state.agreement is None
