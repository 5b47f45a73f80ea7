"""From a file to a Dataset: recognise, read, clean, name, and keep for the next time."""

from __future__ import annotations

import contextlib
import secrets
import stat as modes
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from explorer import formats, room
from explorer.core import params
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, metric_named
from explorer.core.names import Names
from explorer.core.params import Param
from explorer.core.progress import Progress, silent
from explorer.core.strings import Strings
from explorer.errors import BadFile, BadParameter, ExplorerError, NoVectors, TooLarge
from explorer.formats import given_maps, joining, keeping, metadata, row_pictures, sampling, shaping
from explorer.formats.base import EMBED, Contents, Format, Origin
from explorer.formats.choosing import name_column, text_columns
from explorer.formats.cleaning import EXACT_FLOAT32, Health, converted, inspected
from explorer.formats.pictures import is_size, picture_size, write_pictures
from explorer.formats.refusal import foreign, refused

OPTIONS = (
    Param("vectors", "text", None, "The columns that make the vector: names, or a pattern such as p*."),
    EMBED,
    Param("name", "text", None, "The column that names the rows."),
    Param("images", "text", None, "Pictures of the rows: a column of them, or of their paths; or the vectors, 28x28."),
    Param("encoder", "text", None, "The text encoder that the vectors were made with, for queries in words."),
    joining.KEY,
    *shaping.OPTIONS,
)
"""What `--read key=value` may say, whatever the format."""
HEAD_BYTES = 1 << 16
FEW, WORDS = 2, 3
"""A vector of so few numbers, beside texts of so many words, may not be what was meant."""
MANY_ROWS, WIDE = 16, 8
"""A table of at least so many rows, and so many times as many columns of numbers, may be transposed."""
HEAD_ROWS = 200
"""So many records tell which columns hold text."""


def recognised(path: Path) -> Format:
    """The format of a file, by its content; the formats that its suffix suggests are asked first.

    Raises BadFile, in a sentence that says what to do, for what is missing, empty, a folder or of no known format.
    """
    head = head_of(path)
    kind = format_of(path, head) or last_resort(path, head)
    if kind is None:
        raise refused(path, head, formats.types().values())
    return kind


def head_of(path: Path) -> bytes:
    """The first 64 kB of a file, and nothing of a folder that is of a format.

    Raises BadFile for what is missing, empty, a folder of no format or cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if modes.S_ISDIR(mode):
            if format_of(path, b"") is None:
                raise BadFile(path, "it is a folder; name a file in it.")
            return b""
        if not modes.S_ISREG(mode):
            raise BadFile(path, "it is no ordinary file; copy what it holds into one.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise BadFile(path, "there is no such file.") from None
    except (OSError, ValueError) as error:
        raise BadFile(path, f"it cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not head:
        raise BadFile(path, "the file is empty.")
    return head


def format_of(path: Path, head: bytes) -> Format | None:
    """The format that recognises a file which begins so, or a folder; None when none does."""
    return _recognising(path, head, last_resort=False)


def last_resort(path: Path, head: bytes) -> Format | None:
    """The format that takes bytes which say nothing of themselves; None for those of another program's kind."""
    return None if foreign(path, head) else _recognising(path, head, last_resort=True)


def _recognising(path: Path, head: bytes, *, last_resort: bool) -> Format | None:
    folder = path.is_dir()
    kinds = [kind for kind in formats.types().values() if (kind.folder, kind.last_resort) == (folder, last_resort)]
    kinds.sort(key=lambda kind: path.suffix.casefold() not in kind.suffixes)
    return next((kind for kind in kinds if kind.recognises(path, head)), None)


def origin_of(path: Path) -> Origin:
    """A file as the origin of a Dataset; raises what `recognised` does."""
    kind = recognised(path)

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        return kind.read_into(path, options, folder, progress)

    # A file beside it that is not there has no stamp; whoever reads it says so.
    others = tuple(keeping.stamp(other) for other in kind.others(path) if other.exists())
    return Origin(path, kind.name, kind.title, contents, kind.options, kind.chooses_columns, others)


