"""Datasets without any file format, and opened indexes over them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from tests.indexes.conftest import saved_dataset

NewDataset = Callable[[NDArray[Any]], Dataset]


@pytest.fixture
def new_dataset(tmp_path: Path) -> NewDataset:
    """new_dataset(vectors) → a Dataset of its own."""
    made = 0

    def make(vectors: NDArray[np.float32]) -> Dataset:
        nonlocal made
        made += 1
        return saved_dataset(tmp_path / f"dataset{made}", vectors)

    return make
