"""Pushing a Dataset to a server: in batches, with progress, to be stopped and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as replaced
from typing import Any

import numpy as np

from explorer.core.column import Column
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter, PushUnfinished, ServerFailed, TooLarge
from explorer.indexes.graphs import ready
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.store import Store
from explorer.room import readable
from explorer.servers import manifest, removing
from explorer.servers.abilities import Abilities
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest

BATCH_BYTES = 1 << 19
MOST_AT_ONCE = 500
LIMIT_SECONDS = 60.0
"""How long a server may take for a batch."""


def push(
    client: Client,
    store: Store,
    wanted: Manifest,
    dataset: Dataset,
    elements: Elements | Numbered,
    server: Abilities,
    progress: Progress = silent,
    *,
    replace: bool = False,
) -> bool:
    """Put all rows of a Dataset on the server; whether anything of it was not there before.

    The same push that was stopped is gone on with, one that is complete is left as it is. Raises BadParameter when
    something else bears the name and is not to be replaced, TooLarge, ServerFailed, Cancelled.
    """
    done, fresh = _begun(client, store, wanted, progress, replace=replace)
    if done >= wanted.rows:
        return False
    _check_memory(store, wanted.rows - done, dataset, server)
    manifest.write(client, replaced(wanted, written=done), progress)
    try:
        store.create(client, dataset.columns, progress)
        size = max(1, min(MOST_AT_ONCE, BATCH_BYTES // (4 * dataset.dimensions)))
        for start in range(done, dataset.rows, size):
            progress(start / dataset.rows, f"row {start:,} of {dataset.rows:,}")
            stop = min(start + size, dataset.rows)
            vectors = ready(dataset.vectors[start:stop], wanted.metric)
            called = [elements[row] for row in range(start, stop)]
            added = store.additions(start, called, vectors, list(attributes(dataset, start, stop)))
            client.gather([command for _, command in added], [key for key, _ in added], progress, LIMIT_SECONDS)
            done = stop
            client.ask("HSET", wanted.key, "written", done, key=wanted.key, progress=progress)
        store.settle(client, wanted.rows, progress)
    except ServerFailed as error:
        so_far = f"{done:,} of {wanted.rows:,} rows are on the server as {wanted.name}"
        raise PushUnfinished(f"{error} {so_far}; build again to go on, or remove it.") from error
    return fresh


def attributes(dataset: Dataset, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """The metadata of rows start … stop: numbers as numbers, the rest as text, without what is missing."""
    for row in range(start, stop):
        yield {column.name: value for column in dataset.columns if (value := _value(column, row)) is not None}


def _value(column: Column, row: int) -> float | int | str | None:
    if column.kind == "number":
        number = float(column.values[row])
        if not np.isfinite(number):
            return None
        return int(number) if column.whole else number
    return column.cell(row) or None


def _begun(client: Client, store: Store, wanted: Manifest, progress: Progress, *, replace: bool) -> tuple[int, bool]:
    """How many rows are there of this very push, and whether it begins now."""
    found = manifest.read(client, wanted.name, progress)
    if found is not None and found.same(wanted):
        complete = found.complete and store.count(client, progress) == wanted.rows
        return (wanted.rows if complete else 0 if found.complete else found.written), False
    what = _what(found) if found is not None else store.occupied(client, progress)
    if what and not replace:
        raise BadParameter(
            f"{client.address.place} already holds “{wanted.name}” ({what}); take another key, or say existing=replace."
        )
    if found is not None:
        removing.removed(client, found.name, progress)
    elif what:
        store.clear(client, progress)
    return 0, True


def _what(found: Manifest) -> str:
    state = "" if found.complete else f"{found.written:,} of "
    return f"{found.kind} of {state}{found.rows:,} × {found.dimensions}"


def _check_memory(store: Store, rows: int, dataset: Dataset, server: Abilities) -> None:
    """Raise TooLarge when the server says that it would not have the memory."""
    if not server.most_memory:
        return
    # Of a cluster the memory of one node is known, which gets its share of the rows.
    each, free = store.row_bytes() / server.masters, server.most_memory - server.memory
    if rows * each > free:
        needed, fits = rows * each, max(0, int(free / each))
        raise TooLarge(
            f"{rows:,} rows of {dataset.title} need about {readable(int(needed))} on {server.title}, which has "
            f"{readable(max(0, free))} left of its maxmemory; raise that, shorten the vectors, or push {fits:,} rows."
        )
