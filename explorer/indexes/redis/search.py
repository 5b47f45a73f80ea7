"""Search indexes of Redis: documents with a vector, compared one by one or through a graph (redis.io, Query Engine)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.cost import Cost
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress
from explorer.core.structure import Facts
from explorer.errors import ServerFailed
from explorer.indexes import graphs
from explorer.indexes.base import IndexHandle
from explorer.indexes.redis import dump
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.kind import EXISTING, KEY, MOST, PREFIXED, SERVER, TIMEOUT, RedisType
from explorer.indexes.redis.links import ServerGraph
from explorer.indexes.redis.store import Keyed, Scored, Store, spread
from explorer.servers.abilities import Abilities
from explorer.servers.client import Client, Word, pairs, text
from explorer.servers.manifest import MARK, document

METRICS: dict[Metric, str] = {"cosine": "COSINE", "euclidean": "L2", "dot": "IP"}
FIELD, SCORE = "vector", "score"
ALGORITHMS = ("HNSW", "FLAT", "SVS-VAMANA")
EF = 10
"""RediSearch's own, which is little: the search keeps at least as many in view as it is asked for."""
SEPARATOR = "\x1f"
"""Between the tags of a field: a character that no label has."""
ADDING = 1e-4
"""Seconds for sending a row and for the server to take it."""
DOCUMENT_BYTES, LINK_BYTES = 250, 16
WAIT_SECONDS = 0.05
STALLED_SECONDS = 30.0
ODD = re.compile(r"\W+")


