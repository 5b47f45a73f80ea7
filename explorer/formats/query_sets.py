"""Query sets and ground truth: ann-benchmarks HDF5, TEXMEX .ivecs, big-ann's truth files, or arrays in any file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.core.query_set import QuerySet
from explorer.errors import BadFile, BadParameter
from explorer.formats import reading
from explorer.formats.base import ARRAY, Format, Part

QUERIES = ("test", "queries", "query")
"""What the array of queries is called where a file holds several; the first of them that there is."""
NEIGHBOURS = ("neighbors", "neighbours", "ground_truth", "groundtruth", "gt", "knn", "ids", "indices")
DISTANCES = ("distances", "dists", "gt_distances", "knn_distances")
MOST_BYTES = 4 << 30
"""Queries are held in memory: nobody makes more of them."""


@dataclass(frozen=True)
class Named:
    """A file, and which of its arrays where it holds several."""

    path: Path
    array: str | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.array}" if self.array else str(self.path)


def named(text: str) -> Named:
    """`FILE` or `FILE:ARRAY`; what is the name of a file is one, also with a colon in it."""
    path = Path(text).expanduser()
    before, colon, array = text.rpartition(":")
    if colon and before and array and not path.exists() and Path(before).expanduser().exists():
        return Named(Path(before).expanduser(), array)
    return Named(path)


def read(queries: str, truth: str | None = None, progress: Progress = silent) -> QuerySet:
    """The queries of a file, with the truth that stands beside them in it, or in the file `truth`.

    Raises BadFile with what does not fit, BadParameter for an array that is not there.
    """
    asked = named(queries)
    kind = reading.recognised(asked.path)
    parts = kind.parts(asked.path)
    array = asked.array or _first(parts, QUERIES)
    vectors = np.asarray(_array(kind, asked.path, array, progress), np.float32)
    told: tuple[NDArray[np.int64] | None, NDArray[np.float64] | None] = (None, None)
    if truth is not None:
        told = _truth(named(truth), len(vectors), progress)
    elif array is not None and (beside := _first(parts, NEIGHBOURS)) is not None:
        told = _beside(kind, asked.path, beside, _first(parts, DISTANCES), progress)
    neighbours, distances = told
    where = truth or queries
    if neighbours is not None and len(neighbours) != len(vectors):
        raise BadFile(where, f"it tells the neighbours of {len(neighbours):,} queries, and there are {len(vectors):,}.")
    if distances is not None and neighbours is not None and distances.shape != neighbours.shape:
        raise BadFile(where, f"its distances are {distances.shape}, and its neighbours {neighbours.shape}.")
    good = np.isfinite(vectors).all(axis=1)
    if not good.any():
        raise BadFile(asked.path, "none of its queries is usable: all hold NaN or infinity.")
    return QuerySet(
        np.ascontiguousarray(vectors[good]),
        str(Named(asked.path, array)),
        None if neighbours is None else neighbours[good],
        None if distances is None else distances[good],
        int((~good).sum()),
    )


def _first(parts: tuple[Part, ...], names: tuple[str, ...]) -> str | None:
    """The array that bears the first of these names that there is."""
    called = {part.name.rsplit("/", 1)[-1].casefold(): part.name for part in reversed(parts)}
    return next((called[name] for name in names if name in called), None)


def _array(kind: Format, path: Path, array: str | None, progress: Progress) -> NDArray[Any]:
    """The rows of an array as they stand in the file."""
    if array is not None and ARRAY not in kind.options:
        raise BadParameter(f"{path} ({kind.title}) has no arrays by name; leave “:{array}” out.")
    contents = kind.read(path, {} if array is None else {ARRAY.name: array}, progress)
    rows, dimensions = contents.vectors.shape
    size = rows * dimensions * contents.vectors.dtype.itemsize
    if size > MOST_BYTES:
        raise BadFile(path, f"these are {rows:,} × {dimensions:,} numbers, more than queries take; name another array.")
    if contents.rows is not None and len(contents.rows) != contents.source_rows:
        raise BadFile(path, "some of its lines cannot be read, so that it is not clear which query is which.")
    return np.asarray(contents.vectors[:])


def _beside(
    kind: Format, path: Path, neighbours: str, distances: str | None, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    ids = _as_rows(path, _array(kind, path, neighbours, progress))
    return ids, None if distances is None else np.asarray(_array(kind, path, distances, progress), np.float64)


def _truth(asked: Named, queries: int, progress: Progress) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Published neighbours, and their distances where the file has them."""
    reading.head_of(asked.path)
    if (found := _of_big_ann(asked.path, queries)) is not None:
        return found
    kind = reading.recognised(asked.path)
    parts = kind.parts(asked.path)
    array = asked.array or _first(parts, NEIGHBOURS)
    return (
        _beside(kind, asked.path, array, _first(parts, DISTANCES), progress)
        if array
        else (
            _as_rows(asked.path, _array(kind, asked.path, None, progress)),
            None,
        )
    )


def _of_big_ann(path: Path, queries: int) -> tuple[NDArray[np.int64], NDArray[np.float64] | None] | None:
    """uint32 n and k, n·k ids and, where they are told, n·k distances (big-ann-benchmarks); None for anything else.

    Raises BadFile for the truth of range searches, which have as many neighbours as there are.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8:
            return None
        n, k = struct.unpack("<II", head)
        if n != queries or not k:
            return None
        if size == 8 + 4 * n + 8 * k:
            raise BadFile(path, "it tells how many neighbours lie within a distance; recall is of the k nearest.")
        if size not in (8 + 4 * n * k, 8 + 8 * n * k):
            return None
        ids = np.frombuffer(file.read(4 * n * k), "<u4").astype(np.int64).reshape(n, k)
        rest = file.read()
    return ids, np.frombuffer(rest, "<f4").astype(np.float64).reshape(n, k) if rest else None


def _as_rows(path: Path, found: NDArray[Any]) -> NDArray[np.int64]:
    """Row numbers from an array of numbers. Raises BadFile where they are none."""
    if found.dtype.kind not in "iuf" or (found.dtype.kind == "f" and not np.array_equal(found, np.round(found))):
        raise BadFile(path, f"its neighbours should be whole numbers, rows of the Dataset, and are {found.dtype}.")
    return found.astype(np.int64)
