"""Bad files, opened in a real child: each is a Dataset or one sentence, soon, and in little memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadFile, ExplorerError
from explorer.work.requests import ReadRequest
from tests.fuzz.asking import Reader
from tests.fuzz.bad import BAD, ODD

NEVER_A_DATASET = ("terabytes", "overflow", "beyond", "negative", "no-", "none", "huge-", "damaged", "code", "empty")
SOON_SECONDS = 30.0


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_dataset_or_a_sentence(name: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / name
    BAD[name](path)
    started = time.monotonic()
    found = reader.outcome(ReadRequest(str(path)))
    assert time.monotonic() - started < SOON_SECONDS
    if name.startswith(NEVER_A_DATASET) and name not in ("huge-numbers.csv", "huge-header.vec"):
        assert isinstance(found, ExplorerError), found
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_file_is_a_sentence_at_once(name: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / name
    ODD[name](path)
    assert isinstance(reader.outcome(ReadRequest(str(path))), BadFile)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.ones((4, 2), np.float32))
    path.chmod(0)
    assert "Permission denied" in str(reader.outcome(ReadRequest(str(path))))


def test_names_that_no_file_can_have_are_sentences(reader: Reader, tmp_path: Path) -> None:
    for name in ("x" * 300 + ".npy", "nul\0.npy"):
        assert isinstance(reader.outcome(ReadRequest(str(tmp_path / name))), BadFile)


@pytest.mark.skipif(os.name != "posix", reason="a mapped file cannot be cut short there")
def test_a_file_that_shrinks_after_it_was_opened_is_a_sentence(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.ones((1000, 8), np.float32))
    dataset = reader.outcome(ReadRequest(str(path)))
    assert isinstance(dataset, Dataset)
    os.truncate(path, 200)
    with pytest.raises(BadFile, match="has changed since"):
        dataset.check_unchanged()
    assert "cut short" in str(reader.outcome(ReadRequest(str(path))))
