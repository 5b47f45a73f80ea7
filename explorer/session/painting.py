"""What an index, a measurement or the map itself says of every row, as something that colours the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.structure import Cells, Codes, Difficulty, Layers
from explorer.measure.honesty import Honesty
from explorer.measure.painting import RecallMap
from explorer.measure.soundness import Soundness

WORST = 20
"""So many of the rows that fare worst are named."""


@dataclass(frozen=True, eq=False)
class Painting:
    """A column that no file holds. `note` says in a sentence what it shows and of how many rows it is known; `worst`
    int64 (m,) are rows worth a look, the worst first. A `diverging` one has two sides, which meet at 0."""

    column: Column
    note: str
    worst: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    diverging: bool = False
    worse: Literal["", "low", "high"] = ""
    """Which values are the worst; empty where none is better than another."""
    kind: Literal["", "recall", "honesty"] = ""
    """What was measured, where the window goes on from there."""

    def worst_of(self, rows: NDArray[np.int64], count: int = WORST) -> NDArray[np.int64]:
        """The worst of some rows (m,), the worst first, equal ones by row; rows that were not measured are left out."""
        return _worst(np.asarray(self.column.values, np.float64), np.sort(rows), count, self.worse)

    def known_of(self, rows: NDArray[np.int64]) -> int:
        """Of how many of some rows (m,) it is known."""
        return int((~np.isnan(np.asarray(self.column.values, np.float64)[rows])).sum())


def of_recall(found: RecallMap, title: str) -> Painting:
    """Recall with each row as the query, by the index that bears the title."""
    rows = len(found.recalls)
    asked = "every row" if found.asked == rows else f"{found.asked:,} of {rows:,} rows"
    note = f"recall@{found.k} with {asked} as the query: {found.mean:.3f} on average. Dark rows are badly served."
    column = _numbers(f"recall@{found.k} · {title}", found.recalls)
    return Painting(column, note, found.worst(WORST), worse="low", kind="recall")


def of_honesty(found: Honesty, method: str) -> Painting:
    """Where true neighbours are near each other on the map that was made by a method."""
    rows = len(found.shares)
    asked = "every row" if found.asked == rows else f"{found.asked:,} of {rows:,} rows"
    note = (
        f"The share of a row’s {found.k} true neighbours that are among its {found.k * found.width} nearest on the map,"
        f" for {asked}: {found.mean:.2f} on average, {found.chance:.2f} by chance. Dark: do not trust it."
    )
    return _ranked(_numbers(f"map honesty · {method.upper()}", found.shares), note, "low", "honesty")


def of_branches(branches: NDArray[np.int32], tree: int, depth: int) -> Painting:
    """The node of a tree, counted from 0, in which each row stands at a depth."""
    nodes, codes = np.unique(branches, return_inverse=True)
    places = codes.reshape(-1).astype(np.int32) - int(nodes[0] < 0)
    labels = tuple(f"node {node}" for node in nodes[nodes >= 0].tolist())
    column = Column(f"tree {tree + 1}, depth {depth}", "category", places, labels)
    note = f"Rows of one colour stand in one node of tree {tree + 1} at depth {depth}: {len(labels):,} nodes."
    return Painting(column, note)


def of_margins(margins: NDArray[np.float32], node: int) -> Painting:
    """How far each row lies from the plane of a split, and on which side."""
    note = "The two sides of one split; the greyer a row, the nearer it lies to the plane that divides them."
    return Painting(_numbers(f"split at node {node}", margins), note, diverging=True)


def of_cells(cells: Cells) -> Painting:
    """The cell of each row."""
    labels = tuple(f"cell {cell}" for cell in range(len(cells.sizes)))
    note = f"Rows of one colour stand in one of {len(cells.sizes):,} cells; colours come round again."
    return Painting(Column("cells", "category", cells.cell_of.astype(np.int32), labels), note)


def of_boundaries(boundaries: NDArray[np.float32]) -> Painting:
    """How near each row lies to the boundary of its cell."""
    note = "Distance to the nearest centre by that to the second nearest: near 1 on a boundary, where rows are missed."
    return _ranked(_numbers("cell boundaries", boundaries), note, "high")


def of_errors(codes: Codes) -> Painting:
    """How much of each vector its code loses."""
    note = (
        f"The length of what the code of a vector loses by its own: {float(np.nanmean(codes.errors)):.3f} on average."
    )
    return _ranked(_numbers("code error", codes.errors), note, "high")


def of_levels(layers: Layers) -> Painting:
    """The highest layer of each row."""
    found = int(layers.levels.max(initial=0)) + 1
    labels = tuple(f"layer {level}" for level in range(found))
    note = "The highest layer on which a row stands; grey ones are not in the graph."
    return Painting(Column("graph layers", "category", layers.levels.astype(np.int32), labels), note)


def of_in_degrees(layers: Layers) -> Painting:
    """How many links lead to each row on the lowest layer."""
    degrees = layers.links_to().astype(np.float64)
    degrees[layers.levels < 0] = np.nan
    return _ranked(_numbers("links to a row", degrees, whole=True), "Rows to which few links lead are missed.", "low")


def of_longest_links(found: Soundness, rows: int) -> Painting:
    """How long the longest link of each row of the sample is."""
    note = f"The longest link of a row, by a usual one, {_of_sample(found)}: long links are the roads across the map."
    return _ranked(_numbers("longest link", _spread(found, found.longest, rows)), note, "high")


def of_pruned(found: Soundness, rows: int) -> Painting:
    """Which share of the true neighbours of each row of the sample it has no link to."""
    note = (
        f"The share of a row’s {found.k} true neighbours that it has no link to, {_of_sample(found)}: "
        f"{float(found.pruned.mean()) if len(found.pruned) else 0.0:.2f} on average."
    )
    return _ranked(_numbers("pruned neighbours", _spread(found, found.pruned, rows)), note, "high")


STANDINGS = ("hub", "reached only from above", "never reached")


def of_standing(found: Soundness, rows: int) -> Painting:
    """Which rows are hubs, which have no link to them, and which no search comes to; all others are of no sort."""
    codes = np.full(rows, -1, np.int32)
    for code, some in enumerate((found.hubs, found.anti_hubs, found.unreachable)):
        codes[some] = code
    note = (
        "Hubs, to which far more links lead than to others; rows to which none leads on the lowest layer; and rows "
        "that no search comes to. Grey: all others."
    )
    return Painting(Column("standing in the graph", "category", codes, STANDINGS), note)


OF_SOUNDNESS: dict[str, Callable[[Soundness, int], Painting]] = {
    "longest": of_longest_links,
    "pruned": of_pruned,
    "standing": of_standing,
}
"""What can be painted of a graph, by name."""


def _of_sample(found: Soundness) -> str:
    return f"for {len(found.sampled):,} sampled rows"


def _spread(found: Soundness, values: NDArray[np.float32], rows: int) -> NDArray[np.float64]:
    whole = np.full(rows, np.nan)
    whole[found.sampled] = values
    return whole


def of_hubness(difficulty: Difficulty) -> Painting:
    """In how many of the sampled rows' lists each row stands."""
    counts = difficulty.occurrences.astype(np.float64)
    note = f"In how many lists of neighbours a row stands, of {difficulty.sampled:,} sampled rows."
    return _ranked(_numbers("hubness", counts, whole=True), note, "high")


def _numbers(name: str, values: NDArray[Any], whole: bool = False) -> Column:
    return Column(name, "number", np.asarray(values, np.float64), whole=whole)


def _ranked(
    column: Column, note: str, worse: Literal["low", "high"], kind: Literal["", "recall", "honesty"] = ""
) -> Painting:
    """A painting with its worst rows."""
    values = np.asarray(column.values, np.float64)
    return Painting(column, note, _worst(values, np.arange(len(values)), WORST, worse), worse=worse, kind=kind)


def _worst(values: NDArray[np.float64], rows: NDArray[np.int64], count: int, worse: str) -> NDArray[np.int64]:
    rows = rows[~np.isnan(values[rows])]
    turned = -values[rows] if worse == "high" else values[rows]
    if count < len(turned):
        # Only the worst and their equals are sorted.
        near = np.flatnonzero(turned <= np.partition(turned, count - 1)[count - 1])
        rows, turned = rows[near], turned[near]
    return rows[np.argsort(turned, kind="stable")[:count]].astype(np.int64)
