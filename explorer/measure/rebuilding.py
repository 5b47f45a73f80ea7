"""Whether an index built anew finds what this one missed: it is built, asked, and kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.explanation import Fix
from explorer.core.progress import Progress, silent
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.measure.case import Case

TIMES = (1, 2, 4)
"""By how many times the value that is likely to help is raised, one after the other."""


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """The first of several indexes that returned the row, where one did, with the fix that it verifies, and all rows
    int64 (m,) that it returned. `tried` are the values it was built with."""

    tried: tuple[int, ...]
    fix: Fix | None = None
    handle: IndexHandle | None = None
    found: NDArray[np.int64] | None = None


def values(handle: IndexHandle, first: int, param: str) -> list[int]:
    """The values of a build parameter that are tried, of which `first` is the likeliest."""
    declared = next(each for each in type_named(handle.type).build_params if each.name == param)
    return [first * factor for factor in TIMES if declared.maximum is None or first * factor <= declared.maximum]


def rebuilt(case: Case, row: int, fix: Fix, folder: Path, progress: Progress = silent) -> Rebuilt:
    """Build the index anew until one returns a row, with the search parameters of the case; the one that does stays
    in `folder`, and no other. Raises what building raises."""
    handle, kind = case.handle, type_named(case.handle.type)
    wanted = values(handle, int(fix.value), fix.param)
    for i, value in enumerate(wanted):

        def partly(fraction: float | None, note: str = "", value: int = value) -> None:
            progress(fraction, f"{fix.param} {value:,}" + (f" · {note}" if note else ""))

        folder.mkdir(parents=True, exist_ok=True)
        partly(0.0)
        anew = built(case.dataset, handle.type, handle.metric, {**handle.params, fix.param: value}, folder, partly)
        searcher = kind.open(anew, case.dataset)
        try:
            params = asking.resolved(anew, case.given, case.k)
            found = asking.neighbours(
                searcher, anew, case.dataset, case.vector, case.k, params, case.leave_out, partly
            ).rows
        finally:
            searcher.close()
        if row in found:
            verified = Fix(fix.param, value, rebuild=True, verified=True)
            return Rebuilt(tuple(wanted[: i + 1]), verified, anew, found)
        shutil.rmtree(folder, ignore_errors=True)
    return Rebuilt(tuple(wanted))
