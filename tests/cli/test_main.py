"""The command line as a whole: help, versions, output that other programs read, and how it ends."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from explorer import indexes
from explorer.cli.main import COMMANDS, parser
from tests.cli.conftest import Run, environment

PATIENCE_SECONDS = 120
QUICK = [command for command in COMMANDS if command.name not in ("open", "demo", "snapshot", "selftest")]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals to a group of processes")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_each_command_ends_with_an_example_that_parses(explorer: Run, command: argparse.Namespace) -> None:
    done = explorer(command.name, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.rstrip().endswith(f"example:  {command.example}")
    name, *arguments = shlex.split(command.example)
    assert name == "explorer"
    assert parser().parse_args(arguments).run is command.run


@pytest.mark.parametrize("command", QUICK, ids=lambda command: command.name)
def test_the_example_runs(
    explorer: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: argparse.Namespace
) -> None:
    monkeypatch.chdir(tmp_path)
    done = explorer(*shlex.split(command.example)[1:])
    assert (done.status, done.err) == (0, "")
    assert done.out


def test_help_names_every_command(explorer: Run) -> None:
    said = explorer("--help").out
    assert all(f"    {command.name} " in said for command in COMMANDS)


def test_the_version_names_libraries_and_system(explorer: Run) -> None:
    done = explorer("--version")
    assert done.status == 0
    for word in ("ANN Explorer", "Python 3.", "numpy", "annoy", "PySide6-Essentials", "numba"):
        assert word in done.out
    for name, library in (("faiss-cpu", "faiss"), *((name, name) for name in ("hnswlib", "pynndescent", "usearch"))):
        assert (f" · {name} " in done.out) == (find_spec(library) is not None)
    assert "not installed" not in done.out


def test_every_index_type_is_described(explorer: Run) -> None:
    said = explorer("indexes", "--json").json["types"]
    assert [each["name"] for each in said] == list(indexes.types())
    for each in said:
        assert set(each) == {
            *("name", "title", "available", "reason", "metrics", "lossless"),
            *("build_params", "search_params"),
        }
        assert each["available"] == (each["reason"] is None)
        for param in (*each["build_params"], *each["search_params"]):
            assert {"name", "kind", "default", "help", "minimum", "maximum"} <= set(param)
    people = explorer("indexes").out
    assert all(param["name"] in people for each in said for param in each["build_params"])


@pytest.mark.timeout(900)
def test_the_self_test_finds_this_installation_well(explorer: Run) -> None:
    said = explorer("selftest", "--json").json
    assert said["ok"], said["checks"]
    assert all(set(check) == {"name", "ok", "detail"} for check in said["checks"])
    assert {f"index type {name}" for name in indexes.types()} <= {check["name"] for check in said["checks"]}


def test_json_is_ascii_where_the_pipe_is_not_utf_8(program: Run, tmp_path: Path) -> None:
    path = tmp_path / "v – 雪.csv"
    path.write_text("name,a,b\nÅse 🙂,1,2\nBo,2,3\n", encoding="utf-8")
    done = program("query", path, "--row", 1, "--json", PYTHONIOENCODING="cp1252")
    assert (done.status, done.err) == (0, "")
    assert done.out.isascii()
    assert json.loads(done.out)["neighbours"][0]["name"] == "Åse 🙂"
    assert program("query", path, "--row", 1, PYTHONIOENCODING="ascii").status == 0


@POSIX
def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "explorer", "indexes"]
    done = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, env=environment(), cwd=tmp_path, check=False, text=True
    )
    os.close(writing)
    assert done.stderr == ""


@POSIX
def test_nobody_listening_is_no_fault(tmp_path: Path) -> None:
    command = f'exec "{sys.executable}" -m explorer indexes >&- 2>&-'
    assert subprocess.run(["sh", "-c", command], env=environment(), cwd=tmp_path, check=False).returncode == 0


@POSIX
def test_a_home_that_cannot_be_written_to(program: Run, named: Path) -> None:
    """What was converted lies in a temporary folder then, and goes with the program."""
    temporary = named.parent / "temporary"
    temporary.mkdir()
    nowhere = os.devnull + "/nowhere"
    done = program(
        *("query", named, "--row", 1, "--index", "annoy", "--json"),
        EXPLORER_CACHE=nowhere,
        EXPLORER_SETTINGS=nowhere,
        TMPDIR=str(temporary),
    )
    assert len(done.json["neighbours"]) == 10
    assert [path.name for path in temporary.iterdir() if path.name.startswith("ann-explorer")] == []


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@POSIX
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """Ctrl+C goes to the whole group of processes, SIGTERM to the program alone; both while annoy is at work."""
    scratch, out = tmp_path / "cache" / "scratch", tmp_path / "out"
    out.mkdir()
    arguments = ("build", "sample:wordnet", "--set", "trees=10000", "--set", "seed=1", "--out", str(out / "x.ann"))
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: any(scratch.glob("*/*/annoy")), "the build has begun")
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        said, complaint = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (status, "")
    assert complaint == ("explorer: interrupted.\n" if number == signal.SIGINT else "")
    until(lambda: not any(child.is_running() for child in children), "its children have ended")
    assert list(out.iterdir()) == []
    assert list(scratch.iterdir()) == []
