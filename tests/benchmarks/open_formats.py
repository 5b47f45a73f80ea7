"""How fast each binary format opens, against reading its bytes once; prints JSON.

`python -m tests.benchmarks.open_formats --rows 1000000 --dimensions 128 [--formats npy hdf5 …]`: every file is written
by its own library, or by its published layout, and opened in a process that has the libraries loaded, until the first
row of the Dataset is there. Reading is one `read_bytes`. Both find the file in the system's cache, and take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import paths
from explorer.formats import reading, types

BLOCK = 50_000
Vectors = NDArray[Any]


def npy(path: Path, x: Vectors) -> None:
    """numpy.save."""
    np.save(path, x)


def npz(path: Path, x: Vectors) -> None:
    """numpy.savez, which stores."""
    np.savez(path, vectors=x)


def safetensors(path: Path, x: Vectors) -> None:
    """safetensors.numpy.save_file."""
    from safetensors.numpy import save_file

    save_file({"vectors": x}, path)


def hdf5(path: Path, x: Vectors) -> None:
    """h5py, in one piece."""
    import h5py

    with h5py.File(path, "w") as file:
        file["train"] = x


def hdf5_chunked(path: Path, x: Vectors) -> None:
    """h5py, in chunks that are not packed."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("train", data=x, chunks=(min(len(x), 2048), x.shape[1]))


def zarr(path: Path, x: Vectors) -> None:
    """zarr, in chunks that are not packed."""
    import zarr as library

    library.create_array(path, data=x, chunks=(min(len(x), BLOCK), x.shape[1]), compressors=None)


def vecs(path: Path, x: Vectors) -> None:
    """A count before each vector."""
    record = np.dtype([("count", "<i4"), ("vector", x.dtype, (x.shape[1],))])
    with path.open("wb") as file:
        for start in range(0, len(x), BLOCK):
            block = np.empty(len(x[start : start + BLOCK]), record)
            block["count"], block["vector"] = x.shape[1], x[start : start + BLOCK]
            block.tofile(file)


def xbin(path: Path, x: Vectors) -> None:
    """Rows, dimensions, numbers."""
    with path.open("wb") as file:
        file.write(struct.pack("<II", *x.shape))
        x.tofile(file)


def raw(path: Path, x: Vectors) -> None:
    """Numbers only."""
    x.tofile(path)


def word2vec(path: Path, x: Vectors) -> None:
    """As word2vec.c writes."""
    with path.open("wb") as file:
        file.write(b"%d %d\n" % x.shape)
        for i, row in enumerate(x):
            file.write(b"word%d " % i + row.tobytes() + b"\n")


WRITERS: Mapping[str, tuple[str, str, Callable[[Path, Vectors], None]]] = {
    "npy": ("f4", ".npy", npy),
    "npy-float16": ("f2", ".npy", npy),
    "npy-uint8": ("u1", ".npy", npy),
    "npz": ("f4", ".npz", npz),
    "safetensors": ("f4", ".safetensors", safetensors),
    "safetensors-float16": ("f2", ".safetensors", safetensors),
    "hdf5": ("f4", ".hdf5", hdf5),
    "hdf5-chunked": ("f4", ".h5", hdf5_chunked),
    "zarr": ("f4", ".zarr", zarr),
    "fvecs": ("f4", ".fvecs", vecs),
    "bvecs": ("u1", ".bvecs", vecs),
    "ivecs": ("i4", ".ivecs", vecs),
    "fbin": ("f4", ".fbin", xbin),
    "u8bin": ("u1", ".u8bin", xbin),
    "i8bin": ("i1", ".i8bin", xbin),
    "f16bin": ("f2", ".f16bin", xbin),
    "ibin": ("i4", ".ibin", xbin),
    "raw": ("f4", ".f32", raw),
    "word2vec": ("f4", ".w2v.bin", word2vec),
}
"""By name: the type of the numbers, the suffix, and what writes the file."""


def made(rows: int, dimensions: int, dtype: str) -> Vectors:
    """Normal numbers, or whole ones as descriptors have them."""
    rng = np.random.default_rng(0)
    if dtype[0] == "f":
        x = np.empty((rows, dimensions), dtype)
        for start in range(0, rows, BLOCK):
            x[start : start + BLOCK] = rng.standard_normal((min(BLOCK, rows - start), dimensions), np.float32)
        return x
    return rng.integers(0, 128, (rows, dimensions), dtype)


def measured(path: Path, options: dict[str, str], rounds: int) -> dict[str, Any]:
    """The least seconds of each, after a round that is not counted."""
    opened, read = [], []
    for turn in range(rounds + 1):
        started = time.perf_counter()
        size = sum(len(file.read_bytes()) for file in _files(path))
        between = time.perf_counter()
        dataset = reading.read(path, options=options)
        first = float(dataset.vectors[0, 0])
        ended = time.perf_counter()
        mapped, folder = dataset.vectors_path == path, dataset.folder
        assert np.isfinite(first)
        del dataset
        shutil.rmtree(folder)
        if turn:
            read.append(between - started)
            opened.append(ended - between)
    seconds, reading_seconds = min(opened), min(read)
    return {
        "bytes": size,
        "mapped": mapped,
        "open_ms": round(1000 * seconds, 1),
        "read_ms": round(1000 * reading_seconds, 1),
        "share_of_reading_speed": round(reading_seconds / seconds, 2),
    }


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]


def main() -> None:
    """Write each file, measure, remove it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", nargs="+", choices=tuple(WRITERS), default=tuple(WRITERS))
    given = parser.parse_args()
    types()
    found: dict[str, Any] = {"rows": given.rows, "dimensions": given.dimensions}
    with tempfile.TemporaryDirectory() as name:
        os.environ["EXPLORER_CACHE"] = str(Path(name) / "cache")
        paths.cache_folder.cache_clear()
        for label in given.formats:
            dtype, suffix, write = WRITERS[label]
            path = Path(name) / f"vectors{suffix}"
            write(path, made(given.rows, given.dimensions, dtype))
            options = {"dimensions": str(given.dimensions)} if label == "raw" else {}
            found[label] = measured(path, options, given.rounds)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
