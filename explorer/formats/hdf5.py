"""HDF5: the layout of ann-benchmarks, and any other file with a table of numbers in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer import room
from explorer.core.column import Column
from explorer.core.metric import METRICS, Metric, metric_named
from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter
from explorer.formats import hdf5_sets, several
from explorer.formats.base import ARRAY, Contents, Format, Part
from explorer.formats.blocks import BLOCK_BYTES, Blocks
from explorer.formats.hdf5_sets import ELSEWHERE, MAGIC, PACKED, SLACK, SUFFIXES
from explorer.formats.mapping import in_place

if TYPE_CHECKING:
    import h5py

MOST_SETS = 10_000
TEXT_ROWS = 1024
TRAIN = "train"
BENCHMARK: Mapping[str, str] = {
    "test": "queries",
    "neighbors": "the true neighbours of the queries",
    "distances": "the distances of the true neighbours",
}
"""What stands beside `train` in the files of ann-benchmarks."""
NO_METRIC = ("jaccard", "hamming")


class Hdf5(Format):
    """Sets of numbers in a tree of groups: one is the vectors, those of one axis as long as it are columns.

    Nothing outside the file is read: no external links, no virtual sets, no raw files, and no filters from plug-ins.
    """

    name = "hdf5"
    title = "HDF5"
    suffixes = SUFFIXES
    options = (ARRAY,)
    native = True
    rank = 70

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes."""
        return head.startswith(MAGIC)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its sets; those of ann-benchmarks that are no vectors are noted."""
        with _opened(path) as file:
            return several.ordered(_sets(file))

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """The set that is asked for, or else the likeliest, mapped where it lies in one piece."""
        progress(0.0, "reading")
        with _opened(path) as file:
            _refuse_other_metrics(path, file, options.get(ARRAY.name))
            parts = several.ordered(_sets(file))
            part, warnings = several.chosen(path, parts, options.get(ARRAY.name))
            found: dict[str, Column | None] = {}
            for other in several.beside(parts, part):
                progress(None, "reading columns")
                name = other.name.rpartition("/")[2]
                found[name] = _column(path, file[other.name], name) if other.readable else None
            columns, lost = several.those_read(found)
            contents = _vectors(path, file[part.name])
            metric = _metric(file) if part.name == TRAIN else None
        return replace(
            contents,
            columns=columns,
            warnings=(*warnings, *lost),
            metric=metric,
            facts={"array": part.name} if len(parts) > 1 else {},
        )


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """The file, and the library's errors as ours."""
    with _told(path):
        import h5py

        with h5py.File(path, "r") as file:
            yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
        # What the library says first is what it was about to do; what went wrong stands in brackets.
        said = " ".join(str(error).split())
        reason = said.rpartition(" (")[2].rstrip(")") if said.endswith(")") else said
        raise BadFile(path, f"the HDF5 library cannot read it: {reason}; copy or save it again.") from None


def _sets(file: h5py.File) -> list[Part]:
    """All sets that hard links lead to; links into other files, and soft ones, are not followed."""
    import h5py

    found: list[Part] = []

    def look(name: str, thing: Any) -> int | None:
        if isinstance(thing, h5py.Dataset):
            found.append(_part(name, thing))
        return 1 if len(found) >= MOST_SETS else None

    file.visititems(look)
    if any(part.name == TRAIN for part in found):
        return [replace(part, note=part.note or BENCHMARK.get(part.name, "")) for part in found]
    return found


def _part(name: str, dataset: h5py.Dataset) -> Part:
    """A set as one of several. What lies elsewhere is told before its shape is asked for, which might open it."""
    import h5py

    note = hdf5_sets.barred(dataset)
    if note == ELSEWHERE:
        return Part(name, (), "unknown", note, readable=False)
    try:
        dtype, shape = dataset.dtype, tuple(int(size) for size in dataset.shape or ())
    except TypeError:
        return Part(name, (), "unknown", "a type of number that is not read here", readable=False)
    called = dtype.name if h5py.check_string_dtype(dtype) is None else "text"
    return Part(name, shape, called, note, readable=not note)


