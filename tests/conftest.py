"""What every test has: folders of its own, and a look at what it leaves behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytest_plugins = ("tests.redis_servers.fixtures",)

# Each test has a cache of its own, but what numba makes of unchanged source takes a minute, and is the same for all.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache" / "numba"))


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a child process or a thread that would keep the program from ending."""
    before = _left()
    yield
    deadline = time.monotonic() + 10
    while (left := _left() - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"left behind: {', '.join(str(one) for one in left)}"


def _left() -> set[psutil.Process | threading.Thread]:
    """Our children, where any can have been started, and the threads that are waited for at the end."""
    threads = {thread for thread in threading.enumerate() if not thread.daemon}
    if "explorer.work.process" not in sys.modules:
        return threads
    children = set()
    for child in psutil.Process().children():
        try:
            if "explorer.work.child" in child.cmdline():
                children.add(child)
        except psutil.Error:
            continue
    return threads | children


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
