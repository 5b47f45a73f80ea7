"""The set-up: which Python it takes, what it says, and that the tested versions are within the promised ranges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHONS = ("3.11", "3.12", "3.13")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of the set-up alone, where nothing can be spoilt."""
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def set_up(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "packaging" / "setup.sh"],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_does_not_run_is_named(checkout: Path) -> None:
    done = set_up(checkout, PYTHON="/bin/false")
    assert done.returncode == 2
    assert done.stderr == "PYTHON=/bin/false does not run, or is not Python 3.11, 3.12 or 3.13.\n"
    assert not (checkout / ".venv").exists()


def test_a_shim_that_does_not_run_is_passed_over(checkout: Path) -> None:
    """With an index that has nothing, so that the attempt ends where the Python has been chosen."""
    shims = checkout / "shims"
    shims.mkdir()
    for name in ("python3.13", "python3.12"):
        (shims / name).write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
        (shims / name).chmod(0o755)
    (shims / "python3.11").symlink_to(sys.executable)
    done = set_up(
        checkout,
        PATH=f"{shims}:{os.environ['PATH']}",
        PIP_CONFIG_FILE=os.devnull,
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS="",
    )
    assert done.returncode != 0
    assert f"Making .venv with Python {sys.version.split()[0]} …" in done.stderr
    assert not (checkout / ".venv" / "stamp").exists()


def constraints(python: str) -> dict[str, str]:
    lines = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    needs = [Requirement(line) for line in lines if not line.startswith("#")]
    here = {"python_version": python}
    return {
        need.name.lower().replace("_", "-"): next(iter(need.specifier)).version
        for need in needs
        if need.marker is None or need.marker.evaluate(here)
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_a_tested_version_is_within_every_range(python: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    tested = constraints(python)
    for need in map(Requirement, [*project["dependencies"], *extras]):
        if need.name == project["name"]:  # an extra that is made of others
            continue
        if need.marker is None or need.marker.evaluate({"python_version": python}):
            version = tested[need.name.lower().replace("_", "-")]
            assert need.specifier.contains(version), f"{need.name} {version}"


def test_a_qt_that_breaks_this_python_is_ruled_out() -> None:
    """6.12 takes a reference from None at every call that returns nothing, until the interpreter aborts."""
    assert Version(constraints("3.11")["pyside6-essentials"]) < Version("6.12")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is compiled for one kind of processor")
@pytest.mark.parametrize("library", ["annoy.annoylib", "hnswlib"])
def test_what_is_compiled_here_holds_no_instruction_that_some_machine_lacks(library: str) -> None:
    path = pytest.importorskip(library).__file__
    assert path is not None
    code = subprocess.run(["objdump", "-d", path], capture_output=True, text=True, check=True)
    assert "xmm" in code.stdout
    assert "ymm" not in code.stdout
    assert "zmm" not in code.stdout
