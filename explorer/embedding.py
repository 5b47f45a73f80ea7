"""Vectors of a column of text: a table that holds none gets them from an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.progress import Progress
from explorer.core.strings import Strings
from explorer.encoders.base import Encoder
from explorer.errors import BadFile, BadParameter
from explorer.formats import keeping, shaping
from explorer.formats.base import EMBED, Contents, Origin
from explorer.formats.cleaning import write_header
from explorer.formats.text_table import listed

AT_ONCE = 4096
"""How many texts an encoder is given at a time."""
READ_SHARE = 0.1
"""Which part of the work is the reading of the table."""
FILE = "embedded.npy"


def embedded(origin: Origin, encoder: Encoder) -> Origin:
    """The same table, with the vectors that the encoder makes of the column that the option `embed` names.

    Rows without text are left out, and counted. What was made is kept with the Dataset, so that it is made once.
    """

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        def reading(fraction: float | None, note: str = "") -> None:
            progress(None if fraction is None else READ_SHARE * fraction, note)

        # What nobody wants is not encoded: somebody may pay for each text.
        found = replace(shaping.shaped(origin.contents(options, folder, reading), options), beyond=0)
        column = _column(found.columns, options[EMBED.name])
        texts = column.strings()
        rows = np.array([row for row, text in enumerate(texts) if text.strip()], np.int64)
        if not len(rows):
            raise BadFile(origin.place, f"there is no text in its column “{column.name}”.")
        kept = texts if len(rows) == len(texts) else texts.take(rows)
        path = folder / FILE
        _write(kept, encoder, path, progress)
        facts = {**found.facts, "embedded": column.name, "encoder": encoder.title}
        made = replace(found, vectors=np.load(path, mmap_mode="r"), file=path, words=True, facts=facts, dtype="float32")
        return made if len(rows) == len(texts) else _of_rows(made, rows, len(texts), column.name)

    return replace(origin, contents=contents, key=(*origin.key, *encoder.stamp))


def _column(columns: tuple[Column, ...], asked: str) -> Column:
    """The column that was asked for. Raises BadParameter when it is not there, or holds numbers."""
    column = next((each for each in columns if each.name == asked), None)
    worded = ", ".join(each.name for each in columns if each.kind != "number") or "none"
    if column is None:
        raise BadParameter(f"There is no column “{asked}” to embed; columns of text: {worded}.")
    if column.kind == "number":
        raise BadParameter(f"The column “{asked}” holds numbers and no text to embed; columns of text: {worded}.")
    return column


def _write(texts: Strings, encoder: Encoder, path: Path, progress: Progress) -> None:
    """Encode the texts into a float32 `.npy` (n, d)."""
    count, dimensions = len(texts), 0
    with path.open("wb") as file:
        for first in range(0, count, AT_ONCE):
            batch = texts[first : first + AT_ONCE]
            vectors = encoder.encode(batch, _share(progress, encoder, first, len(batch), count))
            if not first:
                dimensions = vectors.shape[1]
                keeping.check_room(count * dimensions * 4)
                write_header(file, count, dimensions)
            file.write(np.ascontiguousarray(vectors, "<f4").data)


def _share(progress: Progress, encoder: Encoder, first: int, count: int, total: int) -> Progress:
    """The progress of one batch as a part of the whole, with how many texts are done."""
    done = float(first)

    def of_batch(fraction: float | None, note: str = "") -> None:
        nonlocal done
        if fraction is not None:
            done = first + fraction * count
        # Said again and again while an answer is waited for: some of what is said is not passed on.
        said = note or f"embedding {int(done):,} / {total:,}, {encoder.title}"
        progress(READ_SHARE + (1 - READ_SHARE) * done / total, said)

    return of_batch


def _of_rows(contents: Contents, rows: NDArray[np.int64], count: int, name: str) -> Contents:
    """The contents of those rows that have text; the vectors are of these already."""
    missing = np.setdiff1d(np.arange(count, dtype=np.int64), rows)
    one = len(missing) == 1
    source = missing if contents.rows is None else contents.rows[missing]
    where = listed("row", [f"#{row}" for row in source[:11].tolist()])
    warning = (
        f"{len(missing):,} {'row has' if one else 'rows have'} no text in “{name}” and "
        f"{'was' if one else 'were'} dropped: {where} (source rows, from 0)."
    )
    return replace(
        contents,
        names=None if contents.names is None else contents.names.take(rows),
        columns=tuple(column.take(rows) for column in contents.columns),
        rows=rows if contents.rows is None else contents.rows[rows],
        source_rows=count if contents.source_rows is None else contents.source_rows,
        warnings=(*contents.warnings, warning),
    )
