"""Query sets and their truth, in the layouts that people publish them in."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadFile, BadInput, BadParameter
from explorer.formats import query_sets

RNG = np.random.default_rng(4)
QUERIES = RNG.normal(size=(7, 5)).astype(np.float32)
IDS = RNG.permutation(7 * 4).reshape(7, 4)
DISTANCES = np.sort(RNG.random((7, 4)).astype(np.float32), axis=1)


@pytest.fixture
def queries(tmp_path: Path) -> str:
    np.save(tmp_path / "q.npy", QUERIES)
    return str(tmp_path / "q.npy")


def benchmark(path: Path) -> str:
    import h5py

    with h5py.File(path, "w") as file:
        file["train"] = RNG.normal(size=(30, 5)).astype(np.float32)
        file["test"], file["neighbors"], file["distances"] = QUERIES, IDS.astype(np.int32), DISTANCES
        file.attrs["distance"] = "angular"
    return str(path)


def test_a_file_of_ann_benchmarks_has_all_of_it(tmp_path: Path) -> None:
    path = benchmark(tmp_path / "x.hdf5")
    for named in (path, f"{path}:test"):
        found = query_sets.read(named)
        np.testing.assert_array_equal(found.vectors, QUERIES)
        assert found.neighbours is not None and found.distances is not None
        np.testing.assert_array_equal(found.neighbours, IDS)
        np.testing.assert_array_equal(found.distances, DISTANCES.astype(np.float64))
        assert found.source == f"{path}:test"


def test_plain_vectors_are_queries_without_truth(queries: str, tmp_path: Path) -> None:
    records = b"".join(struct.pack("<i", 5) + row.tobytes() for row in QUERIES)
    (tmp_path / "q.fvecs").write_bytes(records)
    (tmp_path / "q.fbin").write_bytes(struct.pack("<II", 7, 5) + QUERIES.tobytes())
    for path in (queries, str(tmp_path / "q.fvecs"), str(tmp_path / "q.fbin")):
        found = query_sets.read(path)
        np.testing.assert_array_equal(found.vectors, QUERIES)
        assert found.neighbours is None and found.distances is None and found.dropped == 0


def test_truth_in_a_file_of_its_own(queries: str, tmp_path: Path) -> None:
    (tmp_path / "t.ivecs").write_bytes(b"".join(struct.pack("<i", 4) + row.astype("<i4").tobytes() for row in IDS))
    np.save(tmp_path / "t.npy", IDS)
    (tmp_path / "ids.bin").write_bytes(struct.pack("<II", 7, 4) + IDS.astype("<u4").tobytes())
    both = struct.pack("<II", 7, 4) + IDS.astype("<u4").tobytes() + DISTANCES.tobytes()
    (tmp_path / "both.ibin").write_bytes(both)
    benchmark(tmp_path / "b.hdf5")
    for name, has_distances in (
        ("t.ivecs", False),
        ("t.npy", False),
        ("ids.bin", False),
        ("both.ibin", True),
        ("b.hdf5", True),
        ("b.hdf5:neighbors", True),
    ):
        found = query_sets.read(queries, str(tmp_path / name))
        assert found.neighbours is not None
        np.testing.assert_array_equal(found.neighbours, IDS)
        assert (found.distances is not None) == has_distances


def test_queries_that_are_not_finite_are_dropped_with_their_truth(tmp_path: Path) -> None:
    broken = QUERIES.copy()
    broken[2, 1] = np.nan
    np.save(tmp_path / "q.npy", broken)
    np.save(tmp_path / "t.npy", IDS)
    found = query_sets.read(str(tmp_path / "q.npy"), str(tmp_path / "t.npy"))
    assert found.dropped == 1 and len(found) == 6 and found.neighbours is not None
    np.testing.assert_array_equal(found.neighbours, np.delete(IDS, 2, axis=0))


def test_what_does_not_fit_is_a_sentence(queries: str, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", IDS[:3])
    with pytest.raises(BadFile, match=r"few\.npy: it tells the neighbours of 3 queries, and there are 7"):
        query_sets.read(queries, str(tmp_path / "few.npy"))
    with pytest.raises(BadFile, match="should be whole numbers"):
        query_sets.read(queries, queries)
    with pytest.raises(BadParameter, match="has no arrays by name"):
        query_sets.read(f"{queries}:test")
    with pytest.raises(BadInput, match="there is no such file"):
        query_sets.read(str(tmp_path / "none.npy"))
    with pytest.raises(BadInput, match="holds no array “none”"):
        query_sets.read(f"{benchmark(tmp_path / 'b.hdf5')}:none")
    ranges = struct.pack("<II", 7, 3) + np.arange(7, dtype="<i4").tobytes() + bytes(4 * 3 + 4 * 3)
    (tmp_path / "range.bin").write_bytes(ranges)
    with pytest.raises(BadFile, match="within a distance"):
        query_sets.read(queries, str(tmp_path / "range.bin"))
    np.save(tmp_path / "nan.npy", np.full((3, 5), np.nan, np.float32))
    with pytest.raises(BadFile, match="none of its queries is usable"):
        query_sets.read(str(tmp_path / "nan.npy"))


def test_a_colon_in_a_file_s_own_name_is_no_array(tmp_path: Path) -> None:
    np.save(tmp_path / "q.npy", QUERIES)
    (tmp_path / "q.npy").rename(tmp_path / "a:b.npy")
    assert query_sets.named(str(tmp_path / "a:b.npy")) == query_sets.Named(tmp_path / "a:b.npy")
    assert query_sets.named(f"{tmp_path / 'a:b.npy'}:x") == query_sets.Named(tmp_path / "a:b.npy", "x")
    assert query_sets.named("C:\\nowhere.npy") == query_sets.Named(Path("C:\\nowhere.npy"))
