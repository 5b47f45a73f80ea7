"""The map's loops in numpy: slower, and order-free, for the second or so until the compiled ones are there.

Every pixel gets the opacity that the splatting loops of `kernel.py` give it. Where different colours overlap, those let
the later ones weigh more; these take their mean, or the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.gui.map.kernel import Kernels

_MOST_TIMES = 96
"""A pixel that so many points lie on has reached its last tone."""


def mix_pixels(
    x: Any, y: Any, code: Any, cx: Any, cy: Any, scale: Any, buffer: Any, table: Any, shift: Any, mask: Any, paper: Any,
    block: int,
) -> int:  # fmt: skip
    """As `kernel.splat_pixels`, with the same arguments; each pixel takes the colour of the last point on it."""
    height, width = buffer.shape
    corner = np.float32(0.5 * (block - 1))
    px = (x - np.float32(cx)) * np.float32(scale) + (np.float32(0.5 * width) - corner)
    py = (np.float32(0.5 * height) - corner) - (y - np.float32(cy)) * np.float32(scale)
    inside = (px >= 0) & (px < width + 1 - block) & (py >= 0) & (py < height + 1 - block)
    if not inside.all():
        px, py, code = px[inside], py[inside], code[inside]
    at = py.astype(np.int32) * np.int32(width) + px.astype(np.int32)
    flat = buffer.reshape(-1)
    count = np.zeros(flat.size, np.int32)
    last_code = np.zeros(flat.size, np.uint16)
    once = np.bincount(at, minlength=flat.size)
    for step in {row * width + column for row in range(block) for column in range(block)}:
        count[step:] += once[: flat.size - step]
        last_code[at + step] = code
    hit = np.flatnonzero(count)
    times, code, before = np.minimum(count[hit], _MOST_TIMES), last_code[hit], flat[hit]
    first, last, keep = _tones(table, int(shift), int(mask), np.uint32(paper))
    kept = keep ** np.arange(_MOST_TIMES)[:, None, None]
    tones = _pixels(last + (first - last) * kept)
    fresh = before == paper
    flat[hit] = tones[times - 1, code]
    if not fresh.all():
        again, code = _channels(before[~fresh]), code[~fresh]
        flat[hit[~fresh]] = _pixels(last[code] + (again - last[code]) * keep ** times[~fresh, None])
    return len(at)


def mix_discs(
    x: Any, y: Any, code: Any, cx: Any, cy: Any, scale: Any, buffer: Any, colours: Any, stamps: Any, radius: Any,
    phases: Any,
) -> int:  # fmt: skip
    """As `kernel.splat_discs`, with the same arguments; colours that overlap give their mean."""
    height, width = buffer.shape
    side = stamps.shape[1]
    steps = int(phases)
    px = (x - np.float32(cx)) * np.float32(scale) + np.float32(0.5 * width - radius)
    py = np.float32(0.5 * height - radius) - (y - np.float32(cy)) * np.float32(scale)
    inside = (px > -side) & (px < width) & (py > -side) & (py < height)
    px, py, code = px[inside], py[inside], code[inside]
    left, top = np.floor(px), np.floor(py)
    phase_x = np.minimum(((px - left) * np.float32(phases)).astype(np.int32), steps - 1)
    phase_y = np.minimum(((py - top) * np.float32(phases)).astype(np.int32), steps - 1)
    # A frame of one stamp's width around the picture takes what lies over its edges.
    framed = width + 2 * side
    corner = (top.astype(np.int32) + side) * framed + left.astype(np.int32) + side
    cell = np.arange(side, dtype=np.int32)
    at = (corner[:, None] + (cell[:, None] * framed + cell[None, :]).reshape(-1)).reshape(-1)
    opacity = stamps.reshape(steps * steps, side * side)[phase_y * steps + phase_x].reshape(-1) / 256.0
    rgb = _channels(colours[:, 0] | colours[:, 1])[code]

    def summed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        whole: NDArray[np.float64] = np.bincount(at, weights, framed * (height + 2 * side)).astype(
            np.float64, copy=False
        )
        return whole.reshape(-1, framed)[side : side + height, side : side + width]

    weight = summed(opacity)
    hit = weight > 0
    kept = np.exp(summed(np.log1p(-np.minimum(opacity, 1 - 1e-6)))[hit])[:, None]
    goal = np.stack([summed(opacity * np.repeat(rgb[:, i], side * side))[hit] for i in range(3)], axis=1)
    goal /= weight[hit][:, None]
    buffer[hit] = _pixels(goal + (_channels(buffer[hit]) - goal) * kept)
    return len(px)


def look_through(x: Any, y: Any, left: Any, top: Any, scale: Any, stencil: Any, out: Any) -> None:
    """As `kernel.read_stencil`, with the same arguments."""
    px = (x - np.float32(left)) * np.float32(scale)
    py = (np.float32(top) - y) * np.float32(scale)
    on = np.flatnonzero((px >= 0) & (px < stencil.shape[1]) & (py >= 0) & (py < stencil.shape[0]))
    out.fill(0)
    out[on] = stencil[py[on].astype(np.int32), px[on].astype(np.int32)]


def mixture() -> Kernels:
    """All three, to stand in for `kernel.compiled()`."""
    return Kernels(mix_pixels, mix_discs, look_through, compiled=False)


def _tones(
    table: Any, shift: int, mask: int, paper: np.uint32
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """What the table of `styles.PixelStyle` makes of a colour: its first tone, its last, and the step between them."""
    base = paper - ((paper >> np.uint32(shift)) & np.uint32(mask))
    first = _channels(table[1::2] + base)
    if not mask:
        return first, first, 1.0
    return first, _channels(table[0::2] << np.uint32(shift)), 1.0 - 0.5**shift


def _channels(pixels: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Red, green and blue of each pixel, float64 (m, 3)."""
    return np.stack([(pixels >> np.uint32(shift)) & np.uint32(0xFF) for shift in (16, 8, 0)], axis=1).astype(np.float64)


def _pixels(channels: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Opaque pixels of channels (…, 3)."""
    whole = channels.round().astype(np.uint32)
    return np.uint32(0xFF000000) | (whole[..., 0] << np.uint32(16)) | (whole[..., 1] << np.uint32(8)) | whole[..., 2]
