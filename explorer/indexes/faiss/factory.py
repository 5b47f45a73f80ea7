"""Whatever Faiss's index factory makes of a string."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explorer.core.params import Param, Params
from explorer.errors import BadParameter, ExplorerError
from explorer.indexes import graphs
from explorer.indexes.base import IndexHandle
from explorer.indexes.faiss import effort, header, reckoning, shape
from explorer.indexes.faiss.building import Plan
from explorer.indexes.faiss.kinds import EF_SEARCH, NPROBE, RERANK, SEED, FaissType
from explorer.indexes.faiss.library import imported

FEWEST_CLUSTERS = 256
LARGEST_FACTORY = 500
FACTORY_EFFORT = 40
"""Faiss's own efConstruction."""


class FaissFactory(FaissType):
    """An index of any make, for those who know what they want."""

    name = "faiss-factory"
    title = "Faiss factory"
    about = "Any index that a string of Faiss's index_factory describes, such as OPQ16_64,IVF256,PQ16x4fs,RFlat."
    lossless = False
    reaches_all = False
    build_params = (
        Param("factory", "text", None, "What index_factory is told; left out: cells of 8-bit numbers."),
        SEED,
    )
    search_params = (NPROBE, EF_SEARCH, RERANK)
    effort = MappingProxyType({"nprobe": "not_probed", "efSearch": "not_visited", "rerank": "code_rank"})
    rank = 25
    kin = ""
    kinds = tuple(sorted(header.KNOWN))

    def resolved(self, rows: int, dimensions: int, params: Params) -> Params:
        """The string, or one that suits the rows."""
        factory = str(params.get("factory", f"IVF{shape.cells(rows, None)},SQ8")).strip()
        if not factory or len(factory) > LARGEST_FACTORY or not factory.isprintable():
            raise BadParameter("factory is a string of Faiss's index_factory, such as IVF256,SQ8.")
        return {**params, "factory": factory}

    def exact(self, params: Params) -> bool:
        """Never relied on: transformations change what is stored."""
        return False

    def plan(self, rows: int, dimensions: int, params: Params) -> Plan:
        """What the string says."""
        factory = str(params["factory"])

        def make(width: int, metric: int) -> Any:
            faiss = imported()

            return faiss.index_factory(width, factory, metric)

        asked = reckoning.recipe(factory, rows, dimensions)
        clusters = max(FEWEST_CLUSTERS, asked.cells)
        seed = int(params["seed"]) if "seed" in params else None
        what, refused = f"A Faiss index “{factory}” of {rows:,} rows", partial(_refused, factory, rows, dimensions)
        return Plan(make, what, asked.row_bytes, clusters, seed, _work(asked, rows, dimensions), refused)

    def found(self, index: Any) -> Params:
        """The string that describes it, where there is one."""
        imported()
        from faiss.contrib.factory_tools import reverse_index_factory

        try:
            told = reverse_index_factory(index)
        except (AttributeError, AssertionError, IndexError, KeyError, NotImplementedError, RuntimeError):
            told = None
        return {"factory": told or type(index).__name__.removeprefix("Index")}

    def tunable(self, handle: IndexHandle) -> list[str]:
        """What the string speaks of."""
        factory = str(handle.params["factory"])
        has = {"nprobe": effort.cells(factory) > 0, "efSearch": effort.in_graph(factory)}
        return [param.name for param in self.search_params if has.get(param.name, True)]

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """As the other types; what keeps the vectors need not be ranked again."""
        known = super().search_defaults(handle, k)
        if effort.keeps_all(str(handle.params["factory"])):
            known["rerank"] = 0
        return known

    def cells(self, handle: IndexHandle) -> int:
        """By the string."""
        return effort.cells(str(handle.params["factory"]))

    def recognises(self, path: Path) -> bool:
        """Every Faiss file that no other type has taken."""
        return header.header_of(path) is not None


def _work(asked: reckoning.Recipe, rows: int, dimensions: int) -> float:
    """Seconds of a reference core for what a string asks for."""
    work = reckoning.copying(rows, dimensions)
    if asked.transformed:
        work += reckoning.turning(rows, dimensions, asked.width, for_codes=asked.rotated)
    if asked.cells:
        work += reckoning.dividing(rows, asked.width, asked.cells)
    if asked.bits:
        work += reckoning.coding(rows, asked.width, asked.bits) + reckoning.ordering(asked.ordered, asked.bits)
    if asked.links:
        work += graphs.linking(rows, asked.width, asked.links, FACTORY_EFFORT)
    return work + reckoning.shortening(rows, asked.width)


def _refused(factory: str, rows: int, dimensions: int, said: str) -> ExplorerError:
    return BadParameter(f"Faiss cannot build “{factory}” of {rows:,} × {dimensions} vectors: {said}.")
