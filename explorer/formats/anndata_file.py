"""What is in the groups of an AnnData file: matrices, dense or sparse, and the columns of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.strings import Strings
from explorer.errors import BadFile
from explorer.formats import hdf5_sets
from explorer.formats.arrow_errors import translating
from explorer.formats.blocks import BLOCK_BYTES, Blocks
from explorer.formats.typed_columns import typed_column

if TYPE_CHECKING:
    import h5py

MOST_COLUMNS = 1000
WIDEST = 1 << 20
"""A sparse matrix of more columns than this cannot be vectors: one row of it would be megabytes."""


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file; what the library finds wrong with it becomes a BadFile."""
    import h5py

    with translating(path, "an AnnData file"), h5py.File(path, "r", locking=False) as file:
        try:
            yield file
        except AttributeError as error:
            # Where a group should be there is none, or a set.
            raise BadFile(path, f"it is no AnnData file, or a damaged one: {error}.") from None


def member(group: Any, name: str) -> Any:
    """What a group holds under a name, by a hard link: others may lead out of the file. None when it is not there."""
    import h5py

    found = group
    for part in name.split("/"):
        if not isinstance(found, h5py.Group) or not isinstance(found.get(part, getlink=True), h5py.HardLink):
            return None
        found = found[part]
    return found


def names(group: Any) -> list[str]:
    """The names in a group, as far as anybody looks."""
    import h5py

    return list(group)[:MOST_COLUMNS] if isinstance(group, h5py.Group) else []


def array(dataset: Any) -> NDArray[Any]:
    """A set as a whole. Raises ValueError for one that lies elsewhere, needs a plug-in, or promises too much."""
    check(dataset)
    import h5py

    text = h5py.check_string_dtype(dataset.dtype) is not None
    found: NDArray[Any] = dataset.asstr(errors="replace")[...] if text else dataset[...]
    return found


def check(dataset: Any) -> None:
    """Raise ValueError for a set that is not read here."""
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        raise ValueError("a set is missing")
    if why := hdf5_sets.barred(dataset):
        raise ValueError(f"“{dataset.name}” is not read: {why}")
    size = Path(dataset.file.filename).stat().st_size
    if said := hdf5_sets.overstated(dataset, size):
        raise ValueError(f"“{dataset.name}” {said}")


@dataclass(frozen=True)
class Matrix:
    """A matrix of the file: `kind` is dense, csr or csc."""

    name: str
    kind: str
    shape: tuple[int, int]
    dtype: str


def matrix(file: h5py.File, name: str) -> Matrix | None:
    """The matrix of that name; None where there is none."""
    import h5py

    found = member(file, name)
    if isinstance(found, h5py.Dataset):
        if found.shape is None or len(found.shape) != 2 or found.dtype.kind not in "fiub" or 0 in found.shape:
            return None
        return Matrix(name, "dense", (int(found.shape[0]), int(found.shape[1])), found.dtype.name)
    kind = str(found.attrs.get("encoding-type", found.attrs.get("h5sparse_format", ""))) if found is not None else ""
    data = member(found, "data") if found is not None else None
    if not kind.startswith(("csr", "csc")) or not isinstance(data, h5py.Dataset):
        return None
    shape = [int(size) for size in np.ravel(found.attrs.get("shape", found.attrs.get("h5sparse_shape", ())))]
    if len(shape) != 2 or min(shape) < 1 or shape[1] > WIDEST or data.dtype.kind not in "fiub":
        return None
    return Matrix(name, kind[:3], (shape[0], shape[1]), data.dtype.name)


