"""A step of the build: resources/ lies beside the package in a checkout and inside it in a wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py


class BuildPy(build_py):
    """Builds the package and lays resources/ into it; an editable install needs no copy (see explorer/paths.py)."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shipped = Path(self.build_lib) / "explorer" / "resources"
            shutil.rmtree(shipped, ignore_errors=True)
            shutil.copytree("resources", shipped)
