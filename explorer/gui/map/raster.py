"""The layer of points: all of them drawn into one picture, kept until something changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from explorer.gui.map import styles
from explorer.gui.map.cloud import Cloud
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.styles import Manner, Palette
from explorer.gui.map.theme import MapTheme
from explorer.gui.map.viewport import Viewport

AT_ONCE = 200_000
"""Without the compiled loops no more points than this are drawn before the window may do something else."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that the picture of the points depends on; `ratio` is device pixels a logical pixel."""

    cloud: Cloud
    palette: Palette
    theme: MapTheme
    viewport: Viewport
    ratio: float

    def same(self, other: Scene | None) -> bool:
        """Whether both make the same picture."""
        return other is not None and (
            self.cloud is other.cloud
            and self.palette is other.palette
            and self.theme == other.theme
            and self.viewport == other.viewport
            and self.ratio == other.ratio
        )


class Raster:
    """Draws Scenes with the loops it is given; `points_drawn` and `pictures_drawn` say what it did.

    The compiled loops draw a Scene at once. Without them a large one comes in parts: first a fair sample of the points,
    the rest by `more`.
    """

    def __init__(self, kernels: Kernels) -> None:
        self.kernels = kernels
        self.points_drawn = 0
        self.pictures_drawn = 0
        self._scene: Scene | None = None
        self._buffer: NDArray[np.uint32] = np.empty((0, 0), np.uint32)
        self._image = QImage()
        self._crowd = (0.0, 1.0)
        self._parts: Iterator[None] = iter(())
        self.finished = True

    def image(self, scene: Scene) -> QImage:
        """The picture of a Scene, drawn anew only where it differs from the last one.

        The picture lies over a buffer of this object: it is good until the next call.
        """
        if not scene.same(self._scene):
            self._parts = self._drawing(scene)
            self.more()
            while self.kernels.compiled and not self.finished:
                self.more()
            self._scene = scene
        return self._image

    def more(self) -> None:
        """Draw the next part of the present Scene; `finished` says whether that was the last."""
        self.finished = next(self._parts, self) is self

    def forget(self) -> None:
        """Draw the next Scene in any case."""
        self._scene = None

    def _drawing(self, scene: Scene) -> Iterator[None]:
        """Draws part by part."""
        self._prepare(scene)
        buffer, cloud, ratio = self._buffer, scene.cloud, scene.ratio
        buffer.fill(styles.packed(styles.rgb(scene.theme.background)[None])[0])
        self.pictures_drawn += 1
        self.points_drawn = 0
        if not len(cloud):
            return
        crowd = self._crowd_of(scene)
        end, faint, dim = len(cloud), cloud.arrangement.faint, cloud.arrangement.dim
        groups = [
            (slice(0, faint), styles.FAINT),
            (slice(faint, dim), styles.DIM),
            (slice(dim, end), styles.BRIGHT if dim > faint else styles.PLAIN),
        ]
        if crowd <= (styles.MOST_DISCS if self.kernels.compiled else styles.MOST_DISCS_WITHOUT_KERNEL):
            for part, manner in groups:
                self._discs(scene, part, styles.disc_style(scene.palette, scene.theme, manner, crowd, ratio))
        else:
            for group, manner in (*groups[1:], groups[0]):
                for start in range(group.start, group.stop, AT_ONCE):
                    if start > group.start and not self.kernels.compiled:
                        yield
                    self._pixels(scene, slice(start, min(start + AT_ONCE, group.stop)), manner, crowd)
            self._lonely(scene, groups[2][1])

    def _prepare(self, scene: Scene) -> None:
        """A buffer and a QImage over it of the Scene's size; Qt does not own the buffer, so this object keeps both."""
        shape = (
            max(1, round(scene.viewport.height * scene.ratio)),
            max(1, round(scene.viewport.width * scene.ratio)),
        )
        if self._buffer.shape != shape:
            self._image = QImage()
            self._buffer = np.empty(shape, np.uint32)
            self._image = QImage(
                self._buffer.data, shape[1], shape[0], 4 * shape[1], QImage.Format.Format_RGB32
            )  # fmt: skip
        self._image.setDevicePixelRatio(scene.ratio)

    def _crowd_of(self, scene: Scene) -> float:
        """The crowd at this scale: the same wherever the view is moved, so that points keep their size meanwhile."""
        view, last = scene.viewport, self._scene
        if (
            last is None
            or last.cloud is not scene.cloud
            or (last.viewport.scale, last.viewport.width, last.viewport.height) != (view.scale, view.width, view.height)
            or not self._crowd[0]
        ):
            crowd = scene.cloud.crowd(view.width / view.scale, view.height / view.scale)
            self._crowd = (view.scale, crowd)
        return self._crowd[1]

    def _lonely(self, scene: Scene, manner: Manner) -> None:
        """Discs over the points that lie alone, which nobody would see as single pixels; they were counted already."""
        places, dim, drawn = scene.cloud.lonely, scene.cloud.arrangement.dim, self.points_drawn
        for part, look in ((places[places < dim], styles.DIM), (places[places >= dim], manner)):
            style = styles.discs(scene.palette, scene.theme, 0.95, 2.4 * scene.ratio, fade=look.fade)
            self._discs(scene, part, style)
        self.points_drawn = drawn

    def _pixels(self, scene: Scene, part: slice, manner: Manner, crowd: float) -> None:
        if part.start >= part.stop:
            return
        style = styles.pixel_style(scene.palette, scene.theme, manner, crowd, scene.ratio)
        paper = styles.packed(styles.rgb(scene.theme.background)[None])[0]
        cloud, view = scene.cloud, scene.viewport
        self.points_drawn += self.kernels.pixels(
            cloud.x[part], cloud.y[part], cloud.code[part], view.cx, view.cy, view.scale * scene.ratio,
            self._buffer, style.table, style.shift, style.mask, paper, style.block,
        )  # fmt: skip

    def _discs(self, scene: Scene, part: slice | NDArray[np.int64], style: styles.DiscStyle) -> None:
        cloud, view = scene.cloud, scene.viewport
        x = cloud.x[part]
        if not len(x):
            return
        self.points_drawn += self.kernels.discs(
            x, cloud.y[part], cloud.code[part], view.cx, view.cy, view.scale * scene.ratio,
            self._buffer, style.colours, style.stamps, style.radius, float(styles.PHASES),
        )  # fmt: skip
