"""AnnData files, written by anndata: the matrix that is asked for, the cells' table, and the maps that are kept."""

from __future__ import annotations

from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explorer.core.dataset import Dataset
from explorer.errors import BadFile, BadParameter
from explorer.formats import reading, types

N, GENES = 40, 12
RNG = np.random.default_rng(6)
COUNTS = (RNG.poisson(0.6, size=(N, GENES)) * RNG.random((N, GENES))).astype(np.float32)
PCA = RNG.normal(size=(N, 5))
UMAP = RNG.normal(size=(N, 2)).astype(np.float32)
NAMES = [f"cell-{i}" for i in range(N)]
KINDS = [("B cell", "T cell", "NK")[i % 3] for i in range(N)]


def data(x: object = None) -> anndata.AnnData:
    obs = pd.DataFrame(
        {
            "kind": pd.Categorical(KINDS, ["T cell", "B cell", "NK", "unused"]),
            "depth": np.arange(N) * 1.5,
            "batch": pd.array([None if i == 3 else i % 2 for i in range(N)], dtype="Int64"),
            "doublet": [i % 5 == 0 for i in range(N)],
            "note": [f"note {i}" for i in range(N)],
        },
        index=NAMES,
    )
    made = anndata.AnnData(
        X=COUNTS if x is None else x, obs=obs, var=pd.DataFrame(index=[f"g{i}" for i in range(GENES)])
    )
    made.obsm["X_pca"] = PCA
    made.obsm["X_tsne"] = UMAP.astype(np.float64) + 1
    made.obsm["X_umap"] = UMAP
    made.layers["logged"] = np.log1p(COUNTS)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    data().write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def column(dataset: Dataset, name: str) -> list[str]:
    found = dataset.column(name)
    assert found is not None
    return [found.cell(row) for row in range(dataset.rows)]


def test_the_principal_components_are_taken_and_that_is_said(path: Path) -> None:
    dataset = reading.read(path)
    assert dataset.format == "h5ad"
    np.testing.assert_array_equal(dataset.vectors, PCA.astype(np.float32))
    assert "“obsm/X_pca” was taken" in dataset.warnings[0]
    assert "X (12)" in dataset.warnings[0]
    assert [dataset.name(row) for row in range(N)] == NAMES
    assert column(dataset, "kind") == KINDS
    assert column(dataset, "depth")[:3] == ["0", "1.5", "3"]
    assert column(dataset, "batch")[2:5] == ["0", "", "0"]
    assert column(dataset, "doublet")[:2] == ["true", "false"]
    assert column(dataset, "note")[7] == "note 7"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("X", COUNTS), ("obsm/X_pca", PCA), ("X_pca", PCA), ("layers/logged", np.log1p(COUNTS)), ("X_umap", UMAP)],
)
def test_another_matrix_is_chosen_by_its_name(path: Path, asked: str, expected: np.ndarray) -> None:
    dataset = reading.read(path, options={"array": asked})
    np.testing.assert_array_equal(dataset.vectors, expected.astype(np.float32))


def test_its_maps_are_offered_the_likeliest_first(path: Path) -> None:
    dataset = reading.read(path)
    assert dataset.maps == ("X_umap", "X_tsne")
    np.testing.assert_array_equal(np.load(dataset.map_path("X_umap")), UMAP)
    assert [part.name for part in types()["h5ad"].parts(path)] == [
        "obsm/X_pca",
        "X",
        "layers/logged",
        "obsm/X_tsne",
        "obsm/X_umap",
    ]


def test_a_map_with_no_place_for_a_row_is_left_out_and_its_fingerprint_is_that_of_the_vectors(tmp_path: Path) -> None:
    from explorer.core.dataset import fingerprinted

    made = data()
    made.write_h5ad(tmp_path / "a.h5ad")
    made.obsm["X_umap"] = np.where(np.arange(N)[:, None] == 4, np.nan, UMAP)
    made.write_h5ad(tmp_path / "b.h5ad")
    first, second = reading.read(tmp_path / "a.h5ad"), reading.read(tmp_path / "b.h5ad")
    assert second.maps == ("X_tsne",)
    assert any("“X_umap” was left out: 1 rows have no place" in warning for warning in second.warnings)
    assert fingerprinted(first) == fingerprinted(second)


def test_rows_that_are_dropped_leave_maps_and_names_in_step(tmp_path: Path) -> None:
    made = data()
    made.obsm["X_pca"] = np.where(np.arange(N)[:, None] == 2, np.nan, PCA)
    made.write_h5ad(tmp_path / "a.h5ad")
    dataset = reading.read(tmp_path / "a.h5ad")
    assert dataset.rows == N - 1
    assert dataset.name(2) == "cell-3"
    np.testing.assert_array_equal(np.load(dataset.map_path("X_umap")), np.delete(UMAP, 2, axis=0))


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_sparse_counts_are_read_by_rows(tmp_path: Path, compression: str | None) -> None:
    made = data(sparse.csr_matrix(COUNTS))
    del made.obsm["X_pca"]
    made.write_h5ad(tmp_path / "a.h5ad", compression=compression)
    dataset = reading.read(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(dataset.vectors, COUNTS)


def test_columns_of_counts_are_a_sentence(tmp_path: Path) -> None:
    made = data(sparse.csc_matrix(COUNTS))
    made.write_h5ad(tmp_path / "a.h5ad")
    assert reading.read(tmp_path / "a.h5ad").dimensions == 5
    with pytest.raises(BadFile, match="tocsr"):
        reading.read(tmp_path / "a.h5ad", options={"array": "X"})
    with pytest.raises(BadParameter, match="no matrix of it; there are: obsm/X_pca"):
        reading.read(tmp_path / "a.h5ad", options={"array": "Y"})


def test_genes_name_the_rows_of_a_transposed_matrix(path: Path) -> None:
    dataset = reading.read(path, options={"array": "X", "orientation": "columns"})
    assert (dataset.rows, dataset.dimensions) == (GENES, N)
    assert dataset.name(3) == "g3"
    assert dataset.maps == ()


def test_tables_of_older_versions(tmp_path: Path) -> None:
    labels, codes = np.array(["a", "b"], "S1"), np.arange(N, dtype=np.int8) % 2
    with h5py.File(tmp_path / "7.h5ad", "w") as file:  # 0.7: labels by reference
        file["X"] = COUNTS
        file.create_group("var")
        obs = file.create_group("obs")
        obs.attrs["_index"] = "barcode"
        obs["barcode"] = np.array(NAMES, h5py.string_dtype())
        obs["kind"] = codes
        obs["__categories/kind"] = labels
        obs["kind"].attrs["categories"] = obs["__categories/kind"].ref
    with h5py.File(tmp_path / "6.h5ad", "w") as file:  # 0.6: a set of records
        file["X"] = COUNTS
        records = np.array([*zip(NAMES, codes, strict=True)], [("index", "S8"), ("kind", "i1")])
        file["obs"] = records
        file["var"] = np.array([(f"g{i}",) for i in range(GENES)], [("index", "S4")])
        file["uns/kind_categories"] = labels
    for version in ("7", "6"):
        dataset = reading.read(tmp_path / f"{version}.h5ad")
        np.testing.assert_array_equal(dataset.vectors, COUNTS)
        assert dataset.name(5) == "cell-5"
        assert column(dataset, "kind")[:3] == ["a", "b", "a"]


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = PCA
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file.attrs["encoding-type"] = "anndata"
        file["X"] = h5py.ExternalLink("other.h5", "secret")
        file.create_group("obs")
    with pytest.raises(BadFile, match="holds no matrix"):
        reading.read(tmp_path / "a.h5ad")


def test_what_promises_more_than_it_holds_is_a_sentence(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file.attrs["encoding-type"] = "anndata"
        file.create_dataset("X", (1 << 30, 1 << 10), "f4", chunks=(1 << 10, 1 << 10))
        file.create_group("obs")
    with pytest.raises(BadFile, match="promises"):
        reading.read(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "b.h5ad", "w") as file:
        file.attrs["encoding-type"] = "anndata"
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", [3, 4]
        group["data"], group["indices"], group["indptr"] = np.ones(2, "f4"), [1, 9], [0, 1, 2, 2]
        file.create_group("obs")
    with pytest.raises(BadFile, match="column lies outside"):
        reading.read(tmp_path / "b.h5ad")


def test_half_a_file_is_a_sentence(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for size in (600, 5000, len(whole) // 2):
        cut = tmp_path / "cut.h5ad"
        cut.write_bytes(whole[:size])
        with pytest.raises(BadFile):
            reading.read(cut)


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".hdf", ""])
def test_an_anndata_file_is_one_whatever_it_is_called(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"cells{suffix}"
    _ = anndata.AnnData(np.eye(6, 4, dtype="f4") + 1).write_h5ad(tmp_path / "a.h5ad")
    (tmp_path / "a.h5ad").rename(path)
    assert reading.recognised(path).name == "h5ad"
    assert reading.read(path).column("0") is None and reading.read(path).rows == 6
