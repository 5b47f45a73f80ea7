"""Search indexes: hashes or JSON documents, of which one field is the vector."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.core.progress import Progress
from explorer.errors import ExplorerError, Unavailable
from explorer.servers import catalogue
from explorer.servers.catalogue import Holding
from explorer.servers.client import Client, Command, Node, Word, pairs, text
from explorer.sources.redis import decoding
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
        self._info = pairs(client.ask("FT.INFO", holding.name, progress=progress))
        fields = _fields(self._info.get("attributes", ()))
        self._vectors = {text(f["identifier"]) for f in fields if text(f["type"]).upper() == "VECTOR"}
        self._vector = next(text(f["identifier"]) for f in fields if text(f["attribute"]) == holding.field)
        self._called = {text(f["identifier"]): text(f["attribute"]) for f in fields}
        self._binary: set[str] = set()

    def listed(self, progress: Progress) -> Listed:
        # A document that is changed meanwhile may be listed twice.
        nodes = catalogue.answering(self._client, self.holding.name, progress)
        return Listed.of([list({key for node in nodes for key in self._keys_on(node, progress)})])

    def _keys_on(self, node: Node, progress: Progress) -> list[bytes]:
        name, found = self.holding.name, list[bytes]()
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
        return catalogue.documents(self._client, self.holding.name, progress)

    def warnings(self) -> list[str]:
        found = []
        if (failures := self._failures()) and failures[0]:
            count, why = failures
            found.append(f"Refused by the index, and not here: {several(count, self.what)}{why}.")
        if self._binary:
            names = ", ".join(f"“{name}”" for name in sorted(self._binary)[:5])
            found.append(f"{names} {'holds' if len(self._binary) == 1 else 'hold'} bytes that are no text: left out.")
        return found

    def _failures(self) -> tuple[int, str]:
        """How many documents the index has refused on account of the vector field, and the last reason."""
        for words in self._info.get("field statistics", ()):
            about = pairs(words)
            if text(about.get("attribute", b"")) == self.holding.field:
                errors = pairs(about.get("Index Errors", ()))
                count = int(text(errors.get("indexing failures", 0)))
                said = text(errors.get("last indexing error", b"")).rstrip(".")
                return count, f" (the last of them: {said})" if count and said not in ("", "N/A") else ""
        return int(text(self._info.get("hash_indexing_failures", 0))), ""

    def _hashes(self, keys: Sequence[bytes], progress: Progress) -> list[dict[str, Any] | None]:
        replies = self._client.gather([("HGETALL", key) for key in keys], keys, progress, SECONDS)
        return [pairs(reply) if reply else None for reply in replies]

    def _json(self, keys: Sequence[bytes], progress: Progress) -> list[dict[str, Any] | None]:
        wanted = [self._vector, *(path for path in self._called if path not in self._vectors)]
        commands: list[Command] = [("JSON.GET", key, *wanted) for key in keys]
        replies = self._client.gather(commands, keys, progress, SECONDS)
        return [None if reply is None else _document(reply, wanted) for reply in replies]

    def _cells(self, document: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for field, value in document.items():
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
