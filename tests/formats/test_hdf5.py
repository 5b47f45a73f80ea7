"""HDF5 as h5py writes it: the ann-benchmarks layout, other sets by choice, and nothing from outside the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from explorer.errors import BadFile, Cancelled
from explorer.formats import reading
from explorer.formats.hdf5 import Hdf5

RNG = np.random.default_rng(8)
VECTORS = RNG.normal(size=(300, 8)).astype("f4")
TEXT = h5py.string_dtype()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.hdf5"


def sentence(path: Path, **options: str) -> str:
    with pytest.raises(BadFile) as caught:
        reading.read(path, options=options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "f2", "u1", "i4", "?"])
@pytest.mark.parametrize(
    "stored",
    [{}, {"chunks": (64, 8)}, {"chunks": (50, 3), "compression": "gzip"}, {"compression": "lzf", "shuffle": True}],
)
def test_it_is_what_h5py_wrote(path: Path, dtype: str, stored: dict[str, Any]) -> None:
    array = VECTORS > 0 if dtype == "?" else (VECTORS * 20).astype(dtype)
    with h5py.File(path, "w") as file:
        file.create_dataset("anything", data=array, **stored)
    dataset = reading.read(path)
    np.testing.assert_array_equal(dataset.vectors, array.astype("f4"))
    assert (dataset.dtype, dataset.warnings, dataset.columns) == (np.dtype(dtype).name, (), ())
    assert (dataset.vectors_path == path) == (not stored and dtype == "<f4")


@pytest.mark.parametrize(("distance", "metric"), [("angular", "cosine"), ("euclidean", "euclidean"), ("dot", "dot")])
def test_the_layout_of_ann_benchmarks(path: Path, distance: str, metric: str) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["distance"], file.attrs["type"], file.attrs["dimension"] = distance, "dense", 8
        file["distances"], file["neighbors"] = np.zeros((20, 100), "f4"), np.zeros((20, 100), "i4")
        file["test"], file["train"] = VECTORS[:20], VECTORS
    dataset = reading.read(path)
    assert (dataset.metric, dataset.rows, dataset.warnings, dataset.vectors_path) == (metric, 300, (), path)
    notes = {part.name: part.note for part in Hdf5().parts(path)}
    assert next(iter(notes)) == "train"
    assert notes["test"] == "queries"
    assert "true neighbours" in notes["neighbors"]
    assert reading.read(path, options={"array": "test"}).rows == 20


@pytest.mark.parametrize(
    "attributes", [{"distance": "jaccard"}, {"distance": b"hamming"}, {"distance": "euclidean", "type": "sparse"}]
)
def test_sets_for_other_distances_are_a_sentence(path: Path, attributes: dict[str, str]) -> None:
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        file["train"] = np.zeros(50, bool) if attributes.get("type") else np.eye(50, dtype=bool)
    assert "ann-benchmarks" in sentence(path) or "sparse" in sentence(path)


def test_text_and_numbers_of_the_same_group_are_columns(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("model")
        group["vectors"] = VECTORS
        group.create_dataset("word", data=[f"wörd {i}" for i in range(300)], dtype=TEXT, compression="gzip")
        group["fixed"] = np.array([b"x%d" % (i % 2) for i in range(300)])
        group["label"] = np.arange(300) % 3
        group["other"] = np.arange(7)
        file["elsewhere"] = np.arange(300)
    dataset = reading.read(path)
    kinds = {column.name: column.kind for column in dataset.columns}
    assert kinds == {"word": "text", "fixed": "category", "label": "category"}
    assert (dataset.name(5), dataset.facts["array"]) == ("wörd 5", "model/vectors")


def test_the_set_can_be_chosen(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a/left"], file["a/right"], file["line"] = VECTORS, VECTORS[::-1], np.arange(4)
    (warning,) = reading.read(path).warnings
    assert "“a/left” (300 × 8 float32), “a/right” (300 × 8 float32): “a/left” was taken" in warning
    for name in ("a/right", "/a/right"):
        np.testing.assert_array_equal(reading.read(path, options={"array": name}).vectors, VECTORS[::-1])
    assert "no array “c”; it holds “a/left”" in sentence(path, array="c")
    assert "1 axes" in sentence(path, array="line")


def test_files_without_vectors_are_a_sentence(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("empty")
    assert "holds no array" in sentence(path)
    for array in (np.zeros((0, 8)), np.zeros(5), np.zeros((2, 2, 2)), np.zeros((3, 3), "c8")):
        with h5py.File(path, "w") as file:
            file["a"] = array
        assert "“a”" in sentence(path)


def test_nothing_outside_the_file_is_read(tmp_path: Path, path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["s"] = VECTORS
    VECTORS.tofile(tmp_path / "secret.raw")
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink("secret.h5", "/s")
        file["soft"] = h5py.SoftLink("/link")
        layout = h5py.VirtualLayout((300, 8), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "s", (300, 8))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (300, 8), "f4", external=[(str(tmp_path / "secret.raw"), 0, h5py.h5f.UNLIMITED)])
    assert {part.name for part in Hdf5().parts(path)} == {"virtual", "raw"}
    assert "other files, which are not opened" in sentence(path)
    for name in ("virtual", "raw"):
        assert "not opened" in sentence(path, array=name)
    for name in ("link", "soft"):
        assert "no array" in sentence(path, array=name)


def test_filters_of_plug_ins_are_not_run(path: Path) -> None:
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((300, 8))
        plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)
        h5py.h5d.create(file.id, b"z", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((300, 8)), plan)
    assert "filter 32015" in sentence(path, array="z")
    assert "none of its arrays" in sentence(path) or "filter 32015" in sentence(path)


def test_sets_that_promise_what_is_not_there(path: Path) -> None:
    for stored in ({}, {"chunks": (1000, 8)}, {"chunks": (1000, 8), "compression": "gzip"}):
        with h5py.File(path, "w") as file:
            file.create_dataset("huge", (1 << 40, 8), "f4", **stored)
        assert "promises 35,184,372,088,832 bytes, and 0 are stored" in sentence(path)


def test_strings_that_claim_more_than_the_file_are_never_asked_for(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["train"] = VECTORS
        file["word"] = [f"w{i}" for i in range(300)]
        place = file["word"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[place + 32 : place + 36] = b"\xff" * 4
    path.write_bytes(data)
    assert "claims 4,294,967,295 bytes" in sentence(path)


def test_damage_is_a_sentence(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("v", data=VECTORS, chunks=(50, 8), compression="gzip", fletcher32=True)
    whole = path.read_bytes()
    for size in (9, 100, 600, 2000, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        assert str(path) in sentence(path)
    harmed = bytearray(whole)
    harmed[-400:-300] = bytes(100)
    path.write_bytes(harmed)
    assert "HDF5 library" in sentence(path)


def test_rows_that_are_not_finite_are_dropped_with_their_names(path: Path) -> None:
    array = VECTORS.copy()
    array[[0, 7]] = np.inf
    for stored in ({}, {"compression": "gzip"}):
        with h5py.File(path, "w") as file:
            file.create_dataset("train", data=array, **stored)
            file["word"] = [f"w{i}" for i in range(300)]
        dataset = reading.read(path)
        assert (dataset.rows, dataset.dropped, dataset.name(5)) == (298, 2, "w6")


def test_reading_chunks_can_be_cancelled(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("v", data=np.ones((40_000, 100), "f4"), chunks=(1000, 100), compression="gzip")

    def stop(fraction: float | None, note: str = "") -> None:
        if note == "converting" and fraction is not None and fraction > 0.75:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        reading.read(path, progress=stop)
    path.unlink()
