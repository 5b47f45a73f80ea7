"""About: versions to copy, licences to read, and what is said when something unforeseen happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from explorer import crashes, paths, versions
from explorer.gui import app
from tests.gui.conftest import LEFT, User


def test_versions_are_copied_and_licences_read(digits: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("README", "all"), ("annoy", "Apache"), ("Qt", "LGPL")):
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    monkeypatch.setattr(paths, "licences", lambda: tmp_path)
    digits.window.show_about()
    dialog = digits.window.about_dialog
    names = [dialog.names.item(i).text() for i in range(dialog.names.count())]
    assert names == ["Qt: source, and replacing it", "All that is inside", "annoy"]
    dialog.names.setCurrentRow(2)
    assert dialog.text.toPlainText() == "Apache"
    copy = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Copy versions")
    QTest.mouseClick(copy, LEFT)
    assert QGuiApplication.clipboard().text().splitlines() == list(versions.lines())
    dialog.close()


def test_what_is_unforeseen_is_reported_and_the_window_goes_on(digits: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []

    def before(kind: type[BaseException], error: BaseException, at: object) -> None:
        seen.append(kind)

    monkeypatch.setattr(sys, "excepthook", before)
    with app._reporting([digits.window]):
        try:
            raise RuntimeError("/home/somebody/patients.csv")
        except RuntimeError as error:
            # What Qt does with an exception in a slot.
            sys.excepthook(type(error), error, error.__traceback__)
        said = digits.state.problem("data")
        (report,) = crashes.folder().glob("crash-*.txt")
        assert str(report) in said and "patients" not in said + report.read_text("utf-8")
    assert sys.excepthook is before and seen == [RuntimeError]
    digits.controller.session.clear_problem("data")
