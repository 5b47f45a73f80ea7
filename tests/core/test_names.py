from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from explorer.core.names import Names, casefolded
from explorer.core.strings import Strings

LETTERS = st.text(st.sampled_from("aAbB\0ßẞéÉ\U0001f600 "), max_size=20) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
TEXTS = st.lists(LETTERS, min_size=1, max_size=25)


@given(TEXTS)
def test_the_order_is_that_of_casefolded_names(texts: list[str]) -> None:
    names = Names.of(Strings.of(texts))
    assert names.sorted_rows.tolist() == sorted(range(len(texts)), key=lambda row: texts[row].casefold())


@given(TEXTS)
def test_casefolding_is_python_s(texts: list[str]) -> None:
    assert list(casefolded(Strings.of(texts))) == [text.casefold() for text in texts]


@given(TEXTS)
def test_every_name_is_found(texts: list[str]) -> None:
    names = Names.of(Strings.of(texts))
    for text in texts:
        rows = [row for row, other in enumerate(texts) if other == text]
        assert names.rows_called(text).tolist() == rows
        assert names.row_called(text) == rows[0]
        assert names.starting_with(text[:2], len(texts)) == [
            row for row in names.sorted_rows.tolist() if texts[row].casefold().startswith(text[:2].casefold())
        ]


def test_case_counts_only_where_it_tells_names_apart() -> None:
    names = Names.of(Strings.of(["may", "May", "june"]))
    assert names.rows_called("May").tolist() == [1]
    assert names.rows_called("MAY").tolist() == [0, 1]
    assert names.rows_called("JUNE").tolist() == [2]
    assert names.rows_called("jun").tolist() == []
    assert [names.row_called(name) for name in ("May", "MAY", "JUNE", "jun")] == [1, 0, 2, None]


def test_the_lowest_row_of_a_name_that_stands_far_behind_others_of_another_case() -> None:
    names = Names.of(Strings.of(["cat"] * 500 + ["Cat"] * 3))
    assert (names.row_called("Cat"), names.row_called("cat"), names.row_called("CAT")) == (500, 0, 0)
    assert names.rows_called("Cat").tolist() == [500, 501, 502]
