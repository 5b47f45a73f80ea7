"""Why an index missed true neighbours, and what would find them: never guessed, each fix was tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.explanation import Cause, Explanation, Fix, Miss, Reason
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.recall import judged
from explorer.core.trace import Trace
from explorer.indexes import type_named
from explorer.indexes.base import IndexType
from explorer.measure import rebuilding
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
    fix, helped = _for_all(trials, misses, {name: int(params[name]) for name in kind.effort if name in params})
    visited = _visited(kind, trace, dataset)
    return Explanation(found.rows[verdict.hit], tuple(misses), visited, dataset.rows, params, fix, helped)


def _for_all(trials: Trials, misses: list[Miss], efforts: dict[str, int]) -> tuple[Fix | None, NDArray[np.int64]]:
    """One setting for all misses that search parameters find, and those that a search with it returns.

    It takes the largest value of each. As what is met on top can push out what had been found, all `efforts`, which are
    the search parameters as they are, are raised until none is lost, as long as there is time.
    """
    nobody = np.empty(0, np.int64)
    fixes = [miss.fix for miss in misses if miss.fix is not None and not miss.fix.rebuild]
    if len(fixes) < 2:
        return None, nobody
    wanted = np.array([miss.row for miss in misses if miss.fix is not None and not miss.fix.rebuild])
    names = dict.fromkeys(name for fix in fixes for name in fix.params)
    values: Params = {name: max(int(fix.params[name]) for fix in fixes if name in fix.params) for name in names}
    best, helped = values, nobody
    while True:
        there = wanted[np.isin(wanted, trials.answer(values).rows)]
        if len(there) > len(helped):
            best, helped = values, there
        raised = {name: 2 * max(1, int(values.get(name, now))) for name, now in efforts.items()}
        farther: Params = {name: min(trials.most(name), value) for name, value in raised.items()}
        if len(helped) == len(wanted) or farther == values or trials.over:
            break
        values = farther
    if not len(helped):
        return None, nobody
    param, *others = best
    return Fix(param, best[param], rebuild=False, verified=True, also={name: best[name] for name in others}), helped


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
        return likely, _together(trials, efforts, full, row)
    elif efforts and trials.crowded(miss, full):
        return _more(likely, "Rows exactly as near stand in its place; only exact search tells all of them."), None
    else:
        told = cause or _told("not_indexed" if kind.reaches_all else "unreachable")
    fix = _rebuilt(case, trials, kind, row, told)
    return (told, fix) if fix is not None else (_more(told, "Exact search finds it."), None)


def _together(trials: Trials, efforts: list[str], full: Params, row: int) -> Fix:
    """The smallest values of several search parameters that find a row which none of them finds alone.

    Each is lowered while the others stay, and what is left is what the last search that returned the row was run with.
    One that turns out not to be needed beside the others is left out.
    """
    values = dict(full)
    for name in efforts:
        rest = {other: value for other, value in values.items() if other != name}
        if len(rest) > 1 and trials.finds(row, rest):
            values = rest
        else:
            values[name] = trials.smallest(row, name, besides=rest) or values[name]
    param, *others = values
    return Fix(param, values[param], rebuild=False, verified=True, also={name: values[name] for name in others})


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
    # A row that the index does not hold may need the same once more.
    values = rebuilding.values(case.handle, present if told.reason == "not_indexed" else 2 * present, kind.remedy)
    if not trials.can_build():
        return Fix(kind.remedy, values[0], rebuild=True, verified=False) if values else None
    helps = (value for value in values if not trials.over and trials.finds_rebuilt(row, kind.remedy, value))
    value = next(helps, None)
    return None if value is None else Fix(kind.remedy, value, rebuild=True, verified=True)


def _more(cause: Cause, sentence: str) -> Cause:
    return replace(cause, detail=f"{cause.detail} {sentence}")
