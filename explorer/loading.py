"""What people name, a file of vectors, an index file, `sample:NAME` or something on a server, as a Dataset."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.core.metric import metric_named
from explorer.core.progress import Progress, silent
from explorer.core.strings import Strings
from explorer.embedding import embedded
from explorer.encoders import DEFAULT, encoder_named
from explorer.encoders.base import Encoder
from explorer.errors import BadFile, BadParameter, Unavailable
from explorer.formats import metadata as tables
from explorer.formats import preview, reading, refusal, row_pictures, several
from explorer.formats.base import ARRAY, EMBED, Contents, Origin
from explorer.formats.preview import Preview
from explorer.indexes import saved
from explorer.indexes.base import IndexType
from explorer.indexes.saved import IndexFile
from explorer.samples import sample_named
from explorer.servers import client as clients
from explorer.servers import passwords
from explorer.servers.abilities import abilities
from explorer.servers.address import Named, is_server, named
from explorer.servers.catalogue import SET, Holding, holding_named
from explorer.servers.client import Client

SAMPLE = "sample:"
LABEL = "label"
CHOOSING = {ARRAY.name, EMBED.name, "vectors"}
"""The options that say what of a file is the vectors."""


def load(
    source: str | Path,
    *,
    metadata: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    vectors: str | Path | None = None,
    dimensions: int | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Open a file of vectors, an index file with the vectors that it holds, a sample set as `sample:NAME`, or what lies
    on a server as `redis://HOST/0?key=NAME`.

    A table that holds text and no vectors raises NoVectors; with the option `embed` a column of it is made vectors of.
    `metadata` is a table with a record for each row, `options` are what `--read key=value` may say, `metric` overrules
    the Dataset's own. For an index file, `dimensions` and `metric` say what it does not; or `vectors` is a file of what
    it was built of. Raises BadFile (Untold when an index file leaves something to be told), BadParameter or TooLarge;
    of a server PasswordNeeded, KeyNeeded, ServerFailed or Unavailable.
    """
    table = None if metadata is None else Path(metadata)
    given = dict(options or {})
    if EMBED.name in given:
        given.setdefault("encoder", DEFAULT)
    encoder = encoder_named(given["encoder"]) if "encoder" in given else None
    if encoder is not None:
        given["encoder"] = encoder.name
    if isinstance(source, str) and is_server(source):
        if vectors is not None or dimensions is not None:
            raise BadParameter("--vectors and --dimensions go with an index file; what lies on a server is complete.")
        dataset = _from_server(named(source), table, given, metric, progress)
    else:
        dataset = _from_file(source, table, given, encoder, metric, vectors, dimensions, progress)
    if encoder is not None and encoder.dimensions not in (None, dataset.dimensions):
        raise BadParameter(
            f"encoder={encoder.name} makes {encoder.dimensions} numbers; the vectors here have {dataset.dimensions}."
        )
    return dataset


def check_chosen(source: str | Path, options: Mapping[str, str]) -> None:
    """Raise Unchosen for a file of several arrays, any of which may as well be the vectors, where the options name
    none; `load` takes the first of them. Only headers are read, so that some formats go unasked. Raises BadFile."""
    path = path_of(source)
    if path is None or CHOOSING & options.keys():
        return
    kind = reading.format_of(path, reading.head_of(path))
    if kind is not None and not kind.parts_take_all:
        several.check_chosen(path, kind.parts(path))


def path_of(source: str | Path) -> Path | None:
    """The file or folder that is named; None for a sample set, and for what lies on a server."""
    if isinstance(source, str) and (source.startswith(SAMPLE) or is_server(source)):
        return None
    return Path(source).expanduser()


def reader_of(source: str | Path) -> str:
    """The title of the format or the index type that reads a file; empty where that is not known."""
    if (path := path_of(source)) is None:
        return ""
    try:
        kind = reading.format_of(path, reading.head_of(path))
    except BadFile:
        return ""
    index = _index_kind(path)
    return kind.title if kind is not None else "" if index is None else f"{index.title} index"


