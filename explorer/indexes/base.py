"""The contract of an index type: one file, or one small package, in this folder, with its types in `TYPES`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause, Reason
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import NO_INSIDE, Growth, Structure
from explorer.core.trace import Trace
from explorer.errors import BadFile, Untold
from explorer.servers.abilities import Abilities


@dataclass(frozen=True)
class IndexHandle:
    """A built index, as a value: where it is and what it is. Opening it gives a Searcher.

    `path` is the library's own file (for `exact` the vectors themselves); `bytes` is its size on disk; `params` are
    the build parameters, all of them resolved to numbers; `library` names the library and its version.
    """

    type: str
    metric: Metric
    params: Params
    path: Path
    rows: int
    dimensions: int
    bytes: int
    build_seconds: float
    library: str


@dataclass(frozen=True, eq=False)
class Held:
    """The vectors that an index file holds: float32 (n, d), possibly mapped, in the order of the numbers they bear.

    `labels` are those numbers (n,), ascending, where they are not 0 … n − 1; None where they are. Without them, and
    with `answers`, the file can be opened as an index over these vectors. `metric` is None where another one than ours
    is told; `notes` are sentences about what the vectors are, for people.
    """

    vectors: NDArray[np.float32]
    metric: Metric | None
    labels: NDArray[Any] | None = None
    answers: bool = True
    notes: tuple[str, ...] = ()


class Searcher(ABC):
    """An opened index. Used from one thread at a time."""

    @abstractmethod
    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The library's own first k for each query: vectors (q, d) → candidate rows (q, m), m ≤ k, padded by −1.

        A lossy type gives its own first `rerank` where that is more than k: the core keeps the k of them that are truly
        nearest; without `rerank` it only puts the library's own k in their true order. Order, padding, distances and
        rows to leave out are the core's job. `params` are search parameters, resolved.
        Inputs are never written to. A search that takes long calls `progress` between its blocks, and stops by
        Cancelled; one that takes milliseconds need not.
        """

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """What the index is made of, read from its own arrays; NO_INSIDE alone where the library does not show it."""
        return (NO_INSIDE,)

    def trace(self, vector: NDArray[np.float32], k: int, params: Params, progress: Progress = silent) -> Trace | None:
        """The search for one vector (d,) replayed from the index's own arrays; None where that cannot be done.

        Its result is that of `search` for the same arguments, or `differs` says how it is not.
        """
        return None

    def cause(self, trace: Trace, vector: NDArray[np.float32], row: int, progress: Progress = silent) -> Cause | None:
        """Why the traced search for `vector` did not find a row; None where that cannot be told."""
        return None

    def margins(self, node: int, progress: Progress = silent) -> NDArray[np.float32]:
        """How far each row (n,) lies from the plane of a split of the Forest, in the library's own terms.

        Positive on the side of the second child; 0 for all where the split was drawn by lot. Raises
        NotImplementedError where there is no forest, BadParameter for a node that is no split.
        """
        raise NotImplementedError

    def boundaries(self, progress: Progress = silent) -> NDArray[np.float32]:
        """How near each row (n,) lies to the boundary of its cell: its distance to the nearest centre by that to the
        second nearest, near 1 on a boundary, NaN where there is one cell.

        Raises NotImplementedError where there are no cells.
        """
        raise NotImplementedError

    def growth(
        self, vector: NDArray[np.float32], truth: NDArray[np.int64], k: int, params: Params, progress: Progress = silent
    ) -> Growth:
        """What each tree, and the first trees alone, know of the true neighbours of a vector.

        Raises NotImplementedError where there is no forest.
        """
        raise NotImplementedError

    def decoded(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows (m,) as the index holds them (m, d): a lossy type's own vectors; under cosine of about unit length.

        Raises NotImplementedError where the library does not give them out.
        """
        raise NotImplementedError

    def aside(self) -> Params:
        """What should be known of the last answer beside its parameters, such as that another search gave it."""
        return {}

    score_name: str = ""
    """What people call the scores that the library itself gives with an answer; empty where it gives none."""

    def scores(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The library's own scores of rows (m,) in the last answer, float64 (m,); NaN for one that it did not give."""
        return np.full(len(rows), np.nan)

    def command(self) -> str:
        """What was sent to a server for the last answer, as it can be typed elsewhere; empty without a server."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and memory; calling it twice does no harm."""


class IndexType(ABC):
    """A kind of index that a library can build."""

    name: str
    title: str
    about: str
    """One sentence for people: what it is, when to use it."""
    metrics: tuple[Metric, ...]
    lossless: bool
    """True when the index keeps the vectors exactly: full effort then equals exact search."""
    reaches_all: bool = True
    """False for a graph, in which some rows can be out of reach at any effort, duplicates above all."""
    build_params: tuple[Param, ...] = ()
    search_params: tuple[Param, ...] = ()
    effort: Mapping[str, Reason] = MappingProxyType({})
    """The search parameters that make a search look farther, the one to turn first first, and what befell a missed row
    that such a search finds."""
    remedy: str = ""
    """The build parameter of which a larger value finds more, where searching harder does not help."""
    suffix: str = ""
    """The suffix of the library's own files; empty when it cannot be saved."""
    family: str = ""
    """Whose runtime its library brings into a process: libraries of different families are kept in processes of
    their own. Empty for one that gets along with all of them."""
    rank: int = 100
    on_server: bool = False
    """Whether it lies on a server: building pushes the vectors to the one of the parameter `server`, and its file only
    says where they are."""
    kin: str = ""
    """What it is kin to, as people are shown types together: trees, graph, cells, scan; empty for none of them."""

    def unavailable(self) -> str | None:
        """Why it cannot be used here, in a sentence that says how to get it; None when it can."""
        return None

    def refused_by(self, server: Abilities) -> str | None:
        """Why a server cannot hold it, in a sentence; None when it can."""
        return None

    @abstractmethod
    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build into `folder`, which exists and is ours; `params` are checked. Reports progress, stops by Cancelled."""

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost | None:
        """What building over so many rows takes, by arithmetic alone; None where a type does not say.

        `params` are checked build parameters. Raises BadParameter where they do not suit such a Dataset, TooLarge
        where it could not be built anywhere. No library is imported for it.
        """
        return None

    @abstractmethod
    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Open a built index over the Dataset it was built from. Raises BadFile when the file is not that index."""

    def recognises(self, path: Path) -> bool:
        """Whether a file's content says that it is an index of this type; False where files do not say."""
        return False

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for a file of the library's own that was made elsewhere, after checking all of it.

        Without a metric it is read from the file where the file tells. Raises BadFile when the file is no index of
        this type over this Dataset, or does not say what it would have to.
        """
        raise BadFile(path, f"{self.title} cannot open a file that was not saved by this program.")

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The vectors that a file of the library's own holds, after checking all of it as `adopted` does.

        `dimensions` and `metric` are needed where the file does not tell them; where it does, others are refused.
        Raises BadFile when the file is no index of this type, Untold when there is something that it does not say.
        """
        raise Untold(
            path, f"{self.title} does not give its vectors out; add “--vectors FILE” with those it is made of."
        )

    def discard(self, handle: IndexHandle, progress: Progress = silent) -> None:
        """Remove what this very build has put on a server; what was there before it stays."""
        return

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """What the library has to be told to open the index's file without this program; stands in the sidecar."""
        return {}

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """Search parameters that are left to the library, as the numbers it would use for this k."""
        return {param.name: param.default for param in self.search_params if param.default is not None}

    def full_effort(self, handle: IndexHandle) -> dict[str, Any]:
        """The search parameters at which it looks at everything; empty when there are none to turn."""
        return {}
