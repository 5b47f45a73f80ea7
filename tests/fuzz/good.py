"""Small good files of every kind that is read, each written by the library that such files come from."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from explorer.core.metric import Metric
from explorer.work.requests import ReadRequest

ROWS, DIMENSIONS = 12, 5
VECTORS = np.random.default_rng(3).normal(size=(ROWS, DIMENSIONS)).astype(np.float32)
WORDS = [f"word{i}" for i in range(ROWS)]


@dataclass(frozen=True)
class Good:
    """A good file: how it is written, by which library, and what has to be said to open it.

    `binary`: mutations of its bytes are worth a guide; a text is mutated well enough by chance.
    """

    name: str
    write: Callable[[Path], Any]
    library: str = "numpy"
    binary: bool = True
    dimensions: int | None = None
    metric: Metric | None = None

    def request(self, path: Path) -> ReadRequest:
        """How the file is opened."""
        return ReadRequest(str(path), metric=self.metric, dimensions=self.dimensions)

    def made(self, folder: Path) -> bytes:
        """Its bytes."""
        path = folder / self.name
        self.write(path)
        return path.read_bytes()


def _text(separator: str, *, header: bool) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        lines = [separator.join(["word", *(f"p{j}" for j in range(DIMENSIONS))])] if header else []
        lines += [separator.join([word, *map(str, row)]) for word, row in zip(WORDS, VECTORS, strict=True)]
        path.write_text("\n".join(lines) + "\n", "utf-8")

    return write


def _lists(path: Path) -> None:
    rows = [f'{word},"{row.tolist()}"' for word, row in zip(WORDS, VECTORS, strict=True)]
    path.write_text("word,embedding\n" + "\n".join(rows) + "\n", "utf-8")


def _vecs(dtype: str) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        rows = np.abs(VECTORS * 50).astype(dtype)
        path.write_bytes(b"".join(struct.pack("<i", DIMENSIONS) + row.tobytes() for row in rows))

    return write


def _bin(dtype: str) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        path.write_bytes(struct.pack("<II", ROWS, DIMENSIONS) + (VECTORS * 50).astype(dtype).tobytes())

    return write


def _word2vec(path: Path) -> None:
    records = (word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(WORDS, VECTORS, strict=True))
    path.write_bytes(f"{ROWS} {DIMENSIONS}\n".encode() + b"".join(records))


def _safetensors(path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"embeddings": VECTORS, "ids": np.arange(ROWS)}, path)


def _hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["train"] = VECTORS
        file["test"] = VECTORS[:3]
        file["neighbors"] = np.argsort(VECTORS[:3] @ -VECTORS.T, axis=1)[:, :4].astype(np.int32)
        file["distances"] = np.sort(1 - VECTORS[:3] @ VECTORS.T, axis=1)[:, :4]
        file.attrs["distance"] = "angular"


def _packed_hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VECTORS, chunks=(4, DIMENSIONS), compression="gzip", shuffle=True)


def _h5ad(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        file["X"] = VECTORS
        obs = file.create_group("obs")
        obs.attrs["_index"], obs.attrs["column-order"] = "_index", ["kind"]
        obs.attrs["encoding-type"], obs.attrs["encoding-version"] = "dataframe", "0.2.0"
        obs["_index"] = WORDS
        obs["kind"] = np.arange(ROWS)
        file["obsm/X_pca"] = VECTORS[:, :3]


def _table() -> Any:
    import pyarrow as pa

    return pa.table({"word": WORDS, "embedding": pa.array(VECTORS.tolist(), pa.list_(pa.float32()))})


def _parquet(path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(_table(), path)


def _arrow(path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _table().schema) as writer:
        writer.write_table(_table())


def _feather(path: Path) -> None:
    from pyarrow import feather

    feather.write_feather(_table(), str(path), compression="zstd")


def _json_lines(path: Path) -> None:
    rows = [{"word": word, "embedding": row.tolist()} for word, row in zip(WORDS, VECTORS, strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")


def _json(path: Path) -> None:
    path.write_text(json.dumps([{"word": w, "embedding": v.tolist()} for w, v in zip(WORDS, VECTORS, strict=True)]))


def _sqlite(path: Path) -> None:
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, word TEXT, embedding BLOB)")
    rows = [(i, word, row.tobytes()) for i, (word, row) in enumerate(zip(WORDS, VECTORS, strict=True))]
    base.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
    base.commit()
    base.close()


def _annoy(metric: str) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        from annoy import AnnoyIndex

        index = AnnoyIndex(DIMENSIONS, metric)
        index.set_seed(1)
        for i, row in enumerate(VECTORS):
            index.add_item(i, row)
        index.build(2)
        index.save(str(path))

    return write


def _faiss(factory: str) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        import faiss

        many = np.random.default_rng(5).normal(size=(256, DIMENSIONS - 1)).astype(np.float32)
        index = faiss.index_factory(DIMENSIONS - 1, factory)
        index.train(many)
        index.add(many[:40])
        faiss.write_index(index, str(path))

    return write


def _hnswlib(path: Path) -> None:
    import hnswlib

    index = hnswlib.Index(space="l2", dim=DIMENSIONS)
    index.init_index(max_elements=ROWS, M=4, ef_construction=20, random_seed=1)
    index.add_items(VECTORS, np.arange(ROWS), num_threads=1)
    index.save_index(str(path))


def _usearch(path: Path) -> None:
    from usearch.index import Index

    index = Index(ndim=DIMENSIONS, metric="l2sq", dtype="f32")
    index.add(np.arange(ROWS), VECTORS, threads=1)
    index.save(str(path))


def _voyager(path: Path) -> None:
    import voyager

    index = voyager.Index(voyager.Space.Euclidean, DIMENSIONS, M=4, random_seed=1)
    index.add_items(VECTORS, num_threads=1)
    index.save(str(path))


_ALL = (
    Good("x.npy", lambda path: np.save(path, VECTORS)),
    Good("half.npy", lambda path: np.save(path, np.asfortranarray(VECTORS.astype(">f2")))),
    Good("x.npz", lambda path: np.savez_compressed(path, embeddings=VECTORS, ids=np.arange(ROWS))),
    Good("x.csv", _text(",", header=True), binary=False),
    Good("lists.csv", _lists, binary=False),
    Good("x.tsv", _text("\t", header=False), binary=False),
    Good("x.vec", _text(" ", header=False), binary=False),
    Good("x.jsonl", _json_lines, binary=False),
    Good("x.json", _json, binary=False),
    Good("x.fvecs", _vecs("<f4")),
    Good("x.bvecs", _vecs("u1")),
    Good("x.ivecs", _vecs("<i4")),
    Good("x.fbin", _bin("<f4")),
    Good("x.u8bin", _bin("u1")),
    Good("x.bin", _word2vec),
    Good("x.safetensors", _safetensors, "safetensors"),
    Good("x.hdf5", _hdf5, "h5py"),
    Good("packed.h5", _packed_hdf5, "h5py"),
    Good("x.h5ad", _h5ad, "h5py"),
    Good("x.parquet", _parquet, "pyarrow"),
    Good("x.arrow", _arrow, "pyarrow"),
    Good("x.feather", _feather, "pyarrow"),
    Good("x.db", _sqlite),
    Good("angular.ann", _annoy("angular"), "annoy", dimensions=DIMENSIONS, metric="cosine"),
    Good("euclidean.ann", _annoy("euclidean"), "annoy", dimensions=DIMENSIONS, metric="euclidean"),
    Good("flat.faiss", _faiss("Flat"), "faiss"),
    Good("ivf.faiss", _faiss("IVF4,Flat"), "faiss"),
    Good("ivfpq.faiss", _faiss("IVF4,PQ2x4"), "faiss"),
    Good("hnsw.faiss", _faiss("HNSW4,Flat"), "faiss"),
    Good("x.hnsw", _hnswlib, "hnswlib", dimensions=DIMENSIONS, metric="euclidean"),
    Good("x.usearch", _usearch, "usearch"),
    Good("x.voy", _voyager, "voyager"),
)
GOOD = {good.name: good for good in _ALL if find_spec(good.library)}
"""Those whose library is here, by name."""


def binary(library: str) -> list[Good]:
    """Those of one library that a guided fuzzer is set on, always in the same order."""
    return [good for good in GOOD.values() if good.binary and good.library == library]
