"""Word vectors as text: word2vec, GloVe, fastText; words with spaces; broken lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.formats import reading

VECTORS = np.random.default_rng(1).normal(size=(40, 6)).round(4).astype("f4")
WORDS = [f"w{i}" for i in range(40)]


def lines(words: list[str] = WORDS, end: str = "") -> list[str]:
    return [f"{word} {' '.join(str(x) for x in row)}{end}" for word, row in zip(words, VECTORS, strict=True)]


def read(folder: Path, text: list[str], name: str = "v.txt", newline: str = "\n") -> Dataset:
    path = folder / name
    path.write_bytes((newline.join(text) + newline).encode())
    return reading.read(path)


@pytest.mark.parametrize("header", [[], ["40 6"]])
@pytest.mark.parametrize("end", ["", " "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_headers_and_line_ends(tmp_path: Path, header: list[str], end: str, newline: str) -> None:
    dataset = read(tmp_path, header + lines(end=end), newline=newline)
    assert dataset.format == "word-vectors"
    np.testing.assert_array_equal(dataset.vectors, VECTORS)
    assert dataset.names is not None
    assert list(dataset.names.strings) == WORDS
    assert (dataset.metric, dataset.warnings) == ("cosine", ())


def test_words_may_hold_spaces_quotes_and_odd_characters(tmp_path: Path) -> None:
    words = [*WORDS[:-5], ". . .", '"', "at name", "NA", "a\rb"]
    dataset = read(tmp_path, lines(words))
    assert [dataset.name(row) for row in range(35, 40)] == words[-5:]
    np.testing.assert_array_equal(dataset.vectors, VECTORS)


def test_broken_lines_are_dropped_and_named(tmp_path: Path) -> None:
    text = ["40 6", *lines()]
    text[3], text[8] = "short 1 2", "word 1 2 3 x 5 6"
    dataset = read(tmp_path, text)
    assert (dataset.rows, dataset.dropped) == (38, 2)
    assert "lines 4, 9" in dataset.warnings[0]
    assert dataset.name(2) == "w3"
    assert dataset.source_row(2) == 3


def test_a_wrong_count_is_told(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, ["41 6", *lines()]).warnings
    assert "41" in warning
    assert "40" in warning


def test_nan_rows_are_dropped_with_their_words(tmp_path: Path) -> None:
    text = lines()
    text[4] = "bad nan 1 2 3 4 5"
    dataset = read(tmp_path, text)
    assert dataset.rows == 39
    assert dataset.names is not None
    assert dataset.names.row_called("bad") is None
    assert dataset.name(4) == "w5"
