"""Pictures of rows: found by themselves or by name, made small, counted where they are not there."""

from __future__ import annotations

import csv
import os
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.core.dataset import Dataset
from explorer.core.progress import silent
from explorer.errors import BadParameter, Cancelled
from explorer.formats import keeping, reading, row_pictures, thumbnails
from explorer.formats.row_pictures import local
from explorer.formats.thumbnails import BROKEN, MISSING, SIDE, pack, thumbnail_of

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (30, 200, 200), (90, 90, 90)]
KINDS = ["png", "jpg", "webp", "gif", "bmp", "png"]


def encoded(colour: Any, size: tuple[int, int] = (300, 200), kind: str = "png", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, size, colour).save(out, {"jpg": "jpeg"}.get(kind, kind))
    return out.getvalue()


def decoded(made: bytes | str) -> Image.Image:
    assert isinstance(made, bytes)
    image = Image.open(BytesIO(made))
    assert image.format in ("PNG", "JPEG")
    return image


def near(image: Image.Image, colour: Any) -> bool:
    middle = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    return bool(np.abs(np.subtract(middle, colour)).max() <= 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pictures, and a table of vectors that names them."""
    (tmp_path / "img").mkdir()
    rows = []
    for i, (colour, kind) in enumerate(zip(COLOURS, KINDS, strict=True)):
        (tmp_path / "img" / f"{i}.{kind}").write_bytes(encoded(colour, kind=kind))
        rows.append([f"row {i}", f"img/{i}.{kind}", *np.eye(6)[i]])
    write(tmp_path, rows)
    return tmp_path


def write(folder: Path, rows: list[list[Any]], head: str = "file") -> None:
    with (folder / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["title", head, *(f"p{i}" for i in range(6))], *rows])


def rows_of(folder: Path) -> list[list[Any]]:
    with (folder / "t.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def read(folder: Path, name: str = "t.csv", **options: str) -> Dataset:
    return reading.read(folder / name, options=options)


def test_a_column_of_paths_is_found(folder: Path) -> None:
    dataset = read(folder)
    assert dataset.pictured
    assert dataset.warnings == ()
    assert dataset.facts["pictures"] == "file"
    for row, colour in enumerate(COLOURS):
        image = decoded(dataset.thumbnail(row))
        assert image.size == (128, 85)
        assert near(image, colour)
    assert not read(folder, images="none").pictured
    assert read(folder, images="file").pictured
    # As it is when it is opened again from its folder.
    again = keeping.opened(dataset.folder)
    assert [again.thumbnail(row) for row in range(6)] == [dataset.thumbnail(row) for row in range(6)]


def test_dropped_rows_take_their_pictures_with_them(folder: Path) -> None:
    rows = rows_of(folder)
    rows[2][2] = "nan"
    write(folder, rows)
    dataset = read(folder)
    assert dataset.rows == 5
    for row, source in enumerate((0, 1, 3, 4, 5)):
        assert near(decoded(dataset.thumbnail(row)), COLOURS[source])


def test_what_is_not_there_is_counted(folder: Path) -> None:
    (folder / "img" / "1.jpg").unlink()
    (folder / "img" / "3.gif").write_bytes(b"GIF89a and no more")
    (folder / "img" / "5.png").write_bytes(b"")
    dataset = read(folder)
    assert dataset.warnings == (
        "2 pictures of “file” are missing: rows #1, #5 (source rows, from 0).",
        "1 picture of “file” is no picture, or too large: row #3 (source rows, from 0).",
    )
    assert [bool(dataset.thumbnail(row)) for row in range(6)] == [True, False, True, False, True, False]


def test_addresses_and_other_machines_are_never_asked(folder: Path) -> None:
    named = ["http://host/a.png", "https://host/a.png", "file:///etc/a.png", "\\\\host\\share\\a.png", "//host/a.png", "a\0.png"]  # fmt: skip  # noqa: E501
    assert [local(cell, folder) for cell in named] == [None] * 6
    assert local("img\\0.png", folder) == folder / "img" / "0.png"
    assert local(str(folder / "x.png"), Path("/elsewhere")) == folder / "x.png"
    write(folder, [[f"row {i}", f"http://127.0.0.1:9/{i}.png", *np.eye(6)[i]] for i in range(6)])
    assert not read(folder).pictured
    with pytest.raises(BadParameter, match="none of its cells is a picture"):
        read(folder, images="file")


def test_what_is_no_column_of_pictures_is_told(folder: Path) -> None:
    with pytest.raises(BadParameter, match=r"neither a size such as 28x28 nor a column.*columns: title, file"):
        read(folder, images="nix")
    with pytest.raises(BadParameter, match="none of its cells"):
        read(folder, images="title")


def test_other_columns_are_no_pictures(folder: Path) -> None:
    write(folder, [[f"row {i}", f"gone/{i}.png", *np.eye(6)[i]] for i in range(6)])
    assert not read(folder).pictured
    write(folder, [[f"row {i}", "img/0.png" if i == 0 else "words", *np.eye(6)[i]] for i in range(6)])
    assert not read(folder).pictured


def test_what_nobody_asked_for_must_not_take_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_pictures, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(thumbnails, "TRIED", 2)
    dataset = read(folder)
    assert not dataset.pictured
    assert "to see them say --read images=file" in dataset.warnings[0]
    assert not (dataset.folder / row_pictures.FILE).exists()
    assert read(folder, images="file").pictured


@pytest.mark.parametrize("struct_of_bytes", [False, True])
@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_pictures_in_cells(tmp_path: Path, kind: str, struct_of_bytes: bool) -> None:
    import pyarrow as pa
    from pyarrow import feather, parquet

    pictures: list[Any] = [encoded(colour) for colour in COLOURS]
    pictures[2] = None
    cells = [{"bytes": picture, "path": "a"} for picture in pictures] if struct_of_bytes else pictures
    table = pa.table({"x": range(6), "image": cells, "note": [b"no picture"] * 6})
    path = tmp_path / f"t.{kind}"
    parquet.write_table(table, path) if kind == "parquet" else feather.write_feather(table, path)
    from explorer.formats import picture_cells

    assert picture_cells.columns_of(path) == ("image",)
    assert list(picture_cells.pictures(path, "image", None)) == pictures
    assert list(picture_cells.pictures(path, "image", np.array([0, 2, 5]))) == [pictures[i] for i in (0, 2, 5)]


def test_files_of_other_kinds_hold_no_pictures_in_cells(tmp_path: Path) -> None:
    from explorer.formats import picture_cells

    for i, content in enumerate((b"", b"PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"ARROW1\0\0" + b"\xff" * 40)):
        (tmp_path / str(i)).write_bytes(content)
        assert picture_cells.columns_of(tmp_path / str(i)) == ()
    assert picture_cells.columns_of(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("colour", "mode", "kind", "seen"),
    [
        (130, "L", "png", (130, 130, 130)),
        (1, "1", "png", (255, 255, 255)),
        ((10, 200, 30, 128), "RGBA", "png", (10, 200, 30)),
        ((0, 0, 0, 0), "CMYK", "jpg", (255, 255, 255)),
        ((100, 128), "LA", "png", (100, 100, 100)),
    ],
)
def test_pictures_of_many_kinds(colour: Any, mode: str, kind: str, seen: Any) -> None:
    for size in ((20, 10), (500, 700)):
        image = decoded(thumbnail_of(encoded(colour, size, kind, mode)))
        assert max(image.size) == min(SIDE, max(size))
        assert near(image, seen)


def test_small_pictures_stay_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "png")
    np.testing.assert_array_equal(np.asarray(decoded(thumbnail_of(out.getvalue()))), pixels)


def test_sixteen_bits_are_stretched() -> None:
    out = BytesIO()
    Image.fromarray(np.linspace(1000, 1999, 100, dtype=np.uint16).reshape(10, 10)).save(out, "png")
    found = np.asarray(decoded(thumbnail_of(out.getvalue())))
    assert (found.min(), found.max()) == (0, 255)


def test_a_picture_on_its_side_is_turned() -> None:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 200)).save(out, "jpeg", exif=exif)
    assert decoded(thumbnail_of(out.getvalue())).size == (64, 128)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_bombs_and_rubbish_are_no_pictures(tmp_path: Path) -> None:
    import tracemalloc

    tracemalloc.start()
    for raw in (bomb(60_000, 60_000), bomb(9_000, 9_000), bomb(0, 5), b"\x89PNG\r\n\x1a\n", b"<svg/>", b"\0" * 99):
        assert thumbnail_of(raw) == BROKEN
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
    for nothing in (b"", None, tmp_path, tmp_path / "none.png", Path("\0")):
        assert thumbnail_of(nothing) == MISSING


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert thumbnail_of(tmp_path / "a.png") == MISSING
    if Path("/dev/zero").exists():
        assert thumbnail_of(Path("/dev/zero")) == MISSING


def test_mutilated_pictures_never_raise() -> None:
    random = np.random.default_rng(1)
    for kind in ("png", "jpg", "webp", "gif", "bmp"):
        whole = np.frombuffer(encoded((9, 99, 200), (90, 70), kind), np.uint8)
        for _ in range(60):
            broken = whole.copy()
            broken[random.integers(0, len(broken), 6)] = random.integers(0, 256, 6)
            assert isinstance(thumbnail_of(broken[: random.integers(20, len(broken) + 1)].tobytes()), bytes | str)


def test_packing_can_be_stopped(tmp_path: Path) -> None:
    def progress(share: float | None, note: str = "") -> None:
        if share:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pack(iter([encoded((1, 2, 3))] * 500), 500, tmp_path / "p", progress)
    packed = pack(iter([encoded((1, 2, 3))] * 3), 5, tmp_path / "p", silent)
    assert packed.missing == [3, 4]
