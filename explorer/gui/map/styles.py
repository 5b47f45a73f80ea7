"""How points look: how large and how opaque they are drawn, and the tables that the loops of the raster take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.gui.map.theme import MapTheme

Palette = NDArray[np.uint8]

PHASES = 4
"""A disc's middle is placed to a quarter of a pixel."""

MOST_DISCS = 100_000
"""Above this many points in a view, discs would cost a frame; from here on points are squares of a few pixels."""

MOST_DISCS_WITHOUT_KERNEL = 8_000


@dataclass(frozen=True)
class Manner:
    """How a group of points is drawn: its colours mixed with the paper by `fade`, its discs' opacity and size."""

    fade: float
    strength: float
    larger: float = 0.0


PLAIN = Manner(fade=0.0, strength=1.0)
DIM = Manner(fade=0.62, strength=0.9)
BRIGHT = Manner(fade=0.0, strength=1.4, larger=0.8)
FAINT = Manner(fade=0.86, strength=0.7)


def diameter(crowd: float) -> float:
    """Logical pixels across a point when about `crowd` share a view: 5 for some thousands, 1.3 for a million."""
    return float(np.clip(5.2 * (1800.0 / max(crowd, 1.0)) ** 0.22, 1.0, 8.0))


@dataclass(frozen=True, eq=False)
class PixelStyle:
    """What `kernel.splat_pixels` takes."""

    table: NDArray[np.uint32]
    shift: int
    mask: int
    block: int


@dataclass(frozen=True, eq=False)
class DiscStyle:
    """What `kernel.splat_discs` takes."""

    colours: NDArray[np.uint32]
    stamps: NDArray[np.uint32]
    radius: float


def pixel_style(palette: Palette, theme: MapTheme, manner: Manner, crowd: float, ratio: float) -> PixelStyle:
    """Squares: the first point on a pixel shows clearly, each further one takes a share of what is still missing."""
    paper = rgb(theme.background)
    colours = _faded(palette, paper, manner.fade)
    affordable = int((4.5e6 / max(crowd, 1.0)) ** 0.5)
    block = max(1, min(round(diameter(crowd) * ratio), affordable, 4))
    if manner is FAINT:
        # Drawn last, and only where nothing lies: a filtered row never covers one that is shown.
        first = packed(colours)
        table = np.zeros(2 * len(palette), np.uint32)
        table[1::2] = first - packed(paper[None])[0]
        return PixelStyle(table, 0, 0, block)
    shift = 1 if manner is BRIGHT else 2 + (crowd > 400_000) + (crowd > 4_000_000)
    most = 0xFF >> shift
    rest = np.minimum((colours / (1 << shift)).round(), most).astype(np.uint8)
    opacity = min(1.0, 0.62 * manner.strength + 0.06)
    first = packed(_faded(colours, paper, 1.0 - opacity))
    mask = most * 0x010101
    ground = packed(paper[None])[0]
    table = np.empty(2 * len(palette), np.uint32)
    table[0::2] = packed(rest) & np.uint32(0xFFFFFF)
    table[1::2] = first - (ground - ((ground >> np.uint32(shift)) & np.uint32(mask)))
    return PixelStyle(table, shift, mask, block)


def disc_style(palette: Palette, theme: MapTheme, manner: Manner, crowd: float, ratio: float) -> DiscStyle:
    """Smooth discs that are a little less opaque the smaller they are, so that crowds show as such."""
    across = diameter(crowd)
    opacity = theme.opacity * manner.strength * float(np.clip((across / 4.2) ** 0.4, 0.6, 1.0))
    return discs(palette, theme, min(opacity, 1.0), (across + manner.larger) * ratio, fade=manner.fade)


def discs(palette: Palette, theme: MapTheme, opacity: float, across: float, *, fade: float = 0.0) -> DiscStyle:
    """Discs of `across` device pixels and one opacity."""
    packed_colours = packed(_faded(palette, rgb(theme.background), fade))
    colours = np.stack([packed_colours & np.uint32(0xFF00FF), packed_colours & np.uint32(0x00FF00)], axis=1)
    across = round(across * 8) / 8
    stamps = _stamps(across, round(opacity * 64) / 64)
    return DiscStyle(np.ascontiguousarray(colours), stamps, _reach(across))


def rgb(colour: str) -> NDArray[np.uint8]:
    """`#rrggbb` as three bytes."""
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)


def packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Colours (m, 3) as opaque pixels 0xffRRGGBB."""
    red, green, blue = (colours[:, i].astype(np.uint32) for i in range(3))
    return np.uint32(0xFF000000) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue


def _faded(colours: Palette, paper: NDArray[np.uint8], part: float) -> Palette:
    """The colours with a `part` of the paper in them."""
    mixed = colours * (1.0 - part) + paper.astype(np.float64) * part
    return mixed.round().astype(np.uint8)


def _reach(across: float) -> float:
    """Half of a disc and its soft edge: how far its stamp lies left of and above its middle."""
    return across / 2 + 0.5


@lru_cache(maxsize=64)
def _stamps(across: float, opacity: float) -> NDArray[np.uint32]:
    """Opacities (PHASES², side, side), 0 … 256, of a disc whose middle lies at each phase of a pixel.

    A pixel's cover falls from 1 to 0 over the pixel that the disc's edge crosses: cheap, and as smooth as an exact one.
    """
    reach = _reach(across)
    side = int(np.ceil(2 * reach + 1 - 1 / PHASES / 2))
    centres = np.arange(side) + 0.5
    stamps = np.empty((PHASES, PHASES, side, side), np.uint32)
    middles = reach + (np.arange(PHASES) + 0.5) / PHASES
    for row, middle_y in enumerate(middles):
        for column, middle_x in enumerate(middles):
            distance = np.hypot(centres[:, None] - middle_y, centres[None, :] - middle_x)
            cover = np.clip(across / 2 + 0.5 - distance, 0.0, 1.0)
            stamps[row, column] = np.round(cover * opacity * 256)
    while stamps[:, :, -1].max() < 6 and stamps[:, :, :, -1].max() < 6:
        # A last row and column that could hardly be seen would cost as much as the others.
        stamps = stamps[:, :, :-1, :-1]
    return np.ascontiguousarray(stamps.reshape(PHASES * PHASES, *stamps.shape[2:]))
