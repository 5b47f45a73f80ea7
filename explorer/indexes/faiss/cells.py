"""Inverted files: the rows are divided into cells, and only the cells nearest to a query are looked into."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from explorer.core.explanation import Reason
from explorer.core.params import Param, Params
from explorer.indexes.faiss import header, reckoning, shape
from explorer.indexes.faiss.building import Plan
from explorer.indexes.faiss.kinds import NLIST, NPROBE, RERANK, SEED, FaissType
from explorer.indexes.faiss.library import imported


class FaissIvf(FaissType):
    """IndexIVFFlat."""

    name = "faiss-ivf"
    title = "Faiss IVF"
    about = "The vectors in cells, of which the nearest are looked into: quick to build, quick to ask."
    lossless = True
    build_params: tuple[Param, ...] = (NLIST, SEED)
    search_params: tuple[Param, ...] = (NPROBE,)
    effort: Mapping[str, Reason] = MappingProxyType({"nprobe": "not_probed"})
    rank = 21
    kinds: tuple[str, ...] = header.IVF_FLAT

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """`nlist` from the rows."""
        nlist = params.get("nlist")
        return {"nlist": shape.cells(rows, None if nlist is None else int(nlist)), **_seed(params)}

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """IndexIVFFlat over a flat quantizer."""
        nlist = int(params["nlist"])
        what = f"A Faiss index of {rows:,} rows in {nlist:,} cells"
        row_bytes = 4 * dimensions + reckoning.ROW_NUMBER_BYTES
        work = reckoning.copying(rows, dimensions) + reckoning.dividing(rows, dimensions, nlist)
        return _made(f"IVF{nlist},Flat", what, row_bytes, nlist, params, work)

    def found(self, index: Any) -> Params:
        """How many cells it has."""
        return {"nlist": int(index.nlist)}


class FaissIvfpq(FaissIvf):
    """IndexIVFPQ, of residuals."""

    name = "faiss-ivfpq"
    title = "Faiss IVF-PQ"
    about = "Cells of short codes: 4 to 60 times smaller than the vectors, so that very many rows fit in memory."
    lossless = False
    build_params = (
        NLIST,
        Param("m", "int", None, "Into how many pieces a vector is cut; each is a code. More are truer.", 1, 1 << 16),
        Param("nbits", "int", 8, "How many bits a code has: more are truer and take longer to learn.", 1, 12),
        SEED,
    )
    search_params = (NPROBE, RERANK)
    effort = MappingProxyType({"nprobe": "not_probed", "rerank": "code_rank"})
    remedy = "m"
    rank = 22
    kinds = header.IVF_PQ

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """`nlist` and `nbits` from the rows, `m` from the dimensions."""
        m = params.get("m")
        return {
            "nlist": super().resolved(rows, dimensions, params)["nlist"],
            "m": shape.pieces(dimensions, None if m is None else int(m)),
            "nbits": shape.code_bits(rows, int(params["nbits"])),
            **_seed(params),
        }

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """IndexIVFPQ, whose codes are not put in the order that only a search by Hamming distance needs."""
        nlist, m, nbits = (int(params[name]) for name in ("nlist", "m", "nbits"))
        what = f"A Faiss index of {rows:,} rows in {nlist:,} cells of codes"
        row_bytes = -(-m * nbits // 8) + reckoning.ROW_NUMBER_BYTES
        work = reckoning.copying(rows, dimensions) + reckoning.dividing(rows, dimensions, nlist)
        work += reckoning.coding(rows, dimensions, nbits)
        return _made(f"IVF{nlist},PQ{m}x{nbits}np", what, row_bytes, max(nlist, 1 << nbits), params, work)

    def found(self, index: Any) -> Params:
        """Its cells and codes."""
        return {"nlist": int(index.nlist), "m": int(index.pq.M), "nbits": int(index.pq.nbits)}


def _made(factory: str, what: str, row_bytes: int, clusters: int, params: Params, work: float) -> Plan:
    def make(width: int, metric: int) -> Any:
        faiss = imported()

        return faiss.index_factory(width, factory, metric)

    return Plan(make, what, row_bytes, clusters, int(params["seed"]) if "seed" in params else None, work)


def _seed(params: Params) -> Params:
    return {"seed": params["seed"]} if "seed" in params else {}
