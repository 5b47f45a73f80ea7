"""Where things lie: resources, cache and settings; from a checkout, a wheel or a frozen app."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import platformdirs

APP = "ann-explorer"
STALE_SECONDS = 86_400.0


@cache
def resources() -> Path:
    """The read-only folder of icons, style, samples and the text encoder."""
    package = Path(__file__).resolve().parent
    shipped = package / "resources"
    return shipped if shipped.is_dir() else package.parent / "resources"


@cache
def cache_folder() -> Path:
    """Where converted vectors, projections and indexes are kept; `EXPLORER_CACHE` moves it.

    A home that cannot be written to gets a folder of its own under the system's temporary files.
    """
    wanted = os.environ.get("EXPLORER_CACHE") or platformdirs.user_cache_dir(APP, appauthor=False)
    return _writable(Path(wanted)) or _private_temporary("cache", "EXPLORER_CACHE")


@cache
def settings_folder() -> Path:
    """Where settings and recent files are kept; `EXPLORER_SETTINGS` moves it."""
    wanted = os.environ.get("EXPLORER_SETTINGS") or platformdirs.user_config_dir(APP, appauthor=False)
    return _writable(Path(wanted)) or _private_temporary("settings", "EXPLORER_SETTINGS")


def scratch_folder() -> Path:
    """A new folder in the cache for what lives no longer than this process; whoever asks for it removes it.

    Folders of processes that were killed are swept away.
    """
    home = cache_folder() / "scratch"
    home.mkdir(exist_ok=True)
    for folder in home.iterdir():
        with contextlib.suppress(OSError, ValueError):
            if time.time() - folder.stat().st_mtime > STALE_SECONDS and not _runs(int(folder.name.split("-")[0])):
                shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=home))


def frozen() -> bool:
    """True inside an installed bundle."""
    return bool(getattr(sys, "frozen", False))


def _runs(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid))


def _writable(folder: Path) -> Path | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _private_temporary(purpose: str, variable: str) -> Path:
    """A folder that goes with this process; `variable` tells its children of it."""
    folder = tempfile.mkdtemp(prefix=f"{APP}-{purpose}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[variable] = folder
    return Path(folder)
