"""What is shown of a file before it is opened is what it is then opened as, and costs little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer import loading, paths
from explorer.errors import BadFile, BadInput, Untold
from explorer.formats import preview, reading

DATA = Path(__file__).parent.parent / "data"
FILES = sorted([*(DATA / "formats").iterdir(), *(DATA / "bad").iterdir()])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_says_what_opening_gives(path: Path) -> None:
    try:
        dataset, refused = reading.read(path), ""
    except BadInput as error:
        dataset, refused = None, str(error)
    try:
        found = loading.previewed(path)
    except BadFile as error:
        assert str(error) == refused
        return
    except BadInput:
        assert refused
        return
    if dataset is None:
        # What only a look at every row tells is told when it is opened.
        assert found.problem or found.rows is not None
        return
    assert not found.problem
    assert (found.rows, found.dimensions, found.dtype) == (dataset.source_rows, dataset.dimensions, dataset.dtype)
    assert found.taken == found.rows and found.name_column == dataset.name_column
    assert set(found.columns) >= {column.name for column in dataset.columns}
    assert found.format == dataset.format and found.vector == dataset.facts.get("vector columns", "")
    assert not found.needed if dataset.vectors_path == path.absolute() and not dataset.dropped else True
    assert 1 <= len(found.cells) <= preview.ROWS and {len(row) for row in found.cells} == {len(found.header)}
    numbers = [cell for cell in found.cells[0][found.numbers_from :] if cell != "…"]
    if not dataset.dropped:
        assert [float(cell) for cell in numbers] == pytest.approx(dataset.vectors[0][: len(numbers)], rel=1e-3)
        assert not dataset.name_column or found.cells[0][0] == dataset.name(0)


def test_nothing_is_left_in_the_cache() -> None:
    for name in ("same.csv", "same.npy"):
        loading.previewed(DATA / "formats" / name)
    assert list((paths.cache_folder() / "datasets").iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".vec"])
def test_of_a_large_text_only_the_beginning_is_read(tmp_path: Path, suffix: str) -> None:
    path, rows = tmp_path / f"large{suffix}", 60_000
    between = "," if suffix == ".csv" else " "
    line = between.join(["word", *(f"{i / 7:.5f}" for i in range(40))])
    path.write_text(f"{line}\n" * rows)
    came: list[float] = []
    found = loading.previewed(path, progress=lambda fraction, note="": came.append(fraction or 0.0))
    assert 1 <= len(came) <= 2, "told after each block, of which there are more"
    assert found.about and found.rows is not None and found.rows == pytest.approx(rows, rel=0.1)
    part = loading.previewed(path, options={"sample": "500"})
    assert part.taken == 500 and part.needed == 500 * 40 * 4


def test_corrections_show(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n" + "".join(f"{i};{i}.5;{i + 2}\n" for i in range(20)))
    plain = loading.previewed(path)
    assert (plain.rows, plain.dimensions, plain.header) == (20, 3, ("a", "b", "c"))
    headless = loading.previewed(path, options={"header": "no"})
    assert headless.rows == 21 and headless.header[0] == "column 1"
    chosen = loading.previewed(path, options={"vectors": "b,c", "name": "a"})
    assert (chosen.dimensions, chosen.name_column, chosen.vector) == (2, "a", "b, c")
    turned = loading.previewed(path, options={"orientation": "columns"})
    assert (turned.rows, turned.dimensions) == (3, 20) and [row[0] for row in turned.cells] == ["a", "b", "c"]


def test_what_is_wrong_is_said_beside_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,text\n" + "".join(f"w{i},so many words {i}\n" for i in range(9)))
    texts = loading.previewed(path)
    assert "choose a column of text" in texts.problem and texts.texts[0] == "text"
    assert texts.header == ("name", "text") and texts.cells[1] == ("w1", "so many words 1")
    wrong = loading.previewed(DATA / "formats" / "same.csv", options={"vectors": "zz*"})
    assert wrong.problem.startswith("vectors=zz* fits no column") and "word" in wrong.columns and wrong.cells
    assert "no parameter “vektors”" in loading.previewed(path, options={"vektors": "x"}).problem


def test_the_table_beside_it_shows(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((9, 3), "f4"))
    (tmp_path / "m.csv").write_text("name,kind\n" + "".join(f"w{i},k\n" for i in range(9)))
    assert loading.previewed(tmp_path / "v.npy").columns == ()
    found = loading.previewed(tmp_path / "v.npy", metadata=tmp_path / "m.csv")
    assert found.name_column == "name" and found.header[:2] == ("name", "kind")
    (tmp_path / "m.csv").write_text("name,kind\nonly,one\n")
    assert "1 rows and the file has 9" in loading.previewed(tmp_path / "v.npy", metadata=tmp_path / "m.csv").problem


def test_what_does_not_fit_offers_what_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "v.npy", np.ones((5000, 8)))
    assert not loading.previewed(tmp_path / "v.npy").fitting
    monkeypatch.setattr("explorer.room.free_on_disk", lambda folder: (64 << 20) + 32 * 3_456)
    found = loading.previewed(tmp_path / "v.npy")
    assert found.fitting == 3000 and found.needed == 5000 * 32
    assert not loading.previewed(tmp_path / "v.npy", options={"sample": "3000"}).fitting


def test_samples_and_index_files_can_be_looked_at(tmp_path: Path) -> None:
    from annoy import AnnoyIndex

    words = loading.previewed("sample:words")
    assert words.rows == 10_000 and words.name_column == "word"
    index = AnnoyIndex(8, "manhattan")
    vectors = np.abs(np.random.default_rng(0).standard_normal((300, 8)))
    for row, vector in enumerate((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()):
        index.add_item(row, vector)
    index.build(2)
    index.save(str(tmp_path / "x.ann"))
    with pytest.raises(Untold):
        loading.previewed(tmp_path / "x.ann")
    found = loading.previewed(tmp_path / "x.ann", dimensions=8, metric="manhattan")
    assert (found.rows, found.dimensions, found.title) == (300, 8, "Annoy index")
