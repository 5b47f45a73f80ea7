"""`explorer cache`: what is kept, how much it may be, and nothing any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.cli.conftest import Run, environment


def test_the_cache_is_shown_limited_and_emptied(explorer: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "halves.npy", np.random.default_rng(0).normal(size=(200, 6)).astype(np.float16))
    # A process keeps at hand what it has just opened, so the reading and the emptying are left to others.
    command = [sys.executable, "-m", "explorer"]
    subprocess.run([*command, "info", str(tmp_path / "halves.npy")], env=environment(), check=True)
    said = explorer("cache", "--limit", "3GB", "--json").json
    (one,) = said["kept"]
    assert (one["title"], one["rows"], one["dimensions"], one["open"]) == ("halves.npy", 200, 6, False)
    assert said["bytes"] == one["bytes"] >= 200 * 6 * 4 and said["limit"] == 3 * 10**9
    table = explorer("cache").out
    assert "halves.npy" in table and "no more than 3.0 GB" in table
    assert explorer("cache", "--empty", "--json").json == {"bytes": 0, "limit": 3 * 10**9, "kept": []}
    assert explorer("cache", "--limit", "auto", "--json").json["limit"] != 3 * 10**9


def test_a_limit_that_is_no_size_is_one_sentence(explorer: Run) -> None:
    done = explorer("cache", "--limit", "lots")
    assert done.status == 2 and "20GB" in done.sentence
