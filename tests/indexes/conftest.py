"""Datasets for index tests, made without any file format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset, save
from explorer.core.metric import Metric

MakeDataset = Callable[..., Dataset]


def saved_dataset(folder: Path, vectors: NDArray[Any], metric: Metric = "cosine") -> Dataset:
    """A Dataset over `vectors` (n, d), its files in a new folder."""
    folder.mkdir()
    where = folder / "vectors.npy"
    np.save(where, np.ascontiguousarray(vectors, np.float32))
    stat = where.stat()
    rows, dimensions = vectors.shape
    dataset = Dataset(
        folder=folder,
        path=where,
        title="test",
        format="npy",
        vectors_path=where,
        rows=rows,
        dimensions=dimensions,
        dtype="float32",
        metric=metric,
        stamp=(stat.st_size, stat.st_mtime_ns),
        source_rows=rows,
        zero_rows=int((~vectors.any(axis=1)).sum()),
    )
    save(dataset)
    return dataset


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """make_dataset(vectors) → a Dataset of its own."""
    made = 0

    def make(vectors: NDArray[Any], metric: Metric = "cosine") -> Dataset:
        nonlocal made
        made += 1
        return saved_dataset(tmp_path / f"dataset{made}", vectors, metric)

    return make
