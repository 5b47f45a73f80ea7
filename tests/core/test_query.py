"""What a typed text means: the order of the readings, and that nothing but a sentence comes of the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.dataset import Dataset
from explorer.core.names import Names
from explorer.core.query import Query, completed, completions, readings, row_query, vector_of
from explorer.core.strings import Strings
from explorer.errors import BadQuery, UnknownName

WORDS = ["king", "man", "woman", "ice cream", "cold", "man", "#3", "rock - roll", 'say "hi"', "1 2", "King", "zero"]
ANY = st.text(max_size=30) | st.text(st.sampled_from('king man+-−#[]()"“”12.,e…\n'), max_size=40)


def dataset(names: list[str] | None, folder: Path = Path("/none"), *, encoder: str = "", rows: int = 12) -> Dataset:
    rows = rows if names is None else len(names)
    return Dataset(
        folder=folder,
        path=folder / "v.npy",
        title="",
        format="npy",
        vectors_path=folder / "v.npy",
        rows=rows,
        dimensions=3,
        dtype="float32",
        metric="cosine",
        stamp=(0, 0),
        source_rows=rows,
        names=None if names is None else Names.of(Strings.of(names)),
        encoder=encoder,
    )


NAMED = dataset(WORDS)
TEXTUAL = dataset(WORDS, encoder="static")
NAMELESS = dataset(None)


def first(text: str, of: Dataset = NAMED, kind: str = "") -> Query:
    return readings(text, of, None, kind)[0]


@pytest.mark.parametrize(
    ("text", "kind", "rows"),
    [
        ("king", "row", (0,)),
        ("KING", "row", (0,)),
        ("King", "row", (10,)),
        (" cold ", "row", (4,)),
        ('"ice cream"', "row", (3,)),
        ("man", "row", (1,)),
        ("#3", "row", (6,)),
        ("#4", "row", (4,)),
        ("# 1_1", "row", (11,)),
        ("1 2", "row", (9,)),
        ("1 2 3", "numbers", ()),
        ("1,2,3", "numbers", ()),
        ("[1, 2, 3]", "numbers", ()),
        ("rock - roll", "row", (7,)),
        ("king - man + woman", "expression", (0, 1, 2)),
        ("king − man", "expression", (0, 1)),
        ("- man + king", "expression", (1, 0)),
        ("ice cream + cold", "expression", (3, 4)),
        ('"ice cream" + "say ""hi"""', "expression", (3, 8)),
        ("“rock - roll” - #4", "expression", (7, 4)),
        ("king + king", "expression", (0,)),
    ],
)
def test_the_reading_of(text: str, kind: str, rows: tuple[int, ...]) -> None:
    query = first(text)
    assert query.kind == kind
    assert query.leave_out == rows


def test_other_readings_are_offered_in_order() -> None:
    assert [query.kind for query in readings("king", TEXTUAL)] == ["row", "text"]
    assert [query.kind for query in readings("#3", NAMED)] == ["row", "row"]
    assert [query.row for query in readings("#3", NAMED)] == [6, 3]
    assert [query.kind for query in readings("king - man", TEXTUAL)] == ["expression", "text"]
    assert [query.kind for query in readings("something cold", TEXTUAL)] == ["text"]


def test_rows_of_one_name() -> None:
    query = first("man")
    assert (query.row, query.also, query.also_total) == (1, (5,), 1)
    assert (row_query(1, NAMED).text, row_query(1, NAMED).also) == ("man", ())
    assert (row_query(5, NAMED).text, row_query(5, NAMED).also) == ("#5", ())
    assert row_query(5, NAMELESS).text == "#5"


def test_of_a_name_that_very_many_rows_bear_a_hundred_are_listed() -> None:
    query = first("cat", dataset(["dog", *["cat"] * 5000]))
    assert query.row == 1
    assert query.also == tuple(range(2, 102))
    assert query.also_total == 4999


def test_a_short_free_text_may_be_a_misspelt_name() -> None:
    found = readings("kign", TEXTUAL, lambda name: ["king"])
    assert [(query.kind, query.row) for query in found] == [("text", None), ("row", first("king", TEXTUAL).row)]
    long = readings("somebody who rules a country", TEXTUAL, lambda name: ["king"])
    assert [query.kind for query in long] == ["text"]


@pytest.mark.parametrize(
    "text",
    [
        "[0.5, -1e-3, 2]",
        "array([ 0.5, -0.001,  2.  ], dtype=float32)",
        "np.array([[0.5, -1e-3, 2]])",
        "tensor([0.5000, -1.0000e-03,\n 2.0000], device='cuda:0', grad_fn=<SelectBackward0>)",
        "[np.float32(0.5), np.float32(-0.001), np.float32(2.0)]",
        "(0.5, −0.001, 2)",
        "0,5; -0,001; 2",
        "0.5\t-0.001\t2",
        "[0.5 -0.001\n 2.]",
    ],
)
def test_numbers_as_people_paste_them(text: str) -> None:
    numbers = first(text, NAMELESS).numbers
    assert numbers is not None
    assert numbers.dtype == np.float32
    np.testing.assert_allclose(numbers, [0.5, -0.001, 2])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Nothing"),
        ("   ", "Nothing"),
        ("#99", "#0 to #11"),
        ("#" + "9" * 9999, "There is no row"),
        ("[1, 2]", "2 numbers; the vectors here have 3"),
        ("1 2 3 4", "4 numbers; the vectors here have 3"),
        ("[1, x, 3]", "“x”"),
        ("[1, nan, 3]", "not finite"),
        ("[1, 1e39, 3]", "too large"),
        ("[1, 2, ..., 3]", "tolist"),
        ("kign - man", "“kign”"),
        ("king - #77", "#77"),
        ("blue", "not made with a text encoder"),
        ("7", "#7"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadQuery) as caught:
        readings(text, NAMED)
    assert said in str(caught.value)


