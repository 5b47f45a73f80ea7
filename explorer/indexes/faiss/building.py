"""Train an index, add the rows in batches, write it, and stop when told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.core import cost as core_cost
from explorer.core.cost import Cost, cores
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadParameter, ExplorerError
from explorer.indexes.faiss import files, header, items, job, shape
from explorer.indexes.faiss.library import imported, threads, translated

ROWS_AT_A_TIME = 4096
TRAINING_SHARE = 0.2
GROWTH = 1.6
"""A vector that is made longer stands twice in memory for a moment."""
FEW_QUERIES = 20


@dataclass(frozen=True)
class Plan:
    """What is built: `make` gives the empty index from its dimensions and Faiss's number of the metric.

    `clusters` is how many centres are learnt at most at a time; 0 when there is nothing to learn. `work` is in seconds
    of a reference core.
    """

    make: Callable[[int, int], Any]
    what: str
    row_bytes: int
    clusters: int
    seed: int | None
    work: float
    refused: Callable[[str], ExplorerError] = BadParameter


def library_metric(metric: Metric) -> int:
    """Faiss's number for a metric of ours; cosine is the inner product of unit vectors."""
    return header.SQUARED_L2 if metric == "euclidean" else header.INNER_PRODUCT


def cost(plan: Plan, rows: int, dimensions: int) -> Cost:
    """What a plan takes over so many rows."""
    expected = rows * plan.row_bytes + plan.clusters * 4 * dimensions
    learning = min(rows, _most_learnt_from(plan)) * dimensions * 12
    serial, shared = core_cost.work(plan.work, alone=plan.seed is not None)
    advice = "take a type that compresses, such as faiss-ivfpq"
    return Cost(serial, shared, int(GROWTH * expected) + learning, expected, plan.what, advice)


def _most_learnt_from(plan: Plan) -> int:
    return plan.clusters * shape.MOST_TRAINING_PER_CELL


def build(plan: Plan, dataset: Dataset, metric: Metric, path: Path, progress: Progress) -> None:
    """Build and write to `path`, complete or not at all. Raises Cancelled, or `plan.refused`."""
    most = _most_learnt_from(plan)

    def work(said: job.Job) -> None:
        with threads(1 if plan.seed is not None else cores()), translated(plan.refused):
            said.say(0.0, "making the index")
            index = plan.make(dataset.dimensions, library_metric(metric))
            _prepare(index, plan.seed or 0)
            share = 0.0
            if not index.is_trained:
                said.say(0.0, "training")
                sample = items.training_sample(dataset, metric, max(1, most), plan.clusters, plan.seed or 0)
                with _by_products():
                    index.train(sample)
                del sample
                share = TRAINING_SHARE
            for start in range(0, dataset.rows, ROWS_AT_A_TIME):
                said.say(share + (1 - share) * start / dataset.rows, "adding rows")
                index.add(items.as_items(dataset.vectors[start : start + ROWS_AT_A_TIME], metric))
            said.say(1.0, "writing")
        files.write(index, path)

    try:
        job.done(work, progress)
    except BaseException:
        # Stop may have been said just when all was done.
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _by_products() -> Iterator[None]:
    """Let Faiss compare by matrix products whatever the size: for short vectors, such as the pieces of a code, its own
    choice since 1.15 (by numbers, not by queries) is up to twenty times slower."""
    faiss = imported()

    before = faiss.cvar.distance_compute_blas_threshold
    faiss.cvar.distance_compute_blas_threshold = FEW_QUERIES
    try:
        yield
    finally:
        faiss.cvar.distance_compute_blas_threshold = before


def _prepare(index: Any, seed: int) -> None:
    """Let an index learn from few rows without a word on standard error, and by this seed."""
    faiss = imported()

    waiting, seen = [index], 0
    while waiting and seen < 64:
        part, seen = waiting.pop(), seen + 1
        if isinstance(part, faiss.Index):
            part = faiss.downcast_index(part)
        for clustering in (getattr(holder, "cp", None) for holder in (part, getattr(part, "pq", None))):
            if clustering is not None:
                clustering.min_points_per_centroid = 1
                clustering.seed = seed or clustering.seed
        if hasattr(part, "hnsw") and seed:
            part.hnsw.rng = faiss.RandomGenerator(seed)
        for name in ("index", "base_index", "refine_index", "quantizer", "storage", "clustering_index"):
            inner = getattr(part, name, None)
            if isinstance(inner, faiss.Index):
                waiting.append(inner)
