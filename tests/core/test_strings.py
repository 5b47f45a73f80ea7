from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.core import strings
from explorer.core.strings import Strings

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=20)


@given(TEXTS)
def test_what_goes_in_comes_out(texts: list[str]) -> None:
    packed = Strings.of(texts)
    assert list(packed) == texts
    assert [packed[i] for i in range(len(texts))] == texts
    assert [packed[i - len(texts)] for i in range(len(texts))] == texts


@given(TEXTS.filter(bool), st.data(), st.integers(1, 64))
def test_take(texts: list[str], data: st.DataObject, block: int) -> None:
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=30))
    before, strings.TAKE_BYTES = strings.TAKE_BYTES, block
    try:
        taken = Strings.of(texts).take(np.array(rows, np.int64))
    finally:
        strings.TAKE_BYTES = before
    assert list(taken) == [texts[row] for row in rows]


@given(TEXTS.filter(bool), st.text(max_size=3))
def test_equal_to(texts: list[str], other: str) -> None:
    packed, rows = Strings.of(texts), np.arange(len(texts))
    for wanted in (*texts, other):
        assert packed.equal_to(wanted, rows).tolist() == [i for i, text in enumerate(texts) if text == wanted]


@given(st.lists(st.binary(max_size=6), max_size=20))
def test_bytes_are_kept_as_they_are(pieces: list[bytes]) -> None:
    packed = Strings.packed(pieces)
    assert [packed.data[start:end].tobytes() for start, end in zip(packed.starts, packed.ends, strict=True)] == pieces
    assert list(packed) == [piece.decode("utf-8", "replace") for piece in pieces]


def test_lone_surrogates_do_no_harm() -> None:
    assert list(Strings.of(["a\ud800b"])) == ["a?b"]
