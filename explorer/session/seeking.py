"""What the inspector shows of an index and a search: each is sought once somebody looks, and is stale when what it
hangs on has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.structure import Cells, Codes, Forest, Layers, Structure
from explorer.measure.reaching import turned
from explorer.session.lines import lines
from explorer.session.measuring import WORK
from explorer.session.state import Replay, State
from explorer.work.inspecting import (
    DistancesRequest,
    ExplainRequest,
    GrowthRequest,
    InspectRequest,
    ReachRequest,
    StructureRequest,
    TraceRequest,
)
from explorer.work.picturing import CodedDistancesRequest, OutlinesRequest, PictureRequest, SoundnessRequest

Key = tuple[object, ...]
NEAREST, SPREAD = 500, 1000
"""So many of the rows that a search compared are held against their codes: the first by code, and some of all."""


@dataclass(frozen=True)
class Part:
    """A field of the State that is sought by itself: `of` says what it hangs on, None while there is nothing to seek;
    it is sought once somebody looks, and is stale when that has changed."""

    field: str
    slot: str
    of: Callable[[State], Key | None]
    looked_at: Callable[[State], bool]
    request: Callable[[State], InspectRequest | PictureRequest]
    kept: Callable[[Any], Any] = lambda value: value


def _answered(state: State) -> Key | None:
    entry = state.approximate
    return (state.answer, entry.handle) if entry is not None and state.answer is not None else None


def _judged(state: State) -> Key | None:
    entry = state.approximate
    there = entry is not None and state.answer is not None and state.verdict is not None and state.exact is not None
    return (state.verdict, entry.handle) if there and entry is not None else None


def _traced(state: State) -> Key | None:
    return (state.replay,) if state.replay is not None and state.replay.trace is not None and state.asked else None


def _missed(state: State) -> Key | None:
    return _judged(state) if state.verdict is not None and len(state.verdict.misses) else None


def _indexed(state: State) -> Key | None:
    entry = state.approximate
    return (state.dataset, entry.handle) if entry is not None and state.dataset is not None else None


def _grown(state: State) -> Key | None:
    has_trees = state.inside is not None and any(isinstance(part, Forest) for part in state.inside)
    return _judged(state) if has_trees else None


def _reachable(state: State) -> Key | None:
    """Whatever the parameter that makes it look farther is now: that one is what is tried."""
    entry = state.approximate
    if entry is None or state.truth is None or state.exact is None or state.asked is None:
        return None
    param = turned(entry.handle, state.k)
    return (state.truth, entry.handle, tuple(each for each in entry.given.items() if each[0] != param))


def part_of(state: State, kind: type[Structure]) -> Any:
    """What the index that answers is made of, of that kind; None where there is none, or it is not known yet."""
    return next((part for part in state.inside or () if isinstance(part, kind)), None)


def pruned_of(layers: Layers, state: State) -> NDArray[np.int64] | None:
    """The true neighbours int64 (m,) of the query to which it has no link on the lowest layer; None where the query is
    no row of the graph, or another row is looked at."""
    row = state.asked.query.row if state.asked is not None else None
    if row is None or state.truth is None or state.focused not in (-1, row) or not len(layers.links):
        return None
    if row >= len(layers.levels) or layers.levels[row] < 0:
        return None
    linked = layers.links[0][layers.starts[0][row] : layers.starts[0][row + 1]]
    return np.setdiff1d(state.truth.rows, linked).astype(np.int64)


def _looks_inside(state: State) -> bool:
    """On the page of the structure; and while a search through cells is replayed, which are drawn on the map."""
    trace = state.replay.trace if state.replay is not None else None
    return state.tab == "structure" or (state.tab == "replay" and trace is not None and trace.kind == "cells")


def _divided(state: State) -> Key | None:
    cells = part_of(state, Cells)
    there = cells is not None and state.outlining and state.projection is not None and not state.laying_out
    return (cells, state.projection) if there else None


def _shortened(state: State) -> Key | None:
    there = part_of(state, Codes) is not None and state.exact is not None and state.asked is not None
    return (state.verdict, state.replay) if there and state.verdict is not None and state.replay is not None else None


def _linked(state: State) -> Key | None:
    layers = part_of(state, Layers)
    return (layers, state.k) if layers is not None and state.exact is not None else None


def _outlines(state: State) -> OutlinesRequest:
    cells, made = part_of(state, Cells), state.projection
    assert made is not None
    return OutlinesRequest(made.positions, cells.cell_of, len(cells.sizes))


def _coded(state: State) -> CodedDistancesRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return CodedDistancesRequest(dataset, entry.handle, exact.handle, asked.query, _compared(state))


def _compared(state: State) -> NDArray[np.int64]:
    """The rows of the table, those that the codes hold for the nearest, and some of all that were compared."""
    found = state.answer.neighbours if state.answer is not None else None
    told = np.array([line.row for line in lines(found, state.truth, state.verdict)], np.int64)
    trace = state.replay.trace if state.replay is not None else None
    if trace is None:
        return np.unique(told)
    rows = trace.rows.astype(np.int64)
    spread = rows[:: max(1, len(rows) // SPREAD)]
    near = trace.found[:NEAREST].astype(np.int64)
    return np.unique(np.concatenate([told, near, spread]))


def _soundness(state: State) -> SoundnessRequest:
    dataset, entry, exact = state.dataset, state.approximate, state.exact
    assert dataset is not None and entry is not None and exact is not None
    sample = int(min(1000, max(100, WORK / (8 * dataset.rows * dataset.dimensions))))
    return SoundnessRequest(dataset, entry.handle, exact.handle, state.k, sample)


def _reach(state: State) -> ReachRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return ReachRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given)


def _explain(state: State) -> ExplainRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return ExplainRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given, builds=False)


def _trace(state: State) -> TraceRequest:
    dataset, asked, entry = state.dataset, state.asked, state.approximate
    assert dataset is not None and asked is not None and entry is not None
    return TraceRequest(dataset, entry.handle, asked.query, state.k, entry.given)


def _distances(state: State) -> DistancesRequest:
    dataset, asked, entry, replay = state.dataset, state.asked, state.approximate, state.replay
    assert dataset is not None and asked is not None and entry is not None
    assert replay is not None and replay.trace is not None
    return DistancesRequest(dataset, entry.handle, asked.query, replay.trace.rows.astype(np.int64))


def _structure(state: State) -> StructureRequest:
    dataset, entry = state.dataset, state.approximate
    assert dataset is not None and entry is not None
    return StructureRequest(dataset, entry.handle)


def _growth(state: State) -> GrowthRequest:
    dataset, asked, entry, exact = state.dataset, state.asked, state.approximate, state.exact
    assert dataset is not None and asked is not None and entry is not None and exact is not None
    return GrowthRequest(dataset, entry.handle, exact.handle, asked.query, state.k, entry.given)


PARTS = (
    Part("replay", "trace", _answered, lambda state: state.tab in ("replay", "structure"), _trace, Replay),
    Part("distances", "distances", _traced, lambda state: state.tab == "replay", _distances),
    Part("inside", "structure", _indexed, _looks_inside, _structure),
    Part("outlines", "outlines", _divided, lambda state: state.tab in ("structure", "replay"), _outlines),
    Part("coded", "coded", _shortened, lambda state: state.tab == "structure", _coded),
    Part("soundness", "soundness", _linked, lambda state: state.tab == "structure", _soundness),
    Part("growth", "growth", _grown, lambda state: state.tab == "structure", _growth),
    Part("explanation", "explain", _missed, lambda state: True, _explain),
    Part("reach", "reach", _reachable, lambda state: state.tab == "why", _reach),
)
