"""The real window on a large file: `python -m tests.benchmarks.large_file --rows 1000000 --dimensions 128`.

Makes the file (clusters with 100 outliers planted), opens it in the real window in a process of its own, waits for the
index, clicks a point; then opens it again. Reports DESIGN 8's figures: milliseconds, longest stall, private memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--wait", default="index", choices=("first-map", "index", "map"))
    parser.add_argument("--trees", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors = folder / "large.npy"
        make(vectors, given.rows, given.dimensions)
        reports = {
            "first": _shot(vectors, folder, given.wait, given.trees),
            "again": _shot(vectors, folder, "first-map", given.trees),
        }
    print(json.dumps({"rows": given.rows, "dimensions": given.dimensions, **reports}))


def make(path: Path, rows: int, dimensions: int) -> None:
    """Write float32 (rows, dimensions): 200 Gaussian clusters, and 100 rows far from all."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(200, dimensions)).astype(np.float32) * 3
    out = np.lib.format.open_memmap(path, "w+", np.float32, (rows, dimensions))
    for start in range(0, rows, 50_000):
        block = rng.normal(size=(min(50_000, rows - start), dimensions)).astype(np.float32)
        out[start : start + 50_000] = block + centres[rng.integers(0, 200, len(block))]
    far = rng.choice(rows, 100, replace=False)
    out[np.sort(far)] += rng.normal(size=(100, dimensions)).astype(np.float32) * 60
    out.flush()


def _shot(vectors: Path, folder: Path, wait: str, trees: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "explorer", "snapshot", str(vectors), "--out", str(folder / "shot.png"), "--json"]
    command += ["--wait", wait, "--set", f"trees={trees}"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "EXPLORER_CACHE": str(folder / "cache")}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    report = json.loads(done.stdout)
    kept = ("points_drawn", "longest_stall_ms", "private_mb", "recall", "timings")
    timings = report["timings"]
    return {
        **{key: report[key] for key in kept},
        "first_map_after_window_ms": timings["first_map_ms"] - timings["window_ms"],
    }


if __name__ == "__main__":
    main()
