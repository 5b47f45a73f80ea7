"""The contract of a projection method: one file in this folder, with its methods in `TYPES`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.params import Param, Params
from explorer.core.progress import Progress
from explorer.core.projection import Projection


class Publish(Protocol):
    """Told of each frame of a layout in progress, at most about thirty times a second."""

    def __call__(self, positions: NDArray[np.float32], fraction: float) -> None:
        """`positions` (n, 2), all finite, change after the call returns: keep a copy. `fraction` is 0 … 1."""


def unwatched(positions: NDArray[np.float32], fraction: float) -> None:
    """The Publish of somebody who only wants the end."""


class Method(ABC):
    """A way to lay vectors out on a map."""

    name: str
    title: str
    params: tuple[Param, ...] = ()
    family: str = ""
    """As that of an index type: whose runtime it brings into its process."""
    rank: int = 100

    @abstractmethod
    def project(
        self,
        vectors: NDArray[np.float32],
        metric: Metric,
        params: Params,
        seed: int | None,
        publish: Publish,
        progress: Progress,
    ) -> Projection:
        """Positions of (n, d) vectors, which are never written to; any n and any finite numbers give a finite map.

        `params` are checked. `metric` is never dot. A seed gives the same bytes on the same machine; without one it
        may be faster. The Projection holds its stages. Raises Cancelled when `progress` does.
        """
