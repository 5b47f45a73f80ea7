"""Search indexes: hashes or JSON documents, of which one field is the vector."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.core.progress import Progress
from explorer.errors import ExplorerError, Unavailable
from explorer.servers import decoding
from explorer.servers.catalogue import Holding
from explorer.servers.client import Client, Command, Word, pairs, text
from explorer.sources.redis.reading import KEY, SECONDS, Batch, Listed, several
from explorer.sources.redis.table import Table, cell, clean

LISTED = 5000
"""So many keys are listed at a time."""


class Documents:
    """Reads one; see `reading.Source`. Raises Unavailable for what this program or the server cannot read."""

    what = "document"
    names_rows = False

    def __init__(self, client: Client, holding: Holding, progress: Progress) -> None:
        if holding.stored not in decoding.STORED:
            raise Unavailable(f"“{holding.title}” holds vectors of {holding.stored}, which cannot be read here.")
        self.holding = holding
        self.dtype = decoding.STORED[holding.stored]
        self.table = Table()
        self._client = client
        self._infos = _infos(client, holding, progress)
        fields = _fields(self._infos[0].get("attributes", ()))
        self._vectors = {text(f["identifier"]) for f in fields if text(f["type"]).upper() == "VECTOR"}
        self._vector = next(text(f["identifier"]) for f in fields if text(f["attribute"]) == holding.field)
        self._called = {text(f["identifier"]): text(f["attribute"]) for f in fields}
        self._order = {name: place for place, name in enumerate(self._called)}
        self._binary: set[str] = set()

    def listed(self, progress: Progress) -> Listed:
        # A document that is changed meanwhile may be listed twice.
        return Listed.of([list({key for name in self.holding.keys for key in self._keys_of(name, progress)})])

    def _keys_of(self, name: str, progress: Progress) -> list[bytes]:
        """The documents of one index; the list of them stays on its node until it has been read."""
        node, found = self._client.node_of(name, progress), list[bytes]()
        words: tuple[Word, ...] = (
            "*",
            "LOAD",
            1,
            "@__key",
            "TIMEOUT",
            int(SECONDS * 1000),
            "WITHCURSOR",
            "COUNT",
            LISTED,
            "DIALECT",
            2,
        )
        reply = self._client.on(node, "FT.AGGREGATE", name, *words, progress=progress, limit=SECONDS)
        try:
            while True:
                found += [row[1] for row in reply[0][1:] if len(row) > 1]
                if not reply[1]:
                    return found
                progress(None, f"listing {len(found):,} documents")
                words = ("READ", name, reply[1], "COUNT", LISTED)
                reply = self._client.on(node, "FT.CURSOR", *words, progress=progress, limit=SECONDS)
        except ExplorerError:
            with contextlib.suppress(ExplorerError):
                self._client.on(node, "FT.CURSOR", "DEL", name, reply[1], limit=0.2)
            raise

    def batch(self, wanted: Listed, progress: Progress) -> Batch:
        if self.holding.json:
            documents = self._json(wanted.names, progress)
            lists = [None if each is None else each.get(self._vector) for each in documents]
            vectors, there = decoding.of_lists(lists, self.holding.dimensions)
        else:
            documents = self._hashes(wanted.names, progress)
            blobs = [None if each is None else each.get(self._vector) for each in documents]
            vectors, there = decoding.of_blobs(blobs, self.holding.stored, self.holding.dimensions)
        cells = [self._cells(each) for each, ok in zip(documents, there.tolist(), strict=True) if ok and each]
        return Batch(vectors, there, cells, sum(each is None for each in documents))

    def count(self, progress: Progress) -> int:
        return sum(int(float(text(each.get("num_docs", 0)))) for each in _infos(self._client, self.holding, progress))

    def warnings(self) -> list[str]:
        found = []
        failures = [_failures(info, self.holding.field) for info in self._infos]
        if count := sum(number for number, _ in failures):
            why = next((f" (the last of them: {said})" for _, said in failures if said), "")
            found.append(f"Refused by the index, and not here: {several(count, self.what)}{why}.")
        if self._binary:
            names = ", ".join(f"“{name}”" for name in sorted(self._binary)[:5])
            found.append(f"{names} {'holds' if len(self._binary) == 1 else 'hold'} bytes that are no text: left out.")
        return found

    def _hashes(self, keys: Sequence[bytes], progress: Progress) -> list[dict[str, Any] | None]:
        replies = self._client.gather([("HGETALL", key) for key in keys], keys, progress, SECONDS)
        return [pairs(reply) if reply else None for reply in replies]

    def _json(self, keys: Sequence[bytes], progress: Progress) -> list[dict[str, Any] | None]:
        wanted = [self._vector, *(path for path in self._called if path not in self._vectors)]
        commands: list[Command] = [("JSON.GET", key, *wanted) for key in keys]
        replies = self._client.gather(commands, keys, progress, SECONDS)
        return [None if reply is None else _document(reply, wanted) for reply in replies]

    def _place(self, item: tuple[str, Any]) -> tuple[int, str]:
        """Fields of the index stand first, in its order."""
        return self._order.get(item[0], len(self._order)), item[0]

    def _cells(self, document: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        # The fields of a hash are in no order.
        for field, value in sorted(document.items(), key=self._place):
            if field in self._vectors or field in self._binary:
                continue
            name = self._called.get(field, field) if self.holding.json else field
            name = f"{name} (field)" if name == KEY else name
            if not isinstance(value, bytes):
                found[clean(name)] = cell(value)
                continue
            try:
                found[name] = value.decode("utf-8")
            except UnicodeDecodeError:
                self._binary.add(field)
                self.table.drop(name)
        return found


def _infos(client: Client, holding: Holding, progress: Progress) -> list[dict[str, Any]]:
    """What the server says of the index, or of each of those that a push was spread over."""
    commands: list[Command] = [("FT.INFO", name) for name in holding.keys]
    return [pairs(said) for said in client.gather(commands, holding.keys, progress)]


def _failures(info: Mapping[str, Any], field: str) -> tuple[int, str]:
    """How many documents the index has refused on account of its vector field, and the last reason."""
    for words in info.get("field statistics", ()):
        about = pairs(words)
        if text(about.get("attribute", b"")) == field:
            errors = pairs(about.get("Index Errors", ()))
            said = text(errors.get("last indexing error", b"")).rstrip(".")
            return int(text(errors.get("indexing failures", 0))), "" if said == "N/A" else said
    return int(text(info.get("hash_indexing_failures", 0))), ""


def _fields(attributes: Any) -> list[dict[str, Any]]:
    """The fields as FT.INFO lists them; servers do not agree on capital letters."""
    return [{name.casefold(): value for name, value in pairs(words).items()} for words in attributes]


def _document(reply: bytes, wanted: Sequence[str]) -> dict[str, Any]:
    """What JSON.GET says of some paths; of each the first value that it leads to, if any.

    A path to the numbers of a vector rather than to their list leads to all of them.
    """
    try:
        said = json.loads(reply)
    except (ValueError, RecursionError):
        return {}
    if len(wanted) == 1:
        said = {wanted[0]: said}
    found = {}
    for path in wanted:
        value = said.get(path) if isinstance(said, dict) else None
        if path.startswith("$") and isinstance(value, list):
            numbers = path == wanted[0] and len(value) > 1 and not isinstance(value[0], list)
            value = value if numbers else next(iter(value), None)
        found[path] = value
    return found
