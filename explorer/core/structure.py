"""What an index is made of, as values: Forest, Cells, Codes, Layers, Facts. Each kind has one drawing in the window."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ForestFigures:
    """Figures of t trees.

    `leaf_sizes` and `leaf_depths` int64 are histograms: how many leaves have so many rows, or so great a depth.
    `splits`, `leaves`, `deepest` and `by_lot` int64 (t,) are of each tree: how many splits and leaves it has, its
    depth, and how many splits were drawn by lot. `balance` float64 (t,) is the mean share of rows on the smaller side
    of a split, 0.5 at best.
    """

    leaf_sizes: NDArray[np.int64]
    leaf_depths: NDArray[np.int64]
    splits: NDArray[np.int64]
    leaves: NDArray[np.int64]
    deepest: NDArray[np.int64]
    by_lot: NDArray[np.int64]
    balance: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees of splits, such as Annoy's. m nodes of all trees, t trees, n rows.

    A node stands before its children. `roots` int32 (t,) are nodes. `children` int32 (m, 2) are nodes, −1 in a leaf;
    the second is on the side of the plane where margins are positive. `parents` int32 (m,), −1 at a root;
    `trees` and `depths` int16 (m,), a root has depth 0; `sizes` int32 (m,): how many rows stand below a node.
    `random` bool (m,) marks splits that were drawn by lot instead of by a plane. The rows of leaf j are
    `leaf_rows[leaf_starts[j]:leaf_starts[j + 1]]`, int32, with `leaf_starts` int64 (m + 1,); a split has none.
    """

    rows: int
    roots: NDArray[np.int32]
    children: NDArray[np.int32]
    parents: NDArray[np.int32]
    trees: NDArray[np.int16]
    depths: NDArray[np.int16]
    sizes: NDArray[np.int32]
    random: NDArray[np.bool_]
    leaf_starts: NDArray[np.int64]
    leaf_rows: NDArray[np.int32]
    figures: ForestFigures | None = None
    """What `core.forest.figures` makes of it, where that was done already: of a million rows it takes a second."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What the trees of a Forest know of the m true neighbours of a query.

    `leaves` int32 (t,): the leaf of each tree into which the query falls; `shared` bool (t, m): whether a neighbour
    stands in it too. `stops` int32 (s,): numbers of trees; `search_k` int64 (s,): how many rows a search of so many
    first trees looks at; `found` bool (s, m): whether it finds a neighbour.
    """

    leaves: NDArray[np.int32]
    shared: NDArray[np.bool_]
    stops: NDArray[np.int32]
    search_k: NDArray[np.int64]
    found: NDArray[np.bool_]

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of the neighbours that the first trees find, by stop (s,)."""
        return np.asarray(self.found.mean(axis=1)) if self.found.size else np.ones(len(self.stops))


@dataclass(frozen=True, eq=False)
class Cells:
    """A partition of the rows around centres, such as Faiss's inverted lists.

    `cell_of` int32 (n,), −1 for a row in none; `sizes` int64 (c,). `imbalance` is c · Σ (size / n)², 1
    where all are equal (Faiss's imbalance_factor).
    """

    cell_of: NDArray[np.int32]
    sizes: NDArray[np.int64]
    imbalance: float


@dataclass(frozen=True, eq=False)
class Codes:
    """Shortened vectors, such as product quantisation.

    `errors` float32 (n,) is the length of x − decoded(x) by that of x; `part_errors` float64 (p,) the mean square of it
    in each sub-space; `part_codes` int64 (p,) how many codes each has, `part_used` int64 (p,) how many occur.
    `bytes` are those of one code.
    """

    errors: NDArray[np.float32]
    part_errors: NDArray[np.float64]
    part_codes: NDArray[np.int64]
    part_used: NDArray[np.int64]
    bytes: int


@dataclass(frozen=True, eq=False)
class Layers:
    """A navigable graph in layers. Layer 0 holds every row.

    `levels` int8 (n,): the highest layer of each row, −1 for one that is not in the graph. Links of row i on layer l
    are `links[l][starts[l][i]:starts[l][i + 1]]`: `starts[l]` int64 (n + 1,), `links[l]` int32. `entry` is the row at
    which every search begins, −1 where the library does not tell. `most` int (layers,): for how many links of a row
    there is room.
    """

    levels: NDArray[np.int8]
    starts: tuple[NDArray[np.int64], ...]
    links: tuple[NDArray[np.int32], ...]
    entry: int
    most: tuple[int, ...] = ()
    degrees: NDArray[np.int32] | None = None
    """How many links lead to each row (n,) on layer 0, where they were counted already."""

    def links_to(self) -> NDArray[np.int32]:
        """The same, counted now where they were not."""
        if self.degrees is not None:
            return self.degrees
        if not self.links:
            return np.zeros(len(self.levels), np.int32)
        return np.bincount(self.links[0], minlength=len(self.levels)).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Facts:
    """What can be said of an index, or of the data, in lines of name and value; `note` is a sentence about it."""

    lines: tuple[tuple[str, str], ...]
    note: str = ""


Structure = Forest | Cells | Codes | Layers | Facts

NO_INSIDE = Facts((), "This library does not show its inside.")


@dataclass(frozen=True, eq=False)
class Difficulty:
    """How hard the data is for any index, from the true neighbours of a sample.

    `nearest_to_mean` float64 (s,): the nearest distance by the mean one of each sampled row, near 1 where nothing is
    near; `dimension` the intrinsic dimension (maximum likelihood, Levina and Bickel, NIPS 2004); `occurrences` int32
    (n,): in how many of the sampled rows' lists each row stands (hubness is its skewness, Radovanović et al., JMLR
    2010); `duplicates` int: sampled rows with a neighbour at distance about 0; `histogram` the counts int64 (b,) and
    edges float64 (b + 1,) of distances between random pairs.
    """

    sampled: int
    nearest_to_mean: NDArray[np.float64]
    dimension: float
    occurrences: NDArray[np.int32]
    hubness: float
    duplicates: int
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    facts: dict[str, str] = field(default_factory=dict)
