"""A file as it would be read, from its headers and first rows: what is shown before the work starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from explorer import room
from explorer.core import params
from explorer.core.column import Column
from explorer.core.params import Param
from explorer.core.progress import Progress, silent
from explorer.errors import BadInput, NoVectors, Untold
from explorer.formats import keeping, reading, sampling, several, shaping
from explorer.formats.base import EMBED, Contents, Origin, Part
from explorer.formats.choosing import name_column, text_columns

SMALL = 4 << 20
"""A file of no more bytes is read as a whole."""
LOOKED_AT = 200
"""So many records are read, where the format can stop after them."""
ROWS = 8
COLUMNS = 6
NUMBERS = 6
"""How many rows, columns about them, and numbers of a vector are shown."""
LONGEST = 60
NO_VECTORS = "No column of this table holds vectors: choose a column of text to embed."
PARTIAL = ("rows", "sample", "seed")
"""Options that take a part of the rows."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What a file would be opened as.

    `values` are the options that were asked for, `options` all there are. `rows` is how many records the file holds
    (None while nobody knows, `about` where it was estimated), `taken` how many of them would be read. `needed` bytes
    would be written on the disk, of which `free` are left, 0 where the file is mapped as it is; `memory` bytes would be
    held while it is read. `header` and `cells` are the first rows. With a `problem`, which is a sentence, it cannot be
    read so, and what is known stands here all the same.
    """

    path: Path
    format: str
    title: str
    options: tuple[Param, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    alike: int = 0
    """So many of the first of them may be the vectors, as well as each other; 0 where one is the likeliest."""
    chooses_columns: bool = False
    rows: int | None = None
    about: bool = False
    taken: int | None = None
    dimensions: int = 0
    dtype: str = ""
    needed: int = 0
    free: int = 0
    memory: int = 0
    free_memory: int = 0
    fitting: int = 0
    """A round number of rows that would fit, where all of them do not; otherwise 0."""
    vector: str = ""
    """Which columns make the vector, in words."""
    name_column: str = ""
    columns: tuple[str, ...] = ()
    """The columns about the rows."""
    texts: tuple[str, ...] = ()
    """The columns of a table without vectors that could be embedded, the likeliest first."""
    header: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    numbers_from: int = 0
    """Where the numbers of the vector begin among the cells."""
    warnings: tuple[str, ...] = ()
    problem: str = ""

    @property
    def can_be_opened(self) -> bool:
        """Whether it can be read as it stands."""
        return not self.problem


def previewed(
    path: Path,
    options: Mapping[str, str] | None = None,
    metadata: Path | None = None,
    progress: Progress = silent,
) -> Preview:
    """The Preview of a file of any format, read with these options, and with the table that goes with it.

    Raises BadFile for what no format recognises.
    """
    kind = reading.recognised(path)
    given = dict(options or {})
    found = Preview(
        path, kind.name, kind.title, (*kind.options, *reading.OPTIONS), given, chooses_columns=kind.chooses_columns
    )
    try:
        parts = kind.parts(path)
        found = replace(found, parts=parts, alike=len(several.alike(parts)))
    except BadInput as error:
        return replace(found, problem=without_path(error, path))
    found = of_origin(reading.origin_of(path), found, metadata, progress)
    if not found.problem or found.cells:
        return found
    try:
        records = kind.records(path, {**_plain(given, kind.options), "rows": str(LOOKED_AT)}, progress)
    except BadInput:
        return found
    return found if not records else replace(found, **_table((), records))


def of_origin(origin: Origin, found: Preview, metadata: Path | None = None, progress: Progress = silent) -> Preview:
    """The same with what an origin's first rows tell, read into a folder that is gone at the end. Raises Untold."""
    try:
        asked = reading.checked(origin, found.values)
        with keeping.new_folder() as folder:
            few = min(LOOKED_AT, int(asked.get("rows", LOOKED_AT)))
            wanted = {name: value for name, value in asked.items() if name not in PARTIAL}
            all_of_it = asked.get("orientation") == "columns" or _size(origin.path) <= SMALL
            contents = origin.contents(wanted if all_of_it else {**wanted, "rows": str(few)}, folder, progress)
            contents = shaping.shaped(contents, wanted)
            table = metadata or reading.table_beside(origin)
            if table is not None and _size(table) <= SMALL:
                key = asked.get("key")
                contents = reading.with_table(contents, table, metadata is not None, key, progress)
            shown, title = _shown(contents, asked), contents.title
            del contents
        return replace(found, **shown, title=title or found.title)
    except Untold:
        raise
    except NoVectors as error:
        return replace(found, problem=NO_VECTORS, texts=error.columns)
    except BadInput as error:
        return replace(found, problem=without_path(error, found.path))
    except MemoryError:
        return replace(found, problem="Looking at it takes more memory than there is.")
    except OSError as error:
        return replace(found, problem=f"It cannot be read: {error.strerror or error}.")


