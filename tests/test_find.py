"""Finding what other people's packages add: what is broken is passed over, and never takes the place of ours."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from explorer import find, indexes

GOOD = """
class Good:
    name, title = "good", "Good"
class Ours:
    name, title = "annoy", "Somebody's own"
TYPES = (Good(), Ours())
"""
PLUGINS = {
    "explorer_raises": "raise RuntimeError('built for another version')",
    "explorer_imports": "import a_library_that_is_not_there",
    "explorer_declares_nothing": "VALUES = ()",
    "explorer_nameless": "TYPES = (object(),)",
    "explorer_exits": "raise SystemExit(3)",
    "explorer_good": GOOD,
}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that somebody has installed, most of them broken."""
    about = tmp_path / "explorer_plugins-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: explorer-plugins\nVersion: 1\n")
    lines = [f"{module[9:]} = {module}" for module in [*PLUGINS, "explorer_uninstalled"]]
    (about / "entry_points.txt").write_text("\n".join(["[explorer.indexes]", *lines, ""]))
    for module, source in PLUGINS.items():
        (tmp_path / f"{module}.py").write_text(source)
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("plugins")
def test_what_is_broken_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = find.declared(indexes, "explorer.indexes")
    assert list(found)[:2] == ["exact", "annoy"]
    assert found["good"].title == "Good"
    assert found["annoy"].title != "Somebody's own"
    said = {record.getMessage().split("“")[1].split("”")[0]: record for record in caplog.records}
    assert {"raises", "imports", "declares_nothing", "nameless", "exits", "uninstalled", "good"} == set(said)
    assert all(record.exc_info for name, record in said.items() if name != "good")


@pytest.mark.usefixtures("plugins")
def test_without_a_group_nobody_is_asked() -> None:
    assert "good" not in find.declared(indexes)
