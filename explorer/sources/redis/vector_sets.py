"""Vector sets: elements with a vector each, and JSON attributes; one set, or the shards of one that was spread."""

from __future__ import annotations

from typing import Any

from explorer.core.progress import Progress
from explorer.servers import decoding
from explorer.servers.catalogue import Holding
from explorer.servers.client import Client, Command, pairs, permitted, text
from explorer.sources.redis.reading import SECONDS, Batch, Listed, several
from explorer.sources.redis.table import Table, cells_of

LISTED = 10_000
"""So many elements are listed at a time where the server can go on from one."""
_NOTES = {
    "int8": "The server keeps these vectors with 8 bits a number (Q8): they differ a little from those put there.",
    "bit": "The server keeps only the sign of each number (BIN): the vectors are coarse, and so is all that is made "
    "of them.",
}


class VectorSet:
    """Reads one; see `reading.Source`."""

    what = "vector"
    names_rows = True

    def __init__(self, client: Client, holding: Holding, progress: Progress) -> None:
        self.holding = holding
        self.table = Table()
        self._client = client
        about = [pairs(permitted(client, "VINFO", key, key=key, progress=progress) or ()) for key in holding.keys]
        kinds = [text(each["quant-type"]) for each in about if "quant-type" in each]
        self.dtype = decoding.QUANTIZED.get(kinds[0], kinds[0]) if kinds else "float32"
        self._full = max((int(each.get("projection-input-dim", 0) or 0) for each in about), default=0)
        self._attributes = any(int(each.get("attributes-count", 1)) for each in about)
        self._bad_attributes = 0

    def listed(self, progress: Progress) -> Listed:
        if permitted(self._client, "VRANGE", self.holding.keys[0], "-", "+", 1, key=self.holding.keys[0]) is not None:
            return Listed.of([self._in_order(key, progress) for key in self.holding.keys])
        progress(None, "listing the elements")
        # Nothing else lists the elements of an older server; of more than there are it gives each of them once. It
        # draws badly, though: of more than a fifth of them it gives neighbours in the order in which they were added.
        sizes = self._sizes(progress)
        commands: list[Command] = [
            ("VRANDMEMBER", key, size + LISTED) for key, size in zip(self.holding.keys, sizes, strict=True)
        ]
        return Listed.of(self._client.gather(commands, self.holding.keys, progress, SECONDS))

    def _in_order(self, key: str, progress: Progress) -> list[bytes]:
        """The elements of one set, a part at a time."""
        found: list[bytes] = []
        start: bytes = b"-"
        while True:
            progress(None, f"listing {len(found):,} elements")
            part = self._client.ask("VRANGE", key, start, "+", LISTED, key=key, progress=progress, limit=SECONDS)
            found += part
            if len(part) < LISTED:
                return found
            start = b"(" + part[-1]

    def batch(self, wanted: Listed, progress: Progress) -> Batch:
        keys = [self.holding.keys[part] for part in wanted.parts.tolist()]
        elements = list(zip(keys, wanted.names, strict=True))
        commands: list[Command] = [("VEMB", key, name, "RAW") for key, name in elements]
        if self._attributes:
            commands += [("VGETATTR", key, name) for key, name in elements]
            keys += keys
        replies = self._client.gather(commands, keys, progress, SECONDS)
        raw, said = replies[: len(elements)], replies[len(elements) :]
        vectors, there = decoding.of_set(raw, self.holding.dimensions)
        cells = [self._cells(said[i]) if said else {} for i, ok in enumerate(there.tolist()) if ok]
        return Batch(vectors, there, cells, sum(not reply for reply in raw))

    def count(self, progress: Progress) -> int:
        return sum(self._sizes(progress))

    def warnings(self) -> list[str]:
        found = [_NOTES[self.dtype]] if self.dtype in _NOTES else []
        if self._full:
            found.append(
                f"The server has reduced these from {self._full} to {self.holding.dimensions} numbers, and gives "
                "out only the reduced ones. Queries are compared with those, so that only rows and their expressions "
                f"can be asked for; the server's own index wants all {self._full} numbers, and is not opened with them."
            )
        if self._bad_attributes:
            found.append(f"The attributes of {several(self._bad_attributes, 'element')} are no JSON object: left out.")
        return found

    def _sizes(self, progress: Progress) -> list[int]:
        keys = self.holding.keys
        replies: list[Any] = self._client.gather([("VCARD", key) for key in keys], keys, progress)
        return [int(reply or 0) for reply in replies]

    def _cells(self, said: bytes | None) -> dict[str, str]:
        if said is None:
            return {}
        cells = cells_of(said)
        if cells is None:
            self._bad_attributes += 1
            return {}
        return cells
