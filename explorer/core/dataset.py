"""The Dataset: read-only vectors that every process maps from one file, with names and metadata beside them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.metric import Metric
from explorer.core.names import Names
from explorer.core.progress import Progress, silent
from explorer.core.strings import Strings
from explorer.errors import BadFile

BLOCK_BYTES = 16 << 20
"""How much of the vectors is touched at a time by passes over all of them."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Vectors float32 (rows, dimensions), all finite; row names, metadata columns and where all of it came from.

    It lives in `folder` (a description, names and columns as plain `.npy`) and in `vectors_path`, which is the
    user's own file when its vectors could be mapped where they lie. To cross a process border it is opened again from
    `folder`.
    """

    folder: Path
    path: Path
    title: str
    format: str
    vectors_path: Path
    rows: int
    dimensions: int
    dtype: str
    """The element type in the file, before conversion to float32."""
    metric: Metric
    """The metric it is opened with: its own, or guessed (DESIGN 5)."""
    stamp: tuple[int, int]
    """Size and mtime_ns of `vectors_path` when it was read."""
    source_rows: int
    source_row_of: NDArray[np.int64] | None = None
    """Position in the file of each row (rows,); None where no row was dropped."""
    names: Names | None = None
    name_column: str = ""
    columns: tuple[Column, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: int = 0
    """How many rows of the file are not here because a sample was asked for."""
    zero_rows: int = 0
    """How many vectors are all zeros: they have no cosine."""
    vectors_offset: int | None = None
    """The byte of `vectors_path` at which the vectors lie, float32 in C order; None in a `.npy`, which says so."""
    maps: tuple[str, ...] = ()
    """The names of the maps that the file held beside its vectors, the likeliest first; see `map_path`."""
    images_path: Path | None = None
    """Pictures of the rows as uint8 `.npy` (rows, height, width), or (rows, height, width, 3) in colours; None where
    there are none."""
    thumbnails_path: Path | None = None
    """Small pictures of the rows, PNG or JPEG, one after another; where each ends stands beside it, in `.ends.npy`.
    None where there are none."""
    own_index: Path | None = None
    """The index that the vectors came with and that is opened with them; its numbers are the rows."""
    encoder: str = ""
    """The name of the text encoder whose space the vectors live in; empty where unknown."""
    facts: dict[str, str] = field(default_factory=dict)
    """More to show about the file, such as which columns were taken as the vector."""
    hold: object = field(default=None, repr=False)
    """What has to live as long as the Dataset does, such as a lock on its folder; it stays in its process."""

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors, mapped read-only. Raises BadFile when the file has changed since it was read."""
        self.check_unchanged()
        if self.vectors_offset is None:
            return np.asarray(np.load(self.vectors_path, mmap_mode="r", allow_pickle=False)).view()
        shape = self.rows, self.dimensions
        return np.asarray(np.memmap(self.vectors_path, "<f4", "r", self.vectors_offset, shape)).view()

    @cached_property
    def images(self) -> NDArray[np.uint8] | None:
        """Pictures (rows, height, width), or (rows, height, width, 3) in red, green and blue, mapped read-only."""
        return None if self.images_path is None else np.asarray(np.load(self.images_path, mmap_mode="r"))

    @cached_property
    def _thumbnails(self) -> Strings | None:
        path = self.thumbnails_path
        if path is None:
            return None
        ends = _mapped(path.with_name(path.name + ".ends.npy"))
        return Strings(np.asarray(np.memmap(path, np.uint8, "r")), ends)

    def thumbnail(self, row: int) -> bytes:
        """The small picture of a row as a PNG or JPEG file; empty where it has none."""
        held = self._thumbnails
        if held is None:
            return b""
        start = int(held.ends[row - 1]) if row else 0
        return held.data[start : int(held.ends[row])].tobytes()

    @property
    def pictured(self) -> bool:
        """Whether rows have pictures."""
        return self.images_path is not None or self.thumbnails_path is not None

    def map_path(self, name: str) -> Path:
        """Where a map that the file held lies, float32 `.npy` (rows, 2). Raises ValueError when there is none such."""
        return self.folder / f"given{self.maps.index(name)}.npy"

    @property
    def place(self) -> str:
        """Where it comes from, as people name it: a path, or the URL of what is no file."""
        return self.facts.get("source") or str(self.path)

    @property
    def dropped(self) -> int:
        """How many rows of the file are not here because they cannot be used."""
        return self.source_rows - self.rows - self.left_out

    @property
    def bytes(self) -> int:
        """The size of the vectors as float32."""
        return self.rows * self.dimensions * 4

    def source_row(self, row: int) -> int:
        """Where a row stands in the file."""
        return row if self.source_row_of is None else int(self.source_row_of[row])

    def name(self, row: int) -> str:
        """A row's name, or `#row` where rows have none."""
        return (self.names[row] if self.names is not None else "") or f"#{row}"

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def check_unchanged(self) -> None:
        """Raise BadFile when the mapped file is gone or differs in size or time from what was read."""
        try:
            stat = self.vectors_path.stat()
        except OSError:
            raise BadFile(self.place, "the file is no longer there; open it again from where it is now.") from None
        if (stat.st_size, stat.st_mtime_ns) != self.stamp:
            raise BadFile(self.place, "the file has changed since it was opened; open it again.")

    @property
    def fingerprint(self) -> str:
        """The fingerprint when it is known (see `fingerprinted`), otherwise empty."""
        try:
            return (self.folder / "fingerprint").read_text("ascii")
        except OSError:
            return ""


