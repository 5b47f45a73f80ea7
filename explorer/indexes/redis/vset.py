"""Redis vector sets: a graph in layers, of full or shortened vectors (redis.io, data type of Redis 8)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.cost import Cost
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress
from explorer.core.structure import Facts
from explorer.errors import ServerFailed
from explorer.indexes import graphs
from explorer.indexes.base import IndexHandle
from explorer.indexes.redis import links
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.kind import EXISTING, KEY, MOST, PREFIXED, SERVER, TIMEOUT, RedisType
from explorer.indexes.redis.links import Drawn, ServerGraph
from explorer.indexes.redis.store import Keyed, Scored, Store, spread
from explorer.servers import decoding
from explorer.servers.abilities import Abilities
from explorer.servers.client import Client, Command, Word, permitted, text

EF = 100
"""Redis's own; a search that is asked for more keeps as many in view as it is asked for."""
MOST_EF = 1_000_000
RERANK_FACTOR = 10
MOST_SHARDS = 1000
SLOWER = 3.0
"""How much longer linking a row takes there than in a library here: one thread, and the way to the server."""
ROW_BYTES, LINK_BYTES = 170, 32
"""What a row takes beside its vector, and each of its links; measured on Redis 8.2."""
BITS = {"NOQUANT": 32, "Q8": 8, "BIN": 1}


class RedisVset(RedisType):
    """Names are the elements, metadata their attributes."""

    name = "redis-vset"
    title = "Redis vector set"
    about = (
        "A graph on a Redis server (8 or newer), spread over the nodes of a cluster: for more than one machine holds."
    )
    metrics = ("cosine",)
    lossless = False
    reaches_all = False
    build_params = (
        SERVER,
        KEY,
        PREFIXED,
        EXISTING,
        Param("M", "int", 16, "Links of each row: more find more, and cost memory and time.", 4, 4096),
        Param("ef_build", "int", 200, "Rows looked at when linking one: more link better, slower.", 1, MOST_EF),
        Param(
            "quantization",
            "choice",
            "Q8",
            "How numbers are kept: as they are, in 8 bits, or by their sign alone.",
            choices=("NOQUANT", "Q8", "BIN"),
        ),
        Param("reduce", "int", 0, "To so many dimensions vectors are projected at random; 0: not at all.", 0, 1 << 20),
        Param("shards", "int", None, "Over so many sets it is spread; left out: one for each node.", 1, MOST_SHARDS),
    )
    search_params = (
        Param("ef_search", "int", None, "How many rows are kept in view: more find more, slower.", 1, MOST_EF),
        Param(
            "rerank", "int", None, "How many candidates are re-ranked by true distance; 0: the codes' ranking.", 0, MOST
        ),
        Param(
            "truth",
            "choice",
            "no",
            "yes: the server compares with all its vectors, which is slow.",
            choices=("no", "yes"),
        ),
        TIMEOUT,
    )
    effort = MappingProxyType({"ef_search": "not_visited", "rerank": "code_rank"})
    remedy = "M"
    rank = 60
    called = "marked"

    def refused_by(self, server: Abilities) -> str | None:
        """Why a server cannot hold a vector set, or None."""
        return server.without_vector_sets

    def store(self, about: Description) -> Store:
        return VectorSet(about)

    def planned(self, client: Client, server: Abilities, name: str, params: Params) -> tuple[tuple[str, ...], Params]:
        """One set, or in a cluster one for each node, whose key leads to that node."""
        made_by: Params = {each: params[each] for each in ("M", "ef_build", "quantization", "reduce")}
        shards = int(params.get("shards", server.masters))
        made_by["shards"] = shards
        return (name,) if shards == 1 else spread(client, name, shards), made_by

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What linking every row takes; the vectors pass through here in pieces."""
        links, effort = int(params["M"]), int(params["ef_build"])
        seconds = SLOWER * graphs.linking(rows, dimensions, links, effort)
        there = rows * row_bytes(dimensions, params)
        return Cost(seconds, 0.0, 0, 0, f"A vector set over {rows:,} rows", "take fewer links a row", there)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As many in view as are asked for, and Redis's own at least; where nothing is lost nothing is re-ranked."""
        rerank = 0 if keeps_all(handle.params) else min(handle.rows, RERANK_FACTOR * k)
        return {
            "ef_search": min(MOST_EF, max(EF, k, rerank)),
            "rerank": rerank,
            "truth": "no",
            "timeout": TIMEOUT.default or 0,
        }

    def full_effort(self, handle: IndexHandle) -> Params:
        """All rows compared by the server, and again here."""
        return {"truth": "yes", "rerank": 0 if keeps_all(handle.params) else handle.rows}


