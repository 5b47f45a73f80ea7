"""What all formats are asked in one way: the axes swapped, the first rows only, a random sample of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.core.params import Param
from explorer.core.strings import Strings
from explorer.formats import sampling
from explorer.formats.base import Contents

OPTIONS = (
    Param(
        "orientation",
        "choice",
        None,
        "Whether the vectors are the rows of the file, or its columns (a transposed file).",
        choices=("rows", "columns"),
    ),
    *sampling.OPTIONS,
)
DIMENSION = "dimension"
"""What rows are named by that were dimensions with names."""


def shaped(contents: Contents, options: Mapping[str, str]) -> Contents:
    """The contents as the options want them. What a format has seen to itself stays as it is."""
    if options.get("orientation") == "columns":
        contents = _swapped(contents)
    if "rows" in options:
        contents = _first(contents, int(options["rows"]))
    rows = sampling.drawn(len(contents.vectors), options)
    if rows is None:
        return contents
    total, dimensions = contents.vectors.shape
    sampling.check_memory(len(rows), dimensions * contents.vectors.itemsize, f"A sample of {len(rows):,} rows")
    kept = _taken(contents, rows)
    return replace(
        kept,
        source_rows=total if contents.source_rows is None else contents.source_rows,
        left_out=total - len(rows),
        warnings=(*contents.warnings, sampling.sentence(len(rows), total)),
    )


def heeded(options: Mapping[str, str]) -> Mapping[str, str]:
    """The options that a format is given: with the axes swapped its own rows are no rows, so none may be left out."""
    if options.get("orientation") != "columns":
        return options
    return {name: value for name, value in options.items() if name not in ("rows", "sample", "seed")}


def _swapped(contents: Contents) -> Contents:
    """The columns as rows. What was about a record is about a dimension now, and has no place."""
    lost = len(contents.columns) + (contents.names is not None)
    warnings = contents.warnings
    if lost:
        what = "a column was" if lost == 1 else f"{lost:,} columns were"
        warnings = (*warnings, f"Its columns are the vectors: {what} about single dimensions, and left out.")
    named = len(contents.axes) == contents.vectors.shape[1]
    return replace(
        contents,
        vectors=contents.vectors.T,
        names=Strings.of(contents.axes) if named else None,
        name_column=DIMENSION if named else "",
        columns=(),
        maps=(),
        images=None,
        rows=None,
        source_rows=None,
        warnings=warnings,
        mappable=False,
        file=None,
        own_index=None,
        axes=(),
        dtype=contents.dtype or contents.vectors.dtype.name,
    )


def _first(contents: Contents, rows: int) -> Contents:
    """The first rows, counted as the file does."""
    rows_of_file = len(contents.vectors) if contents.source_rows is None else contents.source_rows
    beyond = contents.beyond
    if rows < rows_of_file:
        beyond += rows_of_file - rows
        place = contents.rows
        last = rows if place is None else int(np.searchsorted(place, rows))
        contents = replace(_taken(contents, slice(0, last)), source_rows=rows, beyond=beyond)
    if not beyond:
        return contents
    about = "about " if contents.guessed else ""
    return replace(
        contents,
        warnings=(*contents.warnings, f"The first {min(rows, rows_of_file):,} rows; {about}{beyond:,} more follow."),
    )


def _taken(contents: Contents, rows: NDArray[np.int64] | slice) -> Contents:
    """The contents of some rows, in order, where they stand in the file."""
    count = len(contents.vectors)
    places = np.arange(count, dtype=np.int64)[rows]
    where = places if contents.rows is None else contents.rows[places]
    whole = isinstance(rows, slice) and contents.rows is None
    return replace(
        contents,
        vectors=contents.vectors[rows],
        names=None if contents.names is None else contents.names.take(places),
        columns=tuple(column.take(places) for column in contents.columns),
        images=None if contents.images is None else contents.images[places],
        maps=tuple(replace(given, positions=given.positions[places]) for given in contents.maps),
        rows=None if whole else where,
        mappable=False if len(places) < count else contents.mappable,
        file=None,
        own_index=None,
        dtype=contents.dtype or contents.vectors.dtype.name,
    )