def _vectors(path: Path, dataset: h5py.Dataset) -> Contents:
    """A set that was chosen, mapped where it lies in one piece, and read by chunks where not."""
    shape, dtype = (int(dataset.shape[0]), int(dataset.shape[1])), dataset.dtype
    _check_stored(path, dataset)
    offset = dataset.id.get_offset()
    if offset is not None and dataset.chunks is None and _plain(dataset):
        end, size = offset + prod(shape) * dtype.itemsize, path.stat().st_size
        if end > size:
            raise BadFile(path, f"it is cut short: “{dataset.name}” ends at byte {end:,}, and the file at {size:,}.")
        return in_place(path, dtype, shape, offset)
    chunk = dataset.chunks[0] if dataset.chunks else 1
    rows = max(1, BLOCK_BYTES // (shape[1] * dtype.itemsize))
    step = min(shape[0], max(chunk, rows // chunk * chunk))
    room.check_memory(
        step * shape[1] * dtype.itemsize, f"A chunk of {path.name}", "write it again in chunks of fewer rows"
    )
    return Contents(Blocks(shape, dtype, _Chunks(path, dataset.name).rows, step))


def _plain(dataset: h5py.Dataset) -> bool:
    """Whether the stored numbers are of a type that NumPy has: HDF5 knows others, and the library converts them."""
    import h5py

    return bool(dataset.id.get_type() == h5py.h5t.py_create(dataset.dtype, logical=True))


def _check_stored(path: Path, dataset: h5py.Dataset) -> None:
    """Refuse a set that promises more than its stored bytes can hold, or of which nothing was written."""
    if said := hdf5_sets.overstated(dataset, path.stat().st_size):
        raise BadFile(path, f"“{dataset.name}” {said}; the rest was never written, or is packed beyond reason.")


class _Chunks:
    """The rows of a set that the library has to read; the file stays open for as long as there is more to read."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._file: h5py.File | None = None

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Rows from `start` to before `stop`."""
        import h5py

        with _told(self._path):
            if self._file is None:
                self._file = h5py.File(self._path, "r")
            rows: NDArray[Any] = self._file[self._name][start:stop]
            return rows


def _column(path: Path, dataset: h5py.Dataset, name: str) -> Column | None:
    """A set of one axis as a column; None where it cannot be one."""
    import h5py

    if several.is_numeric(dataset.dtype.name):
        _check_stored(path, dataset)
        return several.column_from(name, dataset[:])
    text = h5py.check_string_dtype(dataset.dtype)
    if text is None:
        return None
    _check_stored(path, dataset)
    if text.length is None:
        _check_lengths(path, dataset)
    cells: list[bytes] = []
    room_left = path.stat().st_size * PACKED if dataset.chunks else path.stat().st_size + SLACK
    for start in range(0, len(dataset), TEXT_ROWS):
        some = dataset[start : start + TEXT_ROWS].tolist()
        room_left -= sum(map(len, some))
        if room_left < 0:
            raise BadFile(path, f"“{dataset.name}” holds more text than the file has bytes.")
        cells += some
    return several.column_from(name, cells)


def _check_lengths(path: Path, dataset: h5py.Dataset) -> None:
    """Refuse strings that claim to be longer than the file, for which the library would reserve memory, where their
    lengths can be seen: they stand before the place of each in a set that lies in one piece."""
    offset, place = dataset.id.get_offset(), np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])
    if offset is None or dataset.chunks is not None or dataset.id.get_storage_size() != len(dataset) * place.itemsize:
        return
    longest = int(np.fromfile(path, place, len(dataset), offset=offset)["length"].max(initial=0))
    if longest > path.stat().st_size:
        raise BadFile(
            path, f"a string in “{dataset.name}” claims {longest:,} bytes, more than the file; save it again."
        )


def _refuse_other_metrics(path: Path, file: h5py.File, asked: str | None) -> None:
    """A set of ann-benchmarks whose distance is none of vectors as they are meant here."""
    distance, kind = _attribute(file, "distance"), _attribute(file, "type")
    if asked is not None or TRAIN not in file or not (distance in NO_METRIC or kind == "sparse"):
        return
    what = f"a set of ann-benchmarks for the {distance} distance" if distance in NO_METRIC else "a sparse set"
    raise BadFile(
        path,
        f"it is {what}, which holds no vectors for {', '.join(METRICS)}; a table of numbers in it can be opened all "
        "the same: --read array=NAME.",
    )


def _metric(file: h5py.File) -> Metric | None:
    """The metric that the file is meant for, where it says one that we know."""
    try:
        return metric_named(_attribute(file, "distance"))
    except BadParameter:
        return None


def _attribute(file: h5py.File, name: str) -> str:
    """An attribute of the file as text; empty where there is none."""
    value = file.attrs.get(name, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


TYPES = [Hdf5()]
