from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from explorer.core import dataset as datasets
from explorer.core.column import from_numbers, from_text
from explorer.core.dataset import Dataset, fingerprinted
from explorer.core.names import Names
from explorer.core.strings import Strings
from explorer.errors import BadFile

VECTORS = np.random.default_rng(0).normal(size=(6, 4)).astype("f4")


def made(folder: Path) -> Dataset:
    folder.mkdir()
    np.save(folder / "vectors.npy", VECTORS)
    stat = (folder / "vectors.npy").stat()
    words = ["a", "b", "", "b", "Ä", "f"]
    return Dataset(
        folder=folder,
        path=folder.parent / "source.npy",
        title="t",
        format="npy",
        vectors_path=folder / "vectors.npy",
        rows=6,
        dimensions=4,
        dtype="float64",
        metric="dot",
        stamp=(stat.st_size, stat.st_mtime_ns),
        source_rows=8,
        source_row_of=np.array([0, 1, 3, 4, 6, 7]),
        names=Names.of(Strings.of(words)),
        name_column="word",
        columns=(from_text("word", words), from_text("kind", ["x", "y"] * 3), from_numbers("n", np.arange(6) / 2)),
        warnings=("one",),
        zero_rows=1,
        encoder="static",
        facts={"k": "v"},
    )


def test_what_is_saved_opens_the_same_after_a_rename(tmp_path: Path) -> None:
    old = made(tmp_path / "part")
    datasets.save(old)
    (tmp_path / "part").rename(tmp_path / "kept")
    new = datasets.opened(tmp_path / "kept")
    for field in fields(Dataset):
        if field.name not in ("folder", "vectors_path", "source_row_of", "names", "columns"):
            assert getattr(new, field.name) == getattr(old, field.name), field.name
    np.testing.assert_array_equal(new.vectors, VECTORS)
    assert [new.name(row) for row in range(6)] == ["a", "b", "#2", "b", "Ä", "f"]
    assert [new.source_row(row) for row in range(6)] == [0, 1, 3, 4, 6, 7]
    assert new.names is not None
    assert new.names.rows_called("ä").tolist() == [4]
    for mine, theirs in zip(new.columns, old.columns, strict=True):
        assert (mine.name, mine.kind, mine.labels, mine.whole) == (
            theirs.name,
            theirs.kind,
            theirs.labels,
            theirs.whole,
        )
        assert [mine.cell(row) for row in range(6)] == [theirs.cell(row) for row in range(6)]
    assert new.dropped == 2
    assert new.column("kind") is new.columns[1]
    assert new.column("none") is None


def test_the_fingerprint_is_of_shape_and_vectors(tmp_path: Path) -> None:
    dataset = made(tmp_path / "d")
    expected = hashlib.blake2b(np.array([6, 4], "<i8").tobytes() + VECTORS.tobytes(), digest_size=16).hexdigest()
    assert dataset.fingerprint == ""
    assert fingerprinted(dataset) == expected
    assert dataset.fingerprint == expected


def test_a_file_that_shrinks_or_goes_is_told(tmp_path: Path) -> None:
    dataset = made(tmp_path / "d")
    dataset.vectors_path.write_bytes(b"short")
    with pytest.raises(BadFile, match="changed"):
        dataset.check_unchanged()
    dataset.vectors_path.unlink()
    with pytest.raises(BadFile, match="no longer there"):
        _ = dataset.vectors
