"""What is half-made when a child is killed, or loses its parent, is removed all the same."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer import paths, unfinished
from explorer.core.dataset import Dataset
from explorer.errors import Cancelled
from explorer.work.process import Process
from explorer.work.requests import BuildRequest, ReadRequest, Request, SaveIndexRequest, SavePositionsRequest

Odd = Callable[..., BuildRequest]
PARENT = """
import os, sys
from pathlib import Path
from explorer.formats import reading
from explorer.work.process import Process
from explorer.work.requests import BuildRequest

dataset = reading.read(Path(sys.argv[1]))
request = BuildRequest(dataset, "odd", "cosine", {"act": "half", "tag": 0}, Path(sys.argv[2]))
Process().ask(request, lambda fraction, note: note == "half" and os._exit(0), print)
"""


def killed_when(process: Process, request: Request, note: str) -> None:
    """Ask, and kill the child as soon as it says so."""

    def kill(fraction: float | None, said: str) -> None:
        if said == note:
            process.kill(wanted=True)

    with pytest.raises(Cancelled):
        process.ask(request, kill, lambda _: None)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_killed_child_was_making_is_removed(process: Process, dataset: Dataset, odd: Odd) -> None:
    request = odd(dataset, "half")
    killed_when(process, request, "half")
    assert names(request.folder) == {"odd.index"}


def test_what_was_begun_before_the_answer_is_removed_when_the_child_is_closed(
    process: Process, dataset: Dataset, odd: Odd
) -> None:
    request = odd(dataset, "leave")
    process.ask(request, lambda *_: None, lambda _: None)
    assert "part-of-something" in names(request.folder)
    process.close()
    assert names(request.folder) == {"odd.index"}


def test_a_child_whose_parent_is_gone_removes_it_itself(dataset: Dataset, odd: Odd) -> None:
    request = odd(dataset, "half")
    command = [sys.executable, "-c", PARENT, str(dataset.path), str(request.folder)]
    subprocess.run(command, check=True, timeout=120)
    deadline = time.monotonic() + 60
    while names(request.folder) != {"odd.index"}:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_conversion_that_is_cancelled_leaves_nothing(process: Process, tmp_path: Path) -> None:
    np.save(tmp_path / "large.npy", np.zeros((400_000, 16)))
    killed_when(process, ReadRequest(str(tmp_path / "large.npy")), "converting")
    process.close()
    assert names(paths.cache_folder() / "datasets") == set()


def test_a_save_that_is_cancelled_leaves_nothing_beside_the_file(
    process: Process, dataset: Dataset, tmp_path: Path
) -> None:
    built: Any = process.ask(
        BuildRequest(dataset, "annoy", "cosine", {"trees": 3}, tmp_path / "annoy"), lambda *_: None, lambda _: None
    )
    large = built.path.with_name("large.ann")
    with large.open("wb") as file:
        file.truncate(200 << 20)
    (tmp_path / "mine").mkdir()
    request = SaveIndexRequest(dataset, replace(built, path=large), tmp_path / "mine" / "mine.ann")
    killed_when(process, request, "writing")
    assert names(tmp_path / "mine") == set()


def test_positions_are_there_whole_or_not_at_all(process: Process, dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "maps" / "xy.npy"
    out.parent.mkdir()
    process.ask(SavePositionsRequest(dataset, np.zeros((200, 2), np.float32), out), lambda *_: None, lambda _: None)
    assert names(out.parent) == {"xy.npy"} and np.load(out).shape == (200, 2)


def test_nothing_but_what_is_in_the_making_can_be_removed(tmp_path: Path) -> None:
    for name in ("mine.npy", ".mine.npy", "my.part", "partly"):
        (tmp_path / name).write_text("")
        unfinished.remove(tmp_path / name)
        assert (tmp_path / name).exists()
    for name in (".mine.npy.123.part", ".mine.ann.123.part.json", "part-123"):
        (tmp_path / name).write_text("")
        unfinished.remove(tmp_path / name)
        assert not (tmp_path / name).exists()


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("before")
    with pytest.raises(ValueError, match="no"), unfinished.beside(place) as part:
        part.write_text("half")
        raise ValueError("no")
    assert place.read_text() == "before" and names(tmp_path) >= {"file"}
    with unfinished.beside(place) as part:
        part.write_text("after")
    assert place.read_text() == "after" and not part.exists()
