"""The projection of a Dataset, by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from explorer import projection
from explorer.core.dataset import Dataset
from explorer.errors import BadParameter


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    path = tmp_path / "vectors.npy"
    np.save(path, np.random.default_rng(0).standard_normal((120, 6)).astype(np.float32))
    stat = path.stat()
    return Dataset(
        folder=tmp_path,
        path=path,
        title="vectors",
        format="npy",
        vectors_path=path,
        rows=120,
        dimensions=6,
        dtype="float32",
        metric="euclidean",
        stamp=(stat.st_size, stat.st_mtime_ns),
        source_rows=120,
    )


def test_methods_by_name() -> None:
    assert list(projection.types()) == ["pca", "umap"]
    assert all(method.name == name and method.title for name, method in projection.types().items())


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_a_dataset_is_projected(dataset: Dataset, method: str) -> None:
    made = projection.projected(dataset, "dot", method, {}, seed=1)
    assert made.positions.shape == (120, 2) and np.isfinite(made.positions).all()
    assert (made.method, made.metric, made.seed) == (method, "cosine", 1)
    assert made.seconds >= sum(made.stages.values()) > 0
    expected = {"n_neighbors": 15, "min_dist": 0.1, "n_epochs": 200} if method == "umap" else {}
    assert made.params == expected


def test_wrong_names_and_ranges_are_said(dataset: Dataset) -> None:
    with pytest.raises(BadParameter, match="pca, umap"):
        projection.projected(dataset, "cosine", "tsne", {})
    with pytest.raises(BadParameter, match="2 to 200"):
        projection.projected(dataset, "cosine", "umap", {"n_neighbors": 1})
    with pytest.raises(BadParameter, match="n_neighbors"):
        projection.projected(dataset, "cosine", "umap", {"neighbors": 5})


def test_finding_the_methods_loads_no_heavy_library() -> None:
    program = (
        "import sys; from explorer import projection; projection.types();"
        "print([name for name in ('umap', 'numba', 'scipy', 'sklearn') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "[]"
