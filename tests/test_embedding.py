"""A column of text becomes vectors: which rows, which columns, what is kept, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer import embedding
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress
from explorer.encoders import encoder_named
from explorer.encoders.token_table import TokenTable
from explorer.errors import BadFile, BadParameter, Cancelled, NoVectors
from explorer.loading import load

ROWS = [
    ("1", "Ice", "frozen water", "3.5"),
    ("2", "Nothing", "", "1"),
    ("3", "Plane", "a vehicle that flies", "2"),
    ("4", "Blank", "   ", "2"),
    ("5", "Dog", "an animal, with fur", "4"),
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    lines = ["id,title,about,stars", *(",".join(json.dumps(cell) for cell in row) for row in ROWS)]
    path.write_text("\n".join(lines) + "\n")
    return path


def embedded(path: Path, column: str = "about", **more: str) -> Dataset:
    return load(path, options={"embed": column, **more})


def test_all_but_the_vectors_stays_as_it_is_in_the_table(table: Path) -> None:
    dataset = embedded(table)
    expected = encoder_named("static").encode([ROWS[i][2] for i in (0, 2, 4)])
    np.testing.assert_array_equal(dataset.vectors, expected)
    assert (dataset.encoder, dataset.metric, dataset.name_column) == ("static", "cosine", "title")
    assert [column.name for column in dataset.columns] == ["id", "title", "about", "stars"]
    assert [dataset.name(row) for row in range(3)] == ["Ice", "Plane", "Dog"]
    stars = dataset.column("stars")
    assert stars is not None
    assert [stars.cell(row) for row in range(3)] == ["3.5", "2", "4"]
    assert (dataset.rows, dataset.source_rows, dataset.dropped) == (3, 5, 2)
    assert [dataset.source_row(row) for row in range(3)] == [0, 2, 4]
    assert dataset.warnings == ("2 rows have no text in “about” and were dropped: rows #1, #3 (source rows, from 0).",)
    assert (dataset.facts["embedded"], dataset.facts["encoder"]) == ("about", "static")


def test_ragged_lines_and_rows_without_text_are_both_left_out(table: Path) -> None:
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:3], "too,few", *lines[3:]]) + "\n")
    dataset = embedded(table)
    assert [dataset.source_row(row) for row in range(3)] == [0, 3, 5]
    assert dataset.source_rows == 6
    assert len(dataset.warnings) == 2


def test_only_the_rows_that_are_wanted_are_encoded(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode, counts = TokenTable.encode, []

    def counting(self: TokenTable, texts: list[str], progress: Progress) -> NDArray[np.float32]:
        counts.append(len(texts))
        return encode(self, texts, progress)

    monkeypatch.setattr(TokenTable, "encode", counting)
    first, drawn = embedded(table, rows="3"), embedded(table, "title", sample="2")
    assert (first.rows, first.source_rows, drawn.rows, drawn.left_out, drawn.dropped) == (2, 3, 2, 3, 0)
    assert first.warnings[0].startswith("The first 3 rows; ")
    assert first.warnings[1:] == ("1 row has no text in “about” and was dropped: row #1 (source rows, from 0).",)
    assert counts == [2, 2]


def test_it_is_made_once(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embedded(table)
    monkeypatch.setattr(TokenTable, "encode", None)
    assert embedded(table).folder == first.folder
    with pytest.raises(TypeError):
        embedded(table, "title")


def test_another_encoder_makes_other_vectors(table: Path, tmp_path: Path) -> None:
    from model2vec import StaticModel

    static = encoder_named("static")
    assert isinstance(static, TokenTable)
    vectors, tokenizer = static._tensors[0][:, :32].astype("f4"), static._tokenizer[0]
    StaticModel(vectors=vectors, tokenizer=tokenizer, normalize=True).save_pretrained(str(tmp_path / "m"))
    dataset = embedded(table, encoder=str(tmp_path / "m"))
    assert (dataset.dimensions, dataset.encoder) == (32, str(tmp_path / "m"))
    # The same folder with another model in it is another encoder.
    StaticModel(vectors=vectors[:, :16], tokenizer=tokenizer, normalize=True).save_pretrained(str(tmp_path / "m"))
    assert embedded(table, encoder=str(tmp_path / "m")).dimensions == 16


def test_many_texts_come_in_pieces_with_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "AT_ONCE", 10)
    texts = [f"number {i} of the water" for i in range(35)]
    (tmp_path / "t.csv").write_text("text,kind\n" + "".join(f"{text},k\n" for text in texts))
    heard: list[tuple[float, str]] = []

    def progress(share: float | None, note: str = "") -> None:
        if share is not None:
            heard.append((share, note))

    dataset = load(tmp_path / "t.csv", options={"embed": "text"}, progress=progress)
    np.testing.assert_array_equal(dataset.vectors, encoder_named("static").encode(texts))
    assert [note for _, note in heard if "embedding" in note] == [
        f"embedding {done} / 35, static" for done in (0, 10, 20, 30)
    ]
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)


def test_stopping_leaves_nothing(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.formats import keeping

    def progress(share: float | None, note: str = "") -> None:
        if "embedding" in note:
            raise Cancelled("stopped")

    before = set(keeping.home().iterdir()) if keeping.home().is_dir() else set()
    with pytest.raises(Cancelled):
        load(table, options={"embed": "title"}, progress=progress)
    assert set(keeping.home().iterdir()) == before


def test_what_cannot_be_embedded_is_told(table: Path, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match=r"no column “nix”.*: title, about"):
        embedded(table, "nix")
    with pytest.raises(BadParameter, match="“stars” holds numbers"):
        embedded(table, "stars")
    with pytest.raises(BadParameter, match="exclude each other"):
        embedded(table, vectors="stars")
    with pytest.raises(BadParameter, match="no text encoder"):
        embedded(table, encoder="magic")
    np.save(tmp_path / "v.npy", np.eye(3, dtype="f4"))
    with pytest.raises(BadParameter, match="has none"):
        embedded(tmp_path / "v.npy")
    (tmp_path / "empty.csv").write_text('text,a\n"",x\n" ",y\n')
    with pytest.raises(BadFile, match="no text in its column “text”"):
        embedded(tmp_path / "empty.csv", "text")


def test_a_number_beside_texts_is_a_vector_with_an_offer(table: Path, tmp_path: Path) -> None:
    assert load(table).warnings == (
        "The vector is one column of numbers; to look at the text instead, say --read embed=about.",
    )
    (tmp_path / "words.csv").write_text("word,x\nice,1\nwater,2\ndog,3\n")
    (said,) = load(tmp_path / "words.csv").warnings
    assert "add the table to it as metadata" in said and "embed" not in said


def test_a_table_of_text_says_what_can_be_embedded(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,title,about\n1,Ice,frozen water\n2,Dog,an animal with fur\n")
    with pytest.raises(NoVectors, match="--read embed=about") as told:
        load(tmp_path / "t.csv")
    assert told.value.columns == ("about", "title")