def family_of(source: str | Path) -> str:
    """Whose libraries `load` of an index file brings into its process; empty for everything else."""
    path = path_of(source)
    kind = None if path is None else _index_kind(path)
    return "" if kind is None else kind.family


def _index_kind(path: Path) -> IndexType | None:
    try:
        index = _index_file(path, None, None)
    except BadFile:
        return None
    return None if index is None else index.kind


def broke_down(source: str | Path, how: str) -> BadFile:
    """What to say when a library ended the process that read a file, `how` such as “a library crashed”."""
    reader = reader_of(source)
    return BadFile(
        source,
        f"what reads {reader or 'it'} broke down on it ({how}); it is damaged, or was made to do harm: write it "
        "anew with what made it, or save its vectors with numpy.save.",
    )


def is_native(
    source: str | Path,
    *,
    metadata: str | Path | None = None,
    vectors: str | Path | None = None,
    options: Mapping[str, str] | None = None,
) -> bool:
    """Whether `load` of these hands bytes that somebody made to a native library. Raises BadFile as `load` does.

    Tables beside the vectors count, and pictures that a table names; what came with the program does not.
    """
    path = path_of(source)
    if path is None:
        return metadata is not None
    head = reading.head_of(path)
    kind = reading.format_of(path, head)
    if kind is None:
        return refusal.foreign(path, head) is None
    if kind.native or row_pictures.may_be(head, (options or {}).get("images")):
        return True
    return bool(metadata or vectors) or tables.beside(path) is not None


def previewed(
    source: str | Path,
    *,
    metadata: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    dimensions: int | None = None,
    progress: Progress = silent,
) -> Preview:
    """What `load` would make of a file, of an index file or a sample set, from its headers and first rows.

    What cannot be read as it stands is the Preview's `problem`. Raises BadFile for what nothing here recognises, and
    Untold as `load` does.
    """
    given, table = dict(options or {}), None if metadata is None else Path(metadata)
    if isinstance(source, str) and source.startswith(SAMPLE):
        sample = sample_named(source.removeprefix(SAMPLE))
        return preview.previewed(sample.vectors, {**sample.options, **given}, table or sample.metadata, progress)
    path = Path(source).expanduser()
    index = _index_file(path, dimensions, metric)
    if index is None:
        return preview.previewed(path, given, table, progress)
    found = Preview(path, index.kind.name, f"{index.kind.title} index", reading.OPTIONS, given)
    return preview.of_origin(_origin(index), found, table, progress)


def _from_file(
    source: str | Path,
    table: Path | None,
    given: dict[str, str],
    encoder: Encoder | None,
    metric: str | None,
    vectors: str | Path | None,
    dimensions: int | None,
    progress: Progress,
) -> Dataset:
    facts: dict[str, str] = {}
    if isinstance(source, str) and source.startswith(SAMPLE):
        sample = sample_named(source.removeprefix(SAMPLE))
        path, title = sample.vectors, sample.title
        table = table or sample.metadata
        given = {**sample.options, **given}
        metric = metric or sample.metric
        said = {"sample": sample.name, "colour": sample.colour, "licence": sample.licence}
        facts = {key: value for key, value in said.items() if value}
    else:
        path, title = Path(source).expanduser(), None
    index = _index_file(path, dimensions, metric)
    if index is None and (vectors is not None or dimensions is not None):
        option = "--dimensions" if vectors is None else "--vectors"
        raise BadParameter(f"{option} goes with an index file, and {path} is a file of vectors.")
    if index is None or vectors is not None:
        origin = reading.origin_of(path if vectors is None else Path(vectors).expanduser())
    else:
        origin = _origin(index)
    if encoder is not None and EMBED.name in given:
        origin = embedded(origin, encoder)
    dataset = reading.made(
        origin, metadata=table, options=given, metric=metric, title=title, facts=facts, progress=progress
    )
    if index is None or vectors is None:
        return dataset
    # Its metric is that of the whole; and who names it wants to know now whether it belongs to them.
    handle = saved.open_saved(path, dataset, index.metric, progress)
    return replace(dataset, metric=handle.metric, own_index=path.absolute())


