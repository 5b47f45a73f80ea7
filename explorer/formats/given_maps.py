"""Maps that a file holds beside its vectors: kept with the Dataset, so that they can be shown as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.formats.base import GivenMap

LIKELY = ("umap", "tsne", "t-sne", "graph", "phate")
"""What the names of maps hold, the likeliest first."""


def ordered(maps: Sequence[GivenMap]) -> tuple[GivenMap, ...]:
    """The likeliest map first."""

    def place(given: GivenMap) -> int:
        name = given.name.casefold()
        return next((i for i, part in enumerate(LIKELY) if part in name), len(LIKELY))

    return tuple(sorted(maps, key=place))


def kept(maps: Sequence[GivenMap], rows: NDArray[Any] | None, folder: Path) -> tuple[tuple[str, ...], list[str]]:
    """Write the maps into the folder of their Dataset, those of some `rows` only (None: all of them).

    Returns the names of the maps that have a finite place for every row, and what to say of the others.
    """
    names: list[str] = []
    lost = []
    for given in maps:
        positions = np.ascontiguousarray(given.positions if rows is None else given.positions[rows], np.float32)
        missing = int((~np.isfinite(positions).all(axis=1)).sum())
        if missing:
            lost.append(f"The map “{given.name}” was left out: {missing:,} rows have no place on it.")
        elif given.name not in names:
            np.save(folder / f"given{len(names)}.npy", positions)
            names.append(given.name)
    return tuple(names), lost