def read(
    path: Path,
    *,
    metadata: Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    title: str | None = None,
    facts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Dataset:
    """The Dataset of a file of any format, see `made`; `recognised` says what it raises besides."""
    origin = origin_of(Path(path))
    return made(origin, metadata=metadata, options=options, metric=metric, title=title, facts=facts, progress=progress)


def made(
    origin: Origin,
    *,
    metadata: Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    title: str | None = None,
    facts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Dataset:
    """The Dataset of an origin; at once when it was read before and its file has not changed. Of what a URL names the
    one that was read before is dropped first, unless somebody has it open.

    `metadata` is a table with one record for each row (otherwise NAME.tsv or NAME.csv beside the file, if it fits);
    `options` are those of `OPTIONS` and of the origin; `metric` overrules the file's own and the guess; `title` and
    `facts` are shown with it. Raises BadFile, BadParameter or TooLarge, each in one sentence.
    """
    path = origin.path
    wanted_metric = None if metric is None else metric_named(metric)
    asked = checked(origin, options or {})
    table, explicit = (Path(metadata), True) if metadata is not None else (table_beside(origin), False)
    before = None if origin.url else keeping.stamp(path)
    more = dict(facts or {}) if facts else None
    name = keeping.key(before, origin.name, origin.key, asked, table and keeping.stamp(table), explicit, title, more)
    if before is None:
        keeping.forget_url(origin.url)
        name = keeping.key(name, secrets.token_hex(8))
    dataset = keeping.kept(name)
    if dataset is None:
        try:
            with keeping.new_folder() as folder:
                read = origin.contents(shaping.heeded(asked), folder, _part(progress, 0.0, 0.6))
                contents = shaping.shaped(read, asked)
                contents = with_table(contents, table, explicit, asked.get("key"), _part(progress, 0.6, 0.7))
                dataset = _made(origin, contents, asked, folder, _part(progress, 0.7, 1.0))
                if read.file is not None and dataset.vectors_path != read.file:
                    _remove_when_possible(read.file)
                # Windows renames no folder with a mapped file in it.
                del read, contents
                dataset = replace(dataset, title=title or path.name, facts={**dataset.facts, **(facts or {})})
                if before is not None and not keeping.same(path, before):
                    raise BadFile(path, "the file changed while it was read; open it again.")
                dataset = keeping.keep(dataset, name)
        except MemoryError:
            what = "more memory than there is, or than a file of its size has need of"
            raise TooLarge(
                f"{origin.place}: reading this takes {what}; it may be damaged, or packed to do harm."
            ) from None
        except ExplorerError:
            raise
        except OSError as error:
            raise BadFile(origin.place, f"it cannot be read: {error.strerror or error}.") from None
    progress(1.0, "read")
    return dataset if wanted_metric is None else replace(dataset, metric=wanted_metric)


def checked(origin: Origin, options: Mapping[str, str]) -> dict[str, str]:
    """The options as the origin and this module understand them."""
    known = {param.name: param for param in (*OPTIONS, *origin.options)}
    asked = {key: str(value) for key, value in params.checked(tuple(known.values()), options, origin.title).items()}
    if "vectors" in asked and not origin.chooses_columns:
        raise BadParameter(f"vectors={asked['vectors']} chooses columns of a table, and {origin.title} has none.")
    if EMBED.name in asked and not origin.chooses_columns:
        raise BadParameter(f"embed={asked[EMBED.name]} names a column of a table, and {origin.title} has none.")
    if EMBED.name in asked and "vectors" in asked:
        raise BadParameter("vectors= and embed= exclude each other: the vectors are in the table, or made of its text.")
    if EMBED.name in asked and asked.get("orientation") == "columns":
        raise BadParameter("embed= takes the rows of a table; leave out orientation=columns.")
    return asked


def table_beside(origin: Origin) -> Path | None:
    """The table that belongs to a file by its name; a table itself needs none."""
    return None if origin.chooses_columns or origin.url else metadata.beside(origin.path)


def with_table(contents: Contents, table: Path | None, explicit: bool, key: str | None, progress: Progress) -> Contents:
    """The contents with the columns of the table added; one that was only found by its name may fail to fit."""
    if table is None:
        if key is not None:
            raise BadParameter(f"key={key} joins a metadata table to the rows, and none was given; name it.")
        return contents
    try:
        added = metadata.added(contents, table, key, progress)
        fresh = added.columns[len(contents.columns) :]
        # Where the file has all of it itself, a table that only lies beside it adds nothing.
        own = not explicit and fresh and all(column.name.endswith(f" ({table.name})") for column in fresh)
        return contents if own else added
    except BadFile as error:
        if explicit:
            raise
        warning = f"The table beside it was left out: {error}"
        return replace(contents, warnings=(*contents.warnings, warning))


def _made(origin: Origin, contents: Contents, options: Mapping[str, str], folder: Path, progress: Progress) -> Dataset:
    """The Dataset in `folder`, not saved yet."""
    vectors = contents.vectors
    source, dimensions = vectors.shape
    if not dimensions:
        _has_no_vectors(origin, contents)
    shown = options.get("images")
    size = picture_size(shown, dimensions) if shown is not None and is_size(shown) else None
    names, called = _names(contents, options.get("name"))
    vectors_path, offset = contents.file or origin.path.absolute(), contents.offset
    health = inspected(vectors, progress) if contents.mappable or contents.file else None
    if health is None or len(health.bad):
        sampling.check_room(source, dimensions * (4 if size is None else 5), "Converting this file")
        vectors_path, offset = folder / "vectors.npy", None
        health = converted(vectors, vectors_path, progress)
    if not health.good_rows:
        raise BadFile(origin.place, f"none of its {source:,} rows is usable: all hold NaN, infinity or no number.")
    rows, columns = contents.rows, contents.columns
    if len(health.bad):
        good = health.good
        rows = good if rows is None else rows[good]
        columns = tuple(column.take(good) for column in columns)
        names = None if names is None else names.take(good)
    maps, lost = given_maps.kept(contents.maps, health.good if len(health.bad) else None, folder)
    stat = vectors_path.stat()
    dataset = Dataset(
        folder=folder,
        path=vectors_path if origin.url else origin.path.absolute(),
        title=origin.path.name,
        format=contents.format or origin.name,
        vectors_path=vectors_path,
        vectors_offset=offset,
        rows=health.good_rows,
        dimensions=dimensions,
        dtype=contents.dtype or vectors.dtype.name,
        metric=_metric(contents, health, options),
        stamp=(stat.st_size, stat.st_mtime_ns),
        source_rows=source if contents.source_rows is None else contents.source_rows,
        source_row_of=rows,
        left_out=contents.left_out,
        names=None if names is None else Names.of(names),
        name_column=called,
        columns=columns,
        warnings=(*contents.warnings, *_warnings(contents, health), *_doubts(origin, contents, options), *lost),
        maps=maps,
        zero_rows=health.zero_rows,
        own_index=None if len(health.bad) else contents.own_index,
        encoder=options.get("encoder", ""),
        facts={**contents.facts, **({"source": origin.url} if origin.url else {})},
    )
    pictures = folder / "images.npy"
    if shown is None and contents.images is not None:
        np.save(pictures, contents.images if not len(health.bad) else contents.images[health.good])
        return replace(dataset, images_path=pictures)
    if size is None:
        without = shown == row_pictures.OFF or bool(origin.url)
        return dataset if without else row_pictures.with_pictures(dataset, shown, progress)
    keeping.check_room(health.good_rows * dimensions)
    write_pictures(dataset.vectors, size, pictures)
    return replace(dataset, images_path=pictures)


def _doubts(origin: Origin, contents: Contents, options: Mapping[str, str]) -> tuple[str, ...]:
    """What to say of a table whose vector is only a number or two about a text, or about the rows of something else,
    or that may be transposed."""
    dimensions = contents.vectors.shape[1]
    if not origin.chooses_columns or dimensions > FEW or contents.words:
        return _transposed(origin, contents, options)
    packed = {column.name: column.values for column in contents.columns if isinstance(column.values, Strings)}
    texts = {name: [text for text in values[:HEAD_ROWS] if text.strip()] for name, values in packed.items()}
    likeliest = next(iter(text_columns(texts)), None)
    if likeliest is None or sum(len(text.split()) for text in texts[likeliest]) < WORDS * len(texts[likeliest]):
        alone = dimensions == 1 and contents.columns and "vectors" not in options
        about = "a table about the rows of a set is no set: open that, and add the table to it as metadata."
        return (f"The vector is one column of numbers; {about}",) if alone else ()
    what = "one column" if dimensions == 1 else f"{dimensions} columns"
    return (f"The vector is {what} of numbers; to look at the text instead, say --read embed={likeliest}.",)


def _transposed(origin: Origin, contents: Contents, options: Mapping[str, str]) -> tuple[str, ...]:
    """What to say of a table that may hold its vectors as columns."""
    rows, dimensions = contents.vectors.shape
    given = {"orientation", "vectors", "rows", "sample"} & options.keys()
    if not origin.chooses_columns or given or not rows >= MANY_ROWS or dimensions < WIDE * rows:
        return ()
    return ("It is far wider than long: if its columns are the vectors, say --read orientation=columns.",)


def _has_no_vectors(origin: Origin, contents: Contents) -> NoReturn:
    """Say what can be done with a table that holds none."""
    columns = [column for column in contents.columns if column.kind != "number"]
    if texts := text_columns({column.name: column.strings()[:HEAD_ROWS] for column in columns}):
        raise NoVectors(origin.place, texts)
    there = ", ".join(column.name for column in contents.columns) or "none"
    raise BadFile(origin.place, f"no column of this table holds numbers to be taken as the vector; columns: {there}.")


def _remove_when_possible(file: Path) -> None:
    """Windows removes no mapped file; it then goes with its folder."""
    with contextlib.suppress(OSError):
        file.unlink()


def _names(contents: Contents, asked: str | None) -> tuple[Strings | None, str]:
    """The rows' names and the column they are from."""
    if contents.names is not None and asked in (None, contents.name_column):
        return contents.names, contents.name_column
    column = name_column(contents.columns, asked)
    return (None, "") if column is None else (column.strings(), column.name)


def _metric(contents: Contents, health: Health, options: Mapping[str, str]) -> Metric:
    """The metric it is opened with (DESIGN 5)."""
    if contents.metric is not None:
        return contents.metric
    return "cosine" if contents.words or options.get("encoder") or health.unit else "euclidean"


def _warnings(contents: Contents, health: Health) -> Sequence[str]:
    """What people should know about the vectors."""
    rows, found = contents.rows, []
    if len(health.bad):
        source = health.bad[:10] if rows is None else rows[health.bad[:10]]
        where = ", ".join(f"#{row}" for row in source) + (" …" if len(health.bad) > 10 else "")
        found.append(
            f"Dropped {len(health.bad):,} of {health.rows:,} rows with NaN, infinity or no number: "
            f"{where} (source rows, from 0)."
        )
        if contents.own_index is not None:
            found.append("With rows dropped, the index's own numbers are no longer the rows': it is left out.")
    if health.zero_rows:
        one = health.zero_rows == 1
        found.append(
            f"{health.zero_rows:,} {'row is' if one else 'rows are'} all zeros and {'has' if one else 'have'} no "
            "cosine: under cosine no answer holds them."
        )
    size, memory = health.good_rows * contents.vectors.shape[1] * 4, room.memory()
    if size > memory:
        found.append(
            f"The vectors take {room.readable(size)}, and this machine has {room.readable(memory)} of memory: they are "
            "read from the disk as they are needed, and everything takes longer; a sample would not (--read sample=N)."
        )
    if health.good_rows == 1:
        found.append("There is a single row: it has no neighbours, and there is no map to draw.")
    elif health.same:
        found.append("All rows are equal: every distance is the same, and the map is one point.")
    if health.rounded:
        found.append(f"Whole numbers beyond {EXACT_FLOAT32:,} are rounded, for the vectors are used as float32.")
    return found


def _part(progress: Progress, start: float, end: float) -> Progress:
    """The Progress of one part of the work."""

    def of_part(fraction: float | None, note: str = "") -> None:
        progress(None if fraction is None else start + (end - start) * fraction, note)

    return of_part
