"""The compiled loops, the same loops as plain Python, and the numpy ones that stand in for them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.gui import palette
from explorer.gui.map import kernel, styles
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.mixture import mixture
from explorer.gui.map.theme import DARK, LIGHT, MapTheme
from tests.gui.map.conftest import scattered

PALETTE = np.asarray(palette.CATEGORY_COLOURS[:4])
PLAIN_PYTHON = Kernels(kernel.splat_pixels, kernel.splat_discs, kernel.read_stencil, compiled=False)
WIDTH, HEIGHT, SCALE = 90, 60, 2.0


def drawn(
    loops: Kernels, positions: NDArray[np.float32], codes: NDArray[np.uint16], theme: MapTheme, how: str
) -> NDArray[np.uint32]:
    paper = styles.packed(styles.rgb(theme.background)[None])[0]
    buffer = np.full((HEIGHT, WIDTH), paper, np.uint32)
    x, y = positions[:, 0].copy(), positions[:, 1].copy()
    where = (np.float32(0), np.float32(0), np.float32(SCALE))
    if how == "discs":
        style = styles.disc_style(PALETTE, theme, styles.PLAIN, 2000, 1.0)
        radius, phases = np.float32(style.radius), np.float32(styles.PHASES)
        loops.discs(x, y, codes, *where, buffer, style.colours, style.stamps, radius, phases)
        return buffer
    manner, crowd = {
        "pixels": (styles.PLAIN, 1e6),
        "blocks": (styles.PLAIN, 2e5),
        "bright": (styles.BRIGHT, 1e6),
        "faint": (styles.FAINT, 1e6),
    }[how]
    look = styles.pixel_style(PALETTE, theme, manner, crowd, 1.0)
    with np.errstate(over="ignore"):
        loops.pixels(
            x, y, codes, *where, buffer, look.table, np.uint32(look.shift), np.uint32(look.mask), paper, look.block
        )  # fmt: skip
    return buffer


def channels(buffer: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.stack([(buffer >> np.uint32(shift)) & np.uint32(255) for shift in (24, 16, 8, 0)], axis=-1).astype(
        np.int64
    )


MANNERS = ["pixels", "blocks", "bright", "faint", "discs"]


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("how", MANNERS)
def test_the_compiled_loops_draw_what_they_say(kernels: Kernels, how: str, theme: MapTheme) -> None:
    positions, codes = scattered(400), (np.arange(400) % 4).astype(np.uint16)
    with np.errstate(over="ignore"):
        expected = drawn(PLAIN_PYTHON, positions, codes, theme, how)
    assert np.array_equal(drawn(kernels, positions, codes, theme, how), expected)
    assert (expected != expected[0, 0]).sum() > 100


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("how", MANNERS)
def test_numpy_gives_every_pixel_the_same_opacity(kernels: Kernels, how: str, theme: MapTheme) -> None:
    positions, codes = scattered(1500), np.full(1500, 2, np.uint16)
    one, other = (channels(drawn(loops, positions, codes, theme, how)) for loops in (kernels, mixture()))
    # What the fast blend cuts off a channel is at most the last of its steps.
    assert np.abs(one - other).max() <= 8
    assert np.abs(one - other).mean() < 1


@pytest.mark.parametrize("how", ["pixels", "blocks", "discs"])
def test_numpy_gives_single_points_the_same_colours(kernels: Kernels, how: str) -> None:
    grid = np.stack(np.meshgrid(np.arange(-18, 18, 6.0), np.arange(-12, 12, 6.0)), -1).reshape(-1, 2).astype(np.float32)
    codes = (np.arange(len(grid)) % 4).astype(np.uint16)
    one, other = (channels(drawn(loops, grid, codes, DARK, how)) for loops in (kernels, mixture()))
    assert np.abs(one - other).max() <= 2
    assert (one != one[0, 0]).any(axis=-1).sum() >= len(grid)


@pytest.mark.parametrize("loops", ["numba", "numpy"])
@pytest.mark.parametrize("how", MANNERS)
def test_points_at_the_edge_and_beyond_are_cut(kernels: Kernels, how: str, loops: str) -> None:
    edge = np.array(
        [[-22.5, 0], [22.4999, 0], [22.5, 3], [0, 15], [0, -15], [500, 0], [1e30, 0], [np.nan, 0], [0, np.inf]]
    )
    codes = np.zeros(len(edge), np.uint16)
    with np.errstate(invalid="ignore"):
        drawn(kernels if loops == "numba" else mixture(), edge.astype(np.float32), codes, DARK, how)


def test_a_pixel_never_passes_its_colour(kernels: Kernels) -> None:
    """However many points lie on a pixel, it comes to their colour and stays there."""
    positions, codes = np.zeros((5000, 2), np.float32), np.full(5000, 1, np.uint16)
    for how in ("pixels", "bright", "discs"):
        pixel = channels(drawn(kernels, positions, codes, DARK, how))[HEIGHT // 2, WIDTH // 2]
        assert pixel[0] == 255
        assert np.abs(pixel[1:] - PALETTE[1]).max() <= 8


def test_both_read_the_same_through_a_stencil(kernels: Kernels) -> None:
    positions = scattered(3000)
    x, y = positions[:, 0].copy(), positions[:, 1].copy()
    stencil = np.random.default_rng(0).integers(0, 3, (40, 50)).astype(np.uint8)
    found = []
    for loops in (kernels, mixture()):
        out = np.full(len(x), 9, np.uint8)
        loops.stencil(x, y, np.float32(-8), np.float32(9), np.float32(2.5), stencil, out)
        found.append(out)
    assert np.array_equal(found[0], found[1])
    assert set(found[0]) == {0, 1, 2}
