"""Principal components: the map that is there at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.params import Params
from explorer.core.progress import Progress
from explorer.core.projection import Projection
from explorer.projection.base import Method, Publish
from explorer.projection.stages import Stages

SAMPLE = 50_000
"""At most this many rows, evenly spaced, say what the components are."""

SAMPLE_NUMBERS = 20_000_000
"""And about this many numbers, so that the sample of wide vectors stays small."""

WIDE = 2048
"""Above this many dimensions the components come from the inner products of this many rows instead."""

BLOCK_NUMBERS = 1 << 18
"""How many numbers are projected at a time: few enough to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Components:
    """The two directions of largest variance: `mean` and `axes` (d,) and (d, 2), float64, of rows / `scale`."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    scale: float


class Pca(Method):
    """Principal components."""

    name = "pca"
    title = "PCA"
    rank = 10

    def project(
        self,
        vectors: NDArray[np.float32],
        metric: Metric,
        params: Params,
        seed: int | None,
        publish: Publish,
        progress: Progress,
    ) -> Projection:
        stages = Stages()
        with stages("pca"):
            positions = principal(vectors, metric, progress)
        publish(positions, 1.0)
        return Projection(positions, self.name, metric, params, seed, stages=stages.seconds)


def principal(vectors: NDArray[np.float32], metric: Metric, progress: Progress) -> NDArray[np.float32]:
    """The rows' first two principal components, float32 (n, 2), all finite; rows of unit length for cosine and dot.

    Equal rows lie on one point, a single dimension on a line; the same vectors give the same map. Numbers too large
    or small for float32 squares are divided by their size first.
    """
    n, d = vectors.shape
    positions = np.zeros((n, 2), np.float32)
    if n < 2 or d == 0:
        return positions
    angular = metric in ("cosine", "dot")
    parts = components(vectors, angular)
    axes = parts.axes.astype(np.float32)
    mean = parts.mean.astype(np.float32)
    step = max(1, BLOCK_NUMBERS // d)
    for turn, start in enumerate(range(0, n, step)):
        if turn % 64 == 0:
            progress(start / n, "principal components")
        block = vectors[start : start + step]
        if angular:
            block = unit(block)
        elif parts.scale != 1:
            block = block / np.float32(parts.scale)
        positions[start : start + step] = (block - mean) @ axes
    return positions


def components(vectors: NDArray[np.float32], angular: bool) -> Components:
    """The two components of a sample of (n, d) vectors, n ≥ 2; the largest entry of each is positive."""
    n, d = vectors.shape
    most = WIDE if d > WIDE else min(SAMPLE, max(2 * WIDE, SAMPLE_NUMBERS // d))
    sample = np.asarray(vectors[:: -(-n // most)], np.float32)
    sample = (unit(sample) if angular else sample).astype(np.float64)
    largest = float(np.abs(sample).max())
    scale = 1.0 if largest == 0 or 1e-12 < largest < 1e12 else largest
    sample /= scale
    mean = sample.mean(axis=0)
    sample -= mean
    axes = np.zeros((d, 2))
    if len(sample) < d:
        _, vectors_of_rows = np.linalg.eigh(sample @ sample.T)
        top = sample.T @ vectors_of_rows[:, :-3:-1]
        lengths = np.linalg.norm(top, axis=0)
        top /= np.where(lengths > 1e-12 * max(1e-300, lengths.max()), lengths, np.inf)
    else:
        _, directions = np.linalg.eigh(sample.T @ sample)
        top = directions[:, :-3:-1]
    axes[:, : top.shape[1]] = top
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    return Components(mean, axes * np.where(signs == 0, 1, signs), scale)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows (m, d) at unit length, float32; zero rows stay zero, and no square overflows."""
    with np.errstate(over="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    if np.any((lengths < 1e-12) | ~(lengths < 1e15)):
        rows = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1)[:, None], np.float32)


TYPES = (Pca(),)
