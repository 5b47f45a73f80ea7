"""The contract of a file format: one file in this folder, with its formats in `TYPES`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.metric import Metric
from explorer.core.params import Param
from explorer.core.progress import Progress
from explorer.core.strings import Strings
from explorer.formats.blocks import Blocks


@dataclass(frozen=True, eq=False)
class GivenMap:
    """A map that a file holds beside its vectors: positions (n, 2) of any real dtype, under the name it bears there."""

    name: str
    positions: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Contents:
    """What a file holds, before cleaning: `formats.reading` drops bad rows, converts, and makes a Dataset of it.

    `vectors` is (n, d) of any real dtype, possibly mapped or read as they are asked for, with one row for each record
    that the format could read; (n, 0) from a table that has none, or that was asked to embed a column: all that it
    holds is in `columns` then. `rows` says where those stand among the `source_rows` records of the file (None: all of
    them, in order); names and columns have n entries as well. `mappable` says that `path` itself can be mapped: from
    the byte `offset` on it holds them all as float32 in C order, or, without one, it is a `.npy` that does.
    """

    vectors: NDArray[Any] | Blocks
    names: Strings | None = None
    name_column: str = ""
    columns: tuple[Column, ...] = ()
    rows: NDArray[np.int64] | None = None
    source_rows: int | None = None
    warnings: tuple[str, ...] = ()
    mappable: bool = False
    offset: int | None = None
    metric: Metric | None = None
    words: bool = False
    """The rows are words or texts, so that cosine is the natural metric."""
    file: Path | None = None
    """The float32 C-order `.npy` in the Dataset's folder that `vectors` is mapped from; None when it is elsewhere."""
    format: str = ""
    """The format as people know it, where that is more than the name of the origin's: “csv, packed by gzip”."""
    title: str = ""
    """The same in words, such as “Comma-separated table, packed by gzip”."""
    dtype: str = ""
    """The element type where they come from, when that is not the one of `vectors`."""
    own_index: Path | None = None
    """The index that they came with, where its numbers are the rows: it is no index of them once a row is dropped."""
    axes: tuple[str, ...] = ()
    """The names of the d dimensions, where the file has any; they name the rows where its axes are swapped."""
    left_out: int = 0
    """How many of the source rows were not drawn for a sample; those are no dropped ones."""
    beyond: int = 0
    """How many records follow the first ones, where only these were asked for (`rows`); source rows end before them."""
    guessed: bool = False
    """Nobody counted what is beyond: it follows from the size of the file."""
    images: NDArray[np.uint8] | None = None
    """Pictures of the rows, (n, height, width) grey or (n, height, width, 3) in red, green and blue."""
    maps: tuple[GivenMap, ...] = ()
    """The maps that the file holds, the likeliest first."""
    facts: dict[str, str] = field(default_factory=dict)
    """More to show about the file, such as which columns were taken as the vector."""


@dataclass(frozen=True)
class Part:
    """One array of a file that holds several: a member, a tensor, a column of lists. Any may be the vectors; `name` is
    what `--read array=NAME` says. `shape` is (n, d) where the file tells it, with −1 for what it does not."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    note: str = ""
    """Why it cannot be the vectors, or what it is, where that is known."""
    readable: bool = True
    """Whether it can be read here at all; `note` says why not."""


ARRAY = Param("array", "text", None, "Which of the file's arrays holds the vectors.")
"""The option of every format whose files may hold several."""


EMBED = Param(
    "embed", "text", None, "The column of text to make vectors of, by `encoder` (otherwise the built-in one)."
)
"""The option of every table: then none of its columns is the vector, and all of them are metadata."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Where contents come from: a file of some format, or whatever else can be told by a file, or by a URL.

    `contents(options, folder, progress)` reads them; the options are checked by then, and what is written into the
    folder becomes part of the Dataset. `name` becomes the Dataset's format, `title` is what people are told of it. What
    is read depends on the file at `path`, on the options, and on `key`, which may hold anything that JSON can.

    With a `url` there is no path. Nothing says whether what it names has changed, so it is read anew each time.
    """

    path: Path
    name: str
    title: str
    contents: Callable[[Mapping[str, str], Path, Progress], Contents]
    options: tuple[Param, ...] = ()
    chooses_columns: bool = False
    key: tuple[object, ...] = ()
    url: str = ""

    @property
    def place(self) -> str:
        """What people are told went wrong when something does."""
        return self.url or str(self.path)


class Format(ABC):
    """A file format. Content decides, not the suffix: suffixes only order the formats that are asked."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    options: tuple[Param, ...] = ()
    """What `--read key=value` may say to this format, besides what `reading.OPTIONS` holds for all."""
    chooses_columns: bool = False
    """A table: `vectors=` says which of its columns make the vector, `embed=` which one to embed, and it needs no other
    table beside it."""
    native: bool = False
    """Read by a library that hostile bytes may crash, so that it is read in a process of its own."""
    folder: bool = False
    """What is read is a folder: `recognises` is asked of folders, with an empty head, and of no file."""
    parts_take_all: bool = False
    """`parts` has to read the whole file, and not only its head."""
    last_resort: bool = False
    """Any bytes could be it, so it is asked only about what no other format recognises, and no type of index."""
    rank: int = 100
    """Which format is asked first when several recognise a file: the lower, the earlier."""

    @abstractmethod
    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether the file, of which `head` is the first 64 kB, is of this format. Cheap, and never raises."""

    def parts(self, path: Path) -> tuple[Part, ...]:
        """The arrays that the file holds, the likeliest vectors first; none where there is nothing to choose.

        Cheap unless `parts_take_all`: it reads headers and no data. Raises BadFile.
        """
        return ()

    def records(self, path: Path, options: Mapping[str, str], progress: Progress) -> tuple[Column, ...] | None:
        """The columns about the rows of a table, and not its vectors, of which it need have none; None where the file
        is no table.

        This is what is read of metadata, and shown of a table whose vectors nobody has found. Raises BadFile.
        """
        if not self.chooses_columns:
            return None
        # Asked to embed a column, a table gives all that it holds as columns.
        return self.read(path, {**options, EMBED.name: ""}, progress).columns

    def others(self, path: Path) -> tuple[Path, ...]:
        """The files beside it that are read with it: when one of them changes, what was made of it is made anew.

        Never raises.
        """
        return ()

    @abstractmethod
    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read the file. Raises BadFile with one sentence that names the line, byte or shape that is wrong, Unchosen
        where something has to be chosen first.

        `rows` and `sample` among the options are applied to what is returned; a format that parses its file heeds them
        itself (see `formats.sampling`), so that what nobody wants is not kept.
        """

    def read_into(self, path: Path, options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        """The same, where what would have to be in memory may be written into the Dataset's `folder` instead."""
        return self.read(path, options, progress)
