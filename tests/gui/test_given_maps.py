"""The maps that a file holds: the first of them is shown, and the panel of the map offers all."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from explorer.gui.map.projection_menu import ProjectionMenu
from tests.gui.conftest import LEFT, open_window


def test_the_panel_offers_the_maps_of_the_file(qapp: QApplication, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    data = anndata.AnnData(X=rng.normal(size=(60, 5)).astype(np.float32))
    data.obsm["X_tsne"], data.obsm["X_umap"] = rng.normal(size=(2, 60, 2))
    data.write_h5ad(tmp_path / "cells.h5ad")
    user = open_window(tmp_path, str(tmp_path / "cells.h5ad"))
    try:
        menu = user.window.findChild(ProjectionMenu)
        assert menu.text().startswith("X_umap, from the file")
        QTest.mouseClick(menu, LEFT)
        offered = {b.text(): b for b in user.window.map.findChildren(QPushButton) if b.text().startswith("X_")}
        assert list(offered) == ["X_umap", "X_tsne"]
        QTest.mouseClick(offered["X_tsne"], LEFT)
        user.until(lambda: menu.text().startswith("X_tsne"))
        np.testing.assert_array_equal(user.state.positions, data.obsm["X_tsne"].astype(np.float32))
        user.controller.opening.open("sample:digits")
        user.until(lambda: user.state.dataset.title != "cells.h5ad" and user.state.projection is not None)
        user.until(lambda: "PCA" in menu.text() or "UMAP" in menu.text())
        QTest.mouseClick(menu, LEFT)
        assert not any(b.text().startswith("X_") and b.isVisible() for b in user.window.map.findChildren(QPushButton))
    finally:
        user.window.close()
