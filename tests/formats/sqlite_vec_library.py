"""Run SQL with the real sqlite-vec: by Python's own SQLite where it loads extensions, or by the system's."""

from __future__ import annotations

import ctypes
import ctypes.util
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


def run_with_sqlite_vec(path: Path, script: str) -> None:
    """Run statements on a database, which is made when it is not there; skips where no SQLite can load it."""
    sqlite_vec = pytest.importorskip("sqlite_vec")
    if hasattr(sqlite3.Connection, "enable_load_extension"):
        with closing(sqlite3.connect(path)) as database:
            database.enable_load_extension(True)
            sqlite_vec.load(database)
            database.executescript(script)
        return
    found = ctypes.util.find_library("sqlite3")
    if found is None:
        pytest.skip("no SQLite here can load an extension")
    library = ctypes.CDLL(found)
    handle, message = ctypes.c_void_p(), ctypes.c_char_p()
    assert library.sqlite3_open(str(path).encode(), ctypes.byref(handle)) == 0
    try:
        library.sqlite3_enable_load_extension(handle, 1)
        loaded = library.sqlite3_load_extension(
            handle, sqlite_vec.loadable_path().encode(), None, ctypes.byref(message)
        )
        assert loaded == 0, message.value
        assert library.sqlite3_exec(handle, script.encode(), None, None, ctypes.byref(message)) == 0, message.value
    finally:
        library.sqlite3_close(handle)
