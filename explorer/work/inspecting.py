"""Requests to see inside an index, to replay and explain a search, and to look at a whole Dataset."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from explorer.core import forest
from explorer.core.dataset import Dataset
from explorer.core.explanation import Explanation, Reach
from explorer.core.metric import distances_of
from explorer.core.params import Params
from explorer.core.query import Query
from explorer.core.structure import Difficulty, Forest, Growth, Layers, Structure
from explorer.core.trace import Trace
from explorer.errors import BadParameter
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle
from explorer.measure import agreement, difficulty, explaining, honesty, painting, reaching
from explorer.measure.recall import sampled
from explorer.measure.truth import true_neighbours
from explorer.work.desk import Desk


@dataclass(frozen=True, eq=False)
class StructureRequest:
    """What an index is made of. The leaf rows of a Forest, which can be hundreds of megabytes, stay behind unless they
    are asked for; `BranchesRequest` tells of one tree what they would. Its figures come with it."""

    dataset: Dataset
    handle: IndexHandle
    leaf_rows: bool = False

    def __call__(self, desk: Desk) -> tuple[Structure, ...]:
        made_of = desk.searcher(self.dataset, self.handle).structure(desk.progress)
        return made_of if self.leaf_rows else tuple(_to_be_drawn(each) for each in made_of)


@dataclass(frozen=True, eq=False)
class BranchesRequest:
    """In which node of a tree each row stands at a depth: int32 (n,)."""

    dataset: Dataset
    handle: IndexHandle
    tree: int
    depth: int

    def __call__(self, desk: Desk) -> Any:
        for part in desk.searcher(self.dataset, self.handle).structure(desk.progress):
            if isinstance(part, Forest) and 0 <= self.tree < len(part.roots):
                return forest.branches(part, self.tree, self.depth)
        raise BadParameter(f"This index has no tree {self.tree}.")


@dataclass(frozen=True, eq=False)
class MarginsRequest:
    """How far each row lies from the plane of a split: float32 (n,)."""

    dataset: Dataset
    handle: IndexHandle
    node: int

    def __call__(self, desk: Desk) -> Any:
        try:
            return desk.searcher(self.dataset, self.handle).margins(self.node, desk.progress)
        except NotImplementedError:
            raise BadParameter("This index has no splits.") from None


@dataclass(frozen=True, eq=False)
class GrowthRequest:
    """What each tree, and the first trees alone, know of a query's true neighbours."""

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    query: Query
    k: int
    params: Params = field(default_factory=dict)

    def __call__(self, desk: Desk) -> Growth:
        dataset, handle, out = self.dataset, self.handle, self.query.leave_out
        vector = desk.vector(dataset, self.query, handle.metric)
        exact = desk.searcher(dataset, self.exact)
        truth = asking.neighbours(exact, self.exact, dataset, vector, self.k, {}, out, desk.progress)
        params = asking.resolved(handle, self.params, self.k)
        try:
            return desk.searcher(dataset, handle).growth(vector, truth.rows, self.k, params, desk.progress)
        except NotImplementedError:
            raise BadParameter("This index has no trees.") from None


@dataclass(frozen=True, eq=False)
class TraceRequest:
    """One search, step by step; None where the index does not show it."""

    dataset: Dataset
    handle: IndexHandle
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
class DistancesRequest:
    """The true distances of rows int64 (m,) to a query, in their order: float64 (m,)."""

    dataset: Dataset
    handle: IndexHandle
    query: Query
    rows: Any

    def __call__(self, desk: Desk) -> Any:
        vector = desk.vector(self.dataset, self.query, self.handle.metric)
        return distances_of(self.handle.metric, self.dataset.vectors, self.rows, vector)


@dataclass(frozen=True, eq=False)
class ExplainRequest:
    """Why each true neighbour of a query was missed, and what finds it.

    Without `builds` no index is built anew to see whether that helps: it could not be stopped for a search.
    """

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    query: Query
    k: int
    params: Params = field(default_factory=dict)
    builds: bool = True

    def __call__(self, desk: Desk) -> Explanation:
        dataset, handle, out = self.dataset, self.handle, self.query.leave_out
        dataset.check_unchanged()
        vector = desk.vector(dataset, self.query, handle.metric)
        exact = desk.searcher(dataset, self.exact)
        truth = asking.neighbours(exact, self.exact, dataset, vector, self.k, {}, out, desk.progress)
        searcher = desk.searcher(dataset, handle)
        return explaining.explained(
            dataset, handle, searcher, vector, self.k, self.params, truth, out, desk.progress, self.builds
        )


