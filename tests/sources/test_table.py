"""Cells as they arrive become columns."""

from __future__ import annotations

from explorer.sources.redis import table
from explorer.sources.redis.table import Table, cells_of


def test_columns_are_what_they_are_in_any_table() -> None:
    made = Table()
    made.add([{"year": "1984", "kind": "a"}, {"year": "", "kind": "b"}])
    made.add([{"kind": "a", "late": "first"}, {}])
    made.add([{"year": "2001", "kind": "a", "late": "second", "empty": ""}])
    year, kind, late = made.columns()
    assert (year.name, year.kind, [year.cell(row) for row in range(5)]) == (
        "year",
        "number",
        ["1984", "", "", "", "2001"],
    )
    assert (kind.kind, [kind.cell(row) for row in range(5)]) == ("category", ["a", "b", "a", "", "a"])
    assert [late.cell(row) for row in range(5)] == ["", "", "first", "", "second"]


def test_a_column_that_first_says_something_late_is_still_one_of_numbers() -> None:
    made = Table()
    made.add([{}] * 30_000)
    made.add([{"n": str(n)} for n in range(10)])
    assert [(column.name, column.kind) for column in made.columns()] == [("n", "number")]


def test_there_are_never_too_many_and_what_is_dropped_stays_away(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(table, "MOST_COLUMNS", 3)
    made = Table()
    made.add([{f"c{n}": "x" for n in range(5)}])
    made.drop("c0")
    made.add([{"c0": "y", "c1": "y"}])
    assert [column.name for column in made.columns()] == ["c1", "c2"]
    assert made.left_out == {"c3", "c4"}


def test_json_as_cells() -> None:
    said = '{"a": 1, "b": 1.50, "c": "x", "d": null, "e": true, "f": {"g": [1, "2"]}, "\\ud800": "\\udfff"}'
    assert cells_of(said) == {
        "a": "1",
        "b": "1.5",
        "c": "x",
        "d": "",
        "e": "true",
        "f": '{"g": [1, "2"]}',
        "?": "?",
    }
    for bad in (b"", b"{", b"[1]", b"7", b"\xff\xfe", "[" * 100_000, '{"n": ' + "9" * 10_000 + "}"):
        assert cells_of(bad) is None
