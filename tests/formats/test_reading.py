"""From file to Dataset: kept for the next time, cleaned, named, with the table beside it."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from explorer import paths
from explorer.errors import BadFile, BadInput, BadParameter, Cancelled, TooLarge
from explorer.formats import keeping, reading

RNG = np.random.default_rng(7)


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "v.npy"
    np.save(path, RNG.normal(size=(10, 4)).astype("f4"))
    return path


def test_a_second_reading_opens_what_was_kept(vectors: Path) -> None:
    first = reading.read(vectors)
    again = reading.read(vectors)
    assert again.folder == first.folder
    shutil.rmtree(first.folder)
    assert reading.read(vectors).folder == first.folder


def test_a_kept_dataset_that_is_broken_is_made_again(vectors: Path) -> None:
    folder = reading.read(vectors).folder
    (folder / "dataset.json").write_text("{")
    assert reading.read(vectors).rows == 10


def test_a_changed_file_is_read_again(vectors: Path) -> None:
    old = reading.read(vectors)
    np.save(vectors, np.ones((3, 2), "f4"))
    assert reading.read(vectors).rows == 3
    with pytest.raises(BadFile, match="changed"):
        _ = old.vectors


def test_readers_of_one_file_may_race(tmp_path: Path) -> None:
    path = tmp_path / "h.npy"
    np.save(path, RNG.normal(size=(500, 8)))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(reading.read(path).folder)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(map(str, found))) == 1
    assert not list((paths.cache_folder() / "datasets").glob("part-*"))


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "h.npy"
    np.save(path, RNG.normal(size=(500, 8)))

    def stop(fraction: float | None, note: str = "") -> None:
        if note == "converting":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        reading.read(path, progress=stop)
    assert list((paths.cache_folder() / "datasets").iterdir()) == []


def test_no_room_on_the_disk_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.npy"
    np.save(path, RNG.normal(size=(500, 8)))
    monkeypatch.setattr(keeping, "MARGIN_BYTES", 1 << 60)
    with pytest.raises(TooLarge, match="EXPLORER_CACHE"):
        reading.read(path)


@pytest.mark.parametrize("header", ["word\tkind\n", ""])
def test_the_table_beside_it_is_found(vectors: Path, header: str) -> None:
    records = "".join(f"w{i}\tk{i % 2}\n" for i in range(10))
    vectors.with_suffix(".tsv").write_text(header + records)
    dataset = reading.read(vectors)
    assert dataset.name(9) == "w9"
    assert dataset.columns[1].labels == ("k0", "k1")


def test_one_column_of_names_needs_no_header(vectors: Path) -> None:
    vectors.with_suffix(".csv").write_text("".join(f"name {i}\n" for i in range(10)))
    dataset = reading.read(vectors)
    assert [dataset.name(row) for row in (0, 9)] == ["name 0", "name 9"]


def test_labels_stay_with_their_own_rows(tmp_path: Path) -> None:
    array = RNG.normal(size=(10, 4)).astype("f4")
    array[[0, 6]] = np.nan
    np.save(tmp_path / "v.npy", array)
    (tmp_path / "v.csv").write_text("name,x\n" + "".join(f"w{i},{i}\n" for i in range(10)))
    dataset = reading.read(tmp_path / "v.npy")
    for row in range(dataset.rows):
        source = dataset.source_row(row)
        assert dataset.name(row) == f"w{source}"
        assert dataset.columns[1].cell(row) == str(source)
        np.testing.assert_array_equal(dataset.vectors[row], array[source])


def test_a_table_of_another_length_is_an_error_only_when_it_was_asked_for(vectors: Path) -> None:
    table = vectors.with_suffix(".tsv")
    table.write_text("word\tkind\n" + "a\tb\n" * 7)
    dataset = reading.read(vectors)
    assert dataset.columns == ()
    assert "left out" in dataset.warnings[0]
    with pytest.raises(BadFile, match="7 rows and the file has 10"):
        reading.read(vectors, metadata=table)
    with pytest.raises(BadFile, match="no such file"):
        reading.read(vectors, metadata=vectors.with_name("none.tsv"))


def test_metrics(tmp_path: Path, vectors: Path) -> None:
    assert reading.read(vectors).metric == "euclidean"
    assert reading.read(vectors, metric="ip").metric == "dot"
    unit = RNG.normal(size=(50, 8))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    np.save(tmp_path / "u.npy", unit.astype("f2"))
    assert reading.read(tmp_path / "u.npy").metric == "cosine"
    with pytest.raises(BadParameter):
        reading.read(vectors, metric="hamming")


def test_pictures(tmp_path: Path) -> None:
    for name, array in {
        "u1": RNG.integers(0, 256, (6, 12)).astype("u1"),
        "16": RNG.integers(0, 17, (6, 12)),
        "01": RNG.random((6, 12)).astype("f4"),
    }.items():
        np.save(tmp_path / f"{name}.npy", array)
        images = reading.read(tmp_path / f"{name}.npy", options={"images": "3x4"}).images
        assert images is not None
        assert images.shape == (6, 3, 4)
        scale = 1 if name == "u1" else 255 / array.max()
        np.testing.assert_array_equal(images.reshape(6, 12), np.round(array.astype("f4").astype("f8") * scale))
    for wrong in ("5x5", "3", "ax4"):
        with pytest.raises(BadParameter):
            reading.read(tmp_path / "u1.npy", options={"images": wrong})


def test_options_are_checked(vectors: Path) -> None:
    with pytest.raises(BadParameter, match="colour"):
        reading.read(vectors, options={"colour": "red"})
    with pytest.raises(BadParameter, match="chooses columns"):
        reading.read(vectors, options={"vectors": "p*"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.pkl", b"\x80\x04\x95\x00", "numpy.save"),
        ("x.dat", b"\x80\x05\x95\x00", "unpickled"),
        ("x.pt", b"PK\x03\x04....archive/data.pkl", "PyTorch"),
        ("x.npz", b"PK\x03\x04....a.npy", "archive"),
        ("x.joblib", b"\x80\x03c", "joblib"),
        ("x.mat", b"MATLAB 5.0 MAT-file", "MATLAB"),
        ("x.gz", b"\x1f\x8b\x08", "cut short"),
        ("x.npy", b"hello there", "numpy.save"),
        ("x.bin", bytes(range(256)) * 9, "dimensions=D"),
        ("x.dat", bytes(range(256)) * 9, "no format"),
        ("x.csv", b"", "empty"),
        ("x.csv", bytes(100), "not what its name says"),
    ],
)
def test_other_files_are_a_sentence_that_helps(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=name) as caught:
        reading.read(path)
    assert said in str(caught.value)
    assert str(caught.value).count(":") >= 1
    assert "\n" not in str(caught.value)


def test_folders_missing_files_and_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path, "folder"), (tmp_path / "none", "no such file"), (tmp_path / "pipe", "ordinary")):
        with pytest.raises(BadFile, match=said):
            reading.read(path)


def test_facts_about_the_rows_are_told(tmp_path: Path) -> None:
    for array, said in (
        (np.ones((1, 4), "f4"), "single row"),
        (np.ones((5, 4), "f4"), "equal"),
        (np.eye(5, 4, dtype="f4"), "all zeros"),
    ):
        np.save(tmp_path / "f.npy", array)
        (warning,) = reading.read(tmp_path / "f.npy").warnings
        assert said in warning
    np.save(tmp_path / "f.npy", np.full((3, 2), np.nan))
    with pytest.raises(BadFile, match="none of its 3 rows"):
        reading.read(tmp_path / "f.npy")


def test_a_table_about_rows_and_one_that_may_be_transposed_are_told(tmp_path: Path) -> None:
    about, wide = tmp_path / "about.csv", tmp_path / "wide.csv"
    about.write_text("kind,year\n" + "".join(f"{'ab'[i % 2]},{1990 + i}\n" for i in range(9)))
    assert "open that, and add the table to it as metadata" in reading.read(about).warnings[0]
    assert reading.read(about, options={"vectors": "year"}).warnings == ()
    wide.write_text("".join(",".join(f"{(i * j) % 7}.5" for j in range(160)) + "\n" for i in range(1, 21)))
    assert reading.read(wide).warnings == (
        "It is far wider than long: if its columns are the vectors, say --read orientation=columns.",
    )
    assert reading.read(wide, options={"orientation": "columns"}).rows == 160
