"""Indexes found again: the same one, only for the same request, and never a damaged one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from explorer import budget
from explorer.core import params
from explorer.core.dataset import Dataset
from explorer.formats import reading
from explorer.indexes import kept, type_named, types
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built

KEEPING = [name for name, kind in types().items() if kind.suffix and not kind.on_server and not kind.unavailable()]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32))
    return reading.read(tmp_path / "v.npy")


def made(dataset: Dataset, name: str, folder: Path, **given: object) -> IndexHandle:
    checked = params.checked(type_named(name).build_params, given, name)
    return built(dataset, name, "euclidean", checked, folder)


@pytest.mark.parametrize("name", KEEPING)
def test_what_was_built_is_found_again_when_its_own_folder_is_gone(name: str, dataset: Dataset, tmp_path: Path) -> None:
    handle = made(dataset, name, tmp_path / "index")
    kept.keep(handle, dataset)
    found = kept.found(dataset, name, "euclidean", handle.params)
    assert found is not None and kept.is_kept(found, dataset) and not kept.is_kept(handle, dataset)
    assert found.path.read_bytes() == handle.path.read_bytes()
    assert (found.bytes, found.build_seconds, found.library) == (handle.bytes, handle.build_seconds, handle.library)
    for file in handle.path.parent.iterdir():
        file.unlink()
    searcher = type_named(name).open(found, dataset)
    effort = {**type_named(name).search_defaults(found, 5), **type_named(name).full_effort(found)}
    assert 0 in searcher.search(dataset.vectors[:1], 5, effort)[0]
    searcher.close()


def test_another_request_finds_nothing(dataset: Dataset, tmp_path: Path) -> None:
    handle = made(dataset, "annoy", tmp_path / "index", trees=3)
    kept.keep(handle, dataset)
    assert kept.found(dataset, "annoy", "cosine", handle.params) is None
    assert kept.found(dataset, "annoy", "euclidean", {**handle.params, "trees": 4}) is None
    assert kept.found(dataset, "annoy", "euclidean", handle.params) is not None


@pytest.mark.parametrize("harm", ["cut", "sidecar", "path"])
def test_what_was_harmed_is_removed_and_not_found(dataset: Dataset, tmp_path: Path, harm: str) -> None:
    handle = made(dataset, "annoy", tmp_path / "index", trees=3)
    kept.keep(handle, dataset)
    found = kept.found(dataset, "annoy", "euclidean", handle.params)
    assert found is not None
    about = found.path.with_name(kept.ABOUT)
    if harm == "cut":
        found.path.write_bytes(found.path.read_bytes()[:-7])
    elif harm == "sidecar":
        about.write_text("{", "utf-8")
    else:
        about.write_text(about.read_text("utf-8").replace(found.path.name, "../../x"), "utf-8")
    assert kept.found(dataset, "annoy", "euclidean", handle.params) is None
    assert not found.path.exists()


def test_the_oldest_gives_way_and_what_is_too_large_is_not_kept(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles = [made(dataset, "annoy", tmp_path / str(trees), trees=trees) for trees in (2, 3, 4)]
    monkeypatch.setattr(budget, "limit", lambda: int(sum(h.bytes for h in handles[1:]) / kept.SHARE) + 4000)
    for handle in handles[:2]:
        kept.keep(handle, dataset)
    first = kept.found(dataset, "annoy", "euclidean", handles[0].params)
    assert first is not None
    long_ago = time.time() - 2 * kept.YOUNG_SECONDS
    os.utime(first.path.parent, (long_ago, long_ago))
    kept.keep(handles[2], dataset)
    there = [kept.found(dataset, "annoy", "euclidean", handle.params) is not None for handle in handles]
    assert there == [False, True, True]
    monkeypatch.setattr(budget, "limit", lambda: handles[0].bytes)
    kept.keep(handles[0], dataset)
    assert kept.found(dataset, "annoy", "euclidean", handles[0].params) is None
