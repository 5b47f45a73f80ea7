"""Asking before building."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadFile, BadParameter, TooLarge
from explorer.indexes.building import built
from explorer.room import check_disk, readable

MakeDataset = Callable[..., Dataset]
X = np.arange(40, dtype=np.float32).reshape(10, 4)


def test_the_folder_is_made_and_the_time_is_taken(make_dataset: MakeDataset, tmp_path: Path) -> None:
    handle = built(make_dataset(X), "annoy", "cosine", {"trees": "3"}, tmp_path / "new" / "index")
    assert handle.params == {"trees": 3}
    assert 0 < handle.build_seconds < 60
    assert handle.path.parent == tmp_path / "new" / "index"


def test_what_cannot_be_built_is_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(X)
    with pytest.raises(BadParameter, match=r"“tree” is no index type; there are exact, annoy"):
        built(dataset, "tree", "cosine", {}, tmp_path / "i")
    with pytest.raises(BadParameter, match=r"exact has no parameter “trees”; it has none\."):
        built(dataset, "exact", "cosine", {"trees": 3}, tmp_path / "i")


def test_a_dataset_that_has_changed_is_not_built_over(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(X)
    np.save(dataset.vectors_path, X[:5])
    with pytest.raises(BadFile, match="the file has changed"):
        built(dataset, "annoy", "cosine", {}, tmp_path / "i")


def test_room_on_the_disk(tmp_path: Path) -> None:
    check_disk(tmp_path, 1000, "A thing", "make room")
    with pytest.raises(TooLarge, match=r"A thing needs about 1000000 TB on the disk of .* left; make room\."):
        check_disk(tmp_path, 10**18, "A thing", "make room")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (512_000_000, "512 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_as_people_read_them(size: int, text: str) -> None:
    assert readable(size) == text
