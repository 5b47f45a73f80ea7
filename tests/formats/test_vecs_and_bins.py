"""Vectors with a count before each, vectors after one count, and vectors with nothing but their bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadFile, BadParameter
from explorer.formats import reading

RNG = np.random.default_rng(4)
VECTORS = RNG.normal(size=(60, 7)).astype("f4")
WHOLE = RNG.integers(0, 100, (60, 7))


def array(dtype: str) -> np.ndarray:
    return (VECTORS if np.dtype(dtype).kind == "f" else WHOLE).astype(dtype)


def vecs(path: Path, rows: np.ndarray) -> Path:
    path.write_bytes(b"".join(struct.pack("<i", len(row)) + row.tobytes() for row in rows))
    return path


def xbin(path: Path, rows: np.ndarray, said: int | None = None) -> Path:
    path.write_bytes(struct.pack("<II", len(rows) if said is None else said, rows.shape[1]) + rows.tobytes())
    return path


def sentence(path: Path, **options: str) -> str:
    with pytest.raises((BadFile, BadParameter)) as caught:
        reading.read(path, options=options)
    return str(caught.value)


@pytest.mark.parametrize(("suffix", "dtype"), [(".fvecs", "<f4"), (".ivecs", "<i4"), (".bvecs", "u1")])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("rows", [1, 60])
def test_vecs_are_what_was_written(tmp_path: Path, suffix: str, dtype: str, named: bool, rows: int) -> None:
    path = vecs(tmp_path / ("v" + (suffix if named else ".dat")), array(dtype)[:rows])
    if rows == 1 and not named:
        assert "no format" in sentence(path)
        return
    dataset = reading.read(path)
    assert (dataset.format, dataset.dtype) == (suffix[1:], np.dtype(dtype).name)
    np.testing.assert_array_equal(dataset.vectors, array(dtype)[:rows].astype("f4"))
    assert dataset.vectors.flags.c_contiguous


def test_a_record_of_another_length_is_named(tmp_path: Path) -> None:
    path = vecs(tmp_path / "v.fvecs", VECTORS)
    data = bytearray(path.read_bytes())
    data[32 * 41 : 32 * 41 + 4] = struct.pack("<i", 9)
    path.write_bytes(data)
    assert "record 41 (from 0), at byte 1,312, says 9 dimensions" in sentence(path)


def test_vecs_that_are_cut_short_or_promise_too_much(tmp_path: Path) -> None:
    path = vecs(tmp_path / "v.fvecs", VECTORS)
    path.write_bytes(path.read_bytes()[:-3])
    assert "record 59 (from 0) begins at byte 1,888 and takes 32 bytes, and 29" in sentence(path)
    path.write_bytes(struct.pack("<i", 1 << 20) + bytes(50))
    assert "record 0 (from 0) begins at byte 0 and takes 4,194,308" in sentence(path)
    for wrong in (0, -1, 1 << 30):
        path.write_bytes(struct.pack("<i", wrong) + bytes(50))
        assert "v.fvecs" in sentence(path)


def test_rows_that_are_not_finite_are_dropped(tmp_path: Path) -> None:
    rows = VECTORS.copy()
    rows[8, 2] = np.nan
    for path in (vecs(tmp_path / "v.fvecs", rows), xbin(tmp_path / "v.fbin", rows)):
        dataset = reading.read(path)
        assert (dataset.rows, dataset.dropped, dataset.source_row(8)) == (59, 1, 9)
        assert "#8" in dataset.warnings[0]


TYPES = [(".fbin", "<f4"), (".u8bin", "u1"), (".i8bin", "i1"), (".f16bin", "<f2"), (".ibin", "<i4")]


@pytest.mark.parametrize(("suffix", "dtype"), TYPES)
def test_bins_are_what_was_written(tmp_path: Path, suffix: str, dtype: str) -> None:
    path = xbin(tmp_path / f"v{suffix}", array(dtype))
    dataset = reading.read(path)
    assert (dataset.format, dataset.dtype, dataset.warnings) == (suffix[1:], np.dtype(dtype).name, ())
    np.testing.assert_array_equal(dataset.vectors, array(dtype).astype("f4"))
    assert (dataset.vectors_path == path) == (dtype == "<f4")


@pytest.mark.parametrize(("suffix", "dtype"), TYPES)
def test_the_size_decides_where_the_head_of_a_crop_is_wrong(tmp_path: Path, suffix: str, dtype: str) -> None:
    for said in (1_000_000_000, 59, 0):
        dataset = reading.read(xbin(tmp_path / f"v{suffix}", array(dtype), said))
        assert (dataset.rows, dataset.dimensions) == (60, 7)
        assert f"says {said:,} rows; there are 60" in dataset.warnings[0]


def test_bins_without_whole_rows_are_a_sentence(tmp_path: Path) -> None:
    path = xbin(tmp_path / "v.fbin", VECTORS)
    path.write_bytes(path.read_bytes()[:-5])
    assert "60 × 7, a row of which takes 28 bytes, and the 1,675 bytes after it are no whole rows" in sentence(path)
    path.write_bytes(struct.pack("<II", 1 << 31, 1 << 20) + bytes(100))
    assert "no whole rows" in sentence(path)
    path.write_bytes(struct.pack("<II", 0, 7))
    assert "0 × 7" in sentence(path)
    path.write_bytes(struct.pack("<II", 60, 10) + np.zeros(600, "<i4").tobytes() + np.zeros(600, "<f4").tobytes())
    assert "ground truth" in sentence(path)


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int8", "uint8", "int64", "uint16"])
def test_raw_numbers_take_the_shape_that_is_said(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "v.raw"
    array(dtype).tofile(path)
    dataset = reading.read(path, options={"dimensions": "7", "dtype": dtype})
    assert (dataset.format, dataset.dtype) == ("raw", dtype)
    np.testing.assert_array_equal(dataset.vectors, array(dtype).astype("f4"))
    assert (dataset.vectors_path == path) == (dtype == "float32")


def test_the_suffix_says_the_type_and_bytes_can_be_skipped(tmp_path: Path) -> None:
    half = tmp_path / "v.f16"
    array("f2").tofile(half)
    assert reading.read(half, options={"dimensions": "7"}).dtype == "float16"
    path = tmp_path / "v.bytes"
    path.write_bytes(bytes(12) + VECTORS.tobytes())
    dataset = reading.read(path, options={"dimensions": "7", "skip": "12"})
    np.testing.assert_array_equal(dataset.vectors, VECTORS)
    assert dataset.vectors_path == path
    assert "skip=9999 passes over all" in sentence(path, skip="9999")


def test_the_shape_is_asked_for_with_what_fits(tmp_path: Path) -> None:
    path = tmp_path / "v.f32"
    RNG.normal(size=(50, 48)).astype("f4").tofile(path)
    said = sentence(path)
    assert "--read dimensions=D" in said
    assert "2,400 numbers" in said
    assert " 48," in said
    assert "no whole number of rows of 47" in sentence(path, dimensions="47")
    path.write_bytes(path.read_bytes()[:-1])
    assert "no whole number of float32" in sentence(path)
    assert "dimensions is 1 to 1048576, not 0" in sentence(path, dimensions="0")
    assert "dtype is one of" in sentence(path, dtype="float8")


def read_as(path: Path, data: bytes) -> Dataset | str:
    path.write_bytes(data)
    try:
        return reading.read(path)
    except BadFile as error:
        return str(error)


@pytest.mark.parametrize("suffix", [".bin", ".raw", ".f32", ".bytes"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "u1", "i1", "i4", "i8"])
def test_raw_numbers_are_never_taken_for_something_else(tmp_path: Path, suffix: str, dtype: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(40, 16)) * 10 if dtype[0] == "f" else rng.integers(0, 100, (40, 16))
        for one in (x, np.sign(x), np.zeros_like(x), np.full_like(x, 5)):
            found = read_as(tmp_path / f"v{suffix}", one.astype(dtype).tobytes())
            assert isinstance(found, str), (seed, found)
            assert "dimensions=D" in found
