"""Where things lie: resources, cache and settings; from a checkout, a wheel or a frozen app."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

APP = "ann-explorer"


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


def frozen() -> bool:
    """True inside an installed bundle."""
    return bool(getattr(sys, "frozen", False))


def licences() -> Path | None:
    """The folder of the licence texts of all that an installed bundle holds; None elsewhere."""
    program = Path(sys.executable).resolve().parent
    places = (program / "licences", program.parent / "Resources" / "licences")
    return next((place for place in places if place.is_dir()), None) if frozen() else None


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
