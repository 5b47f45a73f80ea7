"""From record batches to Contents: vectors go where they stay, other columns are kept, and what lacks is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.errors import BadFile
from explorer.formats import sampling
from explorer.formats.base import Contents
from explorer.formats.cleaning import EXACT_FLOAT32
from explorer.formats.growing import GrowingMatrix
from explorer.formats.matrix_file import MatrixFile
from explorer.formats.sampling import Draw
from explorer.formats.text_table import listed
from explorer.formats.typed_columns import MOST_COLUMNS, is_metadata, typed_column
from explorer.formats.vector_cells import dimensions_of, largest_whole, write_vectors
from explorer.formats.vector_field import VectorField, fits

if TYPE_CHECKING:
    import pyarrow as pa

MOST_UNPACKED = 200
"""A file may unpack to so many times its size, and this much more; beyond that it was made to fill a disk."""
SPARE_BYTES = 1 << 30
MOST_SHOWN = 10


class Matrix(Protocol):
    """Where vectors are written: a GrowingMatrix, or a MatrixFile."""

    rows: int

    def more(self, rows: int) -> NDArray[np.float32]:
        """A view of so many new rows."""
        ...

    def finished(self) -> NDArray[np.float32]:
        """The whole."""
        ...


MakeMatrix = Callable[[int, int], Matrix]
"""Makes a Matrix of so many dimensions, for about so many rows."""


@contextmanager
def matrices(folder: Path | None) -> Iterator[MakeMatrix]:
    """Makes matrices in memory, or in files of a folder, which are closed at the end."""
    made: list[MatrixFile] = []

    def make(dimensions: int, guess: int) -> Matrix:
        if folder is None or not dimensions:
            return GrowingMatrix(dimensions, guess)
        made.append(MatrixFile(folder / "gathered.npy", dimensions, guess))
        return made[-1]

    try:
        yield make
    finally:
        for matrix in made:
            matrix.close()


class Gathering:
    """Takes the records of a table in order. Without a `field` its records have no vectors, (n, 0).

    `rows` is about how many there are. Of the options `rows` and `sample` are heeded. `unit` is what warnings count:
    rows, or lines, `first` being the number of the first. Blocks need not have the same columns, nor the same types.
    """

    unit = "row"
    first = 0

    def __init__(
        self, path: Path, field: VectorField | None, rows: int, options: Mapping[str, str], make: MakeMatrix
    ) -> None:
        self._path, self._field, self._total, self._make = path, field, rows, make
        self._draw, self._most = Draw.of(options), int(options.get("rows", 0))
        self._guess = min([rows, *(int(options[name]) for name in ("rows", "sample") if name in options)])
        self._matrix: Matrix | None = None if field is not None else make(0, self._guess)
        self._rows = 0
        self._waiting = 0
        self._dimensions = 0
        self._kept: dict[str, list[tuple[int, pa.Array]]] = {}
        self._left_out: set[str] = set()
        self._bad: list[NDArray[np.int64]] = []
        self._largest = 0
        self._bytes = 0
        try:
            self._limit = MOST_UNPACKED * path.stat().st_size + SPARE_BYTES if path.is_file() else None
        except OSError:
            self._limit = None

    @property
    def seen(self) -> int:
        """How many records came so far."""
        return self._draw.seen

    @property
    def full(self) -> bool:
        """Whether there are as many records as were asked for."""
        return bool(self._most) and self.seen >= self._most

    def add(self, columns: Mapping[str, pa.Array], rows: int) -> None:
        """The next records. Raises BadFile where they have become absurdly many for their file."""
        import pyarrow as pa

        self._check(columns)
        if self._most and self.seen + rows > self._most:
            rows = self._most - self.seen
            columns = {name: array.slice(0, rows) for name, array in columns.items()}
        if (drawn := self._draw.taken(rows)) is not None:
            rows, chosen = len(drawn), pa.array(drawn)
            columns = {name: array.take(chosen) for name, array in columns.items()}
        if not rows:
            return
        self._add_vectors(columns, rows)
        own = set(self._field.names) if self._field is not None else set()
        for name, array in columns.items():
            if name in own or not is_metadata(array.type):
                continue
            if name not in self._kept and len(self._kept) >= MOST_COLUMNS:
                self._left_out.add(name)
                continue
            self._kept.setdefault(name, []).append((self._rows, array))
        self._rows += rows

    def finished(
        self, *, facts: Mapping[str, str] | None = None, warnings: Iterable[str] = (), counted: bool = True
    ) -> Contents:
        """All that was read; `counted`: there are exactly as many records as was said.

        Raises BadFile when no record came, or none with a vector.
        """
        if not self._rows:
            raise BadFile(self._path, "there is no record in it.")
        field = self._field
        if self._matrix is None:
            raise BadFile(self._path, f"none of its {self._rows:,} {self.unit}s holds a vector in “{field}”.")
        vectors, columns = self._matrix.finished(), tuple(self._columns())
        kept, rows = self._draw.kept(), self._draw.places()
        bad = np.concatenate(self._bad) if self._bad else np.zeros(0, np.int64)
        said = [*warnings]
        if kept is not None and rows is not None:
            vectors, columns = vectors[kept], tuple(column.take(kept) for column in columns)
            bad = rows[np.isin(kept, bad)]
            said.append(sampling.sentence(len(rows), self.seen))
        said += self._warnings(bad, len(vectors))
        return Contents(
            vectors,
            columns=columns,
            rows=rows,
            source_rows=self.seen,
            warnings=tuple(said),
            dtype=field.dtype if field is not None else "",
            axes=field.names if field is not None and field.form == "numbers" else (),
            left_out=self.seen - len(vectors),
            beyond=max(0, self._total - self.seen) if self.full else 0,
            guessed=not counted,
            file=self._matrix.path if isinstance(self._matrix, MatrixFile) and kept is None else None,
            facts={**({"vector columns": str(field)} if field is not None else {}), **(facts or {})},
        )

    def _add_vectors(self, columns: Mapping[str, pa.Array], rows: int) -> None:
        field = self._field
        if field is None:
            assert self._matrix is not None
            self._matrix.more(rows)
            return
        there = all(name in columns and fits(columns[name].type, field.form) for name in field.names)
        if self._matrix is None:
            self._dimensions = dimensions_of(columns, field) if there else 0
            if not self._dimensions:
                self._waiting += rows
                return
            self._matrix = self._make(self._dimensions, max(self._guess, rows))
            if self._waiting:
                self._matrix.more(self._waiting)[:] = np.nan
                self._bad.append(np.arange(self._waiting))
        out = self._matrix.more(rows)
        if there:
            bad = write_vectors(columns, field, out)
            self._largest = max(self._largest, largest_whole(columns, field))
        else:
            out[:] = np.nan
            bad = np.arange(rows)
        if len(bad):
            self._bad.append(bad + self._rows)

    def _check(self, columns: Mapping[str, pa.Array]) -> None:
        self._bytes += sum(array.nbytes for array in columns.values())
        if self._limit is not None and self._bytes > self._limit:
            raise BadFile(
                self._path,
                f"it unpacks to more than {MOST_UNPACKED} times its size, as no file of vectors does; it was left.",
            )

    def _columns(self) -> Iterator[Column]:
        import pyarrow as pa

        for name, pieces in self._kept.items():
            whole, end = [], 0
            for start, array in (*pieces, (self._rows, pa.nulls(0))):
                if start > end:
                    whole.append(pa.nulls(start - end))
                whole.append(array)
                end = start + len(array)
            if any(not pa.types.is_null(array.type) for array in whole):
                yield typed_column(name, whole)

    def _warnings(self, bad: NDArray[np.int64], rows: int) -> Iterator[str]:
        if len(bad):
            held = f"{len(bad):,} of {rows:,} {self.unit}s {'has' if len(bad) == 1 else 'have'} no vector"
            shown = listed(self.unit, (bad[: MOST_SHOWN + 1] + self.first).tolist(), MOST_SHOWN)
            yield f"{held} of {self._dimensions} numbers in “{self._field}”: {shown}."
        if self._largest > EXACT_FLOAT32:
            yield f"Whole numbers beyond {EXACT_FLOAT32:,} are rounded, for the vectors are used as float32."
        if self._left_out:
            yield f"{len(self._left_out):,} columns beyond the first {MOST_COLUMNS:,} were left out."
