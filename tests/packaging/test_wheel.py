"""The wheel holds all that the program needs: built from the checkout, installed elsewhere, run from anywhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a source distribution, so that this one is known to be complete, too."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs the installed command from `/`, with a home of its own and nothing of the checkout on any path."""
    place = tmp_path_factory.mktemp("installed")
    python = place / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    annoy = packaged_annoy(place)
    done = subprocess.run(
        [*pip, "--constraint", str(CONSTRAINTS), str(annoy), str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EXPLORER_"))}
    environment = {**kept, "HOME": str(place / "home"), "QT_QPA_PLATFORM": "offscreen"}
    (place / "home").mkdir()

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python.parent / "explorer", *arguments],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def packaged_annoy(place: Path) -> Path:
    """The portable Annoy that set-up has built, or one built now: installing must not depend on a compiler's mood."""
    built = ROOT / ".venv" / "wheels"
    folder = built if (built / "annoy.key").is_file() else place / "wheels"
    subprocess.run([ROOT / "packaging" / "annoy_wheel.sh", sys.executable, folder], check=True)
    return next(folder.glob("annoy-*.whl"))


def test_the_wheel_holds_the_package_and_its_resources_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {f"explorer/{path.relative_to(ROOT / 'explorer')}" for path in (ROOT / "explorer").rglob("*.py")}
    resources = {
        f"explorer/resources/{path.relative_to(ROOT / 'resources')}"
        for path in (ROOT / "resources").rglob("*")
        if path.is_file()
    }
    assert resources
    assert package | resources <= names
    strangers = {name for name in names - package - resources if ".dist-info/" not in name}
    assert strangers <= {"explorer/py.typed"}


@pytest.mark.timeout(900)
def test_the_installed_program_tests_itself(installed: Callable[..., str]) -> None:
    report = json.loads(installed("selftest", "--json"))
    assert report["ok"], report
    assert all(check["ok"] is not False for check in report["checks"]), report
    left_out = {check["name"] for check in report["checks"] if check["ok"] is None}
    assert all(name.startswith("index type ") for name in left_out), left_out


@pytest.mark.timeout(900)
def test_the_installed_program_shows_its_sample(installed: Callable[..., str], tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    report = json.loads(installed("snapshot", "sample:wordnet", "--out", str(picture), "--wait", "first-map", "--json"))
    assert report["points_drawn"] == 20_000
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_installed_program_says_its_version(installed: Callable[..., str], wheel: Path) -> None:
    assert wheel.name.split("-")[1] in installed("--version")
