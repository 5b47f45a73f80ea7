"""Parameters: checked, defaulted, refused in a sentence."""

from __future__ import annotations

import pytest

from explorer.core.params import Param, Value, checked
from explorer.errors import BadParameter

TREES = Param("trees", "int", 50, "How many trees.", minimum=1, maximum=1000)
RATE = Param("rate", "float", 0.5, "A rate.", minimum=0)
KIND = Param("kind", "choice", "flat", "A kind.", choices=("flat", "deep"))
FACTORY = Param("factory", "text", "", "Anything.")
SEARCH_K = Param("search_k", "int", None, "Resolved when it is needed.", minimum=1)
ALL = (TREES, RATE, KIND, FACTORY, SEARCH_K)


def test_defaults_stand_in_declared_order_and_unresolved_ones_are_left_out() -> None:
    assert list(checked(ALL, {}, "x").items()) == [("trees", 50), ("rate", 0.5), ("kind", "flat"), ("factory", "")]


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [("trees", "10", 10), ("trees", "1_000", 1000), ("rate", "2", 2.0), ("kind", "deep", "deep"), ("search_k", 7, 7)],
)
def test_given_ones_become_their_type(name: str, given: object, value: Value) -> None:
    found = checked(ALL, {name: given}, "x")[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("trees", "many", r"trees is a whole number, not “many”\."),
        ("trees", 2.5, r"trees is a whole number, not “2.5”\."),
        ("trees", 0, r"trees is 1 to 1000, not 0\."),
        ("trees", 1001, r"trees is 1 to 1000, not 1001\."),
        ("rate", -1, r"rate is at least 0, not -1"),
        ("rate", "nan", r"rate is at least 0, not nan"),
        ("kind", "round", r"kind is one of flat, deep, not “round”\."),
        ("leaves", 3, r"x has no parameter “leaves”; it has trees, rate, kind, factory, search_k\."),
    ],
)
def test_wrong_ones_are_refused_in_a_sentence(name: str, given: object, sentence: str) -> None:
    with pytest.raises(BadParameter, match=sentence):
        checked(ALL, {name: given}, "x")


@pytest.mark.parametrize("given", ["inf", "-inf", "nan"])
def test_a_number_is_finite(given: str) -> None:
    with pytest.raises(BadParameter, match="rate is"):
        checked(ALL, {"rate": given}, "x")


def test_an_owner_without_parameters_says_so() -> None:
    with pytest.raises(BadParameter, match=r"exact has no parameter “k”; it has none\."):
        checked((), {"k": 1}, "exact")


def test_only_an_upper_bound_is_said_as_such() -> None:
    with pytest.raises(BadParameter, match=r"n is at most 5, not 6\."):
        checked((Param("n", "int", 1, "", maximum=5),), {"n": 6}, "x")
