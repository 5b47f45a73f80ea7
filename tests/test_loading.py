"""Files and the built-in samples, by the names that people type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex
from numpy.typing import NDArray

from explorer.errors import BadFile, BadParameter, Untold
from explorer.loading import is_native, load
from explorer.samples import DEFAULT, sample_named, samples

SHAPES = {
    "wordnet": (20_000, 256),
    "fashion": (10_000, 784),
    "words": (10_000, 50),
    "digits": (1_797, 64),
    "clusters": (5_000, 32),
}


@pytest.mark.parametrize("name", samples())
def test_every_sample_opens_without_complaint(name: str) -> None:
    sample = samples()[name]
    dataset = load(f"sample:{name}")
    assert (dataset.rows, dataset.dimensions) == SHAPES[name]
    assert dataset.title == sample.title
    assert dataset.metric == sample.metric
    assert dataset.warnings == ()
    assert not sample.colour or dataset.column(sample.colour) is not None
    assert (dataset.images is not None) == bool(sample.images)
    assert sample.licence
    assert dataset.facts["sample"] == name


def test_the_default_sample_is_there_and_others_are_told() -> None:
    assert next(iter(samples())) == DEFAULT
    with pytest.raises(BadParameter, match="wordnet"):
        sample_named("nothing")
    with pytest.raises(BadParameter, match="wordnet"):
        load("sample:nothing")


def test_pictures_of_the_samples() -> None:
    digits = load("sample:digits")
    assert digits.images is not None
    assert digits.images.max() == 255
    np.testing.assert_array_equal(digits.images[3].reshape(-1), np.round(digits.vectors[3] * 255.0 / 16))
    fashion = load("sample:fashion")
    assert fashion.images is not None
    np.testing.assert_array_equal(fashion.images[7].reshape(-1), fashion.vectors[7])
    assert fashion.name(0) == "Ankle boot"


def test_an_encoder_of_another_size_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(4, dtype="f4"))
    with pytest.raises(BadParameter, match="256"):
        load(tmp_path / "v.npy", options={"encoder": "static"})
    with pytest.raises(BadFile, match="no such file"):
        load(str(tmp_path / "none.npy"))


def annoy_file(path: Path, metric: Any, vectors: NDArray[np.float32]) -> Path:
    """A forest that the library wrote without us."""
    index = AnnoyIndex(vectors.shape[1], metric)
    for row, vector in enumerate(vectors.tolist()):
        index.add_item(row, vector)
    index.build(5)
    index.save(str(path))
    return path


def some(rows: int = 300) -> NDArray[np.float32]:
    return np.random.default_rng(4).standard_normal((rows, 8)).astype(np.float32)


def test_an_index_file_is_a_file_of_vectors(tmp_path: Path) -> None:
    path = annoy_file(tmp_path / "x.ann", "angular", some())
    path.with_suffix(".tsv").write_text("\n".join(["name", *(f"thing {row}" for row in range(300))]) + "\n")
    dataset = load(path)
    assert (dataset.format, dataset.metric, dataset.path, dataset.own_index) == ("annoy", "cosine", path, path)
    assert dataset.name(7) == "thing 7"
    np.testing.assert_array_equal(dataset.vectors, some())
    again = load(path)
    assert (again.folder, again.own_index) == (dataset.folder, path)


def test_what_an_index_file_does_not_say_is_told_with_it(tmp_path: Path) -> None:
    path = annoy_file(tmp_path / "x.ann", "manhattan", some())
    np.save(tmp_path / "v.npy", some())
    with pytest.raises(Untold) as raised:
        load(path)
    assert raised.value.readings == ((8, "euclidean"), (8, "manhattan"))
    for dataset in (load(path, metric="l1"), load(path, metric="l1", vectors=tmp_path / "v.npy")):
        assert (dataset.metric, dataset.own_index) == ("manhattan", path)
        np.testing.assert_array_equal(dataset.vectors, some())
    with pytest.raises(Untold, match="look alike"):
        load(path, vectors=tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", some() + 1)
    with pytest.raises(BadFile, match=r"it is no annoy index of the vectors of v\.npy"):
        load(path, vectors=tmp_path / "v.npy", metric="l1")
    for given in ({"vectors": path}, {"dimensions": 8}):
        with pytest.raises(BadParameter, match="goes with an index file"):
            load(tmp_path / "v.npy", **given)  # type: ignore[arg-type]


def test_an_index_cannot_answer_over_rows_that_were_dropped(tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss")
    vectors = some()
    vectors[5, 2] = np.nan
    index = faiss.IndexFlatL2(8)
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "x.faiss"))
    dataset = load(tmp_path / "x.faiss")
    assert (dataset.rows, dataset.dropped, dataset.own_index) == (299, 1, None)
    assert "the index's own numbers are no longer the rows'" in dataset.warnings[1]


def test_numbers_that_are_not_the_rows_name_them(tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss")
    index = faiss.index_factory(8, "IDMap,Flat")
    index.add_with_ids(some(), np.arange(300)[::-1] * 5 + 2)
    faiss.write_index(index, str(tmp_path / "x.faiss"))
    dataset = load(tmp_path / "x.faiss")
    assert (dataset.own_index, dataset.name(3), dataset.name_column) == (None, "17", "label")
    assert "bear the numbers 2 … 1497" in dataset.warnings[0]
    np.testing.assert_array_equal(dataset.vectors, some()[::-1])


def test_a_library_that_is_not_here_leaves_the_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = annoy_file(tmp_path / "x.ann", "angular", some())
    with monkeypatch.context() as patch:
        patch.setattr("explorer.indexes.annoy.find_spec", lambda _: None)
        dataset = load(path)
    assert dataset.own_index is None
    assert "The index itself cannot answer here. The library annoy is not installed here" in dataset.warnings[0]
    assert load(path).own_index == path


def test_files_of_other_kinds_are_still_told_apart(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"PK\x03\x04" + b"archive/data.pkl" * 20)
    with pytest.raises(BadFile, match="it is a PyTorch file"):
        load(tmp_path / "weights.bin")
    (tmp_path / "noise.bin").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BadFile, match="nothing in it says what it holds"):
        load(tmp_path / "noise.bin")
    (tmp_path / "noise.dat").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BadFile, match="no format that can be read here fits it"):
        load(tmp_path / "noise.dat")


def test_pictures_that_a_file_names_are_not_decoded_where_a_crash_would_be_the_end(tmp_path: Path) -> None:
    plain, pictures, arrays = (tmp_path / name for name in ("plain.json", "pictures.json", "a.npz"))
    plain.write_text('[{"name": "x", "v": [1, 2]}, {"name": "y", "v": [3, 4]}]')
    pictures.write_text('[{"image": "X.PNG", "v": [1, 2]}, {"image": "y.png", "v": [3, 4]}]')
    np.savez(arrays, image=np.array(["x.png", "y.png"]), v=np.ones((2, 3), "f4"))
    assert is_native(pictures) and is_native(arrays) and not is_native(plain)
    assert not is_native(pictures, options={"images": "none"}) and is_native(plain, options={"images": "name"})
