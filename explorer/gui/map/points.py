"""What is known of the points: where they lie, their colours, which are shown and which are selected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.gui.map import cloud as clouds
from explorer.gui.map.cloud import Arrangement, Cloud
from explorer.gui.map.marks import Rows
from explorer.gui.map.styles import Palette, rgb
from explorer.gui.map.viewport import Bounds, Viewport


class Points:
    """Holds what the map was given, and makes the Cloud that is drawn when it is asked for.

    Colours, filters and selections that are of another number of rows than the positions wait until they fit.
    """

    def __init__(self, quiet: str) -> None:
        self.positions: NDArray[np.float32] | None = None
        self.bounds: Bounds | None = None
        self.selection: Rows | None = None
        self._codes: NDArray[Any] | None = None
        self._palette: Palette | None = None
        self._plain: Palette = rgb(quiet)[None]
        self._visible: NDArray[np.bool_] | None = None
        self._base = clouds.plain(0)
        self._arrangement: Arrangement | None = None
        self._whole: Cloud | None = None
        self._cloud: Cloud | None = None
        self._before: Cloud | None = None
        self._looked_for_lonely = False

    def __len__(self) -> int:
        return len(self._base.order)

    @property
    def palette(self) -> Palette:
        """The colours in use, uint8 (m, 3): those given, or the one quiet one."""
        return self._plain if self._codes_in_use() is None or self._palette is None else self._palette

    def place(self, positions: NDArray[np.float32] | None) -> None:
        """Take new positions (n, 2); with another n than before, the selection is forgotten."""
        if positions is not None and not len(positions):
            positions = None
        self.positions = None if positions is None else np.ascontiguousarray(positions, np.float32)
        n = 0 if positions is None else len(positions)
        if len(self) != n:
            self._base = clouds.plain(n)
            self._arrangement = None
            self.selection = None
        # A second place before anything was drawn keeps the first one's.
        self._before = self._cloud or self._before
        self._whole = self._cloud = None
        self._looked_for_lonely = False
        self.bounds = None
        if self.positions is not None:
            self.bounds = Bounds.of(self.positions[:, 0], self.positions[:, 1])

    def colour(self, codes: NDArray[Any] | None, palette: ArrayLike | None) -> None:
        """Take codes (n,) into a palette uint8 (m, 3), or the one quiet colour."""
        given = codes is not None and palette is not None
        self._codes = codes if given else None
        self._palette = np.ascontiguousarray(palette, np.uint8) if given else None
        self._before = None
        shared = self._cloud is self._whole
        if self._whole is not None:
            self._whole = self._recoded(self._whole)
        if self._cloud is not None:
            self._cloud = self._whole if shared else self._recoded(self._cloud)

    def quieten(self, colour: str) -> None:
        """Use this as the quiet colour."""
        self._plain = rgb(colour)[None]

    def show(self, mask: NDArray[np.bool_] | None) -> None:
        """Filter by bool (n,); None shows all."""
        if mask is None and self._visible is None:
            return
        self._visible = None if mask is None or mask.all() else np.array(mask, np.bool_)
        self._arrangement, self._cloud, self._looked_for_lonely = None, None, False

    def select(self, rows: Rows) -> None:
        """Select these rows."""
        self.selection = rows if len(rows) else None
        self._arrangement, self._cloud, self._looked_for_lonely = None, None, False

    def cloud(self) -> Cloud | None:
        """The points in drawing order; None while there are none."""
        if self.positions is None:
            return None
        if self._cloud is None:
            if self._arrangement is None:
                fits = self._visible is not None and len(self._visible) == len(self)
                self._cloud = clouds.parted(self._all(), self._visible if fits else None, self.selection)
                self._arrangement = self._cloud.arrangement
            elif self._arrangement is self._base:
                self._cloud = self._all()
            else:
                self._cloud = self._placed(self._arrangement)
            self._before = None
        return self._cloud

    @property
    def lonely_unknown(self) -> bool:
        """Whether `find_lonely` has something to look for."""
        return len(self) >= clouds.SPARSE_FROM and not self._looked_for_lonely

    def find_lonely(self) -> None:
        """Find the points that lie alone: not needed for a first picture, and as dear as one."""
        cloud = self.cloud()
        if cloud is not None:
            self._cloud = replace(cloud, lonely=clouds.lonely(cloud))
            if self._whole is cloud:
                self._whole = self._cloud
        self._looked_for_lonely = True

    def on_screen(self, rows: Rows, viewport: Viewport) -> NDArray[np.float64]:
        """Where rows lie on the screen, (m, 2); NaN for those that are on no map."""
        out = np.full((len(rows), 2), np.nan)
        if self.positions is not None:
            known = (rows >= 0) & (rows < len(self))
            out[known] = viewport.screen_of(self.positions[rows[known]])
        return out

    def colour_of(self, row: int) -> tuple[int, int, int]:
        """Red, green and blue of a row's point."""
        codes = self._codes_in_use()
        red, green, blue = self.palette[0 if codes is None else int(codes[row])]
        return int(red), int(green), int(blue)

    def _all(self) -> Cloud:
        """The cloud without filter and selection, kept until there are new positions."""
        if self._whole is None:
            self._whole = self._placed(self._base)
        return self._whole

    def _placed(self, arrangement: Arrangement) -> Cloud:
        assert self.positions is not None
        return clouds.placed(arrangement, self.positions, self._all_codes(), self._before, self.bounds)

    def _recoded(self, cloud: Cloud) -> Cloud:
        return replace(cloud, code=clouds.recoded(cloud.arrangement, self._all_codes()))

    def _codes_in_use(self) -> NDArray[Any] | None:
        return self._codes if self._codes is not None and len(self._codes) == len(self) else None

    def _all_codes(self) -> NDArray[Any]:
        codes = self._codes_in_use()
        return np.zeros(len(self), np.uint16) if codes is None else codes
