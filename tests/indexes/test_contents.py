"""An index file as the vectors that it holds: files that the libraries wrote without us, whole and harmed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.errors import BadFile, BadParameter, Untold
from explorer.indexes import type_named
from explorer.indexes.annoy import layout, readings
from explorer.indexes.base import Held
from explorer.indexes.saved import index_file

MakeDataset = Callable[..., Dataset]
faiss = pytest.importorskip("faiss")

STORED = ["Flat", "IVF8,Flat", "HNSW8,Flat", "IVF8_HNSW4,Flat", "NSG8,Flat", "SQ8,RFlat"]
CODED = [
    "SQ8",
    "SQfp16",
    "IVF8,SQ8",
    "PQ4x4",
    "IVF8,PQ4x4np",
    "IVF8,PQ4x4fs",
    "OPQ4,IVF8,PQ4x4fs",
    "HNSW8,SQ8",
    "PCA4,Flat",
]
NUMBERED = ["IVF8,Flat", "IDMap,Flat", "IDMap2,HNSW8", "IDMap,IVF8,SQ8", "OPQ4,IVF8,PQ4x4np"]


def vectors(rows: int = 500, dimensions: int = 16) -> NDArray[np.float32]:
    return np.random.default_rng(3).standard_normal((rows, dimensions)).astype(np.float32)


def unit(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def held(path: Path, dimensions: int | None = None, metric: Metric | None = None) -> Held:
    found = index_file(path, dimensions, metric)
    assert found is not None
    return found.contents()


def faiss_file(path: Path, factory: str, x: NDArray[np.float32], ids: Any = None, metric: int = 1) -> None:
    index = faiss.index_factory(x.shape[1], factory, metric)
    index.train(x)
    index.add(x) if ids is None else index.add_with_ids(x, ids)
    faiss.write_index(index, str(path))


def annoy_file(path: Path, metric: Any, x: NDArray[np.float32], trees: int = 5, cores: int = 1) -> None:
    from annoy import AnnoyIndex

    index = AnnoyIndex(x.shape[1], metric)
    for row, vector in enumerate(x.tolist()):
        index.add_item(row, vector)
    index.build(trees, n_jobs=cores)
    index.save(str(path))


# --- Annoy


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize(("rows", "dimensions", "trees"), [(2, 5, 3), (50, 8, 1), (300, 2, 2), (3000, 25, 7)])
@pytest.mark.parametrize("own", ["angular", "euclidean", "manhattan", "dot"])
def test_an_annoy_file_tells_what_it_holds(
    tmp_path: Path, own: str, rows: int, dimensions: int, trees: int, cores: int
) -> None:
    x, path = vectors(rows, dimensions), tmp_path / "theirs.ann"
    annoy_file(path, own, x, trees, cores)
    metric: Metric = {"angular": "cosine", "dot": "dot"}.get(own, own)  # type: ignore[assignment]
    if own in ("euclidean", "manhattan"):
        with pytest.raises(Untold, match="add “--metric euclidean” or “--metric manhattan”") as raised:
            held(path)
        assert raised.value.readings == ((dimensions, "euclidean"), (dimensions, "manhattan"))
        found = held(path, None, metric)
    else:
        found = held(path)
    assert (found.metric, found.labels, found.notes, found.answers) == (metric, None, (), True)
    assert found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors, x)
    for wrong in ({"dimensions": dimensions + 1, "metric": metric}, {"dimensions": dimensions - 1, "metric": metric}):
        with pytest.raises((BadFile, BadParameter), match=r"it can be one of|dimensions is 1 to"):
            held(path, **wrong)  # type: ignore[arg-type]


def test_our_own_inner_product_is_among_the_readings(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors(400, 6)
    path = type_named("annoy").build(make_dataset(x), "dot", {"trees": 3}, tmp_path, lambda *_: None).path
    with pytest.raises(Untold, match="“--dimensions 6 --metric dot”") as raised:
        held(path)
    assert raised.value.readings == ((7, "euclidean"), (7, "manhattan"), (6, "dot"))
    np.testing.assert_array_equal(held(path, None, "dot").vectors, x)


def test_an_annoy_file_is_known_under_any_name(tmp_path: Path) -> None:
    annoy_file(tmp_path / "forest.tree", "angular", vectors())
    found = index_file(tmp_path / "forest.tree")
    assert found is not None
    assert found.kind.name == "annoy"
    (tmp_path / "noise.tree").write_bytes(np.random.default_rng(1).bytes(40_000))
    assert index_file(tmp_path / "noise.tree") is None


def _harmed(path: Path, what: str, rows: int) -> None:
    node = layout.Layout("angular", 16)
    whole = np.fromfile(path, np.int32).reshape(-1, node.node_bytes // 4)
    splits = np.flatnonzero((whole[:, 0] > node.leaf_most) & (np.arange(len(whole)) > rows))
    leaf = int(np.flatnonzero((whole[:, 0] <= node.leaf_most) & (np.arange(len(whole)) >= rows))[0])
    if what == "loop":
        whole[splits[0], 2] = splits[0]
    if what == "out":
        whole[splits[0], 1] = len(whole) + 5
    if what == "swapped":
        whole[splits[0], 1] = rows
    if what == "twice":
        whole[leaf, 1] = whole[leaf, 2]
    if what == "normal":
        whole[splits, 3:] = np.float32(7).view(np.int32)
    whole.tofile(path)


@pytest.mark.parametrize("what", ["loop", "out", "swapped", "twice", "normal"])
def test_a_forest_that_leads_astray_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "harmed.ann"
    annoy_file(path, "angular", vectors(800))
    _harmed(path, what, 800)
    with pytest.raises(BadFile, match="it is damaged") as raised:
        held(path)
    assert not isinstance(raised.value, Untold)
    assert str(raised.value).count(str(path)) == 1


@pytest.mark.parametrize(
    "content", [b"x", b"\0" * 7600, b"\1\0\0\0" * 5000, b"\xff" * 76 * 300, np.random.default_rng(0).bytes(76 * 300)]
)
@pytest.mark.parametrize("suffix", sorted({".ann", ".faiss", ".bin", ".usearch", type_named("voyager").suffix}))
def test_what_is_no_index_is_a_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"not{suffix}"
    path.write_bytes(content)
    found = index_file(path)
    assert found is not None
    with pytest.raises(BadFile):
        found.contents()


def test_a_large_reading_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.ann"
    annoy_file(path, "euclidean", vectors(3000, 25))
    assert next(iter(readings.likely(path))) == (layout.Layout("euclidean", 25), 3000)


# --- Faiss


@pytest.mark.parametrize("factory", STORED)
def test_faiss_gives_back_what_it_stores(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    x, path = vectors(), tmp_path / "theirs.faiss"
    for number, metric in ((1, "euclidean"), (0, "dot")):
        faiss_file(path, factory, x, metric=number)
        found = held(path)
        assert (found.metric, found.labels, found.notes) == (metric, None, ())
        np.testing.assert_array_equal(found.vectors, x)
    faiss_file(path, factory, unit(x), metric=0)
    found = held(path)
    assert found.metric == "cosine"
    assert "unit length" in found.notes[0]
    with pytest.raises(BadFile, match="its vectors have 16 dimensions, not 8"):
        held(path, 8)
    with pytest.raises(BadFile, match="it is a Faiss index for dot, not manhattan"):
        held(path, None, "manhattan")


@pytest.mark.parametrize("factory", CODED)
def test_decoded_vectors_are_said_to_be_decoded(tmp_path: Path, factory: str) -> None:
    x, path = vectors(), tmp_path / "theirs.faiss"
    faiss_file(path, factory, x)
    found = held(path)
    assert "decoded from the index's codes" in found.notes[0]
    own = np.linalg.norm(found.vectors - x, axis=1)
    others = np.linalg.norm(found.vectors - np.roll(x, 250, axis=0), axis=1)
    assert (own < others).mean() > 0.8


@pytest.mark.parametrize("factory", NUMBERED)
def test_faiss_vectors_stand_in_the_order_of_their_numbers(tmp_path: Path, factory: str) -> None:
    x, path = vectors(), tmp_path / "theirs.faiss"
    ids = np.random.default_rng(1).permutation(len(x)).astype(np.int64) * 7 - 20
    faiss_file(path, factory, x, ids)
    found = held(path)
    assert found.labels is not None
    np.testing.assert_array_equal(found.labels, np.sort(ids))
    assert np.abs(found.vectors - x[np.argsort(ids)]).mean() < (1e-9 if "Q" not in factory else 0.5)
    dense = np.random.default_rng(2).permutation(len(x)).astype(np.int64)
    faiss_file(path, factory, x, dense)
    assert held(path).labels is None


def test_what_faiss_cannot_give_asks_for_the_vectors(tmp_path: Path) -> None:
    path = tmp_path / "theirs.faiss"
    faiss_file(path, "ITQ8,LSH", vectors())
    with pytest.raises(Untold, match=r"reverse transform not implemented\); add “--vectors FILE”") as raised:
        held(path)
    assert raised.value.readings == ()


def test_other_metrics_of_faiss_can_be_looked_at(tmp_path: Path) -> None:
    x, path = vectors(), tmp_path / "theirs.faiss"
    for number, metric in ((faiss.METRIC_L1, "manhattan"), (faiss.METRIC_Canberra, None)):
        index = faiss.IndexFlat(16, number)
        index.add(x)
        faiss.write_index(index, str(path))
        found = held(path)
        assert (found.metric, found.answers) == (metric, False)
        assert "cannot be asked here" in found.notes[0]
        np.testing.assert_array_equal(found.vectors, x)


def test_a_binary_or_empty_faiss_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.faiss"
    binary = faiss.IndexBinaryFlat(16)
    binary.add(np.zeros((4, 2), np.uint8))
    faiss.write_index_binary(binary, str(path))
    with pytest.raises(BadFile, match="of a kind that this program does not know"):
        held(path)
    faiss.write_index(faiss.IndexFlatL2(16), str(path))
    with pytest.raises(BadFile, match="holds no vectors"):
        held(path)


FUZZ = """
import sys
from pathlib import Path
from explorer.errors import BadFile
from explorer.indexes.saved import index_file
read = 0
for harmed in sorted(Path(sys.argv[1]).glob("harmed*")):
    try:
        read += len(index_file(harmed).contents().vectors) == 300
    except BadFile:
        continue
