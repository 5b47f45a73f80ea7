"""A Trace as people read it: each step in words, what is counted, and what of it shows on the map."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.trace import DESCEND, LEAF, PROBE, RERANK, SPLIT, VISIT, Trace
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.map.played import Played

NOUNS = {LEAF: ("leaf", "leaves"), PROBE: ("cell", "cells"), VISIT: ("visit", "visits")}
"""What the steps that matter are called, by action."""
ORDINALS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, eq=False)
class Story:
    """A trace over a Dataset, held against the true neighbours int64 (m,), as far as they are known.

    `met` int64 (m,) is the step in which each of them was compared, −1 for one that was not.
    """

    trace: Trace
    dataset: Dataset
    met: NDArray[np.int64]

    @classmethod
    def of(cls, trace: Trace, dataset: Dataset, truth: NDArray[np.int64]) -> Story:
        """Look up where in the trace each true neighbour was met."""
        place = np.full(dataset.rows, -1, np.int64)
        place[trace.rows] = np.arange(len(trace.rows))
        places = place[truth]
        met = np.searchsorted(trace.known, places, side="right").astype(np.int64)
        met[places < 0] = -1
        return cls(trace, dataset, np.minimum(met, len(trace) - 1))

    def fresh(self, step: int) -> slice:
        """Which of the trace's rows were compared in a step."""
        known = self.trace.known
        return slice(int(known[step - 1]) if step else 0, int(known[step]))

    def sentence(self, step: int) -> str:
        """A step in words: tree 3 · split, margin 0.12"""
        words = self._doing(step)
        fresh = self.fresh(step)
        new = fresh.stop - fresh.start
        if new and int(self.trace.actions[step]) != SPLIT:
            words += f" · +{new:,} rows" if new > 1 else " · +1 row"
        true = int((self.met == step).sum())
        return f"{words} · {true} true" if true else words

    def counters(self, step: int) -> str:
        """What is counted: compared 104 of 1,797 rows · 13 leaves · 212 distances · 8 of 10 true neighbours met"""
        trace = self.trace
        known = int(trace.known[step]) if len(trace) else 0
        parts = [f"compared {known:,} of {trace.total:,} rows"]
        for action, (one, many) in NOUNS.items():
            count = int((trace.actions[: step + 1] == action).sum())
            if count:
                parts.append(f"{count:,} {one if count == 1 else many}")
        if len(self.met):
            parts.append(f"{int(((self.met >= 0) & (self.met <= step)).sum())} of {len(self.met)} true neighbours met")
        if step == len(trace) - 1:
            parts.append(f"{trace.computed:,} distances")
        return " · ".join(parts)

    def place(self, step: int) -> str:
        """Where it stands: leaf 9 of 13; step 9 of 40 between them"""
        trace = self.trace
        action = int(trace.actions[step])
        if action in NOUNS:
            same = trace.actions == action
            return f"{NOUNS[action][0]} {int(same[: step + 1].sum()):,} of {int(same.sum()):,}"
        return f"step {step + 1:,} of {len(trace):,}"

    def played(self, step: int) -> Played:
        """What of it shows on the map."""
        trace = self.trace
        if not len(trace):
            return Played(trace.rows.astype(np.int64))
        fresh = self.fresh(step)
        path = origins = np.empty(0, np.int64)
        if trace.kind == "graph":
            moved = np.isin(trace.actions[: step + 1], (DESCEND, VISIT))
            path = trace.places[: step + 1][moved].astype(np.int64)
            origins = trace.origins[: step + 1][moved].astype(np.int64)
        rows = trace.rows.astype(np.int64)
        now = rows[fresh]
        if int(trace.actions[step]) == RERANK:
            now = trace.places[step : step + 1].astype(np.int64)
        return Played(rows[: fresh.start], now, path, origins)

    def _doing(self, step: int) -> str:
        trace = self.trace
        action, place, level = int(trace.actions[step]), int(trace.places[step]), int(trace.levels[step])
        value = float(trace.values[step])
        figure = wording.distance(value) if value >= 0 else f"−{wording.distance(-value)}"
        if action == SPLIT:
            return f"tree {level + 1} · split, margin {figure}" if isfinite(value) else f"tree {level + 1} · root"
        if action == LEAF:
            at = f", margin {figure}" if isfinite(value) else ""
            return f"tree {level + 1} · leaf{at}"
        if action == PROBE:
            turn = int((trace.actions[: step + 1] == PROBE).sum())
            return f"cell {place} · {ordinal(turn)}, centre at {figure}"
        name = caption(self.dataset, place)
        if action == DESCEND:
            return f"layer {level} → {name} at {figure}"
        if action == VISIT:
            return f"visits {name} at {figure}"
        return f"compares {name} truly: {figure}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th"""
    return f"{number:,}{'th' if 10 <= number % 100 <= 20 else ORDINALS.get(number % 10, 'th')}"
