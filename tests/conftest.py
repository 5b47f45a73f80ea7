"""What every test has: folders of its own, and small Datasets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cache and settings under the test's temporary folder, so that no test sees another's."""
    from explorer import paths

    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EXPLORER_SETTINGS", str(tmp_path / "settings"))
    paths.cache_folder.cache_clear()
    paths.settings_folder.cache_clear()
    yield
    paths.cache_folder.cache_clear()
    paths.settings_folder.cache_clear()
