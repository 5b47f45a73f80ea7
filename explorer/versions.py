"""What this program is, and what it stands on: for bug reports."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("PySide6-Essentials", "pyqtgraph", "numpy", "scipy", "numba", "annoy", "pyarrow", "h5py")
OPTIONAL = ("faiss-cpu", "hnswlib", "pynndescent", "usearch", "voyager", "redis", "zarr")
"""Those of the extras; said where they are installed."""


def version_of(library: str) -> str:
    """The version of a library that is installed here; empty for one that is not."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def lines() -> tuple[str, ...]:
    """The program and its version, the system, the libraries: a line each."""
    here = (*LIBRARIES, *(name for name in OPTIONAL if version_of(name)))
    return (
        f"ANN Explorer {version_of('ann-explorer') or '(not installed)'}",
        f"Python {platform.python_version()} · {platform.platform()} · {platform.machine()}",
        " · ".join(f"{name} {version_of(name) or 'not installed'}" for name in here),
    )
