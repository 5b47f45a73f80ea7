"""Folders that go with the process, and what is left of processes that were killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer import scratch
from explorer.session.scratch import Scratch

KEEPER = """
import sys
from explorer import scratch
folder = scratch.new_folder()
(folder / "index").write_text("x" * 1000)
print(folder, flush=True)
sys.stdin.read()
"""


def keeper() -> tuple[subprocess.Popen[str], Path]:
    """Another process with a folder of its own."""
    process = subprocess.Popen([sys.executable, "-c", KEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def make_old(home: Path) -> None:
    os.utime(home / scratch.LOCK, (time.time() - 3600,) * 2)


def until_gone(path: Path) -> None:
    deadline = time.monotonic() + 60
    while path.exists():
        assert time.monotonic() < deadline, f"{path} is still there"
        time.sleep(0.01)


def test_what_a_killed_process_has_left_is_removed_and_what_a_living_one_holds_is_not() -> None:
    (dead, lost), (alive, used) = keeper(), keeper()
    end(dead)
    try:
        for folder in (lost, used):
            make_old(folder.parent)
        one = Scratch()
        home = one.new_folder("annoy").parent
        until_gone(lost.parent)
        assert (used / "index").exists()
        one.close()
        assert not home.exists()
    finally:
        end(alive)


def test_a_home_that_is_about_to_be_locked_is_let_be(tmp_path: Path) -> None:
    young, unlocked, old = (tmp_path / "cache" / "scratch" / name for name in ("1-young", "2-unlocked", "3-old"))
    for home in (young, unlocked, old):
        home.mkdir(parents=True)
    for home in (young, old):
        (home / scratch.LOCK).touch()
    make_old(old)
    scratch.remove(scratch.new_folder())
    until_gone(old)
    assert young.exists() and unlocked.exists()


def test_what_dies_without_a_word_is_removed_although_its_number_runs_again(tmp_path: Path) -> None:
    other = tmp_path / "cache" / "scratch" / f"{os.getppid()}-abc"
    other.mkdir(parents=True)
    (other / scratch.LOCK).touch()
    make_old(other)
    scratch.remove(scratch.new_folder())
    until_gone(other)


def test_a_process_leaves_nothing_when_it_ends(tmp_path: Path) -> None:
    process, folder = keeper()
    assert (folder / "index").exists()
    process.communicate("")
    assert process.returncode == 0 and list((tmp_path / "cache" / "scratch").iterdir()) == []


def test_two_sessions_of_one_process_do_not_take_each_others_folders(tmp_path: Path) -> None:
    one, other = Scratch(), Scratch()
    mine, theirs = one.new_folder("annoy"), other.new_folder("annoy")
    for folder in (mine, theirs):
        folder.mkdir()
    one.remove(theirs)
    one.close()
    assert theirs.exists() and not mine.exists()
    other.close()
    assert list((tmp_path / "cache" / "scratch").iterdir()) == []
    assert one.new_folder("annoy").parent.exists()
    one.close()


def test_a_folder_that_is_held_goes_when_it_is_let_go() -> None:
    one = Scratch()
    folder = one.new_folder("annoy")
    folder.mkdir()
    one.hold(folder)
    one.hold(folder)
    one.remove(folder)
    one.let_go(folder)
    assert folder.exists()
    one.let_go(folder)
    assert not folder.exists()
    one.close()


def test_a_folder_of_somebody_else_is_never_removed(tmp_path: Path) -> None:
    one = Scratch()
    one.remove(tmp_path)
    one.new_folder("annoy")
    one.remove(tmp_path)
    assert tmp_path.exists()
    one.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_does_not_take_its_parents_folders_along() -> None:
    code = (
        "import os, sys; from explorer import scratch; folder = scratch.new_folder(); pid = os.fork()\n"
        "if pid == 0: sys.exit(0)\n"
        "os.waitpid(pid, 0); print(folder.exists())"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "True", ran.stderr
