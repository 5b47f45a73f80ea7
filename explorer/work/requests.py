"""Slow work as values: each request can be called at a desk, here or in a child process, with the same result."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from explorer import loading, naming, projection
from explorer.core import query as core_query
from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.metric import Metric
from explorer.core.neighbours import Neighbours
from explorer.core.params import Param, Params
from explorer.core.projection import Projection
from explorer.core.query import Query
from explorer.errors import BadFile
from explorer.formats.base import Part
from explorer.formats.matching import Division, Match
from explorer.formats.preview import Preview
from explorer.indexes import asking, building, saved, type_named, types
from explorer.indexes import kept as kept_indexes
from explorer.indexes.base import IndexHandle
from explorer.projection import kept, positions_file
from explorer.work import bounds
from explorer.work.caching import Cache, CacheRequest
from explorer.work.desk import Desk
from explorer.work.encoding import ModelsRequest
from explorer.work.inspecting import InspectRequest
from explorer.work.measuring import MeasureRequest
from explorer.work.picturing import PictureRequest
from explorer.work.previewing import DivideRequest, MatchRequest, PreviewRequest
from explorer.work.serving import Connected, ConnectRequest, KeyringRequest, RemoveRequest, SoFarRequest

UNKNOWN = "?"
"""The family of work that may load any library: a process that has done it is used for nothing else."""


@dataclass(frozen=True)
class ReadRequest:
    """Read a file, or a `sample:NAME`, into a Dataset; of an index file with what it does not say itself.

    One that `asks` raises Unchosen where any of several arrays may be the vectors, rather than take the first.
    """

    source: str
    metadata: Path | None = None
    options: dict[str, str] = field(default_factory=dict)
    metric: Metric | None = None
    vectors: Path | None = None
    dimensions: int | None = None
    asks: bool = False

    def __call__(self, desk: Desk) -> Dataset:
        path = loading.path_of(self.source)
        # What comes from a server, and what an encoder makes of text, takes more than a file's size tells.
        free = path is None or not {"embed", "encoder"}.isdisjoint(self.options)
        files = [each for each in (self.metadata, self.vectors, path) if each is not None]
        with contextlib.nullcontext() if free else bounds.in_proportion(files):
            if self.asks and self.vectors is None:
                loading.check_chosen(self.source, self.options)
            return loading.load(
                self.source,
                metadata=self.metadata,
                options=self.options,
                metric=self.metric,
                vectors=self.vectors,
                dimensions=self.dimensions,
                progress=desk.progress,
            )

    def crashed(self, how: str) -> BadFile:
        """What to say when a library ended the process that read this, `how` such as “a library crashed”."""
        return loading.broke_down(self.source, how)


@dataclass(frozen=True, eq=False)
class FingerprintRequest:
    """Compute a Dataset's fingerprint, which its folder then remembers."""

    background: ClassVar[bool] = True

    dataset: Dataset

    def __call__(self, desk: Desk) -> str:
        return fingerprinted(self.dataset, desk.progress)


@dataclass(frozen=True, eq=False)
class ProjectRequest:
    """Lay all rows out in two dimensions; publishes each frame as float32 (n, 2).

    A finished map is kept beside the Dataset and found again, unless a `fresh` one is asked for.
    """

    dataset: Dataset
    metric: Metric
    method: str = "umap"
    params: Params = field(default_factory=dict)
    seed: int | None = None
    fresh: bool = True

    @property
    def background(self) -> bool:
        """The first map is waited for; what comes after it is watched."""
        return self.method != "pca"

    def __call__(self, desk: Desk) -> Projection:
        def publish(positions: Any, fraction: float) -> None:
            desk.publish(np.array(positions, np.float32))

        if not self.fresh and (found := kept.found(self.dataset, self.metric, self.method, self.params, self.seed)):
            return found
        made = projection.projected(
            self.dataset, self.metric, self.method, self.params, self.seed, publish, desk.progress
        )
        desk.afterwards(lambda: kept.keep(made, self.params, self.dataset))
        return made


@dataclass(frozen=True, eq=False)
class PositionsRequest:
    """Take a file of positions, one line for each source row, as the map."""

    dataset: Dataset
    path: Path

    def __call__(self, desk: Desk) -> Projection:
        return positions_file.read(self.path, self.dataset)


@dataclass(frozen=True, eq=False)
class GivenMapRequest:
    """Take a map that the Dataset's file held as the map."""

    dataset: Dataset
    name: str

    def __call__(self, desk: Desk) -> Projection:
        return positions_file.given(self.name, self.dataset)


@dataclass(frozen=True, eq=False)
class SavePositionsRequest:
    """Write positions to a `.npy`, one line for each source row, NaN where a row was dropped."""

    dataset: Dataset
    positions: Any
    path: Path

    def __call__(self, desk: Desk) -> Path:
        positions_file.write(self.path, self.positions, self.dataset)
        return self.path


@dataclass(frozen=True)
class WarmUpRequest:
    """Import and compile what a map needs, ahead of time."""

    background: ClassVar[bool] = True

    def __call__(self, desk: Desk) -> bool:
        from explorer.projection import umap

        umap.warm_up()
        return True


@dataclass(frozen=True, eq=False)
class BuildRequest:
    """Build an index into `folder`, which is made when it is not there.

    Unless a `fresh` one is asked for, one that was built before with the same parameters is found again beside the
    Dataset, and otherwise kept there.
    """

    background: ClassVar[bool] = True

    dataset: Dataset
    type: str
    metric: Metric
    params: Params
    folder: Path
    fresh: bool = True

    def __call__(self, desk: Desk) -> IndexHandle:
        dataset, params = self.dataset, self.params
        if not self.fresh and (found := kept_indexes.found(dataset, self.type, self.metric, params)):
            return found
        self.folder.mkdir(parents=True, exist_ok=True)
        built = building.built(dataset, self.type, self.metric, params, self.folder, desk.progress)
        if not self.fresh:
            desk.afterwards(lambda: kept_indexes.keep(built, dataset))
        return built


