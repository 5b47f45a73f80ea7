"""From vectors to a map: PCA, the neighbour graph, the UMAP layout, placing a query."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from time import perf_counter

from explorer import find
from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.core.projection import Projection
from explorer.errors import BadParameter
from explorer.projection.base import Method, Publish, unwatched


@cache
def types() -> dict[str, Method]:
    """Every projection method by name."""
    return find.declared(sys.modules[__name__])


def method_named(name: str) -> Method:
    """The method of that name; raises BadParameter with the names there are."""
    if name not in types():
        raise BadParameter(f"“{name}” is no projection method; there are {', '.join(types())}.")
    return types()[name]


def projected(
    dataset: Dataset,
    metric: Metric,
    method: str,
    params: Mapping[str, object],
    seed: int | None = None,
    publish: Publish = unwatched,
    progress: Progress = silent,
) -> Projection:
    """The Projection of a Dataset by the method of that name; dot maps are made with cosine.

    `params` need not be complete. Raises BadParameter for an unknown method or parameter, or one out of its range, and
    Cancelled when `progress` does.
    """
    began = perf_counter()
    kind = method_named(method)
    checked = core_params.checked(kind.params, params, kind.name)
    made_with: Metric = "cosine" if metric == "dot" else metric
    projection = kind.project(dataset.vectors, made_with, checked, seed, publish, progress)
    return replace(projection, seconds=perf_counter() - began)
