"""A map in its window, and points to show on it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer.gui.map import kernel
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.view import MapView


@pytest.fixture(scope="session")
def kernels() -> Kernels:
    """The compiled loops, made once."""
    return kernel.compiled()


@pytest.fixture
def view(qtbot: QtBot) -> MapView:
    """A map of 600 × 400 that draws with numpy and moves at once."""
    widget = MapView(smooth=False)
    qtbot.addWidget(widget)
    widget.resize(600, 400)
    widget.show()
    return widget


def scattered(n: int, seed: int = 0) -> NDArray[np.float32]:
    """Positions (n, 2) in five clusters."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(0, 10, (5, 2))
    return (middles[rng.integers(0, 5, n)] + rng.normal(0, 1, (n, 2))).astype(np.float32)


def pixel(widget: QWidget, at: QPointF) -> tuple[int, int, int]:
    """Red, green and blue that the widget shows at a place."""
    image = widget.grab().toImage()
    ratio = image.devicePixelRatio()
    return rgb(image.pixel(int(at.x() * ratio), int(at.y() * ratio)))


def rgb(colour: str | int) -> tuple[int, int, int]:
    """Red, green and blue of a colour."""
    known = QColor(colour)
    return known.red(), known.green(), known.blue()


def difference(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """The largest difference of two colours in one channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
