"""What people name, a file, `sample:NAME` or something on a server, as a Dataset."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from explorer.core.dataset import Dataset
from explorer.core.progress import Progress, silent
from explorer.encoders import encoder_named
from explorer.errors import BadParameter, Unavailable
from explorer.formats import reading
from explorer.formats.base import Contents, Origin
from explorer.indexes.redis import description
from explorer.indexes.redis.description import Description
from explorer.samples import sample_named
from explorer.servers import client as clients
from explorer.servers import passwords
from explorer.servers.abilities import abilities
from explorer.servers.address import Named, is_server, named
from explorer.servers.catalogue import SET, Holding, holding_named
from explorer.servers.client import Client
from explorer.sources import redis

SAMPLE = "sample:"


def load(
    source: str | Path,
    *,
    metadata: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    metric: str | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Open a file of vectors, a sample set as `sample:NAME`, or what lies on a server as `redis://HOST/0?key=NAME`.

    `metadata` is a table with a record for each row, `options` are what `--read key=value` may say, `metric` overrules
    the Dataset's own. Raises BadFile, BadParameter or TooLarge; also PasswordNeeded, ServerFailed, Unavailable.
    """
    table = None if metadata is None else Path(metadata)
    given = dict(options or {})
    encoder = encoder_named(given["encoder"]) if "encoder" in given else None
    if isinstance(source, str) and is_server(source):
        dataset = _from_server(named(source), table, given, metric, progress)
    else:
        dataset = _from_file(source, table, given, metric, progress)
    if encoder is not None and encoder.dimensions != dataset.dimensions:
        raise BadParameter(
            f"encoder={encoder.name} makes {encoder.dimensions} numbers; the vectors here have {dataset.dimensions}."
        )
    return dataset


def _from_file(
    source: str | Path, table: Path | None, given: dict[str, str], metric: str | None, progress: Progress
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
    return reading.read(path, metadata=table, options=given, metric=metric, title=title, facts=facts, progress=progress)


def _from_server(
    wanted: Named, table: Path | None, given: dict[str, str], metric: str | None, progress: Progress
) -> Dataset:
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
        return reading.made(
            origin,
            metadata=table,
            options=given,
            metric=metric,
            title=holding.title,
            facts=facts,
            progress=progress,
        )


def _with_its_index(origin: Origin, holding: Holding, wanted: Named) -> Origin:
    """The same, and the index that the server has of all of it is opened with it: not with a sample, most neighbours
    of which are no part of it, and not with vectors that the server has projected, for it takes none of those."""
    said = dict(holding.params)

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        found = origin.contents(options, folder, progress)
        if "sample" in options or "reduce" in said:
            return found
        path = folder / f"index{description.SUFFIX}"
        about = Description(
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
