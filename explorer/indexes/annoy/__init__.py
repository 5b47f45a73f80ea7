"""Annoy: a forest of trees that split the vectors by random planes (github.com/spotify/annoy)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadFile
from explorer.indexes.annoy import building, items, layout, readings
from explorer.indexes.annoy.searcher import AnnoySearcher
from explorer.indexes.base import Held, IndexHandle, IndexType, Searcher

MOST = 2**31 - 1
"""What annoy's 32-bit numbers hold."""


class Annoy(IndexType):
    """The inner product is done as the distance between vectors made longer by one number, see `items`."""

    name = "annoy"
    title = "Annoy"
    about = "A forest of random trees: small, quick to open and shared between processes; more trees find more."
    metrics = METRICS
    lossless = True
    build_params = (
        Param("trees", "int", 50, "How many trees: more find more, and cost memory and building time.", 1, 10_000),
        Param(
            "seed", "int", None, "A number makes the same index every time, on one core; without: all cores.", 0, MOST
        ),
    )
    search_params = (
        Param("search_k", "int", None, "How many rows are looked at: more find more and take longer.", 1, MOST),
    )
    effort = MappingProxyType({"search_k": "not_opened"})
    remedy = "trees"
    suffix = ".ann"
    rank = 10
    kin = "trees"

    def unavailable(self) -> str | None:
        """Why annoy cannot be used here, or None."""
        if find_spec("annoy") is None:
            return "The library annoy is not installed here; “pip install annoy” adds it (it needs a C++ compiler)."
        return None

    def cost(self, rows: int, dimensions: int, metric: Metric, params: Params) -> Cost:
        """What growing the forest takes; raises TooLarge where it would have more nodes than annoy can count."""
        shape = items.layout_for(metric, dimensions)
        return building.cost(rows, shape, int(params["trees"]), alone="seed" in params)

    def build(self, dataset: Dataset, metric: Metric, params: Params, folder: Path, progress: Progress) -> IndexHandle:
        """Build a forest. Raises BadParameter when float32 cannot hold the products."""
        path = folder / f"index{self.suffix}"
        seconds = building.build(dataset, metric, int(params["trees"]), _seed(params), path, progress)
        return self._handle(dataset, metric, params, path, seconds)

    def open(self, handle: IndexHandle, dataset: Dataset) -> Searcher:
        """Map the file. Raises BadFile when it is gone, or no longer the index that was built."""
        shape = items.layout_of(handle.path, dataset, handle.metric)
        if shape is None or handle.path.stat().st_size != handle.bytes:
            raise BadFile(handle.path, "it is not the annoy index that was built; build it again.")
        layout.glance(handle.path, shape, dataset.rows)
        return AnnoySearcher(handle.path, shape, dataset, handle.metric)

    def recognises(self, path: Path) -> bool:
        """Whether its nodes can be read in some layout; there is no header to go by."""
        return bool(readings.likely(path))

    def adopted(self, path: Path, dataset: Dataset, metric: Metric | None, progress: Progress = silent) -> IndexHandle:
        """A handle for an .ann file made elsewhere: its items have to be the rows of the Dataset, in order.

        Angular files and those of the inner product, annoy's own and ours, tell their metric; euclidean and manhattan
        ones are alike.
        """
        metric = items.metric_of(path, dataset) if metric is None else metric
        shape = items.layout_of(path, dataset, metric)
        if shape is None:
            raise BadFile(path, f"it is no annoy index of the vectors of {dataset.title} under {metric}.")
        trees = layout.check(path, shape, dataset.rows, progress)
        return self._handle(dataset, metric, {"trees": trees}, path, 0.0)

    def contents(self, path: Path, dimensions: int | None, metric: Metric | None, progress: Progress = silent) -> Held:
        """The items, mapped. The layout is found by trying all that the size allows, see `readings`.

        Raises Untold when more than one is left, as euclidean and manhattan always are.
        """
        found = readings.read(path, dimensions, metric, progress)
        vectors = found.layout.nodes(path)["vector"][: found.rows, : found.dimensions]
        return Held(vectors, found.metric)

    def search_defaults(self, handle: IndexHandle, k: int) -> Params:
        """Annoy's own: k times the number of trees."""
        return {"search_k": max(1, min(MOST, k * int(handle.params["trees"])))}

    def full_effort(self, handle: IndexHandle) -> Params:
        """Every row in every tree."""
        return {"search_k": max(1, min(MOST, handle.rows * int(handle.params["trees"])))}

    def stored(self, handle: IndexHandle, dataset: Dataset) -> dict[str, object]:
        """What AnnoyIndex has to be told to open the file; where it has one dimension more, a query's last is 0."""
        shape = items.layout_of(handle.path, dataset, handle.metric)
        return {} if shape is None else {"metric": shape.library_metric, "dimensions": shape.width}

    def _handle(self, dataset: Dataset, metric: Metric, params: Params, path: Path, seconds: float) -> IndexHandle:
        size = path.stat().st_size
        library = building.library()
        return IndexHandle(self.name, metric, params, path, dataset.rows, dataset.dimensions, size, seconds, library)


def _seed(params: Params) -> int | None:
    return int(params["seed"]) if "seed" in params else None


TYPES = (Annoy(),)
