"""Zarr folders as the library writes them, of both versions; and descriptions that promise or demand too much."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.errors import BadFile
from explorer.formats import reading
from explorer.formats.zarr import Zarr

zarr = pytest.importorskip("zarr")
RNG = np.random.default_rng(10)
VECTORS = RNG.normal(size=(300, 8)).astype("f4")
WORDS = np.array([f"wörd {i}" for i in range(300)])
VERSIONS = pytest.mark.parametrize("version", [2, 3])


def array(path: Path, data: np.ndarray = VECTORS, **how: Any) -> Path:
    zarr.create_array(path, data=data, **how)
    return path


def sentence(path: Path, **options: str) -> str:
    with pytest.raises(BadFile) as caught:
        reading.read(path, options=options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@VERSIONS
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "f2", "u1", "i4"])
@pytest.mark.parametrize("how", [{}, {"chunks": (64, 3)}, {"compressors": None}])
def test_it_is_what_zarr_wrote(tmp_path: Path, version: int, dtype: str, how: dict[str, Any]) -> None:
    data = (VECTORS * 20).astype(dtype)
    dataset = reading.read(array(tmp_path / "v.zarr", data, zarr_format=version, **how))
    np.testing.assert_array_equal(dataset.vectors, data.astype("f4"))
    assert (dataset.format, dataset.dtype, dataset.warnings) == ("zarr", np.dtype(dtype).name, ())


def test_shards_are_read(tmp_path: Path) -> None:
    dataset = reading.read(array(tmp_path / "v.zarr", chunks=(10, 8), shards=(100, 8)))
    np.testing.assert_array_equal(dataset.vectors, VECTORS)


@VERSIONS
def test_one_of_a_group_is_chosen_and_those_beside_it_are_columns(tmp_path: Path, version: int) -> None:
    path = tmp_path / "g.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        group = zarr.open_group(path, mode="w", zarr_format=version)
        group.create_array("left", data=VECTORS)
        group.create_array("deep/right", data=-VECTORS)
        group.create_array("label", data=np.arange(300) % 3)
        group.create_array("fixed", data=WORDS)
        group.create_array("word", shape=(300,), dtype=str)[:] = WORDS.astype(object)
    dataset = reading.read(path, options={"array": "left"})
    assert {c.name: c.kind for c in dataset.columns} == {"label": "category", "word": "text", "fixed": "text"}
    assert (dataset.name_column, dataset.name(4), dataset.column("fixed").cell(4)) == ("word", "wörd 4", "wörd 4")  # type: ignore[union-attr]
    np.testing.assert_array_equal(reading.read(path, options={"array": "deep/right"}).vectors, -VECTORS)
    assert "“deep/right”" in reading.read(path).warnings[0]
    assert {part.name for part in Zarr().parts(path)} == {"left", "deep/right", "label", "fixed", "word"}


def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    path = array(tmp_path / "v.zarr", chunks=(100, 8))
    first = reading.read(path)
    assert reading.read(path).folder == first.folder
    zarr.open_array(path, mode="r+")[250] = 7
    assert reading.read(path).vectors[250, 0] == 7


def test_codecs_that_could_run_code_are_never_asked(tmp_path: Path) -> None:
    path = array(tmp_path / "v.zarr", zarr_format=2)
    about = json.loads((path / ".zarray").read_text())
    for change in ({"filters": [{"id": "pickle"}], "dtype": "|O"}, {"compressor": {"id": "of-a-plug-in"}}):
        (path / ".zarray").write_text(json.dumps({**about, **change}))
        said = sentence(path)
        assert "pickle" in said or "plug-in" in said
        assert "not run here" in said or "unpickled" in said


@VERSIONS
def test_promises_are_checked_against_what_is_stored(tmp_path: Path, version: int) -> None:
    path = array(tmp_path / "v.zarr", zarr_format=version)
    file = path / ("zarr.json" if version == 3 else ".zarray")
    about = json.loads(file.read_text())
    file.write_text(json.dumps({**about, "shape": [1 << 40, 8]}))
    assert "promises 35,184,372,088,832 bytes" in sentence(path)
    file.write_text(json.dumps({**about, "shape": [-1, 8]}))
    assert "cannot be read" in sentence(path)
    file.write_text("[" * 5000)
    assert "cannot be read" in sentence(path)


def test_damaged_and_empty_ones_are_a_sentence(tmp_path: Path) -> None:
    path = array(tmp_path / "v.zarr", chunks=(100, 8))
    (path / "c" / "1" / "0").write_bytes(b"damaged")
    assert "zarr library" in sentence(path)
    zarr.create_array(tmp_path / "e.zarr", shape=(300, 8), dtype="f4")
    assert "0 are stored" in sentence(tmp_path / "e.zarr")
    zarr.open_group(tmp_path / "g.zarr", mode="w")
    assert "holds no array" in sentence(tmp_path / "g.zarr")
    (tmp_path / "folder").mkdir()
    assert "it is a folder" in sentence(tmp_path / "folder")


def test_rows_that_are_not_finite_are_dropped(tmp_path: Path) -> None:
    data = VECTORS.copy()
    data[7] = np.nan
    dataset = reading.read(array(tmp_path / "v.zarr", data))
    assert (dataset.rows, dataset.dropped, dataset.source_row(7)) == (299, 1, 8)