@dataclass(frozen=True, eq=False)
class ReachRequest:
    """What a query finds as its search looks farther; None where nothing makes the index do so."""

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    query: Query
    k: int
    params: Params = field(default_factory=dict)

    def __call__(self, desk: Desk) -> Reach | None:
        dataset, handle, out = self.dataset, self.handle, self.query.leave_out
        vector = desk.vector(dataset, self.query, handle.metric)
        exact = desk.searcher(dataset, self.exact)
        truth = asking.neighbours(exact, self.exact, dataset, vector, self.k, {}, out, desk.progress)
        searcher = desk.searcher(dataset, handle)
        return reaching.reached(dataset, handle, searcher, vector, self.k, self.params, truth, out, desk.progress)


@dataclass(frozen=True, eq=False)
class RecallMapRequest:
    """The recall of every row as a query, or of `most` of them."""

    background: ClassVar[bool] = True

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    params: Params
    k: int
    most: int = painting.MOST
    seed: int = 0

    def __call__(self, desk: Desk) -> painting.RecallMap:
        params = asking.resolved(self.handle, self.params, self.k)
        searcher, exact = desk.searcher(self.dataset, self.handle), desk.searcher(self.dataset, self.exact)
        try:
            return painting.painted(
                self.dataset, self.handle, searcher, exact, self.k, params, self.most, self.seed, desk.progress
            )
        finally:
            desk.close()


@dataclass(frozen=True, eq=False)
class FoundRequest:
    """Which true neighbours of sampled rows an index finds: bool (s, k), in the same order for every index.

    One index at a time: two of them can be of libraries that do not get along in one process.
    """

    background: ClassVar[bool] = True

    dataset: Dataset
    handle: IndexHandle
    exact: IndexHandle
    params: Params
    k: int
    queries: int = 1000
    seed: int = 0

    def __call__(self, desk: Desk) -> Any:
        params = asking.resolved(self.handle, self.params, self.k)
        searcher, exact = desk.searcher(self.dataset, self.handle), desk.searcher(self.dataset, self.exact)
        try:
            return agreement.found_of_sample(
                self.dataset, self.handle, searcher, exact, self.k, params, self.queries, self.seed, desk.progress
            )
        finally:
            desk.close()


@dataclass(frozen=True, eq=False)
class HonestyRequest:
    """How well a map's positions (n, 2) keep the true neighbours of rows together."""

    background: ClassVar[bool] = True

    dataset: Dataset
    exact: IndexHandle
    positions: Any
    k: int
    most: int = painting.MOST
    seed: int = 0

    def __call__(self, desk: Desk) -> honesty.Honesty:
        rows = sampled(self.dataset, self.exact, self.most, self.seed)
        exact = desk.searcher(self.dataset, self.exact)
        truth = true_neighbours(self.dataset, self.exact.metric, exact, rows, self.k, desk.progress)
        desk.close()
        return honesty.honest(self.positions, truth, progress=desk.progress)


@dataclass(frozen=True, eq=False)
class DifficultyRequest:
    """How hard the data is for any index, by the true neighbours of a sample."""

    background: ClassVar[bool] = True

    dataset: Dataset
    exact: IndexHandle
    k: int = 20
    most: int = 2000
    seed: int = 0

    def __call__(self, desk: Desk) -> Difficulty:
        rows = sampled(self.dataset, self.exact, self.most, self.seed)
        exact = desk.searcher(self.dataset, self.exact)
        truth = true_neighbours(self.dataset, self.exact.metric, exact, rows, self.k, desk.progress)
        desk.close()
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
    | ReachRequest
    | RecallMapRequest
    | FoundRequest
    | HonestyRequest
    | DifficultyRequest
)
