"""Pictures of rows as Qt images."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from explorer.core.dataset import Dataset

NONE_SIDE = 128
NO_PICTURE = QColor(128, 128, 128, 64)
NO_PICTURE_LINE = QColor(128, 128, 128, 160)


def picture(dataset: Dataset, row: int) -> QImage | None:
    """The picture of a row, a grey sign where it is not there; None where the Dataset has no pictures."""
    if dataset.images is not None:
        pixels = np.ascontiguousarray(dataset.images[row])
        height, width = pixels.shape[:2]
        kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
        # QImage does not own the buffer; the copy does.
        return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()
    if not dataset.pictured:
        return None
    # Our own small copies: what other people's files hold is decoded in a child.
    image = QImage.fromData(dataset.thumbnail(row))
    return _no_picture() if image.isNull() else image


def thumbnail(dataset: Dataset, row: int, size: int, ratio: float = 1.0) -> QPixmap | None:
    """The picture of a row, no higher and no wider than `size` logical pixels, for a screen of that pixel ratio."""
    image = picture(dataset, row)
    if image is None:
        return None
    pixels = round(size * ratio)
    smooth = Qt.TransformationMode.SmoothTransformation
    mode = Qt.TransformationMode.FastTransformation if max(image.width(), image.height()) < pixels else smooth
    pixmap = QPixmap.fromImage(image.scaled(pixels, pixels, Qt.AspectRatioMode.KeepAspectRatio, mode))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _no_picture() -> QImage:
    """A grey square with a line across."""
    image = QImage(NONE_SIDE, NONE_SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(NO_PICTURE)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(NO_PICTURE_LINE, 4))
    painter.drawLine(44, 84, 84, 44)
    painter.end()
    return image
