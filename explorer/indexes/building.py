"""Build an index of any type, after asking whether it can be done at all."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from explorer.core import params as core_params
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.errors import BadParameter, TooLarge, Unavailable
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle, IndexType
from explorer.room import check_disk, check_memory, free_in_memory, free_on_disk


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
    checked = _checked(kind, metric, params)
    dataset.check_unchanged()
    folder.mkdir(parents=True, exist_ok=True)
    check_room(kind, dataset.rows, dataset.dimensions, metric, checked, folder)
    started = time.perf_counter()
    handle = kind.build(dataset, metric, checked, folder, progress)
    return dataclasses.replace(handle, build_seconds=time.perf_counter() - started)


def estimated(
    rows: int, dimensions: int, type_name: str, metric: Metric, params: Mapping[str, object], folder: Path
) -> Cost | None:
    """What `built` would take, without a look at any vector; None where the type does not say.

    Raises BadParameter for what the type cannot do, TooLarge where it would not fit in memory or on the disk of the
    existing `folder`.
    """
    kind = type_named(type_name)
    return check_room(kind, rows, dimensions, metric, _checked(kind, metric, params), folder)


def check_room(
    kind: IndexType, rows: int, dimensions: int, metric: Metric, params: Params, folder: Path
) -> Cost | None:
    """What a build takes; raises TooLarge, with how many rows would fit, when there is less memory or disk than that.

    `params` are checked; `folder` exists.
    """
    cost = kind.cost(rows, dimensions, metric, params)
    if cost is None:
        return None

    def fitting(free: int, bytes_of: Callable[[Cost], int]) -> str:
        def fits(fewer: int) -> bool:
            try:
                found = kind.cost(fewer, dimensions, metric, params)
            except (BadParameter, TooLarge):
                return False
            return found is not None and bytes_of(found) <= free

        most = _most(fits, rows)
        return f"up to {most:,} rows would fit: " if most else ""

    memory, disk = free_in_memory(), free_on_disk(folder)
    if cost.memory_bytes > memory:
        fit = fitting(memory, lambda found: found.memory_bytes)
        check_memory(cost.memory_bytes, cost.what, f"{fit}{cost.advice}")
    if cost.disk_bytes > disk:
        fit = fitting(disk, lambda found: found.disk_bytes)
        check_disk(folder, cost.disk_bytes, cost.what, f"{fit}make room, or {cost.advice}")
    return cost


def _most(fits: Callable[[int], bool], rows: int) -> int:
    """The most of up to `rows` rows that fit, where more never fit sooner than fewer."""
    most, too_many = 0, rows
    while too_many - most > 1:
        middle = (most + too_many) // 2
        most, too_many = (middle, too_many) if fits(middle) else (most, middle)
    return most


def _checked(kind: IndexType, metric: Metric, params: Mapping[str, object]) -> Params:
    if metric not in kind.metrics:
        raise BadParameter(f"{kind.title} has no {metric}; it has {', '.join(kind.metrics)}.")
    return core_params.checked(kind.build_params, params, kind.name)