class VectorSet(Store):
    """One set, or several that hold a share of the rows each."""

    score_name = "VSIM score"
    nearer_is_larger = True
    effort = "ef_search"

    @property
    def lossy(self) -> bool:
        """Whether numbers are shortened, or dimensions fewer."""
        return not keeps_all(self.about.params)

    def create(self, client: Client, columns: Sequence[Any], progress: Progress) -> None:
        """The first row makes a set."""

    def additions(
        self, first: int, elements: Sequence[bytes], vectors: NDArray[np.float32], attributes: Sequence[dict[str, Any]]
    ) -> list[Keyed]:
        """VADD for each row."""
        params, keys = self.about.params, self.about.keys
        reduced: tuple[Word, ...] = ("REDUCE", int(params["reduce"])) if int(params["reduce"]) else ()
        made: tuple[Word, ...] = (str(params["quantization"]), "EF", int(params["ef_build"]))
        found: list[Keyed] = []
        for i, (element, vector, facts) in enumerate(zip(elements, vectors, attributes, strict=True)):
            key = keys[(first + i) % len(keys)]
            said: tuple[Word, ...] = ("SETATTR", json.dumps(facts, ensure_ascii=False)) if facts else ()
            numbers = vector.astype("<f4", copy=False).tobytes()
            found.append((key, ("VADD", key, *reduced, "FP32", numbers, element, *made, *said, "M", int(params["M"]))))
        return found

    def settle(self, client: Client, rows: int, progress: Progress) -> None:
        """A row can be found when VADD has answered; whether all are there is counted."""
        there = self.count(client, progress)
        if there != rows:
            raise ServerFailed(f"{client.address.place} holds {there:,} elements where {rows:,} were added.")

    def count(self, client: Client, progress: Progress) -> int:
        """VCARD of all sets."""
        keys = list(self.about.keys)
        return sum(int(n) for n in client.gather([("VCARD", key) for key in keys], keys, progress))

    def occupied(self, client: Client, progress: Progress) -> str:
        """Whatever has one of the keys."""
        for key in self.about.keys:
            if (kind := text(client.ask("TYPE", key, key=key, progress=progress))) != "none":
                return f"a {kind}"
        return ""

    def clear(self, client: Client, progress: Progress) -> None:
        """UNLINK the keys: the server frees their memory beside its other work."""
        client.gather([("UNLINK", key) for key in self.about.keys], self.about.keys, progress)

    def memory(self, client: Client, progress: Progress) -> int:
        """MEMORY USAGE where it may be asked, otherwise what such a set usually takes."""
        sizes = [
            permitted(client, "MEMORY", "USAGE", key, "SAMPLES", 20, key=key, progress=progress)
            for key in self.about.keys
        ]
        return sum(int(size) for size in sizes if size) or self.about.rows * self.row_bytes()

    def row_bytes(self) -> int:
        """The vector, the links, and what is kept beside them."""
        return row_bytes(self.about.dimensions, self.about.params)

    def question(self, query: NDArray[np.float32], count: int, params: Params) -> list[Keyed]:
        """VSIM of each set."""
        numbers = query.astype("<f4", copy=False).tobytes()
        how: tuple[Word, ...] = ("COUNT", count, "EF", min(MOST_EF, max(count, int(params["ef_search"]))))
        if params.get("truth") == "yes":
            how = (*how, "TRUTH")
        return [(key, ("VSIM", key, "FP32", numbers, "WITHSCORES", *how)) for key in self.about.keys]

    def answer(self, reply: Any) -> list[Scored]:
        """Elements and scores in turn."""
        return [(reply[i], float(reply[i + 1])) for i in range(0, len(reply) - 1, 2)]

    def decoded(self, client: Client, elements: Sequence[bytes]) -> NDArray[np.float32]:
        """VEMB … RAW, about of unit length, as Redis compares. A set that was reduced has vectors of another space."""
        if int(self.about.params.get("reduce", 0)):
            raise NotImplementedError("its vectors were projected to fewer dimensions")
        keys = self.about.keys
        asked = [(key, ("VEMB", key, element, "RAW")) for element in elements for key in keys]
        replies = client.gather([command for _, command in asked], [key for key, _ in asked])
        each = [next(filter(None, replies[i : i + len(keys)]), None) for i in range(0, len(replies), len(keys))]
        found, there = decoding.of_set(each, self.about.dimensions, lengths=False)
        if not there.all():
            raise NotImplementedError("some of its elements are no longer there")
        return found

    def graph(
        self, client: Client, elements: Elements | Numbered, rows: int, progress: Progress
    ) -> ServerGraph | Facts:
        """VLINKS of every element: lists from the top layer down. Each set is a graph of its own; Redis does not tell
        where a search begins: we take the first row of the top layer, as it is where rows were added in their order."""
        keys, drawn = self.about.keys, Drawn(rows)
        shards = np.full(rows, -1, np.int64)
        for start in range(0, rows, links.AT_A_TIME):
            progress(start / rows, "links")
            some = range(start, min(start + links.AT_A_TIME, rows))
            asked = [(row, shard) for row in some for shard in self._shards_of(row)]
            commands: list[Command] = [("VLINKS", keys[shard], elements[row]) for row, shard in asked]
            replies = client.gather(commands, [keys[shard] for _, shard in asked], progress)
            for (row, shard), lists in zip(asked, replies, strict=True):
                if lists is not None:
                    shards[row] = shard
                    drawn.add(row, [[elements.row(element) for element in each] for each in reversed(lists)])
        begins = [drawn.highest(np.flatnonzero(shards == shard)) for shard in range(len(keys))]
        most = int(self.about.params["M"])
        return drawn.finished(-1, np.array([each for each in begins if each >= 0], np.int64), most)

    def _shards_of(self, row: int) -> Sequence[int]:
        """In which of the sets a row can lie: by turns where we have put them there, otherwise in any."""
        count = len(self.about.keys)
        return (row % count,) if self.about.called == "marked" else range(count)


def row_bytes(dimensions: int, params: Params) -> int:
    """About how much memory a row takes on the server."""
    width = int(params["reduce"]) or dimensions
    return ROW_BYTES + LINK_BYTES * int(params["M"]) + width * BITS[str(params["quantization"])] // 8


def keeps_all(params: Params) -> bool:
    """Whether a set made by such parameters holds the vectors as they are."""
    return params.get("quantization") == "NOQUANT" and not int(params.get("reduce", 0))
