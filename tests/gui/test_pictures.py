"""Pictures of rows as the window draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from explorer.core.dataset import Dataset
from explorer.formats import reading
from explorer.gui.pictures import picture, thumbnail


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A wide picture, a high one, one that is not there, and one with a hole."""
    for i, size in enumerate([(300, 150), (100, 400)]):
        Image.new("RGB", size, (200, 40, 40)).save(tmp_path / f"{i}.png")
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(tmp_path / "3.png")
    (tmp_path / "t.csv").write_text("file,x,y\n" + "".join(f"{i}.png,{i},1\n" for i in range(4)))
    return reading.read(tmp_path / "t.csv")


def test_a_picture_fits_into_its_square(qapp: QApplication, dataset: Dataset) -> None:
    sizes = []
    for row in range(4):
        pixmap = thumbnail(dataset, row, 22, 2.0)
        assert pixmap is not None
        sizes.append((pixmap.width(), pixmap.height()))
    assert sizes == [(44, 22), (11, 44), (44, 44), (44, 44)]
    image = picture(dataset, 0)
    assert image is not None
    assert image.pixelColor(60, 30).getRgb()[0] > 180


def test_what_is_not_there_is_a_grey_sign(qapp: QApplication, dataset: Dataset) -> None:
    sign, hole = picture(dataset, 2), picture(dataset, 3)
    assert sign is not None
    assert hole is not None
    assert 0 < sign.pixelColor(2, 2).alpha() < 128
    assert hole.pixelColor(2, 2).alpha() == 0


def test_without_pictures_there_is_none(qapp: QApplication, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(3, dtype="f4"))
    assert picture(reading.read(tmp_path / "v.npy"), 0) is None
