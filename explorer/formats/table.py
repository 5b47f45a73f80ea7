"""What all typed tables have in common: how their vectors are chosen, and how their records become Contents."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.core.column import Column
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadFile, NoVectors
from explorer.formats import typed_columns, vector_field
from explorer.formats.base import ARRAY, EMBED, Contents, Format, Part
from explorer.formats.choosing import text_columns
from explorer.formats.gathering import Gathering, matrices
from explorer.formats.text_records import VECTOR
from explorer.formats.vector_field import VectorField

if TYPE_CHECKING:
    import pyarrow as pa

PARTIAL = ("rows", "sample", "seed")
"""Options that take a part of the rows."""
Columns = Mapping[str, "pa.Array"]
"""Flat columns by name, all of one length."""


@dataclass(eq=False)
class Records:
    """An opened table. `first` are its first records, of all columns; `rows` is how many there are, `counted` or not.

    `blocks(field)` gives all records in order, as columns and their length: those of the field, and those that can be
    shown. While they are read, `warnings` may grow. `unit` and `number` are what a record is called, and the first one.
    `dtype`: whether the type of the numbers says anything. `prefix` may stand before a column's name in `array=`, and
    `metric` is the one that the table itself is asked by.
    """

    first: Columns
    rows: int
    blocks: Callable[[VectorField | None], Iterator[tuple[Columns, int]]]
    counted: bool = True
    unit: str = "row"
    number: int = 0
    dtype: bool = True
    prefix: str = ""
    metric: Metric | None = None
    placed: Callable[[VectorField], Contents | None] = lambda found: None
    """Where the vectors lie in the file, when they lie there in one piece."""
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


class Table(Format):
    """A format of typed columns. It says how a file is opened; the rest is the same for all."""

    options = (ARRAY,)
    chooses_columns = True
    native = True

    @abstractmethod
    def opened(self, path: Path, options: Mapping[str, str]) -> AbstractContextManager[Records]:
        """The table of a file, for as long as it is open. Raises BadFile, and inside the block as well."""

    def parts(self, path: Path) -> tuple[Part, ...]:
        """The columns of vectors, where there are several."""
        with self.opened(path, {}) as records:
            return vector_field.parts(records.first, records.rows if records.counted else -1)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read it into memory. Raises BadFile, NoVectors where columns hold text and none vectors, BadParameter."""
        return self._read(path, options, None, progress)

    def read_into(self, path: Path, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        """Read it, the vectors into a file, unless a sample is to be drawn of them."""
        return self._read(path, options, None if "sample" in options else folder, progress)

    def records(self, path: Path, options: Mapping[str, str], progress: Progress) -> tuple[Column, ...]:
        """The columns that make no vector. Raises BadFile."""
        with self.opened(path, options) as records:
            found = vector_field.chosen(records.first)
            of_vectors = (
                set(found.names) if found and (found.form != "numbers" or len(found.names) >= VECTOR) else set()
            )
            columns = _gathered(path, records, None, options, None, progress).columns
        return tuple(column for column in columns if column.name not in of_vectors)

    def check(self, options: Mapping[str, str], path: Path | None = None) -> None:
        """Raise what `read` would for a table that holds no vectors, or not those that are asked for."""
        with self.opened(path or Path(self.name), options) as records:
            if EMBED.name not in options:
                _chosen(path or Path(self.name), records, options)

    def _read(self, path: Path, options: Mapping[str, str], folder: Path | None, progress: Progress) -> Contents:
        progress(0.0, "reading")
        with self.opened(path, options) as records:
            if EMBED.name in options:
                return _gathered(path, records, None, options, folder, progress)
            found = _chosen(path, records, options)
            if (placed := records.placed(found)) is None:
                return _gathered(path, records, found, options, folder, progress)
            # A part of the rows is taken of what is mapped, by whoever asked for it.
            whole = {name: value for name, value in options.items() if name not in PARTIAL}
            beside = _gathered(path, records, None, whole, folder, progress)
            facts = {**beside.facts, "vector columns": str(found)}
            return replace(beside, vectors=placed.vectors, mappable=placed.mappable, offset=placed.offset, facts=facts)


def _chosen(path: Path, records: Records, options: Mapping[str, str]) -> VectorField:
    """The vector's columns. Raises BadFile, NoVectors or BadParameter when there are none."""
    if not records.first:
        raise BadFile(path, "there is no record in it.")
    array, pattern = options.get(ARRAY.name), options.get("vectors")
    if array is not None:
        array = array.removeprefix(records.prefix)
    found = vector_field.chosen(records.first, array, pattern)
    if found is None:
        if texts := text_columns(_texts(records.first)):
            raise NoVectors(path, texts)
        shown = ", ".join([*records.first][:12]) + (" …" if len(records.first) > 12 else "")
        raise BadFile(path, f"no column of this table holds vectors, or numbers to be one; columns: {shown}.")
    if (
        array is None
        and pattern is None
        and not records.prefix
        and (note := vector_field.several(found, records.first))
    ):
        records.warnings.append(note)
    return found


def _texts(columns: Columns) -> dict[str, list[str]]:
    """The cells of the columns of words."""
    kinds = {name: typed_columns.as_text(array) for name, array in columns.items() if _is_worded(array.type)}
    return {name: [str(cell) for cell in array.to_pylist() if cell] for name, array in kinds.items()}


def _is_worded(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))


def _gathered(
    path: Path,
    records: Records,
    found: VectorField | None,
    options: Mapping[str, str],
    folder: Path | None,
    progress: Progress,
) -> Contents:
    if found is not None and not records.dtype:
        found = VectorField(found.names, found.form, "", found.dimensions)
    with matrices(folder) as make:
        gathering = Gathering(path, found, records.rows, options, make)
        for columns, rows in records.blocks(found):
            gathering.add(columns, rows)
            if gathering.full:
                break
            progress(min(1.0, gathering.seen / max(1, records.rows)), "reading")
        gathering.unit, gathering.first = records.unit, records.number
        contents = gathering.finished(facts=records.facts, warnings=records.warnings, counted=records.counted)
        return replace(contents, metric=records.metric)
