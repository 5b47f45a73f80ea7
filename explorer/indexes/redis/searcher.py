"""Asking an index on a server: its shards side by side, merged by the server's own score."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause
from explorer.core.metric import distances_of
from explorer.core.ordinal import ordinal
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Facts, Structure
from explorer.core.trace import Trace
from explorer.indexes import reaching
from explorer.indexes.agreeing import difference
from explorer.indexes.base import Searcher
from explorer.indexes.graphs import ready
from explorer.indexes.layered import Given
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.links import ServerGraph
from explorer.indexes.redis.store import Keyed, Scored, Store
from explorer.indexes.redis.walk import walked
from explorer.indexes.reranking import reranked
from explorer.servers.client import Client, Word

MOST_ASKED = 10_000
PATIENCE = 60_000
"""How many rows, and milliseconds, it may take to learn where the server puts a row."""
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
        self._known_inside: ServerGraph | Facts | None = None
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

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """The layers of the graph, as the server tells its links; read once."""
        found = self._inside(progress)
        return (found if isinstance(found, Facts) else found.layers,)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace | None:
        """An approximate replay over the server's links, with our distances, from where a search probably begins; its
        answer is the server's. None where the server compares with all, or does not show its links."""
        if params.get("truth") == "yes" or isinstance(inside := self._inside(progress), Facts):
            return None
        count = min(max(k, int(params.get("rerank", 0))), self._dataset.rows)
        query = ready(np.asarray(vector, np.float32)[None], self._about.metric)[0]
        theirs = self._nearest(query, count, params, progress)
        asked = min(count + self._zeros, self._dataset.rows)
        effort = int(params[self._store.effort])
        walk = walked(inside, self._dataset, self._about.metric, query, effort, asked, progress)
        ours = self._zeros_last(walk.nearest)[:count]
        differs = difference(ours, theirs, walk.distances)
        found = dataclasses.replace(walk.trace(theirs), approximate=True, differs=differs)
        if not int(params.get("rerank", 0)):
            return found
        return reranked(found, theirs, distances_of(self._about.metric, self._dataset.vectors, theirs, vector))

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause | None:
        """The links that were not followed, or how far behind the server's own score puts the row."""
        if row in trace.found or isinstance(inside := self._inside(progress), Facts):
            return None
        found = reaching.cause(Given(inside.layers, inside.begins), trace, row, progress)
        return found or self._ranked(vector, row, len(trace.found), progress)

    def _ranked(self, vector: NDArray[np.float32], row: int, count: int, progress: Progress) -> Cause | None:
        """How far behind the server puts a row that the walk came to: it is asked for more until it gives it."""
        if not self._store.lossy:
            return Cause("code_rank", reaching.EQUALLY_NEAR)
        kept = self._asked, self._scores, self._strangers
        query = ready(np.asarray(vector, np.float32)[None], self._about.metric)[0]
        asked, most = 2 * count, min(MOST_ASKED, self._dataset.rows)
        try:
            while True:
                rows = self._nearest(
                    query, min(asked, most), {self._store.effort: asked, "timeout": PATIENCE}, progress
                )
                scores = np.array(list(self._scores.values())) * (-1 if self._store.nearer_is_larger else 1)
                own = self._scores.get(row, np.nan) * (-1 if self._store.nearer_is_larger else 1)
                # Rows of equal codes stand in no order: the row can be the last of them.
                if (scores > own).any() or (row in rows and asked >= most):
                    rank = int((scores <= own).sum())
                    told = f"its code ranked it {ordinal(rank)}, and only the first {count:,} were looked at"
                    return Cause("code_rank", f"The server can find it, but {told}.", "rerank", rank)
                if asked >= most:
                    told = f"its code ranks it behind the first {most:,}"
                    return Cause("code_rank", f"A walk over the same links comes to it, but {told}.")
                asked *= 4
        finally:
            self._asked, self._scores, self._strangers = kept

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
        """Let go of the connections, and of what was read."""
        self._client.close()
        self._known_inside = None

    def _inside(self, progress: Progress) -> ServerGraph | Facts:
        if self._known_inside is None:
            self._known_inside = self._store.graph(self._client, self._elements, self._dataset.rows, progress)
        return self._known_inside

    def _zeros_last(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._zeros:
            return rows
        zero = ~self._dataset.vectors[rows].any(axis=1)
        return np.concatenate([rows[~zero], rows[zero]])

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
        return self._zeros_last(rows[known])[:count]

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
