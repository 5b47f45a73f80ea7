from __future__ import annotations

import numpy as np

from explorer.core.column import from_codes, from_numbers, from_text


def test_repeated_values_are_a_category_in_the_order_people_count() -> None:
    column = from_text("size", ["10", "2", "", "2", "10", "1"] * 3)
    assert (column.kind, column.labels) == ("category", ("1", "2", "10"))
    assert [column.cell(row) for row in range(3)] == ["10", "2", ""]


def test_distinct_values_are_text() -> None:
    column = from_text("word", [f"w{i}" for i in range(10)])
    assert (column.kind, column.cell(3)) == ("text", "w3")


def test_codes_follow_their_labels() -> None:
    column = from_codes("c", ["b", "a"], np.array([0, 1, -1, 0]))
    assert column.labels == ("a", "b")
    assert [column.cell(row) for row in range(4)] == ["b", "a", "", "b"]
    assert column.take(np.array([2, 0])).cell(1) == "b"


def test_numbers() -> None:
    column = from_numbers("x", np.array([1.0, np.nan, 3.0]))
    assert column.whole
    assert [column.cell(row) for row in range(3)] == ["1", "", "3"]
    digits = from_numbers("digit", np.array([3, 1, np.nan, 3]), category=True)
    assert (digits.kind, digits.labels, digits.values.tolist()) == ("category", ("1", "3"), [1, 0, -1, 1])
