"""HNSW: a graph of near neighbours in layers, walked from a fixed row towards the query."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from explorer.core.params import Param, Params
from explorer.indexes import graphs
from explorer.indexes.faiss import header, reckoning
from explorer.indexes.faiss.building import Plan
from explorer.indexes.faiss.kinds import EF_SEARCH, SEED, FaissType
from explorer.indexes.faiss.library import imported


class FaissHnsw(FaissType):
    """IndexHNSWFlat."""

    name = "faiss-hnsw"
    title = "Faiss HNSW"
    about = "A graph of near neighbours in layers: finds most of all in the least time; large and slow to build."
    lossless = True
    reaches_all = False
    build_params = (
        Param("M", "int", 32, "How many neighbours a row is linked to; twice as many on the ground layer.", 2, 512),
        Param("efConstruction", "int", 100, "How hard it looks for a row's neighbours: more are truer.", 1, 100_000),
        SEED,
    )
    search_params = (EF_SEARCH,)
    effort = MappingProxyType({"efSearch": "not_visited"})
    remedy = "M"
    rank = 24
    kin = "graph"
    kinds = header.HNSW_FLAT

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """As given."""
        return params

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """IndexHNSWFlat."""
        links, ef = int(params["M"]), int(params["efConstruction"])

        def make(width: int, metric: int) -> Any:
            faiss = imported()

            index = faiss.index_factory(width, f"HNSW{links},Flat", metric)
            index.hnsw.efConstruction = ef
            return index

        what = f"A Faiss graph of {rows:,} rows with {links} links each"
        row_bytes = 4 * dimensions + 2 * links * reckoning.LINK_BYTES + reckoning.BESIDE_LINKS
        work = reckoning.copying(rows, dimensions) + graphs.linking(rows, dimensions, links, ef)
        return Plan(make, what, row_bytes, 0, int(params["seed"]) if "seed" in params else None, work)

    def found(self, index: Any) -> Params:
        """Its links, and how it was built."""
        return {"M": int(index.hnsw.nb_neighbors(1)), "efConstruction": int(index.hnsw.efConstruction)}
