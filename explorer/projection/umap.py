"""UMAP: umap-learn's parameters and fuzzy graph, over a neighbour graph and a layout of our own that can be watched.

McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction,
arXiv:1802.03426.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from explorer import machine_code, room
from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress, silent
from explorer.core.projection import Projection
from explorer.projection import forces, sampled
from explorer.projection.base import Method, Publish, unwatched
from explorer.projection.fuzzy import Edges, curve, fuzzy_edges
from explorer.projection.graph import Graph, neighbour_graph
from explorer.projection.layout import Layout
from explorer.projection.pca import principal
from explorer.projection.stages import Stages

FEW_ROWS = 4
"""Fewer rows than this have no neighbourhoods to speak of."""

SMALL, EPOCHS_OF_SMALL, EPOCHS = 10_000, 200, 80
"""Up to SMALL rows are laid out in EPOCHS_OF_SMALL, more in EPOCHS: two fifths of umap-learn's, see `layout`."""

SIDE = 10.0
"""The layout begins in a square of this side, whose points are moved by normal noise of JITTER."""

JITTER = 1e-4
FRAMES_A_SECOND = 30
LAYOUT_BEGINS = 0.3
"""The share of all work that comes before the layout."""

SAMPLE_DONE = 0.5
"""The share of all work that a sample's layout is, where other rows follow it."""


class Umap(Method):
    """Uniform manifold approximation and projection."""

    name = "umap"
    title = "UMAP"
    params = (
        Param(
            "n_neighbors", "int", 15, "Neighbours of each point: more shows the large, fewer the small; slower.", 2, 200
        ),
        Param("min_dist", "float", 0.1, "How close points may lie: less packs clusters tighter.", 0.0, 1.0),
        Param("n_epochs", "int", None, "Rounds of the layout: 200 up to 10,000 rows, otherwise 80.", 1, 10_000),
    )
    family = "numba"
    rank = 20

    def project(
        self,
        vectors: NDArray[np.float32],
        metric: Metric,
        params: Params,
        seed: int | None,
        publish: Publish,
        progress: Progress,
    ) -> Projection:
        stages = Stages()
        rng = np.random.default_rng(seed)
        n = len(vectors)
        k = int(params["n_neighbors"])
        laid_out = n if n <= sampled.ABOVE else sampled.SAMPLE
        advice = "use fewer neighbours, close other programs, or stay with PCA, which needs none"
        room.check_memory(16 * (n - laid_out) + _needed(laid_out, vectors.shape[1], k), f"A UMAP of {n:,} rows", advice)
        epochs = int(params.get("n_epochs") or (EPOCHS_OF_SMALL if n <= SMALL else EPOCHS))
        used: Params = {**params, "n_epochs": epochs}
        job = _Job(metric, used, None if seed is None else 1, seed or 0, rng, stages)
        if n >= FEW_ROWS and not machine_code.is_kept(forces.epoch):
            progress(0.0, "compiling for this machine, once")
            warm_up()
        if n <= sampled.ABOVE:
            positions, _, note = job.lay_out(vectors, publish, progress)
        else:
            positions, note = job.lay_out_sample(vectors, progress)
            publish(positions, 1.0)
        return Projection(positions, self.name, metric, used, seed, stages=stages.seconds, note=note)


