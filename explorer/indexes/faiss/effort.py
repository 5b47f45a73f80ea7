"""How hard a search tries: `nprobe`, `efSearch` and `rerank` as numbers, and how an index is told."""

from __future__ import annotations

import math
import re
from typing import Any

from explorer.core.params import Params
from explorer.errors import BadParameter
from explorer.indexes.faiss.library import imported

LEAST_EF = 64
RERANK_FACTOR = 10
NO_LOSS = re.compile(r"(?:(?:IVF\d+(?:_HNSW\d*)?|IDMap2?|Pad\d+),)*(?:Flat|FlatDedup|(?:HNSW|NSG)\d*(?:,Flat)?)")
REFINED = re.compile(r",(?:RFlat|Refine\(Flat\))$")
GRAPH = re.compile(r"(?:^|,)(?:HNSW|NSG)\d*")


def probes(nlist: int, rows: int, k: int) -> int:
    """`nprobe`: twice √nlist cells, and twice as many more as k rows fill."""
    return max(1, min(nlist, math.ceil(2 * math.sqrt(nlist) + 2 * k * nlist / max(1, rows))))


def candidates(k: int) -> int:
    """`efSearch`: at least 64, and at least twice k."""
    return max(LEAST_EF, 2 * k)


def reranked(rows: int, k: int) -> int:
    """`rerank`: ten times k."""
    return min(rows, RERANK_FACTOR * k)


def cells(factory: str) -> int:
    """How many cells a factory string asks for; 0 when there are none."""
    if found := re.search(r"(?:^|[,(])IVF(\d+)", factory):
        return int(found[1])
    if found := re.search(r"(?:^|[,(])IMI(\d+)x(\d+)", factory):
        return int(1 << min(62, int(found[1]) * int(found[2])))
    return 0


def in_graph(factory: str) -> bool:
    """Whether a factory string makes a graph of the rows."""
    return not cells(factory) and GRAPH.search(factory) is not None


def keeps_all(factory: str) -> bool:
    """Whether a factory string makes an index that ranks by the vectors themselves."""
    return NO_LOSS.fullmatch(factory) is not None or REFINED.search(factory) is not None


def tune(index: Any, params: Params) -> None:
    """Set `nprobe` and `efSearch` of an index, wherever in it they belong; raises BadParameter where it has none."""
    for name, asked in (("nprobe", params.get("nprobe")), ("efSearch", params.get("efSearch"))):
        if asked is not None and not _set(index, name, int(asked)):
            has = "cells" if name == "nprobe" else "graph"
            raise BadParameter(f"This index has no {has}, so there is no {name} to set.")


def _set(index: Any, name: str, value: int) -> bool:
    for part in parts(index):
        if name == "nprobe" and hasattr(part, "nprobe"):
            part.nprobe = value
            return True
        if name == "efSearch" and hasattr(part, "hnsw"):
            part.hnsw.efSearch = value
            return True
        if name == "efSearch" and hasattr(part, "nsg"):
            part.nsg.search_L = value
            return True
    return False


def parts(index: Any) -> list[Any]:
    """An index and those that it wraps, from the outside in."""
    faiss = imported()

    found = []
    part: Any = index
    while part is not None:
        part = faiss.downcast_index(part)
        found.append(part)
        part = getattr(part, "base_index", None) or (
            getattr(part, "index", None) if isinstance(part, faiss.IndexPreTransform | faiss.IndexIDMap) else None
        )
    return found
