"""How long Datasets are kept: within a budget, for as long as their file is there, and never removed while open."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from explorer import paths, room
from explorer.core.dataset import Dataset
from explorer.core.progress import Progress
from explorer.errors import TooLarge
from explorer.formats import keeping, reading
from explorer.formats.base import Contents, Origin

HOUR = 3600 * 10**9


def home() -> Path:
    return paths.cache_folder() / "datasets"


def kept() -> set[Path]:
    return set(home().iterdir())


def made(folder: Path, name: str, hours_ago: int = 0, rows: int = 2000) -> Path:
    """A file whose vectors have to be converted, read and let go so many hours ago; the folder it is kept in."""
    path = folder / f"{name}.npy"
    np.save(path, np.random.default_rng(len(name)).normal(size=(rows, 8)))
    kept_in = reading.read(path).folder
    gc.collect()
    used(kept_in, hours_ago)
    return kept_in


def used(folder: Path, hours_ago: int) -> None:
    when = time.time_ns() - hours_ago * HOUR
    os.utime(folder, ns=(when, when))


SIZE = 2000 * 8 * 4
"""Of the vectors alone."""


def test_the_ones_used_longest_ago_go_until_the_budget_is_kept(tmp_path: Path) -> None:
    old, older, new = made(tmp_path, "old", 5), made(tmp_path, "older", 9), made(tmp_path, "new", 1)
    keeping.trim(10 * SIZE)
    assert kept() == {old, older, new}
    keeping.trim(int(2.5 * SIZE))
    assert kept() == {old, new}
    reading.read(tmp_path / "old.npy")
    gc.collect()
    keeping.trim(int(1.5 * SIZE))
    assert kept() == {old}, "it was opened again, so it was used last"
    keeping.trim(0)
    assert kept() == set()


def test_the_budget_is_kept_when_another_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "BUDGET_BYTES", int(2.5 * SIZE))
    a, b, c = (made(tmp_path, name, hours) for name, hours in (("a", 9), ("b", 8), ("c", 7)))
    d = made(tmp_path, "d")
    assert kept() == {b, c, d} and not a.exists()


def test_what_is_open_stays_in_this_process_and_in_others(tmp_path: Path) -> None:
    here, there = made(tmp_path, "here", 9), made(tmp_path, "there", 9)
    dataset: Dataset | None = reading.read(tmp_path / "here.npy")
    script = "import sys, explorer; one = explorer.load(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(tmp_path / "there.npy")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline().strip() == b"open"
        keeping.trim(0)
        assert kept() == {here, there}
        other.stdin.close()
    keeping.trim(0)
    assert kept() == {here}
    assert dataset is not None and dataset.vectors.shape == (2000, 8)
    dataset = None
    gc.collect()
    keeping.trim(0)
    assert kept() == set()


def test_what_is_kept_of_a_file_that_is_gone_or_was_changed_goes(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    gone, changed, stays = made(tmp_path, "gone"), made(tmp_path, "changed"), made(tmp_path, "stays")
    unplugged = made(tmp_path / "disk", "unplugged")
    (tmp_path / "gone.npy").unlink()
    for folder in (changed, stays):
        os.utime(folder / "dataset.json", (time.time() - 60, time.time() - 60))
    for name, seconds in (("changed", 30), ("stays", 90)):
        os.utime(tmp_path / f"{name}.npy", (time.time() - seconds, time.time() - seconds))
    (tmp_path / "disk").rename(tmp_path / "away")
    keeping.trim(10**12)
    assert kept() == {stays, unplugged} and not gone.exists()


def test_the_datasets_of_a_temporary_folder_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    made(tmp_path / "temporary", "shown")
    stays = made(tmp_path, "stays")
    keeping.forget_below(tmp_path / "temporary")
    assert kept() == {stays}


def from_url(url: str) -> Dataset:
    """What lies behind a URL is here whatever the test says."""

    def contents(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        np.save(folder / "rows.npy", np.arange(8, dtype=np.float32).reshape(4, 2))
        return Contents(np.load(folder / "rows.npy", mmap_mode="r"), file=folder / "rows.npy")

    return reading.made(Origin(Path(), "told", "Something told", contents, url=url))


def test_what_a_url_names_is_read_anew_and_kept_while_it_is_open(tmp_path: Path) -> None:
    file = made(tmp_path, "file")
    first, other = from_url("redis://a"), from_url("redis://b")
    assert (first.place, first.vectors.tolist()[1]) == ("redis://a", [2, 3])
    second = from_url("redis://a")
    assert kept() == {file, first.folder, other.folder, second.folder} and len(kept()) == 4
    gone = second.folder
    del second
    keeping.forget_url("redis://a")
    assert kept() == {file, first.folder, other.folder} and not gone.exists(), "the first is open"
    stays = first.folder
    del other
    keeping.trim(10**12)
    assert kept() == {file, stays}, "nobody will ask for the other again"


def test_unused_datasets_give_way_before_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "old", 3)
    new = made(tmp_path, "new", 1)
    free = keeping.MARGIN_BYTES + 3 * SIZE
    monkeypatch.setattr(room, "free_on_disk", lambda folder: free - (len(kept()) - 1) * 2 * SIZE)
    keeping.check_room(3 * SIZE)
    assert kept() == {new}
    with pytest.raises(TooLarge, match=r"Converting this file needs about .* set EXPLORER_CACHE"):
        keeping.check_room(4 * SIZE + 2 * SIZE)
    assert kept() == set()


def test_a_folder_is_known_by_all_that_is_below_it(tmp_path: Path) -> None:
    folder = tmp_path / "f.zarr"
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "0").write_bytes(b"abc")
    before = keeping.stamp(folder)
    assert keeping.same(folder, before)
    assert before[1] >= 3
    (folder / "c" / "0").write_bytes(b"abcd")
    assert not keeping.same(folder, before)
    before = keeping.stamp(folder)
    os.utime(folder / "c" / "0", ns=(before[2] + HOUR, before[2] + HOUR))
    assert not keeping.same(folder, before)
    shutil.rmtree(folder)
    assert not keeping.same(folder, before)
