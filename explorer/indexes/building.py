"""Build an index of any type, after asking whether it can be done at all."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path

from explorer.core import params as core_params
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter, Unavailable
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle


def built(
    dataset: Dataset,
    type_name: str,
    metric: Metric,
    params: Mapping[str, object],
    folder: Path,
    progress: Progress = silent,
) -> IndexHandle:
    """Build an index of the type over the Dataset, into `folder`, which is made if it is not there.

    `params` are build parameters as given (text will do); the handle holds all of them. Nothing is left in the folder
    when it fails. Raises BadParameter, Unavailable, TooLarge (memory, disk), Cancelled, or what the type raises.
    """
    kind = type_named(type_name)
    if reason := kind.unavailable():
        raise Unavailable(reason)
    if metric not in kind.metrics:
        raise BadParameter(f"{kind.title} has no {metric}; it has {', '.join(kind.metrics)}.")
    checked = core_params.checked(kind.build_params, params, kind.name)
    dataset.check_unchanged()
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    handle = kind.build(dataset, metric, checked, folder, progress)
    return dataclasses.replace(handle, build_seconds=time.perf_counter() - started)
