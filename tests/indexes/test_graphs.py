"""The graph libraries: what each is told, its own files, and files made elsewhere, good and bad."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import ranked
from explorer.errors import BadFile, BadParameter
from explorer.indexes import asking, graphs, hnsw_file, type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.indexes.saved import open_saved, save_index, sidecar_of

MakeDataset = Callable[..., Dataset]

SINGLE: dict[str, dict[str, object]] = {
    "hnswlib": {"M": 8, "seed": 3},
    "usearch": {"connectivity": 8, "threads": 1},
    "voyager": {"M": 8, "seed": 3},
}
EFFORT = {"hnswlib": "ef", "usearch": "expansion_search", "voyager": "query_ef"}
HERE = [
    pytest.param(name, marks=pytest.mark.skipif(bool(reason := type_named(name).unavailable()), reason=str(reason)))
    for name in SINGLE
]
SAVING = pytest.mark.parametrize("name", HERE)
METRICS: tuple[Metric, ...] = ("cosine", "euclidean", "dot")


def vectors(rows: int = 600) -> NDArray[np.float32]:
    found = np.random.default_rng(2).standard_normal((rows, 10)) * np.linspace(0.5, 2, rows)[:, None]
    return found.astype(np.float32)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(vectors())


def found_share(handle: IndexHandle, dataset: Dataset, effort: int) -> float:
    """How many of the ten nearest of some rows are found."""
    kind, hits = type_named(handle.type), 0
    searcher = kind.open(handle, dataset)
    params = asking.resolved(handle, {EFFORT[handle.type]: effort}, 10)
    for row in range(0, dataset.rows, 20):
        query = dataset.vectors[row]
        true = ranked(dataset.vectors, query, np.arange(dataset.rows), handle.metric, 10)
        rows = searcher.search(query[None], 10, params)[0]
        hits += len(set(rows.tolist()) & set(true.rows.tolist()))
    searcher.close()
    return hits / (10 * len(range(0, dataset.rows, 20)))


@SAVING
@pytest.mark.parametrize("metric", METRICS)
def test_more_effort_finds_more(dataset: Dataset, tmp_path: Path, name: str, metric: Metric) -> None:
    handle = built(dataset, name, metric, {**SINGLE[name]}, tmp_path / "index")
    little, much = (found_share(handle, dataset, effort) for effort in (10, 300))
    assert little <= much
    assert much >= 0.99


@SAVING
def test_on_one_core_the_same_index_twice(dataset: Dataset, tmp_path: Path, name: str) -> None:
    one, other = (built(dataset, name, "cosine", SINGLE[name], tmp_path / folder) for folder in ("one", "other"))
    assert one.path.read_bytes() == other.path.read_bytes()


@SAVING
def test_effort_left_to_the_library_follows_k(dataset: Dataset, tmp_path: Path, name: str) -> None:
    handle = built(dataset, name, "cosine", SINGLE[name], tmp_path / "index")
    least = {"hnswlib": 10, "usearch": 64, "voyager": 10}[name]
    assert asking.resolved(handle, {}, 3) == {EFFORT[name]: least}
    assert asking.resolved(handle, {}, 500) == {EFFORT[name]: 500}
    searcher = type_named(name).open(handle, dataset)
    assert (searcher.search(dataset.vectors[:3], 500, {EFFORT[name]: 1}) >= -1).all()
    searcher.close()


@SAVING
def test_lengths_beyond_float32_are_refused_or_scaled(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    tiny = make_dataset(vectors() * np.float32(1e-30))
    with pytest.raises(BadParameter, match=r"too small for .* under euclidean .*; scale them"):
        built(tiny, name, "euclidean", SINGLE[name], tmp_path / "index")
    handle = built(tiny, name, "cosine", SINGLE[name], tmp_path / "index")
    assert found_share(handle, tiny, 300) >= 0.99


def test_where_fewer_are_found_the_most_there_are() -> None:
    for there in (0, 1, 6, 99, 100):

        def ask(count: int, there: int = there) -> NDArray[np.int64]:
            if count > there:
                raise RuntimeError
            return np.arange(count)

        assert len(graphs.as_many(ask, 100)) == there


@SAVING
def test_a_library_that_is_not_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module = type(type_named(name)).__module__
    monkeypatch.setattr(f"{module}.find_spec", lambda _: None)
    assert type_named(name).unavailable() == (
        f"The library {name} is not installed here; “pip install ann-explorer[{name}]” adds it."
    )


# --- files that the libraries themselves have written


def written_elsewhere(name: str, metric: Metric, x: NDArray[np.float32], path: Path) -> None:
    """A file that no code of ours has touched, the same every time."""
    if name == "hnswlib":
        import hnswlib

        index: Any = hnswlib.Index({"cosine": "cosine", "euclidean": "l2", "dot": "ip"}[metric], x.shape[1])
        index.init_index(len(x) + 50, M=12, ef_construction=77)
        order = np.random.default_rng(1).permutation(len(x))
        index.add_items(x[order], order, num_threads=1)
        index.save_index(str(path))
    elif name == "voyager":
        import voyager

        space = {"cosine": "Cosine", "euclidean": "Euclidean", "dot": "InnerProduct"}[metric]
        index = voyager.Index(getattr(voyager.Space, space), x.shape[1], M=12, ef_construction=77)
        index.add_items(x, num_threads=1)
        index.save(str(path))
    else:
        from usearch.index import Index

        index = Index(ndim=x.shape[1], metric={"cosine": "cos", "euclidean": "l2sq", "dot": "ip"}[metric], dtype="f32")
        index.add(np.arange(len(x)), x, threads=1)
        index.save(str(path))


@SAVING
@pytest.mark.parametrize("metric", METRICS)
def test_a_file_made_elsewhere_opens(dataset: Dataset, tmp_path: Path, name: str, metric: Metric) -> None:
    path = tmp_path / "theirs.index"
    written_elsewhere(name, metric, np.array(dataset.vectors), path)
    if name == "hnswlib" and metric != "cosine":
        with pytest.raises(BadFile, match="look alike; add “--metric euclidean” or “--metric dot”"):
            open_saved(path, dataset)
        handle = open_saved(path, dataset, metric)
    else:
        handle = open_saved(path, dataset)
    assert (handle.type, handle.metric, handle.rows) == (name, metric, 600)
    if name != "usearch":
        assert handle.params == {"M": 12, "ef_construction": 77}
    assert found_share(handle, dataset, 300) >= 0.99


@SAVING
def test_an_adopted_file_can_be_saved_again(dataset: Dataset, tmp_path: Path, name: str) -> None:
    path, out = tmp_path / "theirs.index", tmp_path / "ours"
    written_elsewhere(name, "cosine", np.array(dataset.vectors), path)
    save_index(open_saved(path, dataset), dataset, out)
    assert open_saved(out, dataset, "cosine").metric == "cosine"
    assert sidecar_of(out).is_file()


@SAVING
def test_a_file_of_other_vectors_is_refused(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    path = tmp_path / "theirs.index"
    written_elsewhere(name, "cosine", vectors(), path)
    for other in (vectors()[::-1], vectors()[:, :9], vectors()[:599]):
        with pytest.raises(BadFile):
            open_saved(path, make_dataset(other))
    with pytest.raises(BadFile):
        open_saved(path, make_dataset(vectors()), "euclidean")


@SAVING
def test_every_cut_and_many_a_changed_byte_end_in_a_sentence(
    make_dataset: MakeDataset, tmp_path: Path, name: str
) -> None:
    """Nothing is handed to the library here: what passes the check has to be harmless to it, see below."""
    dataset = make_dataset(vectors(60))
    path = tmp_path / "theirs.index"
    written_elsewhere(name, "euclidean", np.array(dataset.vectors), path)
    kind, whole = type_named(name), path.read_bytes()
    kind.adopted(path, dataset, "euclidean")
    for end in [*range(0, 200, 7), *range(200, len(whole), 131), len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(BadFile):
            kind.adopted(path, dataset, "euclidean")
    refused = 0
    random = np.random.default_rng(4)
    for place in random.integers(0, len(whole), 400):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1 :])
        try:
            handle = kind.adopted(path, dataset, "euclidean")
        except BadFile:
            refused += 1
        else:
            searcher = kind.open(handle, dataset)
            assert searcher.search(dataset.vectors[:5], 10, {EFFORT[name]: 60}).max() < 60
            searcher.close()
    assert refused > 100


hnswlib_only = pytest.mark.skipif(
    bool(type_named("hnswlib").unavailable()), reason=str(type_named("hnswlib").unavailable())
)


@hnswlib_only
def test_deleted_elements_are_not_found(dataset: Dataset, tmp_path: Path) -> None:
    import hnswlib

    index: Any = hnswlib.Index("l2", 10)
    index.init_index(600)
    index.add_items(np.array(dataset.vectors))
    gone = set(range(0, 600, 3))
    for row in gone:
        index.mark_deleted(row)
    path = tmp_path / "theirs.bin"
    index.save_index(str(path))
    handle = open_saved(path, dataset, "euclidean")
    searcher = type_named("hnswlib").open(handle, dataset)
    found = searcher.search(dataset.vectors[:9], 500, {"ef": 600})
    assert not gone & set(found.ravel().tolist())
    assert set(found[0].tolist()) == set(range(600)) - gone | {-1}
    searcher.close()


@hnswlib_only
@pytest.mark.parametrize(
    ("offset", "form", "value", "said"),
    [
        (8, "<Q", 2**60, "is no hnsw index|damaged|index"),
        (16, "<Q", 2**60, "is no hnsw index"),
        (24, "<Q", 4, "is no hnsw index"),
        (32, "<Q", 7, "is no hnsw index"),
        (48, "<i", 30, "levels do not fit"),
        (52, "<I", 2**31, "is no hnsw index"),
        (56, "<Q", 3, "links have a wrong size"),
        (64, "<Q", 2**40, "is no hnsw index"),
    ],
)
def test_a_head_that_lies_is_refused(
    dataset: Dataset, tmp_path: Path, offset: int, form: str, value: int, said: str
) -> None:
    path = tmp_path / "hostile.bin"
    written_elsewhere("hnswlib", "euclidean", np.array(dataset.vectors), path)
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, offset, value)
    path.write_bytes(content)
    if offset == 8:  # room for more: hnswlib is told to make room for what is there
        handle = open_saved(path, dataset, "euclidean")
        assert found_share(handle, dataset, 300) >= 0.99
        return
    with pytest.raises(BadFile, match=said):
        type_named("hnswlib").adopted(path, dataset, "euclidean")


@hnswlib_only
def test_links_and_labels_that_lead_astray_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "hostile.bin"
    written_elsewhere("hnswlib", "euclidean", np.array(dataset.vectors), path)
    whole, file = path.read_bytes(), hnsw_file.read(path)
    last = hnsw_file.HEAD.size + 599 * file.element_bytes
    above = hnsw_file.HEAD.size + 600 * file.element_bytes
    upper = above
    while not struct.unpack_from("<I", whole, upper)[0]:
        upper += 4
    for offset, form, value, said in (
        (last, "<H", 60000, "more links than there is room for"),
        (last + 4, "<I", 600, "a link leads to an element that is not there"),
        (last + file.element_bytes - 8, "<Q", 600, "label 600, and there are 600 rows"),
        (last + 4 + 4 * file.most, "<f", 99.0, "vectors are not those of"),
        (upper + 4, "<H", 60000, "more links than there is room for"),
        (upper + 8, "<I", 2**31, "a link leads to an element that is not there"),
    ):
        content = bytearray(whole)
        struct.pack_into(form, content, offset, value)
        path.write_bytes(content)
        with pytest.raises(BadFile, match=said):
            type_named("hnswlib").adopted(path, dataset, "euclidean")
    twice = bytearray(whole)
    label = struct.unpack_from("<Q", whole, hnsw_file.HEAD.size + file.element_bytes - 8)[0]
    struct.pack_into("<Q", twice, last + file.element_bytes - 8, label)
    path.write_bytes(twice)
    with pytest.raises(BadFile, match="two of its elements are the same row"):
        type_named("hnswlib").adopted(path, dataset, "euclidean")
