"""A Projection: where each row lies on the map, and how that came about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.params import Params


@dataclass(frozen=True, eq=False)
class Projection:
    """Positions float32 (n, 2), all finite.

    `metric` is the one it was made with (dot maps are made with cosine). `stages` are seconds by stage, in order.
    `note` says what people should know: what was sampled, or why a simpler layout stands in. `stopped` is true for
    the last frame of a layout that was cancelled.
    """

    positions: NDArray[np.float32]
    method: str
    metric: Metric
    params: Params = field(default_factory=dict)
    seed: int | None = None
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    note: str = ""
    stopped: bool = False
