"""One State, told to everybody in order."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.session.session import Session
from explorer.session.state import Problem, State, TaskView


def test_listeners_hear_of_a_change_in_the_order_in_which_they_came() -> None:
    session, heard = Session(), []
    session.listen(lambda new, old: heard.append(("first", old.k, new.k)))
    session.listen(lambda new, old: heard.append(("second", old.k, new.k)))
    session.update(k=20)
    assert heard == [("first", 10, 20), ("second", 10, 20)]


def test_a_change_by_a_listener_is_told_after_the_present_one_has_reached_everybody() -> None:
    session, heard = Session(), []

    def answer(new: State, old: State) -> None:
        if new.k == 20:
            session.update(focused=3)

    session.listen(answer)
    session.listen(lambda new, old: heard.append((old.k, new.k, old.focused, new.focused)))
    session.update(k=20)
    assert heard == [(10, 20, -1, -1), (20, 20, -1, 3)]
    assert (session.state.k, session.state.focused) == (20, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"k": int("10")},
        {"source": "".join(["a", "b"])},
        {"hidden": frozenset(["x"])},
        {"tasks": (TaskView("read", "Opening"),)},
        {"metric": "cosine", "focused": -1},
    ],
)
def test_an_update_with_the_same_values_says_nothing(changes: dict[str, object]) -> None:
    session, heard = Session(), []
    session.update(source="ab", hidden=frozenset(["x"]), tasks=(TaskView("read", "Opening"),))
    session.update(k=1000)
    session.update(k=10)
    session.listen(lambda new, old: heard.append(new))
    session.update(**changes)
    session.update(k=int("1" + "0"))
    assert not heard


def test_large_equal_numbers_say_nothing_either() -> None:
    session, heard = Session(), []
    session.update(k=int("1000"))
    session.listen(lambda new, old: heard.append(new))
    session.update(k=int("1000"))
    assert not heard


def test_an_array_is_the_same_only_when_it_is_the_same_object() -> None:
    session, heard = Session(), []
    session.listen(lambda new, old: heard.append(new))
    rows = np.arange(3)
    session.update(selection=rows)
    session.update(selection=rows)
    session.update(selection=rows.copy())
    assert len(heard) == 2


def test_a_listener_that_fails_keeps_nobody_else_from_hearing() -> None:
    session, heard = Session(), []

    def fails(new: State, old: State) -> None:
        if new.k == 20:
            session.update(focused=1)
            raise ValueError("a view broke")

    session.listen(fails)
    session.listen(lambda new, old: heard.append((new.k, new.focused)))
    with pytest.raises(ValueError, match="a view broke"):
        session.update(k=20)
    assert heard == [(20, -1), (20, 1)]
    session.update(k=30)
    assert heard[-1] == (30, 1)


def test_each_place_has_one_problem_until_it_is_cleared() -> None:
    session = Session()
    session.fail("query", "a")
    session.fail("data", "b")
    session.fail("query", "c")
    assert session.state.problems == (Problem("data", "b"), Problem("query", "c"))
    assert (session.state.problem("query"), session.state.problem("map")) == ("c", "")
    session.clear_problem("query")
    assert session.state.problems == (Problem("data", "b"),)
