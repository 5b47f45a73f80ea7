"""Renew packaging/constraints.txt: the newest versions that pyproject.toml allows, for every Python that we test.

Where the versions differ between Pythons, each line says for which Python it is meant. Tests decide whether they hold.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
TOOLS = ("pip", "setuptools", "pybind11")  # what the set-up itself stands on, and what builds the program and hnswlib
# Pip looks up other Pythons' versions among wheels only. These have none, and need nothing but numpy.
SOURCE_ONLY = ("annoy", "hnswlib")
OURSELVES = "ann-explorer"  # an extra may be made of others


def wanted() -> Iterator[Requirement]:
    """Every requirement of the program, its tests and its set-up."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    needs = map(Requirement, [*project["dependencies"], *extras, *TOOLS])
    yield from (need for need in needs if need.name != OURSELVES)


def resolve(python: str) -> dict[str, str]:
    """The newest version of each package for one Python, by the package's name."""
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    lines = [
        f"{need.name}{need.specifier}"
        for need in wanted()
        if need.name not in SOURCE_ONLY and (need.marker is None or need.marker.evaluate(here))
    ]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    with tempfile.TemporaryDirectory() as nowhere:
        options = ["--only-binary", ":all:", "--python-version", python, "--target", nowhere]
        report = subprocess.run([*pip, *options, *lines], check=True, stdout=subprocess.PIPE, text=True).stdout
    installed = [item["metadata"] for item in json.loads(report)["install"]]
    return {item["name"]: item["version"] for item in installed}


def newest(name: str) -> str:
    """The newest version of a package of source only, within its range."""
    need = next(need for need in wanted() if need.name == name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
    report = subprocess.run(
        [*pip, "--report", "-", "--no-binary", need.name, f"{need.name}{need.specifier}"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return str(json.loads(report)["install"][0]["metadata"]["version"])


def lines(found: dict[str, dict[str, str]]) -> Iterator[str]:
    """`found[python][package]` as lines of a constraints file; a marker only where the Pythons differ."""
    for package in sorted({name for versions in found.values() for name in versions}, key=str.lower):
        pythons: dict[str, list[str]] = {}
        for python, versions in found.items():
            if package in versions:
                pythons.setdefault(versions[package], []).append(python)
        for version, where in pythons.items():
            marker = " or ".join(f"python_version == '{python}'" for python in where)
            yield f"{package}=={version}" + ("" if len(where) == len(found) else f"; {marker}")


def main() -> None:
    """Write the file."""
    sources = {name: newest(name) for name in SOURCE_ONLY}
    found = {python: {**resolve(python), **sources} for python in PYTHONS}
    head = "# The versions that the tests have passed with; `make upgrade` renews them from pyproject.toml."
    text = "\n".join([head, *lines(found), ""])
    (ROOT / "packaging" / "constraints.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