def _from_server(
    wanted: Named, table: Path | None, given: dict[str, str], metric: str | None, progress: Progress
) -> Dataset:
    from explorer.sources import redis

    if reason := clients.unavailable():
        raise Unavailable(reason)
    if wanted.password:
        passwords.hold(wanted.address, wanted.password)
    with contextlib.closing(Client(wanted.address)) as client:
        progress(None, f"asking {wanted.address.place}")
        server = abilities(client, progress)
        holding = holding_named(client, wanted, progress)
        origin = _with_its_index(redis.origin(client, holding, wanted, progress), holding, wanted)
        facts = {"server": server.title, "kind": "vector set" if holding.kind == SET else "search index"}
        facts |= dict(holding.params)
        dataset = reading.made(
            origin, metadata=table, options=given, metric=metric, title=holding.title, facts=facts, progress=progress
        )
    # By another metric than the server's its index has no say.
    return dataset if dataset.metric == holding.metric else replace(dataset, own_index=None)


def _with_its_index(origin: Origin, holding: Holding, wanted: Named) -> Origin:
    """The same, and the index that the server has of all of it is opened with it: not with a sample, most neighbours
    of which are no part of it, and not with vectors that the server has projected, for it takes none of those."""
    from explorer.indexes.redis import description

    said = dict(holding.params)

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        found = origin.contents(options, folder, progress)
        if "sample" in options or "reduce" in said:
            return found
        path = folder / f"index{description.SUFFIX}"
        about = description.Description(
            type=holding.kind,
            url=wanted.address.url,
            name=holding.name,
            keys=holding.keys,
            rows=len(found.vectors),
            dimensions=holding.dimensions,
            metric=holding.metric,
            called="keys" if found.names is None else "names",
            params={"server": wanted.address.url, **said},
            field=holding.field,
        )
        description.write(path, about)
        return replace(found, own_index=path)

    return replace(origin, contents=contents)


def _index_file(path: Path, dimensions: int | None, metric: str | None) -> IndexFile | None:
    """An index file; None for what a file format recognises, and for what is no index either.

    Raises BadFile for what is missing, empty, or a folder.
    """
    head = reading.head_of(path)
    if reading.format_of(path, head) is not None or refusal.foreign(path, head) is not None:
        return None
    if reading.last_resort(path, head) is not None and not saved.recognised(path):
        return None
    return saved.index_file(path, dimensions, None if metric is None else metric_named(metric))


def _origin(index: IndexFile) -> Origin:
    """An index file as the origin of a Dataset."""

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        held = index.contents(progress)
        reason = index.kind.unavailable()
        answers = held.answers and held.labels is None and reason is None
        warnings = held.notes if reason is None else (*held.notes, f"The index itself cannot answer here. {reason}")
        labels = held.labels
        if labels is not None:
            warnings = (*warnings, _relabelled(labels))
        return Contents(
            held.vectors,
            names=None if labels is None else Strings.of(str(label) for label in labels.tolist()),
            name_column="" if labels is None else LABEL,
            columns=() if labels is None else (Column(LABEL, "number", labels.astype(np.float64), whole=True),),
            warnings=warnings,
            metric=held.metric,
            own_index=index.path.absolute() if answers else None,
        )

    kind = index.kind
    return Origin(
        index.path, kind.name, f"{kind.title} index", contents, key=(index.dimensions, index.metric, kind.unavailable())
    )


def _relabelled(labels: NDArray[Any]) -> str:
    """What to say of vectors whose numbers in the index are not the rows; they name the rows instead."""
    return (
        f"The vectors bear the numbers {int(labels[0])} … {int(labels[-1])} in the index, in whose order they stand "
        f"here; as these are not the rows 0 … {len(labels) - 1}, the index itself cannot answer."
    )
