"""The dialog of what is kept: opened from the command palette's list, and used by mouse and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.conftest import LEFT, User


def test_what_is_kept_is_shown_and_can_be_emptied(digits: User, tmp_path: Path) -> None:
    from explorer.formats import reading

    np.save(tmp_path / "halves.npy", np.ones((50, 4), np.float16))
    kept_in = reading.read(tmp_path / "halves.npy").folder
    digits.window.show_cache()
    dialog = digits.window.cache_dialog
    digits.until(lambda: digits.state.cache is not None and len(digits.state.cache.kept) >= 2)
    names = [each.title for each in dialog.model.kept]
    assert "halves.npy" in names and dialog.model.rowCount() == len(names)
    line = names.index("halves.npy")
    dialog.table.selectRow(line)
    assert dialog.remove.isEnabled()
    QTest.mouseClick(dialog.empty, LEFT)
    assert dialog.confirmation.isVisible() and dialog.confirmation.no.hasFocus()
    QTest.keyClick(dialog.confirmation.no, Qt.Key.Key_Space)
    assert not dialog.confirmation.isVisible() and kept_in.exists()
    QTest.mouseClick(dialog.remove, LEFT)
    digits.until(lambda: all(each.title != "halves.npy" for each in digits.state.cache.kept))
    assert not kept_in.exists() and dialog.model.kept, "what the window shows stays"
    dialog.limit.setCurrentIndex(dialog.limit.findText("5 GB"))
    dialog.limit.activated.emit(dialog.limit.currentIndex())
    digits.until(lambda: digits.state.cache.limit == 5 * 10**9)
    assert dialog.limit.currentText() == "5 GB"
    dialog.close()
