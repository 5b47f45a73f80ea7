"""What an index, a measurement or the map itself says of every row, as something that colours the map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column
from explorer.core.structure import Cells, Codes, Difficulty, Layers
from explorer.measure.honesty import Honesty
from explorer.measure.painting import RecallMap

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


def of_recall(found: RecallMap, title: str) -> Painting:
    """Recall with each row as the query, by the index that bears the title."""
    rows = len(found.recalls)
    asked = "every row" if found.asked == rows else f"{found.asked:,} of {rows:,} rows"
    note = f"recall@{found.k} with {asked} as the query: {found.mean:.3f} on average. Dark rows are badly served."
    return Painting(_numbers(f"recall@{found.k} · {title}", found.recalls), note, found.worst(WORST))


def of_honesty(found: Honesty, method: str) -> Painting:
    """Where true neighbours are near each other on the map that was made by a method."""
    rows = len(found.shares)
    asked = "every row" if found.asked == rows else f"{found.asked:,} of {rows:,} rows"
    note = (
        f"The share of a row’s {found.k} true neighbours that are among its {found.k * found.width} nearest on the map,"
        f" for {asked}: {found.mean:.2f} on average, {found.chance:.2f} by chance. Dark: do not trust it."
    )
    known = np.flatnonzero(~np.isnan(found.shares))
    worst = known[np.argsort(found.shares[known], kind="stable")[:WORST]]
    return Painting(_numbers(f"map honesty · {method.upper()}", found.shares), note, worst)


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


def of_boundaries(cells: Cells) -> Painting:
    """How near each row lies to the boundary of its cell."""
    note = "Distance to the nearest centre by that to the second nearest: near 1 on a boundary, where rows are missed."
    return Painting(_numbers("cell boundaries", cells.boundary), note, _highest(cells.boundary))


def of_errors(codes: Codes) -> Painting:
    """How much of each vector its code loses."""
    note = (
        f"The length of what the code of a vector loses by its own: {float(np.nanmean(codes.errors)):.3f} on average."
    )
    return Painting(_numbers("code error", codes.errors), note, _highest(codes.errors))


def of_levels(layers: Layers) -> Painting:
    """The highest layer of each row."""
    found = int(layers.levels.max(initial=0)) + 1
    labels = tuple(f"layer {level}" for level in range(found))
    note = "The highest layer on which a row stands; grey ones are not in the graph."
    return Painting(Column("graph layers", "category", layers.levels.astype(np.int32), labels), note)


def of_in_degrees(layers: Layers) -> Painting:
    """How many links lead to each row on the lowest layer."""
    degrees = np.bincount(layers.links[0], minlength=len(layers.levels)).astype(np.float64)
    degrees[layers.levels < 0] = np.nan
    known = np.flatnonzero(~np.isnan(degrees))
    worst = known[np.argsort(degrees[known], kind="stable")[:WORST]]
    return Painting(_numbers("links to a row", degrees, whole=True), "Rows to which few links lead are missed.", worst)


def of_hubness(difficulty: Difficulty) -> Painting:
    """In how many of the sampled rows' lists each row stands."""
    counts = difficulty.occurrences.astype(np.float64)
    note = f"In how many lists of neighbours a row stands, of {difficulty.sampled:,} sampled rows."
    return Painting(_numbers("hubness", counts, whole=True), note, _highest(counts))


def _numbers(name: str, values: NDArray[Any], whole: bool = False) -> Column:
    return Column(name, "number", np.asarray(values, np.float64), whole=whole)


def _highest(values: NDArray[Any]) -> NDArray[np.int64]:
    known = np.flatnonzero(~np.isnan(np.asarray(values, np.float64)))
    return known[np.argsort(-values[known], kind="stable")[:WORST]].astype(np.int64)
