"""Which cells are outlined on the map: of hundreds only those that the search and its misses are about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.structure import Cells
from explorer.core.trace import PROBE
from explorer.gui.map.areas import Area, Areas, Manner
from explorer.gui.palette import category_colour
from explorer.session.seeking import part_of
from explorer.session.state import State

ALL = 40
"""Up to so many cells are all outlined."""
LARGEST = 12
"""Of more cells so many, the largest, are outlined while there is no search."""
OUTLINED, NUMBERED, MISSED = 6, 60, 8
"""Of those that a search looked into, so many are outlined, the first ones, and while it is replayed the last ones;
others bear their number alone. So many of those that hold a missed row are outlined, that of the nearest row first."""


def areas(state: State) -> Areas:
    """The outlines that the map shows of the State."""
    cells, drawn = part_of(state, Cells), state.outlines
    if cells is None or drawn is None or not state.outlining or state.tab not in ("structure", "replay"):
        return ()
    coloured = state.colour_by == "cells"

    def area(cell: int, manner: Manner, text: str = "") -> Area:
        x, y = drawn.middles[cell].tolist()
        return Area(drawn.of(cell), (x, y), manner, text, category_colour(cell) if coloured else None)

    turns = {int(cell): turn + 1 for turn, cell in enumerate(probed(state).tolist()[:NUMBERED])}
    outlined = list(turns)[-OUTLINED:] if state.tab == "replay" else list(turns)[:OUTLINED]
    missed = [cell for cell in missing(cells, state).tolist() if cell not in turns][:MISSED]
    told = {*turns, *missed, state.cell}
    quiet = range(len(cells.sizes)) if len(cells.sizes) <= ALL else []
    if not turns and len(cells.sizes) > ALL:
        quiet = np.argsort(-cells.sizes, kind="stable")[:LARGEST].tolist()
    found = [area(cell, "quiet") for cell in quiet if cell not in told]
    found += [area(cell, "numbered", str(turn)) for cell, turn in reversed(turns.items()) if cell not in outlined]
    found += [area(cell, "missed") for cell in reversed(missed)]
    found += [area(cell, "looked into", str(turns[cell])) for cell in reversed(outlined)]
    if 0 <= state.cell < len(cells.sizes):
        found.append(area(state.cell, "chosen", f"cell {state.cell}"))
    return tuple(one for one in found if len(one.corners))


def probed(state: State) -> NDArray[np.int64]:
    """The cells that the search of the State looked into, in order; while it is replayed, as far as its step."""
    trace = state.replay.trace if state.replay is not None else None
    if trace is None:
        return np.empty(0, np.int64)
    end = state.step + 1 if state.tab == "replay" else len(trace)
    return np.asarray(trace.places[:end][trace.actions[:end] == PROBE], np.int64)


def missing(cells: Cells, state: State) -> NDArray[np.int64]:
    """The cells that hold a true neighbour which was missed, that of the nearest first."""
    missed = state.verdict.misses if state.verdict is not None else np.empty(0, np.int64)
    holding, first = np.unique(cells.cell_of[missed], return_index=True)
    holding = holding[np.argsort(first)]
    return holding[holding >= 0].astype(np.int64)
