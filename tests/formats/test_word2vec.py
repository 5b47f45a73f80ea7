"""Binary word vectors: with a line break after each vector or without, cut, miscounted, of wrong dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadFile
from explorer.formats import reading

RNG = np.random.default_rng(9)
VECTORS = RNG.normal(size=(500, 12)).astype("f4")
WORDS = ["the", "</s>", "naïve", "雪", "a" * 900, *(f"word_{i}" for i in range(495))]


def written(path: Path, end: bytes = b"\n", head: str = "500 12\n", vectors: np.ndarray = VECTORS) -> Path:
    """As word2vec.c and gensim do."""
    records = (word.encode() + b" " + row.tobytes() + end for word, row in zip(WORDS, vectors, strict=True))
    path.write_bytes(head.encode() + b"".join(records))
    return path


def sentence(path: Path) -> str:
    with pytest.raises(BadFile) as caught:
        reading.read(path)
    return str(caught.value)


@pytest.mark.parametrize("end", [b"\n", b"", b"\r\n"])
@pytest.mark.parametrize("name", ["v.bin", "v.w2v.bin", "v", "v.vec"])
def test_with_and_without_line_breaks(tmp_path: Path, end: bytes, name: str) -> None:
    dataset = reading.read(written(tmp_path / name, end))
    assert (dataset.format, dataset.metric, dataset.warnings) == ("word2vec", "cosine", ())
    np.testing.assert_array_equal(dataset.vectors, VECTORS)
    assert [dataset.name(row) for row in range(500)] == WORDS


def test_spaces_in_the_bytes_of_vectors_end_no_word(tmp_path: Path) -> None:
    vectors = np.frombuffer(b"\x20" * VECTORS.nbytes, "<f4").reshape(VECTORS.shape).copy()
    vectors[::3] = VECTORS[::3]
    dataset = reading.read(written(tmp_path / "v.bin", vectors=vectors))
    np.testing.assert_array_equal(dataset.vectors, vectors)
    assert [dataset.name(row) for row in range(500)] == WORDS


def test_many_blocks_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.formats import word2vec

    monkeypatch.setattr(word2vec, "BLOCK_BYTES", 5000)
    dataset = reading.read(written(tmp_path / "v.bin"))
    np.testing.assert_array_equal(dataset.vectors, VECTORS)
    assert [dataset.name(row) for row in range(500)] == WORDS


@pytest.mark.parametrize("said", [600, 400, 10**12 - 1])
def test_another_count_is_told(tmp_path: Path, said: int) -> None:
    dataset = reading.read(written(tmp_path / "v.bin", head=f"{said} 12\n"))
    assert dataset.rows == 500
    assert f"says {said:,} words; there are 500" in dataset.warnings[0]


def test_a_cut_record_is_left_out_and_told(tmp_path: Path) -> None:
    path = written(tmp_path / "v.bin")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    dataset = reading.read(path)
    assert dataset.rows == 499
    assert "says 500 words; there are 499" in dataset.warnings[0]
    assert "no whole record" in dataset.warnings[1]


def test_wrong_dimensions_are_a_sentence(tmp_path: Path) -> None:
    assert "few of its words are text" in sentence(written(tmp_path / "v.bin", head="500 11\n"))
    assert "9,999,999 dimensions, and all of it is" in sentence(written(tmp_path / "v.bin", head="500 9999999\n"))
    path = tmp_path / "w.bin"
    path.write_bytes(b"500 12\nthe \0\1\2" + bytes(40))
    assert "no word with 12 float32" in sentence(path)


def test_words_of_the_same_name_and_bad_rows(tmp_path: Path) -> None:
    vectors = VECTORS.copy()
    vectors[2] = np.nan
    dataset = reading.read(written(tmp_path / "v.bin", vectors=vectors))
    assert (dataset.rows, dataset.name(2), dataset.source_row(2)) == (499, "雪", 3)
