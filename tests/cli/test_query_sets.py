"""`explorer recall --queries-from`: queries that somebody made, and their published truth."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.cli.conftest import Run

RNG = np.random.default_rng(9)


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """A file as those of ann-benchmarks."""
    vectors, queries = (RNG.normal(size=(n, 6)).astype(np.float32) for n in (200, 25))
    found = cdist(queries, vectors)
    with h5py.File(tmp_path / "set-6-euclidean.hdf5", "w") as file:
        file["train"], file["test"] = vectors, queries
        file["neighbors"] = np.argsort(found, axis=1)[:, :12].astype(np.int32)
        file["distances"] = np.sort(found, axis=1)[:, :12].astype(np.float32)
        file.attrs["distance"] = "euclidean"
    return tmp_path / "set-6-euclidean.hdf5"


def test_a_file_of_ann_benchmarks_is_asked_its_own_queries(explorer: Run, benchmark: Path) -> None:
    said = explorer("recall", benchmark, "--queries-from", benchmark, "--json").json
    assert (said["recall"], said["queries"], said["queries_from"]) == (1.0, 25, f"{benchmark}:test")
    published = said["published"]
    assert (published["neighbours_agree"], published["distances_agree"], published["convention"]) == (1, 1, "euclidean")
    lines = explorer("recall", benchmark, "--queries-from", benchmark, "--queries", 9).out.splitlines()
    assert lines[0] == f"recall@10  1.0000 ± 0.0000 over 9 queries of {benchmark}:test"
    assert lines[-1].startswith("truth      of the published neighbours 100 % are true (the first 10 of 9 queries)")


def test_rows_of_the_dataset_have_no_published_truth(explorer: Run, benchmark: Path) -> None:
    said = explorer("recall", benchmark, "--queries", 20, "--json").json
    assert (said["queries_from"], said["published"]) == (None, None)


def test_what_does_not_go_together_is_a_sentence(explorer: Run, benchmark: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "q.npy", np.ones((3, 4), np.float32))
    done = explorer("recall", benchmark, "--queries-from", tmp_path / "q.npy")
    assert done.status == 2 and "have 4 dimensions" in done.err and done.err.count("\n") == 1
    done = explorer("recall", benchmark, "--truth", benchmark)
    assert done.status == 2 and "--truth goes with --queries-from" in done.err
    done = explorer("recall", benchmark, "--queries-from", tmp_path / "none.npy")
    assert done.status == 2 and "there is no such file" in done.err
