"""What lies on a server: its vector sets and search indexes, with their sizes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.servers import manifest
from explorer.servers.address import Named
from explorer.servers.client import Client, Command, all_permitted, pairs, permitted, text
from explorer.servers.manifest import Manifest

SET, INDEX = "redis-vset", "redis-search"
"""The index types that search them."""
METRICS: dict[str, Metric] = {"COSINE": "cosine", "L2": "euclidean", "IP": "dot"}
LONGEST_LOOK = 5.0
"""For so many seconds a server full of other keys is searched for vector sets."""
SCANNED = 5000
QUANTIZATIONS = {"f32": "NOQUANT", "int8": "Q8", "bin": "BIN"}


@dataclass(frozen=True)
class Holding:
    """A vector set, or a search index with one of its vector fields.

    `kind` is the index type that searches it; `name` its key, or that of the index; `keys` the vector sets of a push
    that was spread over several, otherwise (name,); `rows` how many vectors; `params` how it was made; `prefixes` those
    of the documents of an index, and `stored` the element type of its vectors; `written` is less than `rows` when a
    push has not come to its end.
    """

    kind: str
    name: str
    keys: tuple[str, ...]
    rows: int
    dimensions: int
    metric: Metric
    field: str = ""
    params: tuple[tuple[str, str], ...] = ()
    prefixes: tuple[str, ...] = ()
    stored: str = "FLOAT32"
    json: bool = False
    written: int = 0
    pushed: bool = False
    """Whether this program has put it there."""
    one_of_several: bool = False
    """Whether its index has other vector fields beside this one."""

    @property
    def unfinished(self) -> bool:
        return self.written < self.rows

    @property
    def title(self) -> str:
        """words, or products.embedding where an index has several fields."""
        return f"{self.name}.{self.field}" if self.one_of_several else self.name

    @property
    def about(self) -> str:
        """1,000 × 128 · cosine · M 16."""
        size = f"{self.rows:,} × {self.dimensions}"
        if self.unfinished:
            size = f"{self.written:,} of {size}, unfinished"
        return " · ".join((size, self.metric, *(f"{name} {value}" for name, value in self.params)))

    def named(self, of: Named) -> Named:
        """What names it on that server."""
        if self.kind == SET:
            return replace(of, key=self.name, index="", field="")
        return replace(of, key="", index=self.name, field=self.field)


def holdings(client: Client, progress: Progress = silent) -> tuple[Holding, ...]:
    """Everything that can be opened, sets first, by name. Raises PasswordNeeded or ServerFailed."""
    names = _whole(client, _set_keys(client, progress), progress)
    found = [holding for holding in vector_sets(client, names, progress) if holding is not None]
    for fields in fields_of(client, _whole(client, _index_names(client, progress), progress), progress):
        found += fields
    return tuple(found)


def holding_named(client: Client, wanted: Named, progress: Progress = silent) -> Holding:
    """The one that is named, or the only one there is. Raises BadParameter with the names that there are."""
    found: tuple[Holding, ...]
    if wanted.key:
        one = vector_set(client, wanted.key, progress)
        found = () if one is None else (one,)
    elif wanted.index:
        found = tuple(
            each for each in search_fields(client, wanted.index, progress) if wanted.field in ("", each.field)
        )
    else:
        found = holdings(client, progress)
    if len(found) == 1:
        return found[0]
    place = wanted.address.place
    if len(found) > 1:
        ways = ", ".join(_way(each) for each in found[:8]) + (" …" if len(found) > 8 else "")
        raise BadParameter(f"{place} holds several sets of vectors; name one: {ways}.")
    if not (wanted.key or wanted.index):
        raise BadParameter(f"{place} holds no vector set and no search index with vectors; push a Dataset to it first.")
    name = wanted.key or wanted.index
    field = f" with the vector field “{wanted.field}”" if wanted.field else ""
    there = [each.title for each in holdings(client, progress)]
    others = f"; there are {', '.join(there[:8])}" if there else "; it holds no vectors at all"
    raise BadParameter(f"{place} has no {'vector set' if wanted.key else 'search index'} “{name}”{field}{others}.")


def vector_set(client: Client, name: str, progress: Progress = silent) -> Holding | None:
    """A vector set, or what was pushed under that name as one or as several; None where there is none."""
    return vector_sets(client, (name,), progress)[0]


def vector_sets(client: Client, names: Sequence[str], progress: Progress = silent) -> list[Holding | None]:
    """The same for many names, in their order; all are asked about at once."""
    manifests = manifest.read_all(client, names, progress)
    keys = [said.keys if said is not None else (name,) for name, said in zip(names, manifests, strict=True)]
    facts = _about_sets(client, [key for some in keys for key in some], progress)
    return [
        None if said is not None and said.kind != SET else _set(name, some, [facts[key] for key in some], said)
        for name, some, said in zip(names, keys, manifests, strict=True)
    ]


def _set(name: str, keys: tuple[str, ...], facts: list[dict[str, Any]], said: Manifest | None) -> Holding | None:
    """A vector set by what VINFO says of each of its keys."""
    known = next((each for each in facts if each), None)
    if known is None:
        return None
    rows = sum(int(each.get("size", 0)) for each in facts)
    quantization = text(known.get("quant-type", b""))
    params = [("M", text(known.get("hnsw-m", ""))), ("quantization", QUANTIZATIONS.get(quantization, quantization))]
    projected = int(known.get("projection-input-dim", 0) or 0)
    dimensions = int(known["vector-dim"])
    if projected:
        params.append(("reduce", str(dimensions)))
    if len(keys) > 1:
        params.append(("shards", str(len(keys))))
    return _as_pushed(Holding(SET, name, keys, rows, dimensions, "cosine", params=tuple(params), written=rows), said)


def search_fields(client: Client, name: str, progress: Progress = silent) -> list[Holding]:
    """The vector fields of a search index, each as a Holding; none where there is no such index."""
    return fields_of(client, (name,), progress)[0]


def fields_of(client: Client, names: Sequence[str], progress: Progress = silent) -> list[list[Holding]]:
    """The same for many names, in their order; all are asked about at once."""
    manifests = [
        said if said is not None and said.kind == INDEX else None for said in manifest.read_all(client, names, progress)
    ]
    keys = [said.keys if said is not None else (name,) for name, said in zip(names, manifests, strict=True)]
    wanted = list(dict.fromkeys(key for some in keys for key in some))
    replies = all_permitted(client, [("FT.INFO", key) for key in wanted], wanted, progress)
    facts = {key: pairs(reply or ()) for key, reply in zip(wanted, replies, strict=True)}
    return [
        _fields(name, some, [facts[key] for key in some], said)
        for name, some, said in zip(names, keys, manifests, strict=True)
    ]


def _fields(name: str, keys: tuple[str, ...], each: list[dict[str, Any]], said: Manifest | None) -> list[Holding]:
    """The vector fields of an index by what FT.INFO says of each of its parts."""
    facts = next((one for one in each if one), {})
    about = pairs(facts.get("index_definition", ()))
    rows = sum(int(float(text(one.get("num_docs", 0)))) for one in each)
    found = []
    for words in facts.get("attributes", ()):
        field = {key.casefold(): value for key, value in pairs(words).items()}
        if text(field.get("type", b"")).upper() != "VECTOR":
            continue
        algorithm = text(field.get("algorithm", b"")).upper()
        links = [("M", text(field["m"]))] if "m" in field else []
        found.append(
            Holding(
                kind=INDEX,
                name=name,
                keys=keys,
                rows=rows,
                dimensions=int(field.get("dim", 0)),
                metric=METRICS.get(text(field.get("distance_metric", b"COSINE")).upper(), "cosine"),
                field=text(field.get("attribute", field.get("identifier", b""))),
                params=(("algorithm", algorithm), *links),
                prefixes=tuple(text(prefix) for prefix in about.get("prefixes", ())),
                stored=text(field.get("data_type", b"FLOAT32")).upper(),
                json=text(about.get("key_type", b"HASH")).upper() == "JSON",
                written=rows,
            )
        )
    return [_as_pushed(replace(field, one_of_several=len(found) > 1), said) for field in found]


def _as_pushed(found: Holding, said: Manifest | None) -> Holding:
    """A Holding with what the manifest says of it, where there is one."""
    if said is None:
        return found
    return replace(found, rows=max(said.rows, found.rows), written=found.rows, pushed=True)


def _about_sets(client: Client, keys: Iterable[str], progress: Progress) -> dict[str, dict[str, Any]]:
    """VINFO of each key; empty for one that is not there, or is no vector set."""
    wanted = list(dict.fromkeys(keys))
    kinds = client.gather([("TYPE", key) for key in wanted], wanted, progress)
    there = [key for key, kind in zip(wanted, kinds, strict=True) if text(kind) == "vectorset"]
    replies = all_permitted(client, [("VINFO", key) for key in there], there, progress)
    found = {key: pairs(reply or ()) for key, reply in zip(there, replies, strict=True)}
    return {key: found.get(key, {}) for key in wanted}


def _set_keys(client: Client, progress: Progress) -> list[str]:
    """The keys of the vector sets; those that are found in time where a server is full of other keys."""
    found: list[str] = []
    until = time.monotonic() + LONGEST_LOOK
    cursors = dict.fromkeys(client.nodes(progress), "0")
    while cursors and time.monotonic() < until:
        nodes = list(cursors)
        scans: list[Command] = [("SCAN", cursors[node], "COUNT", SCANNED, "TYPE", "vectorset") for node in nodes]
        for node, (cursor, keys) in zip(nodes, client.gather(scans, nodes, progress), strict=True):
            found += map(text, keys)
            cursors[node] = text(cursor)
            if cursors[node] == "0":
                del cursors[node]
    return found


def _whole(client: Client, keys: Iterable[str], progress: Progress) -> list[str]:
    """The names of pushes in place of their shards; what others call NAME:{tag} is called so, and no shard."""
    called = {key: manifest.name_of_set(key) for key in keys}
    shards = [key for key, name in called.items() if name != key]
    manifests = manifest.read_all(client, [called[key] for key in shards], progress)
    theirs = {key for key, said in zip(shards, manifests, strict=True) if said is not None and key in said.keys}
    return sorted({name if key in theirs else key for key, name in called.items()})


def _index_names(client: Client, progress: Progress) -> set[str]:
    """The names of the search indexes; none where there is no search."""
    if permitted(client, "FT._LIST", progress=progress) is None:
        return set()
    return {text(name) for names in client.everywhere("FT._LIST", progress=progress).values() for name in names}


def _way(holding: Holding) -> str:
    field = f"&field={holding.field}" if holding.field else ""
    return f"key={holding.name}" if holding.kind == SET else f"index={holding.name}{field}"
