"""Requests to see inside an index, to replay and explain a search, and to look at a whole Dataset."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from explorer.core import forest
from explorer.core.dataset import Dataset
from explorer.core.explanation import Explanation, Fix, Reach
from explorer.core.metric import distances_of
from explorer.core.params import Params
from explorer.core.query import Query
from explorer.core.structure import Difficulty, Forest, Growth, Layers, Structure
from explorer.core.trace import Trace
from explorer.errors import BadParameter
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle, Searcher
from explorer.measure import agreement, difficulty, explaining, honesty, painting, reaching
from explorer.measure.case import Case
from explorer.measure.rebuilding import Rebuilt, rebuilt
from explorer.measure.recall import sampled
from explorer.measure.truth import TrueNeighbours, true_neighbours
from explorer.work.desk import Desk


@dataclass(frozen=True, eq=False)
class _OfIndex:
    """What is asked of an index."""

    dataset: Dataset
    handle: IndexHandle

    def searcher(self, desk: Desk) -> Searcher:
        """The index, opened."""
        return desk.searcher(self.dataset, self.handle)


@dataclass(frozen=True, eq=False)
class _OfQuery(_OfIndex):
    """What is asked about one query of an index, held against exact search."""

    exact: IndexHandle
    query: Query
    k: int
    params: Params = field(default_factory=dict)

    def case(self, desk: Desk) -> Case:
        """The query with the truth, and the index opened."""
        dataset, out = self.dataset, self.query.leave_out
        dataset.check_unchanged()
        vector = desk.vector(dataset, self.query, self.handle.metric)
        exact = desk.searcher(dataset, self.exact)
        truth = asking.neighbours(exact, self.exact, dataset, vector, self.k, {}, out, desk.progress)
        return Case(dataset, self.handle, self.searcher(desk), vector, self.k, self.params, truth, out)


@dataclass(frozen=True, eq=False)
class _OfSample(_OfIndex):
    """What is asked of an index about many rows, held against exact search. It takes a child of its own, in which
    nobody searches afterwards."""

    background: ClassVar[bool] = True

    exact: IndexHandle
    params: Params
    k: int

    def __call__(self, desk: Desk) -> Any:
        params = asking.resolved(self.handle, self.params, self.k)
        try:
            return self.counted(desk, self.searcher(desk), desk.searcher(self.dataset, self.exact), params)
        finally:
            desk.close()

    def counted(self, desk: Desk, searcher: Searcher, exact: Searcher, params: Params) -> Any:
        """What is asked, with both indexes opened."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class _OfTruth:
    """What is asked of exact search about rows; `most` of them are a sample."""

    background: ClassVar[bool] = True

    dataset: Dataset
    exact: IndexHandle

    def truth(self, desk: Desk, k: int, most: int, seed: int) -> TrueNeighbours:
        """The true neighbours of the sample."""
        rows = sampled(self.dataset, self.exact, most, seed)
        exact = desk.searcher(self.dataset, self.exact)
        try:
            return true_neighbours(self.dataset, self.exact.metric, exact, rows, k, desk.progress)
        finally:
            desk.close()


@dataclass(frozen=True, eq=False)
class StructureRequest(_OfIndex):
    """What an index is made of. The leaf rows of a Forest, which can be hundreds of megabytes, stay behind unless they
    are asked for; `BranchesRequest` tells of one tree what they would. Its figures come with it."""

    leaf_rows: bool = False

    def __call__(self, desk: Desk) -> tuple[Structure, ...]:
        made_of = self.searcher(desk).structure(desk.progress)
        return made_of if self.leaf_rows else tuple(_to_be_drawn(each) for each in made_of)


@dataclass(frozen=True, eq=False)
class BranchesRequest(_OfIndex):
    """In which node of a tree each row stands at a depth: int32 (n,)."""

    tree: int
    depth: int

    def __call__(self, desk: Desk) -> Any:
        for part in self.searcher(desk).structure(desk.progress):
            if isinstance(part, Forest) and 0 <= self.tree < len(part.roots):
                return forest.branches(part, self.tree, self.depth)
        raise BadParameter(f"This index has no tree {self.tree}.")


@dataclass(frozen=True, eq=False)
class MarginsRequest(_OfIndex):
    """How far each row lies from the plane of a split: float32 (n,)."""

    node: int

    def __call__(self, desk: Desk) -> Any:
        try:
            return self.searcher(desk).margins(self.node, desk.progress)
        except NotImplementedError:
            raise BadParameter("This index has no splits.") from None


@dataclass(frozen=True, eq=False)
class GrowthRequest(_OfQuery):
    """What each tree, and the first trees alone, know of a query's true neighbours."""

    def __call__(self, desk: Desk) -> Growth:
        case = self.case(desk)
        try:
            return case.searcher.growth(case.vector, case.truth.rows, self.k, case.params({}), desk.progress)
        except NotImplementedError:
            raise BadParameter("This index has no trees.") from None


