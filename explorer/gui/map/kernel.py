"""The map's inner loops, written for numba: points as single pixels, points as smooth discs, points under a stencil.

The first two walk the points in the order given and put each over what lies there. All are plain functions, so that a
test can run them as they stand; `compiled()` makes machine code of them. `mixture.py` stands in until that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from explorer import machine_code

_SIGNATURES = {
    "splat_pixels": "int64(f4[::1], f4[::1], u2[::1], f4, f4, f4, u4[:, ::1], u4[::1], u4, u4, u4, i8)",
    "splat_discs": "int64(f4[::1], f4[::1], u2[::1], f4, f4, f4, u4[:, ::1], u4[:, ::1], u4[:, :, ::1], f4, f4)",
    "read_stencil": "void(f4[::1], f4[::1], f4, f4, f4, u1[:, ::1], u1[::1])",
}


@dataclass(frozen=True)
class Kernels:
    """The loops; `compiled` says whether they are machine code."""

    pixels: Callable[..., int]
    discs: Callable[..., int]
    stencil: Callable[..., None]
    compiled: bool


def splat_pixels(
    x: Any, y: Any, code: Any, cx: Any, cy: Any, scale: Any, buffer: Any, table: Any, shift: Any, mask: Any, paper: Any,
    block: int,
) -> int:  # fmt: skip
    """Put every point on its pixel (or its `block` × `block` pixels) and return how many lay inside.

    x, y, code   float32, float32 and uint16 (m,)
    buffer       uint32 (height, width) of 0xffRRGGBB, changed in place
    table        uint32 (2 · colours,), see `styles.Pixels`: what is added to a pixel that was touched before, and to
                 one that is still `paper`; what is taken away is `(pixel >> shift) & mask`. All of it without a
                 branch or a multiplication, because this loop's cost is the map's cost.
    """
    height = buffer.shape[0]
    width = buffer.shape[1]
    flat = buffer.reshape(height * width)
    half_width = np.float32(width) * np.float32(0.5)
    half_height = np.float32(height) * np.float32(0.5)
    right = np.float32(width + 1 - block)
    bottom = np.float32(height + 1 - block)
    # A block's corner lies half a block up and left of the point, less the half pixel that cutting off adds.
    corner = np.float32(0.5) * np.float32(block - 1)
    drawn = 0
    for i in range(x.shape[0]):
        px = (x[i] - cx) * scale + half_width - corner
        py = half_height - (y[i] - cy) * scale - corner
        if px >= 0 and px < right and py >= 0 and py < bottom:
            drawn += 1
            at = np.uint32(np.uint32(py) * np.uint32(width) + np.uint32(px))
            entry = np.uint32(np.uint32(2) * np.uint32(code[i]))
            for _ in range(block):
                for column in range(block):
                    here = np.uint32(at + np.uint32(column))
                    pixel = flat[here]
                    flat[here] = np.uint32(
                        pixel - ((pixel >> shift) & mask) + table[np.uint32(entry + np.uint32(pixel == paper))]
                    )
                at = np.uint32(at + np.uint32(width))
    return drawn


def splat_discs(
    x: Any, y: Any, code: Any, cx: Any, cy: Any, scale: Any, buffer: Any, colours: Any, stamps: Any, radius: Any,
    phases: Any,
) -> int:  # fmt: skip
    """Blend a smooth disc over the buffer at every point and return how many discs touched it.

    colours   uint32 (colours, 2): each colour's red and blue, and its green, in their places (0xff00ff and 0x00ff00)
    stamps    uint32 (phases², side, side): opacities 0 … 256 of the disc, for each place of its middle within a pixel
    radius    how far a stamp's first pixel lies left of and above the middle, in pixels; `phases` as a float
    """
    height = buffer.shape[0]
    width = buffer.shape[1]
    side = stamps.shape[1]
    steps = int(phases)
    half_width = np.float32(width) * np.float32(0.5) - radius
    half_height = np.float32(height) * np.float32(0.5) - radius
    least = np.float32(-side)
    red_blue = np.uint32(0xFF00FF)
    green = np.uint32(0x00FF00)
    drawn = 0
    for i in range(x.shape[0]):
        px = (x[i] - cx) * scale + half_width
        py = half_height - (y[i] - cy) * scale
        if px > least and px < width and py > least and py < height:
            left = int(np.floor(px))
            top = int(np.floor(py))
            phase_x = min(int((px - np.float32(left)) * phases), steps - 1)
            phase_y = min(int((py - np.float32(top)) * phases), steps - 1)
            stamp = phase_y * steps + phase_x
            rb = colours[code[i], 0]
            g = colours[code[i], 1]
            drawn += 1
            for v in range(max(0, -top), min(side, height - top)):
                for u in range(max(0, -left), min(side, width - left)):
                    a = stamps[stamp, v, u]
                    if a > 0:
                        pixel = buffer[top + v, left + u]
                        b = np.uint32(256) - a
                        buffer[top + v, left + u] = np.uint32(
                            np.uint32(0xFF000000)
                            | ((((pixel & red_blue) * b + rb * a + np.uint32(0x800080)) >> np.uint32(8)) & red_blue)
                            | ((((pixel & green) * b + g * a + np.uint32(0x8000)) >> np.uint32(8)) & green)
                        )
    return drawn


def read_stencil(x: Any, y: Any, left: Any, top: Any, scale: Any, stencil: Any, out: Any) -> None:
    """Write what the stencil, uint8 (height, width), holds at each point's pixel to `out`, uint8 (m,); 0 beside it.

    `left` and `top` are where its corner lies in data units, `scale` is pixels a unit.
    """
    height = stencil.shape[0]
    width = stencil.shape[1]
    for i in range(x.shape[0]):
        px = (x[i] - left) * scale
        py = (top - y[i]) * scale
        if px >= 0 and px < width and py >= 0 and py < height:
            out[i] = stencil[np.uint32(py), np.uint32(px)]
        else:
            out[i] = 0


@cache
def compiled() -> Kernels:
    """The loops as machine code, from numba's cache on disk where that can be written; takes up to some seconds."""

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        # No "reassoc": (x − cx) · scale must stay so, or points tremble when the map is far zoomed in.
        fast = {"contract", "nsz", "arcp"}
        signature = _SIGNATURES[function.__name__]
        return machine_code.compiled(function, signature, nogil=True, fastmath=fast, boundscheck=False)

    return Kernels(made(splat_pixels), made(splat_discs), made(read_stencil), compiled=True)
