"""Machine code is kept in the cache: nothing is written into the installed package, and numba stays as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from explorer import machine_code
from explorer.work.process import Process
from explorer.work.requests import ForgetRequest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """
import json, numba
from explorer import machine_code
from explorer.projection import jit, nearest
from explorer.gui.map import kernel

loops = kernel.compiled()
jit.callable_from_compiled((nearest.apart, nearest.insert))
distance = jit.compiled(nearest.measure)
kept = [distance, loops.stencil]
places = [one._cache.cache_path for one in kept]
print(json.dumps([places, loops.compiled, numba.config.CACHE_DIR]))
"""


def kept_in(cache: Path, **changes: str) -> tuple[list[str], bool, str]:
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**environment, "EXPLORER_CACHE": str(cache), **changes},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    places, compiled, setting = json.loads(done.stdout)
    return places, compiled, setting


def written(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def test_all_of_it_is_kept_in_one_folder_of_the_cache(tmp_path: Path) -> None:
    before = written(ROOT / "explorer")
    places, compiled, setting = kept_in(tmp_path)
    assert compiled
    assert all(Path(place).is_relative_to(tmp_path / "numba") for place in places)
    assert written(tmp_path / "numba")
    assert written(ROOT / "explorer") == before
    assert setting == "", "numba is as it was found: other code in the process uses it too"


def test_somebody_s_own_folder_is_used(tmp_path: Path) -> None:
    places, _, setting = kept_in(tmp_path / "cache", NUMBA_CACHE_DIR=str(tmp_path / "own"))
    assert all(Path(place).is_relative_to(tmp_path / "own") for place in places)
    assert setting == str(tmp_path / "own")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_children_know_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    child = Process()
    try:
        child.ask(ForgetRequest(Path("nothing")), lambda *_: None, lambda _: None)
        told = Path(f"/proc/{child.pid}/environ").read_bytes().split(b"\0")
    finally:
        child.close()
    assert f"NUMBA_CACHE_DIR={machine_code.folder()}".encode() in told


def test_what_cannot_be_kept_is_compiled_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that was not read from a file has no place in a cache."""
    names: dict[str, object] = {}
    exec("def double(x):\n    return 2 * x", names)
    double = machine_code.compiled(names["double"], "i8(i8)")  # type: ignore[arg-type]
    assert double(21) == 42
