"""Pictures of rows as Qt images."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

from explorer.core.dataset import Dataset


def picture(dataset: Dataset, row: int) -> QImage | None:
    """The picture of a row, or None where the Dataset has none."""
    if dataset.images is None:
        return None
    pixels = np.ascontiguousarray(dataset.images[row])
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    # QImage does not own the buffer; the copy does.
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()


def thumbnail(dataset: Dataset, row: int, size: int, ratio: float = 1.0) -> QPixmap | None:
    """The picture of a row, `size` logical pixels high, for a screen of that pixel ratio."""
    image = picture(dataset, row)
    if image is None:
        return None
    pixels = round(size * ratio)
    smooth = Qt.TransformationMode.SmoothTransformation
    mode = Qt.TransformationMode.FastTransformation if image.height() < pixels else smooth
    pixmap = QPixmap.fromImage(image.scaledToHeight(pixels, mode))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
