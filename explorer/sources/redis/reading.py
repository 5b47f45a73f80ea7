"""The way from a server to Contents, the same for vector sets and for search indexes: list, choose, read in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explorer import room
from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.core.strings import Strings
from explorer.errors import ServerFailed
from explorer.formats import sampling
from explorer.formats.base import Contents
from explorer.servers.catalogue import Holding
from explorer.sources.redis.rows import VectorFile
from explorer.sources.redis.table import Table

KEY = "key"
"""The column of the elements, or of the documents' keys."""
BATCH = 500
BATCH_BYTES = 4 << 20
"""A batch is of so many rows, and of no more than about so many bytes: progress is told between batches."""
SECONDS = 30.0
"""How long the reply to a batch may take, and a part of the list of what is there."""
NAME_BYTES = 150
"""About what the name of a row takes in memory while it is read."""


@dataclass(frozen=True, eq=False)
class Listed:
    """What there is: `names` (n,) sorted, so that the same rows are in the same order each time, and on which of the
    source's parts each lies, int32 (n,)."""

    names: list[bytes]
    parts: NDArray[np.int32]

    @classmethod
    def of(cls, parts: Sequence[Sequence[bytes]]) -> Listed:
        """The names of all parts in one order."""
        names = [name for part in parts for name in part]
        owner = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
        order = sorted(range(len(names)), key=names.__getitem__)
        return cls([names[i] for i in order], owner[order])

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: NDArray[np.int64]) -> Listed:
        return Listed([self.names[row] for row in rows.tolist()], self.parts[rows])

    def between(self, first: int, last: int) -> Listed:
        return Listed(self.names[first:last], self.parts[first:last])


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows: vectors (m, dimensions), `there` (r,) which of the r asked for they are of, and the cells of those m;
    `gone` were removed meanwhile, the others of r − m have no vector that fits."""

    vectors: NDArray[np.float32]
    there: NDArray[np.bool_]
    cells: Sequence[Mapping[str, str]]
    gone: int


class Source(Protocol):
    """A vector set or a search index that is read."""

    holding: Holding
    dtype: str
    what: str
    """What one of its rows is."""
    names_rows: bool
    """Whether an element is the name of its row, where no column is asked for."""
    table: Table

    def listed(self, progress: Progress) -> Listed:
        """All that is there now."""

    def batch(self, wanted: Listed, progress: Progress) -> Batch:
        """Some of that."""

    def count(self, progress: Progress) -> int:
        """How many there are now."""

    def warnings(self) -> list[str]:
        """What should be known besides, once all is read."""


def contents(source: Source, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
    """All rows, or as many as `sample` says. Raises TooLarge, ServerFailed, PasswordNeeded or Unavailable."""
    holding = source.holding
    room.check_memory(
        holding.rows * NAME_BYTES, f"Listing {several(holding.rows, source.what)}", "close other programs"
    )
    listed = source.listed(progress)
    total = len(listed)
    if "rows" in options:
        listed = listed.between(0, int(options["rows"]))
    beyond = total - len(listed)
    if (drawn := sampling.drawn(len(listed), options)) is not None:
        listed = listed.take(drawn)
    sampling.check_room(len(listed), 4 * holding.dimensions, f"Reading {several(len(listed), source.what)}")
    names, gone, unfit = [], 0, 0
    step = max(1, min(BATCH, BATCH_BYTES // (4 * holding.dimensions)))
    with VectorFile(folder / "rows.npy", len(listed), holding.dimensions) as file:
        for first in range(0, len(listed), step):
            progress(first / len(listed), f"reading {first:,} of {several(len(listed), source.what)}")
            wanted = listed.between(first, first + step)
            batch = source.batch(wanted, progress)
            file.add(batch.vectors)
            source.table.add(batch.cells)
            names += [name for name, there in zip(wanted.names, batch.there.tolist(), strict=True) if there]
            gone += batch.gone
            unfit += int(np.count_nonzero(~batch.there)) - batch.gone
        if not file.rows:
            raise ServerFailed(_nothing(source, total, unfit))
        vectors = file.finished()
    warnings = [] if drawn is None else [sampling.sentence(len(listed), total - beyond, f"{source.what}s")]
    warnings += _missing(source, gone, unfit)
    if len(listed) == total and (more := source.count(progress) - total + gone) > 0:
        added = several(more, source.what)
        warnings.append(f"Added on the server while it was read, and not here: {added}; open it again for them.")
    if holding.unfinished:
        warnings.append(f"It was not pushed to its end: {holding.written:,} of {holding.rows:,} vectors are there.")
    packed = Strings.packed(names)
    if odd := sum(not _is_text(name) for name in names):
        warnings.append(f"Not all names are UTF-8; what cannot be read of {several(odd, 'name')} is shown as �.")
    columns = source.table.columns()
    if source.table.left_out:
        some = ", ".join(f"“{name}”" for name in sorted(source.table.left_out)[:5])
        warnings.append(f"The columns are too many; {len(source.table.left_out):,} were left out: {some} …")
    keyed = not source.names_rows or "name" in options
    return Contents(
        vectors,
        names=None if keyed else packed,
        name_column="" if keyed else KEY,
        columns=(Column(KEY, "text", packed), *columns) if keyed else columns,
        warnings=(*warnings, *source.warnings()),
        metric=holding.metric,
        file=file.path,
        dtype=source.dtype,
        beyond=beyond,
    )


def _missing(source: Source, gone: int, unfit: int) -> list[str]:
    found = []
    if gone:
        found.append(f"Removed on the server while it was read, and not here: {several(gone, source.what)}.")
    if unfit:
        dimensions = source.holding.dimensions
        found.append(f"Without a vector of {dimensions} numbers, and not here: {several(unfit, source.what)}.")
    return found


def _nothing(source: Source, total: int, unfit: int) -> str:
    title = source.holding.title
    if not total:
        return f"“{title}” is empty: there is nothing to show."
    if unfit:
        dimensions = source.holding.dimensions
        return f"“{title}” holds {several(total, source.what)}, none with a vector of {dimensions} numbers."
    return f"“{title}” was removed from the server while it was read; open it again if it is back."


def several(count: int, what: str) -> str:
    """1 vector, 2,000 vectors."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _is_text(name: bytes) -> bool:
    try:
        name.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False