print("alive" if read else "nothing was read")
"""


@pytest.mark.parametrize("factory", ["Flat", "SQ8", "IVF8,Flat", "IVF8,PQ4x4np", "HNSW8,Flat"])
def test_a_harmed_faiss_file_does_not_end_the_process(tmp_path: Path, factory: str) -> None:
    faiss_file(tmp_path / "x.faiss", factory, vectors(300, 8))
    whole, dice = (tmp_path / "x.faiss").read_bytes(), random.Random(6)
    for i in range(60):
        harmed = bytearray(whole)
        for _ in range(dice.choice((1, 2, 4))):
            at = dice.randrange(4, len(whole) if dice.random() < 0.4 else 400)
            harmed[at] = dice.choice((0, 1, 127, 128, 255))
        (tmp_path / f"harmed{i}.faiss").write_bytes(harmed)
    for i in range(20):
        (tmp_path / f"harmed-cut{i}.faiss").write_bytes(whole[: dice.randrange(len(whole))])
    done = subprocess.run([sys.executable, "-c", FUZZ, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout == "alive\n", done.stderr[-500:]


# --- hnswlib, Voyager, USearch


def test_hnswlib_elements_stand_in_the_order_of_their_labels(tmp_path: Path) -> None:
    hnswlib = pytest.importorskip("hnswlib")
    x, path = vectors(), tmp_path / "theirs.bin"
    labels = np.random.default_rng(1).permutation(len(x)) * 3 + 9
    index = hnswlib.Index("l2", 16)
    index.init_index(600)
    index.add_items(x, labels)
    index.mark_deleted(int(labels[7]))
    index.save_index(str(path))
    with pytest.raises(Untold, match="look alike") as raised:
        held(path)
    assert raised.value.readings == ((16, "euclidean"), (16, "dot"))
    found = held(path, 16, "euclidean")
    left = np.delete(np.arange(len(x)), 7)
    order = left[np.argsort(labels[left])]
    np.testing.assert_array_equal(found.vectors, x[order])
    np.testing.assert_array_equal(found.labels, labels[order])
    assert found.notes == ("1 element that is marked as deleted was left out.",)
    for wrong, said in ((("manhattan"), "has no manhattan"), ("cosine", "not of unit length")):
        with pytest.raises(BadFile, match=said):
            held(path, None, wrong)  # type: ignore[arg-type]


def test_hnswlib_keeps_unit_vectors_under_cosine(tmp_path: Path) -> None:
    hnswlib = pytest.importorskip("hnswlib")
    x, path = vectors(), tmp_path / "theirs.bin"
    index = hnswlib.Index("cosine", 16)
    index.init_index(500)
    order = np.random.default_rng(1).permutation(len(x))
    index.add_items(x[order], order)
    index.save_index(str(path))
    found = held(path)
    assert (found.metric, found.labels) == ("cosine", None)
    assert "unit length" in found.notes[0]
    np.testing.assert_allclose(found.vectors, unit(x), atol=1e-6)
    assert held(path, None, "euclidean").metric == "euclidean"


def test_hnswlib_with_nothing_left_is_refused(tmp_path: Path) -> None:
    hnswlib = pytest.importorskip("hnswlib")
    index = hnswlib.Index("l2", 4)
    index.init_index(3)
    index.add_items(vectors(3, 4))
    for label in range(3):
        index.mark_deleted(label)
    index.save_index(str(tmp_path / "x.bin"))
    with pytest.raises(BadFile, match="marked as deleted"):
        held(tmp_path / "x.bin")


@pytest.mark.parametrize(
    ("space", "metric"), [("Euclidean", "euclidean"), ("InnerProduct", "dot"), ("Cosine", "cosine")]
)
def test_voyager_says_its_metric(tmp_path: Path, space: str, metric: Metric) -> None:
    voyager = pytest.importorskip("voyager")
    x, path = vectors(), tmp_path / "theirs.voy"
    index = voyager.Index(getattr(voyager.Space, space), 16)
    # On several threads it numbers them as they come.
    index.add_items(x, num_threads=1)
    index.save(str(path))
    found = held(path)
    assert (found.metric, found.labels) == (metric, None)
    if metric == "cosine":
        np.testing.assert_allclose(found.vectors, unit(x), atol=1e-6)
        assert "unit length" in found.notes[0]
    else:
        np.testing.assert_array_equal(found.vectors, x)
    with pytest.raises(BadFile, match=f"for {metric}, not manhattan"):
        held(path, None, "manhattan")
    with pytest.raises(BadFile, match="16 dimensions, not 17"):
        held(path, 17)


@pytest.mark.parametrize(("own", "metric"), [("l2sq", "euclidean"), ("ip", "dot"), ("cos", "cosine")])
def test_usearch_vectors_stand_in_the_order_of_their_keys(tmp_path: Path, own: str, metric: Metric) -> None:
    library = pytest.importorskip("usearch.index")
    x, path = vectors(), tmp_path / "theirs.usearch"
    for factor in (1, 5):
        keys = np.random.default_rng(1).permutation(len(x)) * factor
        index = library.Index(ndim=16, metric=own, dtype="f32")
        index.add(keys, x)
        index.save(str(path))
        found = held(path)
        assert found.metric == metric
        np.testing.assert_array_equal(found.vectors, x[np.argsort(keys)])
        assert found.labels is None if factor == 1 else found.labels.tolist() == sorted(keys.tolist())  # type: ignore[union-attr]


# --- all of them


@pytest.mark.parametrize("name", ["annoy", "hnswlib", "voyager", "usearch"])
def test_every_cut_is_a_sentence(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    kind = type_named(name)
    if reason := kind.unavailable():
        pytest.skip(reason)
    params = {param.name: param.default for param in kind.build_params if param.default is not None}
    dataset = make_dataset(vectors(60))
    path = kind.build(dataset, "cosine", params, tmp_path, lambda *_: None).path  # type: ignore[arg-type]
    whole = path.read_bytes()
    assert len(kind.contents(path, None, "cosine").vectors) == 60
    for end in [*range(1, 200, 7), *range(200, len(whole), 131), len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(BadFile):
            kind.contents(path, None, "cosine")


def test_a_type_that_gives_no_vectors_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(Untold, match="add “--vectors FILE”") as raised:
        type_named("matrix").contents(tmp_path / "x", None, None)
    assert raised.value.readings == ()