def test_the_nearest_names_are_told() -> None:
    with pytest.raises(UnknownName, match="did you mean “king”") as caught:
        readings("kign", NAMED, lambda name: ["king"] if name == "kign" else [])
    assert caught.value.near == ("king",)
    with pytest.raises(UnknownName, match="did you mean “king”"):
        readings("kign - man + woman", NAMED, lambda name: ["king"] if name == "kign" else [])


def test_a_kind_that_is_asked_for_is_the_only_one() -> None:
    assert first("king - man", TEXTUAL, "text").kind == "text"
    assert first("king", NAMED, "expression").terms == ((1.0, 0),)
    one = Dataset(**{**vars(NAMELESS), "dimensions": 1})
    assert first("4", one, "numbers").numbers == np.float32(4)
    for text, kind in (("king", "numbers"), ("king", "text"), ("king - man", "row"), ("zzz", "expression")):
        with pytest.raises(BadQuery):
            readings(text, NAMED, None, kind)


@settings(max_examples=400)
@given(
    ANY, st.sampled_from([NAMED, TEXTUAL, NAMELESS]), st.sampled_from(["", "", "row", "numbers", "expression", "text"])
)
def test_any_text_is_read_or_is_a_sentence(text: str, of: Dataset, kind: str) -> None:
    try:
        found = readings(text, of, None, kind)
    except BadQuery as error:
        assert str(error)
        return
    for query in found:
        assert all(0 <= row < of.rows for row in query.leave_out)
        assert query.numbers is None or (query.numbers.shape == (3,) and np.isfinite(query.numbers).all())


@settings(max_examples=200)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=1, max_size=8))
def test_names_of_any_characters_are_found(names: list[str]) -> None:
    of = dataset(names)
    for row, name in enumerate(names):
        query = first(name, of)
        assert (query.kind, query.text) == ("row", name)
        assert row in (query.row, *query.also)
        # … and completion writes them so that they are found inside an expression, too.
        typed = completed("a + " + name[:1], name)
        if name.strip() and not name.casefold().startswith("a + ") and typed != name:
            last = first(typed.replace("a + ", "#0 + ", 1), of).terms[-1][1]
            assert names[last] == name


@given(ANY)
def test_completions_never_fail(text: str) -> None:
    assert NAMED.names is not None
    for row in completions(text, NAMED.names, 3):
        assert completed(text, WORDS[row])


def test_completions() -> None:
    assert NAMED.names is not None
    called = lambda text: [WORDS[row] for row in completions(text, NAMED.names)]  # noqa: E731
    assert called("ki") == ["king", "King"]
    assert called("king - wo") == ["woman"]
    assert called('king - "ice c') == ["ice cream"]
    assert called("rock - r") == ["rock - roll"]
    assert called("  ") == []
    assert completed("ki", "king") == "king"
    assert completed("king - wo", "woman") == "king - woman"
    assert completed("king - ro", "rock - roll") == 'king - "rock - roll"'
    assert completed("rock - r", "rock - roll") == "rock - roll"


@pytest.fixture
def lying(tmp_path: Path) -> Dataset:
    vectors = np.random.default_rng(2).normal(size=(12, 3)).astype("f4") * 5
    vectors[11] = 0
    np.save(tmp_path / "v.npy", vectors)
    stat = (tmp_path / "v.npy").stat()
    return Dataset(**{**vars(dataset(WORDS, tmp_path)), "stamp": (stat.st_size, stat.st_mtime_ns)})


def test_the_vector_of_a_query(lying: Dataset) -> None:
    x = lying.vectors
    np.testing.assert_array_equal(vector_of(first("cold", lying), lying, "dot"), x[4])
    np.testing.assert_array_equal(vector_of(first("1 2 3", lying), lying, "dot"), [1, 2, 3])
    expression = first("king - man + woman", lying)
    np.testing.assert_allclose(vector_of(expression, lying, "euclidean"), x[0] - x[1] + x[2], rtol=1e-6)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True).clip(1e-9)
    np.testing.assert_allclose(vector_of(expression, lying, "cosine"), unit[0] - unit[1] + unit[2], atol=1e-6)
    with pytest.raises(BadQuery, match="all zeros"):
        vector_of(first("king - zero", lying), lying, "cosine")
    text = Query("text", "free text")
    np.testing.assert_array_equal(vector_of(text, lying, "cosine", lambda said: np.full(3, len(said), "f4")), [9, 9, 9])
    with pytest.raises(BadQuery, match="encoder"):
        vector_of(text, lying, "cosine")
