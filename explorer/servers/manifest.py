"""What this program has put on a server: each Dataset that was pushed has a hash beside it that says what it is.

It is written before the first row and tells how far the rest has come, so that whatever was left unfinished has a name,
can be gone on with, and can be removed; and nothing without one is ever written to or removed by us.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from explorer.core.metric import Metric, metric_named
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter
from explorer.servers.client import Client, pairs, text

OURS = "ANN Explorer"
SUFFIX = ".about"
MARK = "#"
"""Between the name of a push and the number of a row, in the key of a document."""
LAYOUT = 1
ODD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Manifest:
    """What was pushed, under which name.

    `name` is the key of the whole, with its prefix; `kind` the index type; `keys` the vector sets that hold it, one for
    each shard (for a search index the index itself); `rows` how many there will be and `written` how many there are;
    `params` its build parameters; `fingerprint` that of the Dataset.
    """

    name: str
    kind: str
    keys: tuple[str, ...]
    rows: int
    dimensions: int
    metric: Metric
    fingerprint: str
    params: Params
    written: int = 0

    @property
    def complete(self) -> bool:
        return self.written >= self.rows

    @property
    def key(self) -> str:
        """Where it stands on the server."""
        return self.name + SUFFIX

    def same(self, other: Manifest) -> bool:
        """Whether both are of the same push, however far it has come."""
        return replace(self, written=0) == replace(other, written=0)


def read(client: Client, name: str, progress: Progress = silent) -> Manifest | None:
    """The manifest of that name on the server; None where there is none of ours."""
    return read_all(client, (name,), progress)[0]


def read_all(client: Client, names: Sequence[str], progress: Progress = silent) -> list[Manifest | None]:
    """The manifests of many names, in their order, with two questions to each node."""
    keys = [name + SUFFIX for name in names]
    kinds = client.gather([("TYPE", key) for key in keys], keys, progress)
    there = [key for key, kind in zip(keys, kinds, strict=True) if text(kind) == "hash"]
    said = client.gather([("HGETALL", key) for key in there], there, progress)
    found = dict(zip(there, map(pairs, said), strict=True))
    return [_manifest(name, found[key]) if key in found else None for name, key in zip(names, keys, strict=True)]


def _manifest(name: str, said: Mapping[str, Any]) -> Manifest | None:
    """What a hash says; None where it is not ours."""
    try:
        if text(said["program"]) != OURS:
            return None
        facts: dict[str, Any] = json.loads(text(said["about"]))
        return Manifest(
            name=name,
            kind=str(facts["kind"]),
            keys=tuple(map(str, facts["keys"])),
            rows=int(facts["rows"]),
            dimensions=int(facts["dimensions"]),
            metric=metric_named(str(facts["metric"])),
            fingerprint=str(facts["fingerprint"]),
            params=dict(facts["params"]),
            written=int(said["written"]),
        )
    except (BadParameter, KeyError, ValueError, TypeError, RecursionError):
        return None


def write(client: Client, manifest: Manifest, progress: Progress = silent) -> None:
    """Put it on the server, in place of the one before."""
    facts = {name: value for name, value in asdict(manifest).items() if name not in ("name", "written")}
    said = ("program", OURS, "layout", LAYOUT, "about", json.dumps(facts), "written", manifest.written)
    client.ask("HSET", manifest.key, *said, key=manifest.key, progress=progress)


def called(prefix: str, key: str, title: str) -> str:
    """The name of a push: its key, or else a Dataset's title as keys are written, behind the prefix."""
    return prefix + (key.strip() or ODD.sub("-", title).strip("-") or "vectors")


def document(name: str, row: int) -> str:
    """The key of the document that holds a row: NAME#row."""
    return f"{name}{MARK}{row}"


def name_of_set(key: str) -> str:
    """The name of the push that a vector set may belong to: that of a shard is `NAME:{tag}`."""
    name, brace, _ = key.rpartition(":{")
    return name if brace and key.endswith("}") else key
