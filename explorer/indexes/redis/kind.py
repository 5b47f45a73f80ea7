"""What both Redis types share: building pushes the Dataset to a server, opening connects to it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile, BadParameter, ServerFailed, Unavailable
from explorer.indexes import graphs
from explorer.indexes.base import IndexHandle, IndexType, Searcher
from explorer.indexes.redis import description, elements, pushing
from explorer.indexes.redis.description import Called, Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.searcher import RedisSearcher
from explorer.indexes.redis.store import Store
from explorer.servers import client as clients
from explorer.servers import manifest, passwords, removing
from explorer.servers.abilities import Abilities, abilities
from explorer.servers.address import named
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest

MOST = 2**31 - 1
PREFIX = "ann-explorer:"

SERVER = Param("server", "text", None, "The address of the server, such as redis://localhost:6379/0.")
KEY = Param("key", "text", None, "What it is called on the server; left out: as the Dataset.")
PREFIXED = Param("prefix", "text", PREFIX, "What all keys begin with: nothing else is written or removed.")
EXISTING = Param(
    "existing",
    "choice",
    "keep",
    "What to do with something else of that name: keep it and refuse, or replace it.",
    choices=("keep", "replace"),
)
TIMEOUT = Param("timeout", "int", 5000, "Milliseconds that the server may take for an answer.", 1, 600_000)


class RedisType(IndexType):
    """An index that a Redis server holds and searches."""

    suffix = description.SUFFIX
    on_server = True
    kin = "server"
    called: Called
    field: str = ""
    """The vector field of what is pushed, where rows have several."""

    @abstractmethod
    def store(self, about: Description) -> Store:
        """How such an index is written and asked."""

    @abstractmethod
    def planned(self, client: Client, server: Abilities, name: str, params: Params) -> tuple[tuple[str, ...], Params]:
        """The keys that will hold it, and the build parameters that make it what it is, as numbers."""

    def unavailable(self) -> str | None:
        """Why no Redis can be spoken to from here, or None."""
        return clients.unavailable()

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Push the Dataset. What is there already of the same push is gone on with, or taken as it is.

        Raises BadParameter when something else has the name, ServerFailed with how far it came, TooLarge when the
        server's memory is too small for it.
        """
        if "server" not in params:
            raise BadParameter(f"{self.title} is built on a server; say which: --redis redis://localhost:6379.")
        where = named(str(params["server"]))
        if where.password:
            passwords.hold(where.address, where.password)
        graphs.check_lengths(dataset, metric, "Redis", progress)
        client = Client(where.address)
        try:
            server = abilities(client, progress)
            if reason := self.refused_by(server):
                raise Unavailable(reason)
            name = _name(params, dataset)
            keys, made_by = self.planned(client, server, name, params)
            fingerprint = fingerprinted(dataset, progress)
            wanted = Manifest(name, self.name, keys, dataset.rows, dataset.dimensions, metric, fingerprint, made_by)
            about = Description(
                type=self.name,
                url=where.address.url,
                name=name,
                keys=keys,
                rows=dataset.rows,
                dimensions=dataset.dimensions,
                metric=metric,
                called=self.called,
                params={**params, **made_by, "server": where.address.url},
                field=self.field,
                fingerprint=fingerprint,
            )
            store = self.store(about)
            made_here = pushing.push(
                client,
                store,
                wanted,
                dataset,
                elements.of(about, dataset),
                server,
                progress,
                replace=params["existing"] == "replace",
            )
            size = store.memory(client, progress)
        finally:
            client.close()
        path = folder / f"index{self.suffix}"
        about = replace(about, bytes=size, made_here=made_here)
        description.write(path, about)
        return self._handle(path, about, server.title)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Read where it is; the server is first spoken to by the first search. Raises BadFile for other vectors."""
        about = self._described(handle.path, dataset)
        names = elements.of(about, dataset)
        return self._searcher(about, names, dataset)

    def recognises(self, path: Path) -> bool:
        """Whether it is the description of such an index."""
        try:
            return description.is_one(path) and description.read(path).type == self.name
        except BadFile:
            return False

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a description, when what it describes is on its server."""
        about = self._described(path, dataset)
        if metric not in (None, about.metric):
            raise BadFile(path, f"it is an index for {about.metric}, not {metric}.")
        client = Client(named(about.url).address)
        try:
            there, server = self.store(about).count(client, progress), abilities(client, progress)
        except ServerFailed as error:
            raise BadFile(path, f"it is on a server that does not answer: {error}") from error
        finally:
            client.close()
        if not there:
            raise BadFile(path, f"{about.name} is no longer on {named(about.url).address.place}; build it again.")
        return self._handle(path, about, server.title)

    def discard(self, handle: IndexHandle, progress: Progress = silent) -> None:
        """Remove from the server what this build has put there. Raises ServerFailed."""
        about = description.read(handle.path)
        if about.made_here:
            client = Client(named(about.url).address)
            try:
                if manifest.read(client, about.name, progress) is not None:
                    removing.removed(client, about.name, progress)
            finally:
                client.close()

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """Where it is."""
        about = description.read(handle.path)
        return {"server": about.url, "keys": about.keys}

    def _described(self, path: Path, dataset: Dataset) -> Description:
        about = description.read(path)
        if about.type != self.name:
            raise BadFile(path, f"it is an index of another type ({about.type}) than {self.title}.")
        if (about.rows, about.dimensions) != (dataset.rows, dataset.dimensions):
            theirs = f"{about.rows:,} × {about.dimensions}"
            ours = f"{dataset.rows:,} × {dataset.dimensions}"
            raise BadFile(path, f"it was built over {theirs} vectors; {dataset.title} has {ours}.")
        if about.fingerprint and about.fingerprint != fingerprinted(dataset):
            raise BadFile(path, f"it was built over other vectors than those of {dataset.title}; build it again.")
        return about

    def _searcher(self, about: Description, names: Elements | Numbered, dataset: Dataset) -> RedisSearcher:
        return RedisSearcher(Client(named(about.url).address), self.store(about), about, names, dataset)

    def _handle(self, path: Path, about: Description, library: str) -> IndexHandle:
        return IndexHandle(
            self.name, about.metric, about.params, path, about.rows, about.dimensions, about.bytes, 0.0, library
        )


def _name(params: Params, dataset: Dataset) -> str:
    """What it is called on the server. Raises BadParameter for a key with a `#` in it: what stands behind one is the
    number of a row."""
    key = str(params.get("key", ""))
    if manifest.MARK in key:
        raise BadParameter(f"key is a name without {manifest.MARK}, not “{key}”.")
    return manifest.called(str(params["prefix"]), key, dataset.title)
