"""The pictures of a Dataset's rows: which column has them, and small copies of them beside the vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress
from explorer.errors import BadParameter
from explorer.formats import keeping, picture_cells, thumbnails
from explorer.formats.text_table import listed

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
OFF = "none"
LOOK = 200
"""So many cells tell whether a column holds paths of pictures."""
SHARE = 0.8
MOST_SECONDS = 30.0
"""Pictures that nobody asked for are made small only while that takes no longer."""
FILE = "thumbnails.bin"
AVERAGE_BYTES = 4096


def with_pictures(dataset: Dataset, asked: str | None, progress: Progress) -> Dataset:
    """The Dataset with thumbnails of the column that was asked for, or of the first that holds pictures.

    Pictures lie in cells of the file, or are files that a column names: local ones, by their path from the Dataset's
    file. Raises BadParameter when the column that was asked for holds none.
    """
    cells = picture_cells.columns_of(dataset.path) if dataset.path.is_file() else ()
    if asked is None:
        paths = next((column.name for column in dataset.columns if _names_pictures(column, dataset.path.parent)), None)
        name = next(iter(cells), paths)
    else:
        name = asked
        if name not in cells and dataset.column(name) is None:
            there = (
                ", ".join((*cells, *(column.name for column in dataset.columns if column.kind != "number"))) or "none"
            )
            raise BadParameter(
                f"images={asked} is neither a size such as 28x28 nor a column of pictures or of their paths; "
                f"columns: {there}."
            )
    if name is None:
        return dataset
    sources = _sources(dataset, name, in_cells=name in cells)
    path = dataset.folder / FILE
    keeping.check_room(dataset.rows * AVERAGE_BYTES, "Making thumbnails")
    packed = thumbnails.pack(sources, dataset.rows, path, progress, MOST_SECONDS if asked is None else float("inf"))
    if packed.seconds:
        about = f"{packed.seconds / 60:.0f} min" if packed.seconds > 90 else f"{packed.seconds:.0f} s"
        offer = f"Making the pictures of “{name}” small takes about {about}; to see them say --read images={name}."
        return replace(dataset, warnings=(*dataset.warnings, offer))
    lost = [*packed.missing, *packed.broken]
    if asked is not None and len(lost) == dataset.rows:
        raise BadParameter(
            f"images={asked}: none of its cells is a picture, or the path of one from the file's folder."
        )
    said = _said(dataset, name, packed.missing, "missing") + _said(
        dataset, name, packed.broken, "no picture, or too large"
    )
    kept = path if path.is_file() else None
    facts = {**dataset.facts, "pictures": name} if kept is not None else dataset.facts
    return replace(dataset, thumbnails_path=kept, warnings=(*dataset.warnings, *said), facts=facts)


def may_be(head: bytes, asked: str | None) -> bool:
    """Whether a file that begins so may name pictures, which are decoded when it is read."""
    if asked is not None:
        return asked != OFF
    # NumPy writes four bytes a letter.
    begin = head.replace(b"\0", b"").lower()
    return any(suffix.encode() in begin for suffix in SUFFIXES)


def _said(dataset: Dataset, name: str, rows: Sequence[int], what: str) -> tuple[str, ...]:
    """How many pictures are not there, and where."""
    if not rows:
        return ()
    one = len(rows) == 1
    where = listed("row", [f"#{dataset.source_row(row)}" for row in rows[:11]])
    verb = "picture" if one else "pictures"
    return (f"{len(rows):,} {verb} of “{name}” {'is' if one else 'are'} {what}: {where} (source rows, from 0).",)


def _sources(dataset: Dataset, name: str, *, in_cells: bool) -> Iterator[thumbnails.Source]:
    """The picture of each row."""
    if in_cells:
        rows = dataset.source_row_of if dataset.dropped or dataset.source_row_of is not None else None
        return picture_cells.pictures(dataset.path, name, rows)
    column = dataset.column(name)
    assert column is not None
    folder = dataset.path.parent
    return (local(cell, folder) for cell in column.strings())


def _names_pictures(column: Column, folder: Path) -> bool:
    """Whether the first cells of a column end as pictures do, and some of them are there."""
    if column.kind == "number":
        return False
    step = max(1, len(column) // LOOK)
    cells = [cell for row in range(0, len(column), step) if (cell := column.cell(row).strip())]
    named = [cell for cell in cells if cell.casefold().endswith(SUFFIXES)]
    if not cells or len(named) < SHARE * len(cells):
        return False
    return any((path := local(cell, folder)) is not None and path.is_file() for cell in named[:20])


def local(cell: str, folder: Path) -> Path | None:
    """The file that a cell names, from a folder; None for an address, and for what lies on another machine."""
    cell = cell.strip()
    if not cell or "\0" in cell or "://" in cell or cell.startswith(("\\\\", "//")):
        return None
    return folder / cell.replace("\\", "/")
