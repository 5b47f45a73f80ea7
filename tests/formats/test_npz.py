"""NumPy archives: the array is chosen, stored ones are mapped, compressed ones streamed, nothing is unpickled."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from explorer import loading
from explorer.errors import BadFile, Unchosen
from explorer.formats import preview, reading, several, types
from explorer.formats.npz import Npz

RNG = np.random.default_rng(2)
VECTORS = RNG.normal(size=(200, 6)).astype("f4")
WORDS = np.array([f"wörd {i}" for i in range(200)])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "u1", "<i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_it_is_what_numpy_saved(tmp_path: Path, save: object, dtype: str, order: str) -> None:
    array = np.array(VECTORS * 20, np.dtype(dtype), order="F" if order == "F" else "C")
    save(tmp_path / "a.npz", array)  # type: ignore[operator]
    dataset = reading.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(dataset.vectors, array.astype("f4"))
    assert (dataset.dtype, dataset.warnings) == (np.dtype(dtype).name, ())


def test_a_stored_array_that_is_aligned_is_mapped_from_the_archive(tmp_path: Path) -> None:
    mapped = []
    for name in ("a", "ab", "abc", "abcd"):
        path = tmp_path / f"{name}.npz"
        np.savez(path, **{name: VECTORS})  # type: ignore[arg-type]
        dataset = reading.read(path)
        np.testing.assert_array_equal(dataset.vectors, VECTORS)
        mapped.append(dataset.vectors_path == path)
    assert sum(mapped) == 1, "the length of the name decides"


def test_arrays_beside_it_are_columns_and_text_names_the_rows(tmp_path: Path) -> None:
    labels, other = np.arange(200) % 3, np.arange(7)
    np.savez_compressed(
        tmp_path / "a.npz", word=WORDS, vectors=VECTORS, label=labels, other=other, b=np.char.encode(WORDS, "utf-8")
    )
    dataset = reading.read(tmp_path / "a.npz")
    assert {c.name: c.kind for c in dataset.columns} == {"word": "text", "label": "category", "b": "text"}
    assert (dataset.name_column, dataset.name(7), dataset.columns[1].cell(5)) == ("word", "wörd 7", "2")
    assert dataset.facts["array"] == "vectors"


def test_the_array_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, left=VECTORS, right=-VECTORS[:50], three=VECTORS.reshape(10, 20, 6))
    assert [part.name for part in Npz().parts(path)] == ["left", "right", "three"]
    (warning,) = reading.read(path).warnings
    assert "“left” (200 × 6 float32)" in warning
    assert "“right”" in warning
    chosen = reading.read(path, options={"array": "right"})
    np.testing.assert_array_equal(chosen.vectors, -VECTORS[:50])
    assert chosen.warnings == ()
    with pytest.raises(BadFile, match="no array “middle”; it holds “left”"):
        reading.read(path, options={"array": "middle"})
    with pytest.raises(BadFile, match="3 axes"):
        reading.read(path, options={"array": "three"})


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, vectors=VECTORS, names=np.array([{} for _ in VECTORS], object))
    (warning,) = reading.read(path).warnings
    assert "“names”" in warning
    np.savez(path, vectors=np.array([[1, None]], object))
    with pytest.raises(BadFile, match="unpickled"):
        reading.read(path)


@pytest.mark.parametrize("arrays", [{}, {"a": np.zeros(4)}, {"a": np.zeros((0, 4))}, {"a": WORDS[:, None]}])
def test_archives_without_vectors_are_a_sentence(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(BadFile, match=r"a\.npz: (it holds no array|its array)"):
        reading.read(tmp_path / "a.npz")


def header(rows: int) -> bytes:
    start = io.BytesIO()
    np.lib.format.write_array_header_1_0(start, {"descr": "<f4", "fortran_order": False, "shape": (rows, 6)})
    return start.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_more_or_less_than_the_header_says_is_a_sentence(tmp_path: Path, method: int) -> None:
    for rows in (1 << 40, 201, 199, 0):
        with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
            archive.writestr("a.npy", header(rows) + VECTORS.tobytes())
        with pytest.raises(BadFile, match="promises"):
            reading.read(tmp_path / "a.npz")


def test_what_unpacks_beyond_reason_is_never_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header(200) + VECTORS.tobytes())
    huge = header(1 << 40)
    data = bytearray(path.read_bytes())
    # The directory says that it is a terabyte, and so does the array's own header: 64 bits of both agree.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", huge + bytes(1000))
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    size = len(huge) + 6 * 4 * (1 << 40)
    data[place : place + 4] = struct.pack("<I", min(size, 0xFFFFFFFE))
    path.write_bytes(data)
    with pytest.raises(BadFile, match="promises"):
        reading.read(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damage_is_a_sentence(tmp_path: Path, save: object) -> None:
    path = tmp_path / "a.npz"
    save(path, VECTORS)  # type: ignore[operator]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match="damaged or cut short"):
        reading.read(path)
    if save is np.savez_compressed:
        harmed = bytearray(whole)
        harmed[2000:2010] = bytes(10)
        path.write_bytes(harmed)
        with pytest.raises(BadFile, match="damaged or cut short"):
            reading.read(path)


def test_rows_that_are_not_finite_are_dropped_with_their_names(tmp_path: Path) -> None:
    array = VECTORS.copy()
    array[[3, 9]] = np.nan
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", vectors=array, word=WORDS)
        dataset = reading.read(tmp_path / "a.npz")
        assert (dataset.rows, dataset.dropped, dataset.name(3)) == (198, 2, "wörd 4")
        assert "#3, #9" in dataset.warnings[0]
        (tmp_path / "a.npz").unlink()


def test_only_arrays_of_equal_standing_are_asked_about(tmp_path: Path) -> None:
    path, rows = tmp_path / "a.npz", np.ones((9, 4), "f4")
    kind = types()["npz"]
    for others in (
        {"b": rows[:3]},
        {"text_embeds": rows},
        {"train": rows},
        {"b": rows.astype("i4")},
        {"b": rows[:, 0]},
    ):
        np.savez(path, a=rows, **others)
        assert several.alike(kind.parts(path)) == ()
        loading.check_chosen(path, {})
    np.savez(path, a=rows, b=rows, c=rows[:3], name=np.array(list("abcdefghi")))
    assert [part.name for part in several.alike(kind.parts(path))] == ["a", "b"]
    assert preview.previewed(path).alike == 2 and "“a” was taken" in reading.read(path).warnings[0]
    with pytest.raises(Unchosen, match="any may be the vectors; choose one of them: --read array=NAME"):
        loading.check_chosen(path, {})
    loading.check_chosen(path, {"array": "b"})