@dataclass(frozen=True, eq=False)
class PrepareRequest:
    """Open an index and ask it once, so that the first search that somebody waits for finds it warm."""

    dataset: Dataset
    handle: IndexHandle

    def __call__(self, desk: Desk) -> bool:
        k = min(10, self.dataset.rows)
        params = asking.resolved(self.handle, {}, k)
        desk.searcher(self.dataset, self.handle).search(self.dataset.vectors[:1], k, params, desk.progress)
        return True


@dataclass(frozen=True)
class ForgetRequest:
    """Close the indexes of a path, or of the files in a folder, which are about to be removed."""

    path: Path

    def __call__(self, desk: Desk) -> bool:
        desk.forget(self.path)
        return True


@dataclass(frozen=True, eq=False)
class DiscardRequest:
    """Remove from its server an index that was only built for the moment; what was there before it stays."""

    handle: IndexHandle

    def __call__(self, desk: Desk) -> bool:
        desk.forget(self.handle.path)
        type_named(self.handle.type).discard(self.handle, desk.progress)
        return True


@dataclass(frozen=True, eq=False)
class OpenIndexRequest:
    """Open an index that was saved, by this program or by its library."""

    dataset: Dataset
    path: Path
    metric: Metric | None = None

    def __call__(self, desk: Desk) -> IndexHandle:
        return saved.open_saved(self.path, self.dataset, self.metric, desk.progress)


@dataclass(frozen=True, eq=False)
class SaveIndexRequest:
    """Save a built index in its library's own format, with a sidecar."""

    dataset: Dataset
    handle: IndexHandle
    out: Path

    def __call__(self, desk: Desk) -> IndexHandle:
        return saved.save_index(self.handle, self.dataset, self.out, desk.progress)


@dataclass(frozen=True, eq=False)
class ReadingsRequest:
    """What a typed query can mean: the chosen reading first. With a `kind`, only readings of that kind."""

    dataset: Dataset
    text: str
    kind: str = ""

    def __call__(self, desk: Desk) -> tuple[Query, ...]:
        return core_query.readings(self.text, self.dataset, naming.nearest(self.dataset), self.kind)


@dataclass(frozen=True, eq=False)
class Answer:
    """What one search of one index found, with the search parameters it used, and the milliseconds it took.

    What else should be known of it, such as that another search than the index's gave it, stands with the parameters.
    `scores` float64 (m,) are the library's own of those neighbours, NaN where it gave none, under the name that people
    call them by; `command` is what was sent to a server. Where there is nothing of the kind they are None and empty.
    """

    neighbours: Neighbours
    params: Params
    search_ms: float
    score_name: str = ""
    scores: NDArray[np.float64] | None = None
    command: str = ""


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """Ask one index one query; on `exact` this is the truth."""

    dataset: Dataset
    handle: IndexHandle
    query: Query
    k: int
    params: Params = field(default_factory=dict)

    def __call__(self, desk: Desk) -> Answer:
        dataset, handle = self.dataset, self.handle
        dataset.check_unchanged()
        vector = desk.vector(dataset, self.query, handle.metric)
        params = asking.resolved(handle, self.params, self.k)
        searcher = desk.searcher(dataset, handle)
        started = time.perf_counter()
        found = asking.neighbours(
            searcher, handle, dataset, vector, self.k, params, self.query.leave_out, desk.progress
        )
        took = (time.perf_counter() - started) * 1000
        scores = searcher.scores(found.rows) if searcher.score_name else None
        return Answer(found, {**params, **searcher.aside()}, took, searcher.score_name, scores, searcher.command())


def is_background(request: Request) -> bool:
    """Whether the work may take minutes, and so gives way to all that somebody waits for."""
    return bool(getattr(request, "background", False))


def family_of(request: Request) -> str:
    """Whose libraries the work loads into its process: the family of its index type or its projection method.

    Empty for what gets along with all of them, UNKNOWN where only the work itself finds out.
    """
    if isinstance(request, OpenIndexRequest):
        return UNKNOWN
    if isinstance(request, ReadRequest):
        return loading.family_of(request.source)
    if isinstance(request, WarmUpRequest):
        return projection.method_named("umap").family
    if isinstance(request, ProjectRequest):
        return getattr(projection.types().get(request.method), "family", "")
    handle = getattr(request, "handle", None)
    name = request.type if isinstance(request, BuildRequest) else handle.type if handle is not None else ""
    return getattr(types().get(name), "family", "")


Request = (
    ReadRequest
    | PreviewRequest
    | MatchRequest
    | DivideRequest
    | FingerprintRequest
    | ProjectRequest
    | PositionsRequest
    | GivenMapRequest
    | SavePositionsRequest
    | WarmUpRequest
    | BuildRequest
    | PrepareRequest
    | ForgetRequest
    | DiscardRequest
    | OpenIndexRequest
    | SaveIndexRequest
    | MeasureRequest
    | ReadingsRequest
    | SearchRequest
    | ConnectRequest
    | RemoveRequest
    | SoFarRequest
    | KeyringRequest
    | CacheRequest
    | ModelsRequest
    | InspectRequest
    | PictureRequest
)
CLASSES: tuple[type[Any], ...] = (*Request.__args__, Answer, Cache, Connected, Division, Match, Preview, Part, Param)