@dataclass(frozen=True, eq=False)
class _Job:
    """One layout: how it is made, and how long each of its stages takes."""

    metric: Metric
    params: Params
    threads: int | None
    seed: int
    rng: np.random.Generator
    stages: Stages

    def lay_out(
        self, vectors: NDArray[np.float32], publish: Publish, progress: Progress
    ) -> tuple[NDArray[np.float32], Graph | None, str]:
        """Positions of all vectors, their neighbour graph unless there are too few, and what to say of them."""
        n, wanted, epochs = len(vectors), int(self.params["n_neighbors"]), int(self.params["n_epochs"])
        with self.stages("start"):
            positions = _started(principal(vectors, self.metric, progress), self.rng)
        publish(positions, 0.0)
        if n < FEW_ROWS or not positions.any():
            why = f"{n} rows are too few for UMAP" if n < FEW_ROWS else "All rows are equal"
            return positions, None, f"{why}, so this is their PCA."
        k = min(wanted, n - 1)
        with self.stages("neighbours"):
            part = _part(progress, 0.0, LAYOUT_BEGINS)
            graph = neighbour_graph(vectors, self.metric, max(2, k), part, seed=self.seed)
        with self.stages("graph"):
            progress(LAYOUT_BEGINS, "weights")
            edges = fuzzy_edges(graph, max(epochs, EPOCHS))
        with self.stages("layout"):
            a, b = curve(1.0, float(self.params["min_dist"]))
            layout = Layout(positions, edges, a, b, epochs, int(self.rng.integers(2**63)), self.threads)
            layout.run(_Frames(positions, epochs, publish, _part(progress, LAYOUT_BEGINS, 1.0)))
        publish(positions, 1.0)
        return positions, graph, _note(graph, edges, k, wanted)

    def lay_out_sample(self, vectors: NDArray[np.float32], progress: Progress) -> tuple[NDArray[np.float32], str]:
        """Positions of all vectors by those of a sample, and what to say of them. Frames would show a part only."""
        n = len(vectors)
        with self.stages("sample"):
            progress(0.0, "sample")
            chosen = sampled.sample_of(n, self.rng)
            part = vectors[chosen]
        laid_out, graph, note = self.lay_out(part, unwatched, _part(progress, 0.0, SAMPLE_DONE))
        said = f"UMAP laid out a sample of {len(chosen):,} of the {n:,} rows; "
        if graph is None:
            return principal(vectors, self.metric, progress), note
        del part
        with self.stages("others"):
            told = _part(progress, SAMPLE_DONE, 1.0)
            positions = sampled.spread(vectors, self.metric, chosen, graph, laid_out, self.rng, told)
        return positions, f"{said}each other one lies among its neighbours in it. {note}".strip()


def warm_up() -> None:
    """Load every kernel, or compile it: seconds that a process can spend before it has work.

    The first call on a machine compiles; later ones find machine code on the disk.
    """
    rows = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    for metric in ("euclidean", "manhattan"):
        neighbour_graph(rows, metric, 4, silent, exact_rows=0)
        neighbour_graph(rows, metric, 4, silent)
    params: Params = {"n_neighbors": 5, "min_dist": 0.1, "n_epochs": 2}
    _Job("euclidean", params, 1, 0, np.random.default_rng(0), Stages()).lay_out(rows, unwatched, silent)


def _needed(rows: int, dimensions: int, neighbors: int) -> int:
    """About how many bytes are in use at most, rather too many: two copies of the vectors while the rows are put in
    order, and the neighbours with their weights (measured at 15 and 60 neighbours)."""
    return rows * (8 * dimensions + 85 * min(neighbors, rows))


def _started(map_of_all: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The principal components in the square 0 … 10 with a little noise, as `umap` starts; zeros where all are equal.

    Outliers would squeeze all others into a point; so the square is that of all but 0.1 %, and outliers stand near it.
    """
    if not len(map_of_all) or not np.ptp(map_of_all, axis=0).any():
        return np.zeros_like(map_of_all)
    for share in (0.0005, 0.0):
        low, high = np.quantile(map_of_all, [share, 1 - share], axis=0)
        side = float((high - low).max())
        if side > 0:
            break
    scaled = np.clip(SIDE * (map_of_all - low) / side, -SIDE / 2, 1.5 * SIDE)
    return np.asarray(scaled + rng.normal(scale=JITTER, size=scaled.shape), np.float32)


def _part(progress: Progress, begins: float, ends: float) -> Progress:
    """A Progress for a part of the work."""

    def told(fraction: float | None, note: str = "") -> None:
        progress(None if fraction is None else begins + (ends - begins) * fraction, note)

    return told


class _Frames:
    """Tells of a layout: progress at each turn, frames as often as eyes can follow."""

    def __init__(self, positions: NDArray[np.float32], epochs: int, publish: Publish, progress: Progress) -> None:
        self.positions, self.epochs, self.publish, self.progress = positions, epochs, publish, progress
        self._next = 0.0

    def __call__(self, number: int, fraction: float) -> None:
        self.progress(fraction, f"layout {number} of {self.epochs}")
        now = perf_counter()
        if now >= self._next:
            self._next = now + 1 / FRAMES_A_SECOND
            self.publish(self.positions, fraction)


def _note(graph: Graph, edges: Edges, k: int, wanted: int) -> str:
    """What people should know about a map."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    said = []
    if k < wanted:
        said.append(f"{len(graph.rows)} rows have only {k} neighbours each, not {wanted}.")
    if not graph.exact:
        said.append("Neighbours were found approximately.")
    joined = csr_matrix((edges.weights, edges.others, edges.starts), shape=(len(graph.rows),) * 2)
    parts = connected_components(joined, directed=False, return_labels=False)
    if parts > 1:
        said.append(f"The neighbour graph falls into {parts} parts; how far apart they lie means little.")
    return " ".join(said)


UMAP = Umap()
TYPES = (UMAP,)
