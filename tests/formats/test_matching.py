"""A table is told apart from a file of vectors, and how it goes with what is open before it is added."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadFile
from explorer.formats import matching, reading
from explorer.formats.matching import Division


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Forty rows with ids, the third of which is dropped."""
    rows = [f"w{i},{1000 + i}," + ",".join("x" if i == 2 else f"{i + j}" for j in range(10)) for i in range(40)]
    header = ",".join(["word", "id", *(f"p{j}" for j in range(10))])
    (tmp_path / "v.csv").write_text("\n".join([header, *rows]) + "\n")
    return reading.read(tmp_path / "v.csv")


def table(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "m.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_by_row_where_the_count_fits(dataset: Dataset, tmp_path: Path) -> None:
    found = matching.matched(dataset, table(tmp_path, "size,kind", [f"{i},k{i % 3}" for i in range(40)]))
    assert found.fits and found.by_row and found.belongs and found.key == matching.BY_ROW
    assert found.sentence == "A record for each of the 40 rows."
    assert found.header == ("size", "kind") and found.cells[1] == ("1", "k1") and len(found.cells) == 8


def test_by_the_likeliest_key_where_it_does_not(dataset: Dataset, tmp_path: Path) -> None:
    path = table(tmp_path, "ID,size", [f"{1000 + i},{i}" for i in range(39, 4, -1)] + ["5,5", "1009,7"])
    found = matching.matched(dataset, path)
    assert (found.key, found.keys) == ("id=ID", ("id=ID",)) and found.fits and found.belongs
    assert found.sentence == (
        "35 of 39 rows have a record; 1 record has no row; 1 key comes more than once, the first was taken."
    )
    assert found.ours == ("word", "id", "#row") and found.theirs == ("ID", "size", "#row")
    by_row = matching.matched(dataset, path, "")
    assert not by_row.fits and by_row.sentence == "37 records for 40 rows: in order, it takes one for each."
    by_number = matching.matched(dataset, path, "#row=size")
    assert by_number.fits and by_number.sentence.startswith("35 of 39 rows")
    assert not matching.matched(dataset, path, "word=size").fits


def test_what_is_told_is_what_adding_gives(dataset: Dataset, tmp_path: Path) -> None:
    path = table(tmp_path, "id,size", [f"{1000 + i},{i}" for i in range(5, 40)] + ["7,7"])
    found = matching.matched(dataset, path)
    added = reading.read(dataset.path, metadata=path, options={"key": found.key})
    size = added.column("size")
    assert size is not None
    assert sum(bool(size.cell(row)) for row in range(added.rows)) == 35
    assert "35 of 39 rows" in found.sentence
    # The row that is dropped has a record here, or would have one; nobody counts it before it is dropped.
    assert any("35 of 40 rows have a record; 1 record has no row." in warning for warning in added.warnings)


def test_a_file_of_vectors_is_no_metadata(dataset: Dataset, tmp_path: Path) -> None:
    vectors = tmp_path / "other.csv"
    vectors.write_text("".join(",".join(f"{i * j}.5" for j in range(12)) + "\n" for i in range(40)))
    with pytest.raises(BadFile, match="vectors of its own"):
        matching.check_holds_no_vectors(vectors)
    np.save(tmp_path / "v.npy", np.ones((40, 3)))
    with pytest.raises(BadFile):
        matching.check_holds_no_vectors(tmp_path / "v.npy")
    strange = matching.matched(dataset, table(tmp_path, "city,people", ["Bern,1", "Graz,2", "Lyon,3"]))
    assert not strange.belongs and not strange.fits


def test_of_several_files_one_is_the_metadata(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((4, 3), "f4"))
    labels = table(tmp_path, "name,kind", ["a,x", "b,y", "c,x", "d,y"])
    vectors = tmp_path / "w.csv"
    vectors.write_text("".join(",".join(f"{i * j}.5" for j in range(12)) + "\n" for i in range(4)))
    assert matching.divided([labels, tmp_path / "v.npy"]) == Division(tmp_path / "v.npy", labels)
    assert matching.divided([vectors, labels]) == Division(vectors, labels)
    assert matching.divided([vectors, tmp_path / "v.npy"]) == Division(vectors, None, (tmp_path / "v.npy",))
    assert matching.divided([labels, labels]) == Division(labels)
    (tmp_path / "short").mkdir()
    short = table(tmp_path / "short", "name,kind", ["a,x", "b,y"])
    assert matching.divided([vectors, short, labels]) == Division(vectors, short, (labels,), by_row=False)
    tabs = tmp_path / "tabs.csv"
    tabs.write_text("name\tkind\na\tx\nb\ty\nc\tx\nd\ty\n")
    assert matching.divided([tmp_path / "v.npy", tabs]) == Division(tmp_path / "v.npy", tabs)
    (tmp_path / "odd.xyz").write_bytes(b"\0\1\2")
    assert matching.divided([labels, tmp_path / "odd.xyz"]) == Division(tmp_path / "odd.xyz", labels)
