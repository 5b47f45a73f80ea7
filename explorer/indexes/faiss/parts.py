"""Take an index apart: what is turned before, what is looked up, what is re-ranked after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.indexes.faiss.library import imported


@dataclass(frozen=True, eq=False)
class Parts:
    """The part that holds the rows (`core`), the transformations before it, and the index that re-ranks what it finds.

    `whole` keeps all of them alive: what the library hands out belongs to it.
    """

    whole: Any
    core: Any
    turns: tuple[Any, ...]
    refine: Any | None

    def turned(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors (m, d) as the core gets them (m, d')."""
        for turn in self.turns:
            vectors = turn.apply(vectors)
        return vectors

    def base(self, count: int) -> int:
        """How many rows the core is asked for where the whole is asked for so many."""
        return count if self.refine is None else min(int(count * self.refine.k_factor), int(self.core.ntotal))

    @property
    def cells(self) -> bool:
        """Whether the rows are divided into cells, each of them in one."""
        faiss = imported()

        return isinstance(self.core, faiss.IndexIVF) and not isinstance(self.core, faiss.IndexIVFFlatDedup)

    @property
    def keeps_all(self) -> bool:
        """Whether what is compared are the vectors themselves."""
        faiss = imported()

        kinds = (faiss.IndexFlat, faiss.IndexFlatL2, faiss.IndexFlatIP, faiss.IndexHNSWFlat, faiss.IndexIVFFlat)
        return type(self.core) in kinds and not self.turns

    @property
    def graph(self) -> bool:
        """Whether the rows are in a graph that is read here."""
        faiss = imported()

        kinds = (faiss.IndexHNSWFlat, faiss.IndexHNSWSQ, faiss.IndexHNSWPQ)
        return type(self.core) in kinds

    @property
    def scanned(self) -> bool:
        """Whether all rows are looked at."""
        faiss = imported()

        kinds = (faiss.IndexFlat, faiss.IndexFlatL2, faiss.IndexFlatIP, faiss.IndexScalarQuantizer, faiss.IndexPQ)
        return type(self.core) in kinds


def taken_apart(index: Any) -> Parts | None:
    """The parts of an index; None where they do not number the rows from 0, as those of a map of ids can do."""
    faiss = imported()

    core, turns, refine = faiss.downcast_index(index), list[Any](), None
    while True:
        if isinstance(core, faiss.IndexPreTransform):
            turns += [faiss.downcast_VectorTransform(core.chain.at(i)) for i in range(core.chain.size())]
            core = faiss.downcast_index(core.index)
        elif isinstance(core, faiss.IndexRefine) and refine is None:
            refine = core
            core = faiss.downcast_index(core.base_index)
        elif isinstance(core, faiss.IndexIDMap):
            ids = faiss.vector_to_array(core.id_map)
            if not np.array_equal(ids, np.arange(len(ids))):
                return None
            core = faiss.downcast_index(core.index)
        else:
            return Parts(index, core, tuple(turns), refine)
