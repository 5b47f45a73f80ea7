"""How many true neighbours of a query are found as its search looks farther: a real search for each stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.core import forest
from explorer.core.explanation import Reach
from explorer.core.neighbours import Neighbours
from explorer.core.progress import Progress, silent
from explorer.core.recall import judged
from explorer.core.structure import Forest
from explorer.core.trace import PROBE, Trace
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.measure.agreement import found_of
from explorer.measure.case import Case
from explorer.measure.trials import Trials

MOST_STOPS = 24
"""More changes than these are thinned out."""


def turned(handle: IndexHandle, k: int) -> str:
    """The search parameter that makes an index look farther, the one to turn first; empty where there is none."""
    kind = type_named(handle.type)
    has = kind.search_defaults(handle, k)
    return next((name for name in kind.effort if name in has), "")


def reached(case: Case, progress: Progress = silent) -> Reach | None:
    """Search once more with larger and larger values of the parameter that `turned` names, until all of the
    truth is found or nothing is left to look at; None where an index has no such parameter.

    The stops are those where something changes, where one trace tells them (trees and cells that keep the vectors);
    otherwise each is twice the one before. The present value and the one that follows from k are among them. It ends
    early once the time for trials has passed.
    """
    handle, k, truth = case.handle, case.k, case.truth
    param = turned(handle, k)
    if not param or not len(truth):
        return None
    own = replace(case, given={name: value for name, value in case.given.items() if name != param})
    trials = Trials(own, progress, builds=False)
    default, most = int(own.params({})[param]), trials.most(param)

    def trace(value: int) -> Trace | None:
        return case.searcher.trace(case.vector, case.asked, own.params({param: value}), progress)

    lossless = type_named(handle.type).lossless
    changes = _changes(case.searcher, trace, truth, default, most, trials, progress) if lossless else None
    present = int(case.given.get(param, default))
    least = max(1, int(next(each.minimum or 1 for each in type_named(handle.type).search_params if each.name == param)))
    stops = _doubled(least, default, most) if changes is None else _thinned([least, *changes])
    stops = sorted({*stops, default, present})
    kept: list[int] = []
    found: list[NDArray[np.bool_]] = []
    for value in stops:
        if kept and trials.over:
            break
        there = found_of(truth, judged(trials.answer({param: value}), truth, handle.metric))
        kept.append(value)
        found.append(there)
        if there.all() and value >= max(default, present):
            break
    return Reach(param, default, truth.rows, np.array(kept, np.int64), np.array(found))


def _changes(
    searcher: Searcher,
    trace: Callable[[int], Trace | None],
    truth: Neighbours,
    default: int,
    most: int,
    trials: Trials,
    progress: Progress,
) -> list[int] | None:
    """The values from which on each true neighbour is met, by a trace that goes far enough to meet them all; None
    where no trace tells."""
    value, told = default, trace(default)
    while told is not None and told.kind in ("forest", "cells"):
        there = np.isin(told.rows, truth.rows)
        if int(there.sum()) >= len(truth) or value >= most or trials.over:
            needed = _needed(searcher, told, progress)
            return None if needed is None else [*np.unique(needed[there]).tolist(), value]
        value = min(most, 2 * value)
        told = trace(value)
    return None


def _needed(searcher: Searcher, trace: Trace, progress: Progress) -> NDArray[np.int64] | None:
    """From which value on each row of a trace is met."""
    if trace.kind == "cells":
        known = trace.known[trace.actions == PROBE]
        return np.searchsorted(known, np.arange(1, len(trace.rows) + 1)) + 1
    grown = next((part for part in searcher.structure(progress) if isinstance(part, Forest)), None)
    return None if grown is None else forest.needed(grown, trace)


def _doubled(least: int, default: int, most: int) -> list[int]:
    """From the default twice as far each time, up to the most, and half as far each time down to the least."""
    stops = [default]
    while stops[0] // 2 >= least:
        stops.insert(0, stops[0] // 2)
    while stops[-1] < most:
        stops.append(min(most, max(1, 2 * stops[-1])))
    return stops


def _thinned(changes: list[int]) -> list[int]:
    """At most so many of the values, ascending, the first and the last among them."""
    values = np.unique(changes)
    places = np.unique(np.linspace(0, len(values) - 1, MOST_STOPS).astype(int))
    return [int(value) for value in values[places]]
