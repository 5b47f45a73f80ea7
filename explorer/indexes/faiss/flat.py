"""Flat: every vector, or every code, is looked at."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from explorer.core.params import Param, Params
from explorer.indexes.faiss import header, items, reckoning
from explorer.indexes.faiss.building import Plan
from explorer.indexes.faiss.kinds import RERANK, FaissType
from explorer.indexes.faiss.library import imported

BITS = {"8bit": 8, "8bit_uniform": 8, "6bit": 6, "4bit": 4, "4bit_uniform": 4, "fp16": 16, "bf16": 16}
HALF_LENGTHS = (1e-3, 6e4)
"""Lengths between which numbers of 16 bits neither overflow nor vanish."""


class FaissFlat(FaissType):
    """IndexFlat."""

    name = "faiss-flat"
    title = "Faiss flat"
    about = "The vectors as they are, all of them looked at: always right; slower the more rows there are."
    lossless = True
    rank = 20
    kin = "scan"
    kinds = header.FLAT

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """There are none."""
        return {}

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """IndexFlat."""

        def make(width: int, metric: int) -> Any:
            faiss = imported()

            return faiss.index_factory(width, "Flat", metric)

        work = reckoning.copying(rows, dimensions)
        return Plan(make, f"A flat Faiss index of {rows:,} rows", 4 * dimensions, 0, None, work)

    def found(self, index: Any) -> Params:
        """There are none."""
        return {}


class FaissSq(FaissType):
    """IndexScalarQuantizer."""

    name = "faiss-sq"
    title = "Faiss SQ"
    about = "Every number shortened to a few bits: 2 to 8 times smaller than flat, all rows looked at."
    lossless = False
    build_params = (Param("quantizer", "choice", "8bit", "How a number is shortened.", choices=tuple(BITS)),)
    search_params = (RERANK,)
    effort = MappingProxyType({"rerank": "code_rank"})
    rank = 23
    kin = "scan"
    kinds = header.SQ

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """As given."""
        return {"quantizer": params["quantizer"]}

    def lengths(self, params: Params) -> tuple[float, float]:
        """Numbers of 16 bits reach less far."""
        return HALF_LENGTHS if params["quantizer"] == "fp16" else (items.SMALLEST, items.LARGEST)

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """IndexScalarQuantizer."""
        quantizer = str(params["quantizer"])

        def make(width: int, metric: int) -> Any:
            faiss = imported()

            return faiss.IndexScalarQuantizer(width, getattr(faiss.ScalarQuantizer, f"QT_{quantizer}"), metric)

        row_bytes = -(-dimensions * BITS[quantizer] // 8)
        work = reckoning.copying(rows, dimensions) + reckoning.shortening(rows, dimensions)
        return Plan(make, f"A Faiss index of {rows:,} rows in {quantizer}", row_bytes, 256, None, work)

    def found(self, index: Any) -> Params:
        """The quantizer; raises ValueError for one that is not offered here."""
        faiss = imported()

        names = {getattr(faiss.ScalarQuantizer, f"QT_{name}"): name for name in BITS}
        if index.sq.qtype not in names:
            raise ValueError(f"its quantizer is Faiss's number {index.sq.qtype}")
        return {"quantizer": names[index.sq.qtype]}