def block_rows(dimensions: int) -> int:
    """How many float32 rows make one block."""
    return max(1, BLOCK_BYTES // (4 * max(1, dimensions)))


def fingerprinted(dataset: Dataset, progress: Progress = silent) -> str:
    """blake2b-128 over the shape (two little-endian int64) and the vectors; remembered in the Dataset's folder."""
    if known := dataset.fingerprint:
        return known
    digest = hashlib.blake2b(np.array([dataset.rows, dataset.dimensions], "<i8").tobytes(), digest_size=16)
    step = block_rows(dataset.dimensions)
    for start in range(0, dataset.rows, step):
        progress(start / dataset.rows, "fingerprint")
        digest.update(np.ascontiguousarray(dataset.vectors[start : start + step], "<f4").data)
    beside = dataset.folder / f"fingerprint.{os.getpid()}"
    beside.write_text(digest.hexdigest(), "ascii")
    beside.replace(dataset.folder / "fingerprint")
    return digest.hexdigest()


_PATHS = ("path", "vectors_path", "images_path", "thumbnails_path", "own_index")
_NOT_DESCRIBED = ("folder", "source_row_of", "names", "columns", "hold")


def save(dataset: Dataset) -> None:
    """Write all but the vectors and images into `dataset.folder`, the description last.

    Paths inside the folder are written relative to it, so that the folder can be renamed.
    """
    folder = dataset.folder
    facts = {f.name: getattr(dataset, f.name) for f in fields(dataset) if f.name not in _NOT_DESCRIBED}
    for key in _PATHS:
        path = facts[key]
        facts[key] = path.name if path is not None and path.parent == folder else path and str(path)
    if dataset.source_row_of is not None:
        np.save(folder / "source_rows.npy", dataset.source_row_of)
    if dataset.names is not None:
        _save_strings(folder / "names", dataset.names.strings)
        np.save(folder / "names.sorted.npy", dataset.names.sorted_rows)
    columns = []
    for i, column in enumerate(dataset.columns):
        columns.append({"name": column.name, "kind": column.kind, "whole": column.whole})
        if isinstance(column.values, Strings):
            _save_strings(folder / f"column{i}", column.values)
        else:
            np.save(folder / f"column{i}.npy", column.values)
        if column.kind == "category":
            _save_strings(folder / f"column{i}.labels", Strings.of(column.labels))
    has = {"names": dataset.names is not None, "source_rows": dataset.source_row_of is not None}
    described = json.dumps({**facts, "columns": columns, "has": has}, indent=1)
    (folder / "dataset.json").write_text(described, "utf-8")


def opened(folder: Path, hold: object = None) -> Dataset:
    """The Dataset that `save` left in a folder; columns and names are mapped, so this costs milliseconds."""
    facts = json.loads((folder / "dataset.json").read_text("utf-8"))
    has, columns = facts.pop("has"), []
    for i, about in enumerate(facts.pop("columns")):
        stem = folder / f"column{i}"
        values = _strings(stem) if about["kind"] == "text" else _mapped(folder / f"column{i}.npy")
        labels = tuple(_strings(folder / f"column{i}.labels")) if about["kind"] == "category" else ()
        columns.append(Column(about["name"], about["kind"], values, labels, about["whole"]))
    names = Names(_strings(folder / "names"), _mapped(folder / "names.sorted.npy")) if has["names"] else None
    kept = _mapped(folder / "source_rows.npy") if has["source_rows"] else None
    for key in _PATHS:
        facts[key] = None if facts[key] is None else folder / facts[key]
    for key in ("stamp", "warnings", "maps"):
        facts[key] = tuple(facts[key])
    return Dataset(folder=folder, names=names, source_row_of=kept, columns=tuple(columns), hold=hold, **facts)


def _save_strings(stem: Path, strings: Strings) -> None:
    np.save(stem.with_name(stem.name + ".data.npy"), strings.data)
    np.save(stem.with_name(stem.name + ".ends.npy"), strings.ends)


def _strings(stem: Path) -> Strings:
    return Strings(_mapped(stem.with_name(stem.name + ".data.npy")), _mapped(stem.with_name(stem.name + ".ends.npy")))


def _mapped(path: Path) -> NDArray[Any]:
    """An array mapped read-only; an empty one, which cannot be mapped, is read."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:
        return np.asarray(np.load(path, allow_pickle=False))
