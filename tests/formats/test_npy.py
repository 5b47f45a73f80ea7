"""NumPy arrays: mapped where they can be, converted exactly where not, refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.progress import silent
from explorer.errors import BadFile
from explorer.formats import reading
from explorer.formats.npy import Npy

RNG = np.random.default_rng(3)


def saved(folder: Path, array: np.ndarray, name: str = "a.npy") -> Path:
    path = folder / name
    np.save(path, array)
    return path


def test_float32_is_mapped_and_never_copied(tmp_path: Path) -> None:
    path = saved(tmp_path, RNG.normal(size=(30, 5)).astype("f4"))
    dataset = reading.read(path)
    assert dataset.vectors_path == path
    assert not dataset.vectors.flags.writeable
    assert not list(dataset.folder.glob("vectors*"))


@pytest.mark.parametrize("dtype", ["<f2", ">f2", ">f4", "<f8", ">f8", "u1", "i1", "<i2", ">i4", "<u8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_other_arrays_are_converted_exactly(tmp_path: Path, dtype: str, order: str) -> None:
    array = np.array(
        RNG.integers(0, 2 if dtype == "?" else 100, (40, 6)), np.dtype(dtype), order="F" if order == "F" else "C"
    )
    dataset = reading.read(saved(tmp_path, array))
    assert dataset.vectors_path.parent == dataset.folder
    assert dataset.dtype == np.dtype(dtype).name
    np.testing.assert_array_equal(dataset.vectors, array.astype("f4"))
    assert dataset.vectors.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3), "c8"), "complex"),
        (np.array([["a", "b"]]), "text"),
        (np.zeros(3, [("x", "f4"), ("y", "f4")]), "x, y"),
        (np.zeros(7, "f4"), "(7,)"),
        (np.zeros((0, 4), "f4"), "empty"),
        (np.float32(3), "()"),
    ],
    ids=["complex", "text", "records", "one axis", "empty", "no axis"],
)
def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path, array: np.ndarray, said: str) -> None:
    with pytest.raises(BadFile, match=r"a\.npy") as caught:
        reading.read(saved(tmp_path, array))
    assert said in str(caught.value)


def test_numbers_beyond_float32_are_dropped_and_told(tmp_path: Path) -> None:
    array = RNG.normal(size=(10, 3))
    array[4, 1] = 1e300
    dataset = reading.read(saved(tmp_path, array))
    assert (dataset.rows, dataset.dropped) == (9, 1)
    assert dataset.source_row(4) == 5
    assert "#4" in dataset.warnings[0]


def test_whole_numbers_that_float32_rounds_are_told(tmp_path: Path) -> None:
    array = np.arange(20, dtype="i8").reshape(10, 2)
    assert reading.read(saved(tmp_path, array)).warnings == ()
    array[3, 1] = 2**24 + 1
    assert "rounded" in reading.read(saved(tmp_path, array, "b.npy")).warnings[0]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_header_is_a_sentence(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("junk") / "a.npy"
    for version in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        path.write_bytes(b"\x93NUMPY" + version + junk)
        with pytest.raises(BadFile):
            Npy().read(path, {}, silent)


def test_a_header_that_promises_too_much_reserves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1125899906842624, 1024), }\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(BadFile, match="cut short"):
        reading.read(path)


def test_a_header_that_numpy_is_too_strict_for_is_read(tmp_path: Path) -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.save(tmp_path / "v.npy", vectors)
    whole = bytearray((tmp_path / "v.npy").read_bytes())
    whole[7] = 1
    (tmp_path / "v.npy").write_bytes(whole)
    np.testing.assert_array_equal(reading.read(tmp_path / "v.npy").vectors, vectors)
