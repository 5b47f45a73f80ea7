"""What a reader may take of memory, and what becomes of one that takes more or breaks down."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadFile, TooLarge
from explorer.work import bounds
from explorer.work.children import Children
from explorer.work.latest import ignore
from explorer.work.requests import ReadRequest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps such limits")
UNRULY = """
import os, signal

import numpy as np

from explorer.formats.base import Contents, Format


class Unruly(Format):
    name, title, suffixes, native, rank = "unruly", "Unruly", (".unruly",), True, 1

    def recognises(self, path, head):
        return head.startswith(b"UNRULY")

    def read(self, path, options, progress):
        act = path.read_text().split()[1]
        if act == "swell":
            return Contents(np.zeros((1 << 20, 1 << 10), np.float32))
        os.kill(os.getpid(), getattr(signal, act))


TYPES = [Unruly()]
"""


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    """Children that have a format of somebody else's package, which does what hostile bytes do to libraries."""
    package = tmp_path / "plugins"
    (package / "unruly-1.dist-info").mkdir(parents=True)
    (package / "unruly.py").write_text(UNRULY, "utf-8")
    (package / "unruly-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: unruly\nVersion: 1\n")
    (package / "unruly-1.dist-info" / "entry_points.txt").write_text("[explorer.formats]\nunruly = unruly\n")
    monkeypatch.setenv("PYTHONPATH", str(package))
    started = Children()
    yield started
    started.close()


def read(children: Children, path: Path) -> object:
    return children.ask(ReadRequest(str(path)), ignore, ignore)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(
    ("act", "how"),
    [
        ("SIGSEGV", "crashed"),
        ("SIGABRT", "gave up"),
        ("SIGFPE", "divided"),
        ("SIGILL", "stopped itself"),
        ("SIGXCPU", "came to no end"),
    ],
)
def test_a_library_that_breaks_down_is_a_sentence_about_the_file(
    children: Children, tmp_path: Path, act: str, how: str
) -> None:
    path = tmp_path / "x.unruly"
    path.write_text(f"UNRULY {act} ")
    with pytest.raises(BadFile, match=rf"x\.unruly: what reads it broke down on it \(a library {how}") as caught:
        read(children, path)
    assert caught.value.exit_status == 2
    np.save(tmp_path / "good.npy", np.ones((3, 2), np.float32))
    read(children, tmp_path / "good.npy")


@LINUX
def test_a_small_file_gets_no_four_gigabytes(children: Children, tmp_path: Path) -> None:
    path = tmp_path / "x.unruly"
    path.write_text("UNRULY swell ")
    with pytest.raises(TooLarge, match=r"x\.unruly: reading this takes more memory than"):
        read(children, path)
    (alive,) = children.alive
    np.save(tmp_path / "good.npy", np.ones((3, 2), np.float32))
    read(children, tmp_path / "good.npy")
    assert children.alive == [alive]


@LINUX
def test_a_library_that_comes_to_no_end_is_ended() -> None:
    script = (
        "from explorer.work import bounds\nbounds.FLOOR_SECONDS = 1\nwith bounds.in_proportion([]):\n  while 1: pass"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=200, check=False).returncode == -signal.SIGXCPU


@LINUX
def test_the_limit_ends_with_the_block(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    with bounds.in_proportion([tmp_path / "small"]), pytest.raises(MemoryError):
        np.empty(2 * bounds.FLOOR_BYTES, np.uint8)
    assert np.empty(2 * bounds.FLOOR_BYTES, np.uint8).size


def test_what_a_file_justifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_bytes(bytes(10))
    (tmp_path / "two").write_bytes(bytes(5))
    assert (bounds.size_of(tmp_path), bounds.size_of(tmp_path / "one"), bounds.size_of(tmp_path / "no")) == (15, 10, 0)
    monkeypatch.setattr("explorer.room.free_in_memory", lambda: 5 << 30)
    assert bounds.allowance(0) == bounds.FLOOR_BYTES
    assert bounds.allowance(1 << 20) == bounds.FLOOR_BYTES + bounds.FACTOR * (1 << 20)
    assert bounds.allowance(1 << 40) == 5 << 30
    monkeypatch.setattr("explorer.room.free_in_memory", lambda: 1)
    assert bounds.allowance(1 << 40) == bounds.FLOOR_BYTES