@dataclass(frozen=True, eq=False)
class TraceRequest(_OfIndex):
    """One search, step by step; None where the index does not show it."""

    query: Query
    k: int
    params: Params = field(default_factory=dict)

    def __call__(self, desk: Desk) -> Trace | None:
        dataset, handle = self.dataset, self.handle
        vector = desk.vector(dataset, self.query, handle.metric)
        asking.check_vector(vector, dataset, handle.metric)
        asked = min(self.k + len(self.query.leave_out), dataset.rows)
        params = asking.resolved(handle, self.params, self.k)
        return desk.searcher(dataset, handle).trace(vector, asked, params, desk.progress)


@dataclass(frozen=True, eq=False)
class DistancesRequest(_OfIndex):
    """The true distances of rows int64 (m,) to a query, in their order: float64 (m,)."""

    query: Query
    rows: Any

    def __call__(self, desk: Desk) -> Any:
        vector = desk.vector(self.dataset, self.query, self.handle.metric)
        return distances_of(self.handle.metric, self.dataset.vectors, self.rows, vector)


@dataclass(frozen=True, eq=False)
class ExplainRequest(_OfQuery):
    """Why each true neighbour of a query was missed, and what finds it.

    Without `builds` no index is built anew to see whether that helps: it could not be stopped for a search.
    """

    builds: bool = True

    def __call__(self, desk: Desk) -> Explanation:
        return explaining.explained(self.case(desk), desk.progress, self.builds)


@dataclass(frozen=True, eq=False)
class VerifyRequest(_OfQuery):
    """Whether an index built anew returns a missed `row`, as `fix` says is likely; the one that does is left in
    `folder`."""

    background: ClassVar[bool] = True

    row: int = field(kw_only=True)
    fix: Fix = field(kw_only=True)
    folder: Path = field(kw_only=True)

    def __call__(self, desk: Desk) -> Rebuilt:
        try:
            return rebuilt(self.case(desk), self.row, self.fix, self.folder, desk.progress)
        finally:
            desk.close()


@dataclass(frozen=True, eq=False)
class ReachRequest(_OfQuery):
    """What a query finds as its search looks farther; None where nothing makes the index do so."""

    def __call__(self, desk: Desk) -> Reach | None:
        return reaching.reached(self.case(desk), desk.progress)


@dataclass(frozen=True, eq=False)
class RecallMapRequest(_OfSample):
    """The recall of every row as a query, or of `most` of them."""

    most: int = painting.MOST
    seed: int = 0

    def counted(self, desk: Desk, searcher: Searcher, exact: Searcher, params: Params) -> painting.RecallMap:
        return painting.painted(
            self.dataset, self.handle, searcher, exact, self.k, params, self.most, self.seed, desk.progress
        )


@dataclass(frozen=True, eq=False)
class FoundRequest(_OfSample):
    """Which true neighbours of sampled rows an index finds: bool (s, k), in the same order for every index.

    One index at a time: two of them can be of libraries that do not get along in one process.
    """

    queries: int = 1000
    seed: int = 0

    def counted(self, desk: Desk, searcher: Searcher, exact: Searcher, params: Params) -> Any:
        return agreement.found_of_sample(
            self.dataset, self.handle, searcher, exact, self.k, params, self.queries, self.seed, desk.progress
        )


@dataclass(frozen=True, eq=False)
class HonestyRequest(_OfTruth):
    """How well a map's positions (n, 2) keep the true neighbours of rows together."""

    positions: Any
    k: int
    most: int = painting.MOST
    seed: int = 0

    def __call__(self, desk: Desk) -> honesty.Honesty:
        truth = self.truth(desk, self.k, self.most, self.seed)
        return honesty.honest(self.positions, truth, progress=desk.progress)


@dataclass(frozen=True, eq=False)
class DifficultyRequest(_OfTruth):
    """How hard the data is for any index, by the true neighbours of a sample."""

    k: int = 20
    most: int = 2000
    seed: int = 0

    def __call__(self, desk: Desk) -> Difficulty:
        truth = self.truth(desk, self.k, self.most, self.seed)
        return difficulty.difficulty(self.dataset, self.exact.metric, truth, self.seed, desk.progress)


def _to_be_drawn(part: Structure) -> Structure:
    """Without what a drawing does not need, and with what would take it long to count."""
    if isinstance(part, Layers):
        return replace(part, degrees=part.links_to())
    if not isinstance(part, Forest):
        return part
    return replace(part, leaf_rows=part.leaf_rows[:0], figures=forest.figures(part))


InspectRequest = (
    StructureRequest
    | BranchesRequest
    | MarginsRequest
    | GrowthRequest
    | TraceRequest
    | DistancesRequest
    | ExplainRequest
    | VerifyRequest
    | ReachRequest
    | RecallMapRequest
    | FoundRequest
    | HonestyRequest
    | DifficultyRequest
)
