"""What a Faiss index is made of."""

from __future__ import annotations

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.core.structure import NO_INSIDE, Facts, Structure
from explorer.indexes import layered
from explorer.indexes.faiss import codes, lists
from explorer.indexes.faiss.library import imported
from explorer.indexes.faiss.links import FaissGraph
from explorer.indexes.faiss.parts import Parts


def structure(
    parts: Parts | None, graph: FaissGraph | None, dataset: Dataset, metric: Metric, progress: Progress
) -> tuple[Structure, ...]:
    """Cells, layers and codes, as far as there are any; facts where all vectors stand as they are."""
    if parts is None:
        return (NO_INSIDE,)
    found: list[Structure] = []
    if parts.cells:
        found.append(lists.cells(parts.core, dataset.rows, progress))
    if graph is not None:
        found.append(layered.layers(graph, dataset.rows, progress))
    if (shortened := codes.codes(parts, dataset, metric, progress)) is not None:
        found.append(shortened)
    if not found and parts.scanned:
        found.append(_facts(parts))
    return tuple(found) or (NO_INSIDE,)


def _facts(parts: Parts) -> Facts:
    core = parts.core
    product = core.metric_type == imported().METRIC_INNER_PRODUCT
    lines = (
        ("Vectors", f"{core.ntotal:,} × {core.d}, as they are"),
        ("Bytes", f"{core.ntotal * core.code_size:,}"),
        ("Compared by", "the inner product" if product else "the squared distance"),
    )
    return Facts(lines, "Every vector is compared with the query, so that there is nothing to miss.")
