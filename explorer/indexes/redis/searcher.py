"""Asking an index on a server: its shards side by side, merged by the server's own score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.indexes.base import Searcher
from explorer.indexes.graphs import ready
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.store import Keyed, Scored, Store
from explorer.servers.client import Client, Word

PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@{}/+-*=")


class RedisSearcher(Searcher):
    """The server's own lists. Under cosine zero rows, to which it gives the score of a right angle, come last."""

    def __init__(
        self,
        client: Client,
        store: Store,
        about: Description,
        elements: Elements | Numbered,
        dataset: Dataset,
    ) -> None:
        self._client, self._store, self._about = client, store, about
        self._elements, self._dataset = elements, dataset
        self._zeros = dataset.zero_rows if about.metric == "cosine" else 0
        self._scores: dict[int, float] = {}
        self._asked: list[Keyed] = []
        self._strangers = 0
        self.score_name = store.score_name

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The first k that the server finds for each query, or the first `rerank`: (q, d) → (q, m), −1 padded.

        Raises ServerFailed, or Cancelled while it waits for the server.
        """
        count = min(max(k, int(params.get("rerank", 0))), self._dataset.rows)
        found = np.full((len(vectors), count), -1, np.int64)
        queries = ready(np.asarray(vectors, np.float32), self._about.metric)
        for i in range(len(queries)):
            rows = self._nearest(queries[i], count, params, progress)[:count]
            found[i, : len(rows)] = rows
        return found

    def scores(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the server said of rows in its last answer."""
        return np.array([self._scores.get(int(row), np.nan) for row in rows])

    def command(self) -> str:
        """What was sent, one command a line, as redis-cli takes it."""
        return "\n".join(" ".join(_word(word) for word in command) for _, command in self._asked)

    def aside(self) -> Params:
        """How many elements of the answer are none of the Dataset's rows."""
        if not self._strangers:
            return {}
        return {"not in this Dataset": f"{self._strangers} of the elements that the server found"}

    def decoded(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows as the server holds them, of unit length under cosine but for what the code loses."""
        return self._store.decoded(self._client, [self._elements[int(row)] for row in rows])

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _nearest(self, query: NDArray[np.float32], count: int, params: Params, progress: Progress) -> NDArray[np.int64]:
        """The server's own first `count` rows, the zero ones behind the others."""
        asked = min(count + self._zeros, self._dataset.rows)
        self._asked = self._store.question(query, asked, params)
        limit = int(params["timeout"]) / 1000
        replies = self._client.gather(
            [command for _, command in self._asked], [key for key, _ in self._asked], progress, limit
        )
        merged = self._merged(replies)
        rows = np.array([self._elements.row(element) for element, _ in merged], np.int64)
        known = rows >= 0
        self._strangers = int((~known).sum())
        self._scores = {int(row): score for row, (_, score) in zip(rows, merged, strict=True) if row >= 0}
        rows = rows[known]
        if self._zeros:
            zero = ~self._dataset.vectors[rows].any(axis=1)
            rows = np.concatenate([rows[~zero], rows[zero]])
        return rows[:count]

    def _merged(self, replies: Sequence[Any]) -> list[Scored]:
        """The answers of all shards in one order; each element once."""
        found: dict[bytes, float] = {}
        for reply in replies:
            for element, score in self._store.answer(reply):
                found.setdefault(element, score)
        sign = -1 if self._store.nearer_is_larger else 1
        # A search index scores zero vectors as NaN under cosine, and puts them first.
        return sorted(found.items(), key=lambda one: np.inf if np.isnan(one[1]) else sign * one[1])


def _word(word: Word) -> str:
    """One word of a command as redis-cli takes it: in quotes, and by numbers what cannot be typed."""
    raw = word if isinstance(word, bytes) else str(word).encode()
    if raw and set(raw) <= PLAIN:
        return raw.decode("ascii")
    shown = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in raw)
    return f'"{shown}"'
