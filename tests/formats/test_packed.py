"""Packed files: what is inside is read as what it is, and nothing unpacks without end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from explorer.errors import BadFile, BadParameter
from explorer.formats import packed, preview, reading

DATA = Path(__file__).parent.parent / "data" / "formats"


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return bytes(sink.getvalue())


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_table_is_the_table(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"same.csv{suffix}"
    path.write_bytes(PACKERS[suffix]((DATA / "same.csv").read_bytes()))
    dataset, plain = reading.read(path), reading.read(DATA / "same.csv")
    np.testing.assert_array_equal(dataset.vectors, plain.vectors)
    assert dataset.name(1) == "people"
    assert dataset.format.startswith("csv, packed by ")
    assert preview.previewed(path).title.startswith("Comma-separated table, packed by ")
    assert not list(dataset.folder.glob("unpacked*"))
    assert dataset.title == path.name


def test_what_is_mapped_inside_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "same.npy.gz"
    path.write_bytes(gzip.compress((DATA / "same.npy").read_bytes()))
    np.testing.assert_array_equal(reading.read(path).vectors, np.load(DATA / "same.npy"))


def test_members_one_after_another_are_one_file(tmp_path: Path) -> None:
    lines = (DATA / "same.csv").read_bytes().splitlines(keepends=True)
    path = tmp_path / "two.csv.gz"
    path.write_bytes(gzip.compress(b"".join(lines[:100])) + gzip.compress(b"".join(lines[100:])))
    assert reading.read(path).rows == 300


def test_options_are_those_of_what_is_inside(tmp_path: Path) -> None:
    path = tmp_path / "t.txt.gz"
    path.write_bytes(gzip.compress(b"1;2;3\n4;5;6\n7;8;10\n"))
    assert reading.read(path, options={"header": "yes"}).rows == 2
    array = tmp_path / "same.npy.gz"
    array.write_bytes(gzip.compress((DATA / "same.npy").read_bytes()))
    with pytest.raises(BadParameter, match="no option “header”"):
        reading.read(array, options={"header": "yes"})


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_damaged_one_is_a_sentence(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"same.csv{suffix}"
    whole = PACKERS[suffix]((DATA / "same.csv").read_bytes())
    for data in (whole[: len(whole) // 2], whole[:12] + bytes(200), PACKERS[suffix](b"")):
        path.write_bytes(data)
        with pytest.raises(BadFile, match=r"damaged or cut short|nothing in it|no vectors"):
            reading.read(path)


@pytest.mark.parametrize(("inside", "sentence"), [(b"\0" * 600, "no vectors"), (gzip.compress(b"1,2"), "packed twice")])
def test_what_cannot_be_inside(inside: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(inside))
    with pytest.raises(BadFile, match=sentence):
        reading.read(path)


def test_an_archive_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(DATA / "same.npy", "same.npy")
    with pytest.raises(BadFile, match="tar archive compressed by gzip; unpack it first"):
        reading.read(path)


def test_a_bomb_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SPARE_BYTES", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"1,2\n" * (16 << 20)))
    with pytest.raises(BadFile, match="more than 200 times its size"):
        reading.read(path)
    assert not list((tmp_path / "cache" / "datasets").glob("part-*"))
