"""Why an index missed true neighbours, and what would find them: never guessed, each fix was tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause, Explanation, Fix, Miss, Reason
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.recall import judged
from explorer.core.trace import Trace
from explorer.indexes import type_named
from explorer.indexes.base import IndexType
from explorer.measure.case import Case
from explorer.measure.trials import SECONDS, Trials

RERANK = "rerank"
"""The search parameter, of whatever type, that has more candidates compared truly."""
SAID: dict[Reason, str] = {
    "not_opened": "None of the leaves that hold it was opened",
    "not_probed": "The cell that holds it was not looked into",
    "code_rank": "It was compared, but its shortened code ranked it too far behind",
    "not_visited": "The walk through the graph ended before it came there",
    "unreachable": "No search comes to it, however long it walks through the graph",
    "not_indexed": "No search finds it, however far it looks",
}
"""What is said of a miss where no trace tells more."""
HARDER, AGAIN = (2, 4, 8), (1, 2, 4)
"""By how many times a build parameter is raised; a row that the index does not hold may need the same once more."""


def explained(case: Case, progress: Progress = silent, builds: bool = True) -> Explanation:
    """Explain the answer of an index.

    A fix is the smallest value of a search parameter for which a real search returned the row; where none does, a build
    parameter for which an index was built that does, or which is only likely to help where building would take long,
    or without `builds` is not tried.
    """
    handle, searcher, dataset, truth = case.handle, case.searcher, case.dataset, case.truth
    trials = Trials(case, progress, builds)
    params, kind = case.params({}), type_named(handle.type)
    found = trials.answer({})
    verdict = judged(found, truth, handle.metric)
    trace = searcher.trace(case.vector, case.asked, params, progress)
    misses = []
    for i, row in enumerate(verdict.misses.tolist()):
        progress(i / len(verdict.misses), f"miss {i + 1} of {len(verdict.misses)}")
        cause = searcher.cause(trace, case.vector, row, progress) if trace is not None else None
        place = int(np.flatnonzero(truth.rows == row)[0])
        miss = Neighbours(truth.rows[place : place + 1], truth.distances[place : place + 1])
        told, fix = _tried(case, trials, kind, params, miss, cause)
        misses.append(Miss(row, place + 1, float(miss.distances[0]), told.reason, told.detail, fix))
    return Explanation(found.rows[verdict.hit], tuple(misses), _visited(kind, trace, dataset), dataset.rows, params)


def _visited(kind: IndexType, trace: Trace | None, dataset: Dataset) -> int | None:
    """How many rows were compared: all of them where there is no effort to spare."""
    if trace is not None:
        return len(trace.rows)
    scans = kind.reaches_all and all(kind.effort.get(param.name) == "code_rank" for param in kind.search_params)
    return dataset.rows if scans else None


def _tried(
    case: Case, trials: Trials, kind: IndexType, params: Params, miss: Neighbours, cause: Cause | None
) -> tuple[Cause, Fix | None]:
    """The reason for a miss, one row, with what finds it: a search parameter, otherwise building anew."""
    row = int(miss.rows[0])
    efforts = _efforts(kind, params, cause)
    for name in efforts:
        predicted = cause.value if cause is not None and cause.param == name else None
        value = trials.smallest(row, name, None if predicted is None else int(predicted))
        if value is not None:
            return cause or _told(kind.effort[name], name, params), Fix(name, value, rebuild=False, verified=True)
    full: Params = {name: trials.most(name) for name in efforts}
    likely = cause or (_told(kind.effort[efforts[0]], efforts[0], params) if efforts else _told("not_indexed"))
    if efforts and trials.over:
        told = _more(likely, f"{SECONDS:.0f} seconds of trials found no value that finds it.")
    elif len(efforts) > 1 and trials.finds(row, full):
        told = _more(likely, f"Only together {_together(trials, efforts, full, row)} find it.")
    elif efforts and trials.crowded(miss, full):
        return _more(likely, "Rows exactly as near stand in its place; only exact search tells all of them."), None
    else:
        told = cause or _told("not_indexed" if kind.reaches_all else "unreachable")
    fix = _rebuilt(case, trials, kind, row, told)
    return (told, fix) if fix is not None else (_more(told, "Exact search finds it."), None)


def _together(trials: Trials, efforts: list[str], full: Params, row: int) -> str:
    """The smallest values of several search parameters that find a row which none of them finds alone."""
    values = dict(full)
    for name in efforts:
        values[name] = trials.smallest(row, name, besides=values) or values[name]
    return " and ".join(f"{name} = {value:,}" for name, value in values.items())


def _told(reason: Reason, param: str = "", params: Params | None = None) -> Cause:
    """What can be said without a trace."""
    return Cause(reason, SAID[reason] + (f": {param} is {params[param]:,}." if params else "."))


def _efforts(kind: IndexType, params: Params, cause: Cause | None) -> list[str]:
    """The search parameters that can help, the likeliest first."""
    efforts = [name for name in kind.effort if name in params]
    if cause is None:
        return efforts
    if cause.reason in ("unreachable", "not_indexed"):
        return []
    if cause.reason == "code_rank":
        return [name for name in efforts if name == RERANK]
    return sorted(efforts, key=lambda name: name != cause.param)


def _rebuilt(case: Case, trials: Trials, kind: IndexType, row: int, told: Cause) -> Fix | None:
    """A build parameter that finds the row, tried where an index is built within seconds."""
    present = case.handle.params.get(kind.remedy)
    if not isinstance(present, int) or (told.reason == "code_rank" and kind.lossless):
        return None
    most = next(param.maximum for param in kind.build_params if param.name == kind.remedy)
    times = AGAIN if told.reason == "not_indexed" else HARDER
    values = [present * factor for factor in times if most is None or present * factor <= most]
    if not trials.can_build():
        return Fix(kind.remedy, values[0], rebuild=True, verified=False) if values else None
    helps = (value for value in values if not trials.over and trials.finds_rebuilt(row, kind.remedy, value))
    value = next(helps, None)
    return None if value is None else Fix(kind.remedy, value, rebuild=True, verified=True)


def _more(cause: Cause, sentence: str) -> Cause:
    return replace(cause, detail=f"{cause.detail} {sentence}")