def rows_of(path: Path, matrix: Matrix) -> Blocks:
    """A matrix as rows, dense, read as they are asked for."""
    rows, dimensions = matrix.shape
    dtype = np.dtype(matrix.dtype)
    read = _Dense(path, matrix.name) if matrix.kind == "dense" else _Sparse(path, matrix.name, dimensions)
    return Blocks((rows, dimensions), dtype, read, max(1, BLOCK_BYTES // (dimensions * dtype.itemsize)))


class _Dense:
    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        with opened(self._path) as file:
            found: NDArray[Any] = file[self._name][start:stop]
            return found


class _Sparse:
    """Rows of a matrix in compressed rows (CSR)."""

    def __init__(self, path: Path, name: str, dimensions: int) -> None:
        self._path, self._name, self._dimensions = path, name, dimensions

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        with opened(self._path) as file:
            data, indices, bounds = (member(file, f"{self._name}/{part}") for part in ("data", "indices", "indptr"))
            for part in (data, indices, bounds):
                check(part)
            ends = np.asarray(bounds[start : stop + 1], np.int64)
            lengths = np.diff(ends)
            if len(lengths) != stop - start or (lengths < 0).any() or ends[0] < 0 or ends[-1] > len(data):
                raise BadFile(self._path, f"its matrix “{self._name}” is broken: its rows have no sound bounds.")
            places = np.asarray(indices[ends[0] : ends[-1]], np.int64)
            if len(places) and not 0 <= int(places.min()) <= int(places.max()) < self._dimensions:
                raise BadFile(self._path, f"its matrix “{self._name}” is broken: a column lies outside of it.")
            dense = np.zeros((stop - start, self._dimensions), data.dtype)
            dense[np.repeat(np.arange(stop - start), lengths), places] = data[ends[0] : ends[-1]]
            return dense


def table(file: h5py.File, name: str) -> tuple[Strings | None, str, tuple[Column, ...], list[str]]:
    """A table of the file: its index with the name of that, its columns, and the names of those that cannot be read."""
    import h5py

    found = member(file, name)
    if isinstance(found, h5py.Dataset):
        return _compound(file, found)
    if found is None:
        return None, "", (), []
    index = str(found.attrs.get("_index", "_index"))
    order = [str(column) for column in found.attrs.get("column-order", [])] or names(found)
    columns, lost = [], []
    for column in order[:MOST_COLUMNS]:
        if column in (index, "__categories"):
            continue
        try:
            columns.append(typed_column(column, [_cells(found, column)]))
        except (ValueError, KeyError, TypeError, IndexError, OSError):
            lost.append(column)
    held = member(found, index)
    labels = None if held is None else Strings.of(str(cell) for cell in array(held))
    return labels, "index" if index == "_index" else index, tuple(columns), lost


def table_index(file: h5py.File, name: str) -> list[str] | None:
    """The index of a table, without its columns; None where it cannot be told."""
    import h5py

    found = member(file, name)
    if not isinstance(found, h5py.Group):
        return None
    held = member(found, str(found.attrs.get("_index", "_index")))
    try:
        return None if held is None else [str(cell) for cell in array(held)]
    except (ValueError, OSError):
        return None


def _cells(group: Any, name: str) -> Any:
    """The cells of a column as an Arrow array, however it is written."""
    import h5py
    import pyarrow as pa

    found = member(group, name)
    if isinstance(found, h5py.Group):
        if (codes := member(found, "codes")) is not None:
            return _category(array(codes), array(member(found, "categories")))
        values, mask = array(member(found, "values")), array(member(found, "mask")).astype(bool)
        return pa.array(values, mask=mask)
    if (reference := found.attrs.get("categories")) is not None and isinstance(reference, h5py.Reference):
        # As anndata before 0.8 wrote it: the labels are in a set that is named by a reference.
        return _category(array(found), array(group.file[reference]))
    return pa.array(_texts_or_numbers(array(found)))


def _category(codes: NDArray[Any], labels: NDArray[Any]) -> Any:
    import pyarrow as pa

    codes = np.asarray(codes, np.int64)
    if len(codes) and int(codes.max()) >= len(labels):
        raise ValueError("a code has no label")
    words = pa.array([str(label) for label in _texts_or_numbers(labels)], pa.large_string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), words)


def _texts_or_numbers(cells: NDArray[Any]) -> NDArray[Any] | list[str]:
    if cells.ndim != 1:
        raise ValueError("it is no column")
    if cells.dtype.kind in "SO":
        return [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in cells.tolist()]
    return cells


def _compound(file: h5py.File, found: Any) -> tuple[Strings | None, str, tuple[Column, ...], list[str]]:
    """A table as anndata before 0.7 wrote it: one set of records, the labels of categories in `uns`."""
    import pyarrow as pa

    check(found)
    cells, columns, lost = found[...], [], []
    fields = list(found.dtype.names or ())
    for name in fields[1 : MOST_COLUMNS + 1]:
        try:
            labels = member(file, f"uns/{name}_categories")
            values = cells[name]
            known = labels is not None and values.dtype.kind in "iu"
            made = _category(values, array(labels)) if known else pa.array(_texts_or_numbers(values))
            columns.append(typed_column(name, [made]))
        except (ValueError, KeyError, TypeError, IndexError, OSError):
            lost.append(name)
    index = Strings.of(str(cell) for cell in _texts_or_numbers(cells[fields[0]])) if fields else None
    return index, "index", tuple(columns), lost