def without_path(error: Exception, path: Path) -> str:
    """The sentence of an error, without the file that everybody looks at."""
    said = str(error).removeprefix(f"{path}: ")
    # The name of an option stays as it is written.
    return said if "=" in said.split(" ", 1)[0] else said[:1].upper() + said[1:]


def _shown(whole: Contents, asked: Mapping[str, str]) -> dict[str, Any]:
    """What contents tell of which no part has been taken yet."""
    read = len(whole.vectors) if whole.source_rows is None else whole.source_rows
    rows, dimensions = read + whole.beyond, whole.vectors.shape[1]
    taken = min(rows, int(asked.get("rows", rows)))
    taken = min(taken, int(asked.get("sample", taken)))
    part = taken < rows
    row_bytes = 4 * dimensions
    mapped = whole.mappable and not part
    memory = 0 if mapped or not _in_memory(whole) else taken * row_bytes
    free, free_memory = room.free_on_disk(_existing(keeping.home())), room.free_in_memory()
    needed = 0 if mapped else taken * row_bytes
    on_disk = sampling.fitting(rows, row_bytes, free - keeping.MARGIN_BYTES)
    in_memory = sampling.fitting(rows, 2 * row_bytes, free_memory)
    too_large = needed > free - keeping.MARGIN_BYTES or memory > free_memory
    first = replace(shaping.shaped(replace(whole, beyond=0), {"rows": str(ROWS)}), warnings=())
    columns = first.columns
    named = whole.name_column if whole.names is not None else ""
    asked_name = asked.get("name")
    if first.names is None or asked_name not in (None, first.name_column):
        column = name_column(columns, asked_name)
        named = "" if column is None else column.name
    elif not any(column.name == named for column in columns):
        columns = (Column(named or "name", "text", first.names), *columns)
    return {
        "rows": rows,
        "about": whole.guessed and whole.beyond > 0,
        "taken": taken,
        "dimensions": dimensions,
        "dtype": whole.dtype or whole.vectors.dtype.name,
        "needed": needed,
        "free": free,
        "memory": memory,
        "free_memory": free_memory,
        "fitting": min(on_disk, in_memory if memory else on_disk) if too_large else 0,
        "vector": whole.facts.get("vector columns", ""),
        "name_column": named or first.name_column,
        "warnings": whole.warnings,
        "texts": () if dimensions else _texts(whole.columns),
        "problem": "" if dimensions or EMBED.name in asked else NO_VECTORS,
        **_table(first.vectors, columns, first.axes, named),
    }


def _table(vectors: Any, columns: Sequence[Column], axes: Sequence[str] = (), named: str = "") -> dict[str, Any]:
    """The first rows as text: the column that names them, others, and the first numbers."""
    ordered = sorted(columns, key=lambda column: column.name != named)
    rows = min(ROWS, len(vectors) if len(vectors) else max((len(column) for column in columns), default=0))
    shown = ordered[:COLUMNS]
    numbers = np.asarray(vectors[:rows], np.float64) if len(vectors) else np.zeros((rows, 0))
    heads = [axes[j] if j < len(axes) else str(j) for j in range(min(NUMBERS, numbers.shape[1]))]
    more = ["…"] if numbers.shape[1] > NUMBERS else []
    cells = tuple(
        tuple(
            [short(column.cell(row)) for column in shown]
            + [f"{x:.4g}" for x in numbers[row, :NUMBERS]]
            + ["…" for _ in more]
        )
        for row in range(rows)
    )
    return {
        "columns": tuple(column.name for column in columns),
        "header": (*(column.name for column in shown), *heads, *more),
        "cells": cells,
        "numbers_from": len(shown),
    }


def _texts(columns: Sequence[Column]) -> tuple[str, ...]:
    """The columns that could be embedded."""
    return text_columns({column.name: column.strings()[:LOOKED_AT] for column in columns if column.kind != "number"})


def short(cell: str) -> str:
    """A cell on one line, and not too long."""
    cell = " ".join(cell.split())
    return cell if len(cell) <= LONGEST else cell[: LONGEST - 1] + "…"


def _in_memory(contents: Contents) -> bool:
    """Whether the vectors are held in memory rather than mapped, or read as they are asked for."""
    array: Any = contents.vectors
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return False
        array = array.base
    return isinstance(contents.vectors, np.ndarray)


def _plain(given: Mapping[str, str], known: Sequence[Param]) -> dict[str, str]:
    """Those of the options that a format knows by itself, where they can be used at all."""
    found = {}
    for param in known:
        if param.name in given and param.name != "array":
            try:
                found[param.name] = str(params.checked([param], {param.name: given[param.name]}, "it")[param.name])
            except BadInput:
                continue
    return found


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 1 << 60


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder
