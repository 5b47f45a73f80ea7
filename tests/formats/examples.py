"""A file of each format, with the 300 rows of tests/data/formats/same.npy, as far as its numbers can hold them."""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent.parent / "data" / "formats"
OPTIONS: Mapping[str, dict[str, str]] = {"raw": {"dimensions": "256"}}
"""What has to be said when an example is read."""
BY_SUFFIX = frozenset({"raw", "i8bin", "ibin"})
"""Formats that nothing but their suffix tells."""


def rows() -> np.ndarray:
    return np.load(DATA / "same.npy")


def copied(name: str) -> Callable[[Path], Path]:
    def copy(folder: Path) -> Path:
        (folder / name).write_bytes((DATA / name).read_bytes())
        return folder / name

    return copy


def vecs(suffix: str, dtype: str) -> Callable[[Path], Path]:
    """As the TEXMEX sets are written: the count, and the numbers."""

    def write(folder: Path) -> Path:
        path = folder / f"example{suffix}"
        scaled = as_type(dtype)
        path.write_bytes(b"".join(struct.pack("<i", len(row)) + row.tobytes() for row in scaled))
        return path

    return write


def xbin(suffix: str, dtype: str) -> Callable[[Path], Path]:
    """As big-ann-benchmarks writes: rows, dimensions, numbers."""

    def write(folder: Path) -> Path:
        path = folder / f"example{suffix}"
        scaled = as_type(dtype)
        path.write_bytes(struct.pack("<II", *scaled.shape) + scaled.tobytes())
        return path

    return write


def raw(folder: Path) -> Path:
    path = folder / "example.f32"
    rows().tofile(path)
    return path


def zarr(folder: Path) -> Path:
    import zarr as library

    path = folder / "example.zarr"
    library.create_array(path, data=rows(), chunks=(64, 256))
    return path


def feather(folder: Path) -> Path:
    import pyarrow.feather as library
    import pyarrow.parquet as parquet

    library.write_feather(parquet.read_table(DATA / "same.parquet"), folder / "example.feather")
    return folder / "example.feather"


def document(folder: Path) -> Path:
    lines = (DATA / "same.jsonl").read_text("utf-8").splitlines()
    (folder / "example.json").write_text("[" + ",\n".join(lines) + "]", "utf-8")
    return folder / "example.json"


def sqlite(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "example.db")) as database:
        database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, embedding BLOB)")
        database.executemany("INSERT INTO items (embedding) VALUES (?)", [(row.tobytes(),) for row in rows()])
        database.commit()
    return folder / "example.db"


def h5ad(folder: Path) -> Path:
    import anndata

    anndata.AnnData(X=rows()).write_h5ad(folder / "example.h5ad")
    return folder / "example.h5ad"


def lance(folder: Path) -> Path:
    import lance as library
    import pyarrow.parquet as parquet

    library.write_dataset(parquet.read_table(DATA / "same.parquet"), str(folder / "example.lance"))
    return folder / "example.lance"


def projector(folder: Path) -> Path:
    (folder / "example.bytes").write_bytes(rows().tobytes())
    said = {"embeddings": [{"tensorPath": "example.bytes", "tensorShape": list(rows().shape)}]}
    (folder / "projector_config.json").write_text(json.dumps(said))
    return folder / "projector_config.json"


def packed(folder: Path) -> Path:
    (folder / "example.csv.gz").write_bytes(gzip.compress((DATA / "same.csv").read_bytes()))
    return folder / "example.csv.gz"


def as_type(dtype: str) -> np.ndarray:
    """The rows as numbers of a type: whole ones from 0 to 127 where it holds no fractions."""
    x = rows()
    if np.dtype(dtype).kind == "f":
        return x.astype(dtype)
    return np.round((x - x.min()) / (x.max() - x.min()) * 127).astype(dtype)


EXAMPLES: Mapping[str, Callable[[Path], Path]] = {
    "npy": copied("same.npy"),
    "csv": copied("same.csv"),
    "tsv": copied("same.tsv"),
    "word-vectors": copied("same.w2v.txt"),
    "word2vec": copied("same.w2v.bin"),
    "npz": copied("same.npz"),
    "safetensors": copied("same.safetensors"),
    "hdf5": copied("same.hdf5"),
    "fvecs": copied("same.fvecs"),
    "ivecs": vecs(".ivecs", "<i4"),
    "bvecs": vecs(".bvecs", "u1"),
    "fbin": xbin(".fbin", "<f4"),
    "ibin": xbin(".ibin", "<i4"),
    "f16bin": xbin(".f16bin", "<f2"),
    "u8bin": xbin(".u8bin", "u1"),
    "i8bin": xbin(".i8bin", "i1"),
    "raw": raw,
    "zarr": zarr,
    "parquet": copied("same.parquet"),
    "feather": feather,
    "jsonl": copied("same.jsonl"),
    "json": document,
    "sqlite": sqlite,
    "h5ad": h5ad,
    "lance": lance,
    "projector": projector,
    "packed": packed,
}
"""By the format's name: what writes its example into a folder."""