class RedisSearch(RedisType):
    """Rows are hashes NAME#row, with the vector, the name and the metadata as fields."""

    name = "redis-search"
    title = "Redis search index"
    about = "Documents on a Redis server with the Query Engine, found by graph or one by one, beside other fields."
    metrics = ("cosine", "euclidean", "dot")
    lossless = True
    reaches_all = False
    build_params = (
        SERVER,
        KEY,
        PREFIXED,
        EXISTING,
        Param(
            "algorithm",
            "choice",
            "HNSW",
            "A graph, one by one, or Vamana where the server has it (not tried with a server).",
            choices=ALGORITHMS,
        ),
        Param("M", "int", 16, "Links of each row: more find more, and cost memory and time.", 2, 512),
        Param("EF_CONSTRUCTION", "int", 200, "Rows looked at when linking one: more link better, slower.", 1, 4096),
    )
    search_params = (
        Param("EF_RUNTIME", "int", None, "How many rows are kept in view: more find more, slower.", 1, MOST),
        TIMEOUT,
    )
    effort = MappingProxyType({"EF_RUNTIME": "not_visited"})
    remedy = "M"
    rank = 61
    called = "numbers"
    field = FIELD

    def refused_by(self, server: Abilities) -> str | None:
        """Why a server cannot hold a search index, or None."""
        return server.without_search

    def store(self, about: Description) -> Store:
        return SearchIndex(about)

    def planned(self, client: Client, server: Abilities, name: str, params: Params) -> tuple[tuple[str, ...], Params]:
        """The index has the name itself; in a cluster whose nodes search each for itself, one stands on each."""
        made_by = ("algorithm", "M", "EF_CONSTRUCTION") if params["algorithm"] != "FLAT" else ("algorithm",)
        keys = (name,) if server.searches_as_one else spread(client, name, server.masters)
        return keys, {each: params[each] for each in made_by}

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What adding every row takes, and linking it where there is a graph."""
        seconds = rows * ADDING
        if params["algorithm"] != "FLAT":
            seconds += graphs.linking(rows, dimensions, int(params["M"]), int(params["EF_CONSTRUCTION"]))
        there = rows * row_bytes(dimensions, params)
        return Cost(seconds, 0.0, 0, 0, f"A search index over {rows:,} rows", "take fewer links a row", there)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As many in view as are asked for, and RediSearch's own at least."""
        return {"EF_RUNTIME": max(EF, k), "timeout": TIMEOUT.default or 0}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row that can be reached."""
        return {"EF_RUNTIME": handle.rows}


class SearchIndex(Store):
    """One index; or several of the same documents' names, each over those of its own node, where nothing on the servers
    makes one of them."""

    score_name = "KNN score"
    nearer_is_larger = False
    effort = "EF_RUNTIME"

    def create(self, client: Client, columns: Sequence[Any], progress: Progress) -> None:
        """FT.CREATE for each that is not there yet."""
        about = self.about
        how: list[Word] = ["TYPE", "FLOAT32", "DIM", about.dimensions, "DISTANCE_METRIC", METRICS[about.metric]]
        algorithm = str(about.params["algorithm"])
        if algorithm == "HNSW":
            how += ["M", int(about.params["M"]), "EF_CONSTRUCTION", int(about.params["EF_CONSTRUCTION"])]
        elif algorithm == "SVS-VAMANA":
            links, width = int(about.params["M"]), int(about.params["EF_CONSTRUCTION"])
            how += ["GRAPH_MAX_DEGREE", links, "CONSTRUCTION_WINDOW_SIZE", width]
        schema: list[Word] = [FIELD, "VECTOR", algorithm, len(how), *how]
        for column in columns:
            schema += [column.name, "AS", alias(column), *_field_type(column)]
        for key in self._missing(client, progress):
            prefix: tuple[Word, ...] = ("PREFIX", 1, f"{about.name}{MARK}")
            client.ask("FT.CREATE", key, "ON", "HASH", *prefix, "SCHEMA", *schema, key=key, progress=progress)

    def additions(
        self, first: int, elements: Sequence[bytes], vectors: NDArray[np.float32], attributes: Sequence[dict[str, Any]]
    ) -> list[Keyed]:
        """HSET for each row."""
        found: list[Keyed] = []
        for element, vector, facts in zip(elements, vectors, attributes, strict=True):
            said: list[Word] = [FIELD, vector.astype("<f4", copy=False).tobytes()]
            for name, value in facts.items():
                said += [f"{name}_" if name == FIELD else name, value]
            found.append((element, ("HSET", element, *said)))
        return found

    def settle(self, client: Client, rows: int, progress: Progress) -> None:
        """Indexing goes on after HSET has answered: wait until every document is counted."""
        seen, since = -1, time.monotonic()
        while (there := self.count(client, progress)) < rows:
            failures = sum(int(each.get("hash_indexing_failures", 0)) for each in self._infos(client, progress))
            if failures:
                raise ServerFailed(f"{client.address.place} could not index {failures:,} of the rows.")
            if there != seen:
                seen, since = there, time.monotonic()
            elif time.monotonic() - since > STALLED_SECONDS:
                raise ServerFailed(f"{client.address.place} has stopped indexing at {there:,} of {rows:,} rows.")
            progress(there / rows, f"the server indexes row {there:,} of {rows:,}")
            time.sleep(WAIT_SECONDS)

    def count(self, client: Client, progress: Progress) -> int:
        """num_docs of all."""
        if self._missing(client, progress):
            return 0
        return sum(int(float(text(each.get("num_docs", 0)))) for each in self._infos(client, progress))

    def occupied(self, client: Client, progress: Progress) -> str:
        """An index of that name, or documents where ours would be."""
        if len(self._missing(client, progress)) < len(self.about.keys):
            return "a search index"
        first = document(self.about.name, 0)
        kind = text(client.ask("TYPE", first, key=first, progress=progress))
        return "" if kind == "none" else f"a {kind} at {first}"

    def clear(self, client: Client, progress: Progress) -> None:
        """Drop the index, and leave its documents to whoever put them there."""
        missing = self._missing(client, progress)
        for key in self.about.keys:
            if key not in missing:
                client.ask("FT.DROPINDEX", key, key=key, progress=progress)

    def memory(self, client: Client, progress: Progress) -> int:
        """What the indexes take, and the documents about."""
        sizes = (
            float(text(each.get(name, 0) or 0))
            for each in self._infos(client, progress)
            for name in ("vector_index_sz_mb", "total_index_memory_sz_mb")
        )
        documents = self.about.rows * (DOCUMENT_BYTES + 4 * self.about.dimensions)
        return int(sum(sizes) * (1 << 20)) + documents

    def row_bytes(self) -> int:
        """The vector in the document and in the index, the links, and what is kept beside them."""
        return row_bytes(self.about.dimensions, self.about.params)

    def question(self, query: NDArray[np.float32], count: int, params: Params) -> list[Keyed]:
        """FT.SEARCH of each for the nearest."""
        about, algorithm = self.about, str(self.about.params.get("algorithm", "HNSW"))
        effort = int(params["EF_RUNTIME"])
        how = {"HNSW": f" EF_RUNTIME {effort}", "SVS-VAMANA": f" SEARCH_WINDOW_SIZE {effort}"}.get(algorithm, "")
        asked = f"*=>[KNN {count} @{about.field} $q{how} AS {SCORE}]"
        rest = (
            *(asked, "PARAMS", 2, "q", query.astype("<f4", copy=False).tobytes(), "SORTBY", SCORE, "RETURN", 1, SCORE),
            *("LIMIT", 0, count, "TIMEOUT", int(params["timeout"]), "DIALECT", 2),
        )
        return [(key, ("FT.SEARCH", key, *rest)) for key in about.keys]

    def answer(self, reply: Any) -> list[Scored]:
        """How many, then documents and their fields in turn."""
        found = []
        for i in range(1, len(reply) - 1, 2):
            score = pairs(reply[i + 1]).get(SCORE)
            if score is not None:
                found.append((reply[i], float(score)))
        return found

    def graph(
        self, client: Client, elements: Elements | Numbered, rows: int, progress: Progress
    ) -> ServerGraph | Facts:
        """What the server's debugging commands dump, where it has them and lets us."""
        return dump.graph(self.about, client, elements, rows, progress)

    def _infos(self, client: Client, progress: Progress) -> list[dict[str, Any]]:
        keys = self.about.keys
        return [pairs(said) for said in client.gather([("FT.INFO", key) for key in keys], keys, progress)]

    def _missing(self, client: Client, progress: Progress) -> list[str]:
        """Those of our indexes that are not there."""
        there = client.gather([("FT._LIST",)] * len(self.about.keys), self.about.keys, progress)
        return [key for key, names in zip(self.about.keys, there, strict=True) if key.encode() not in names]


def row_bytes(dimensions: int, params: Params) -> int:
    """About how much memory a row takes on the server."""
    links = int(params.get("M", 0)) if params["algorithm"] != "FLAT" else 0
    return DOCUMENT_BYTES + 2 * 4 * dimensions + LINK_BYTES * links


def alias(column: Column) -> str:
    """What a column is called in queries: letters, digits and underscores."""
    called = ODD.sub("_", column.name).strip("_") or "column"
    return f"{called}_" if called in (FIELD, SCORE) else called


def _field_type(column: Column) -> tuple[Word, ...]:
    if column.kind == "number":
        return ("NUMERIC",)
    return ("TAG", "SEPARATOR", SEPARATOR) if column.kind == "category" else ("TEXT", "NOSTEM")
