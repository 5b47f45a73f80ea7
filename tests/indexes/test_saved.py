"""Saved indexes: the sidecar, and everything that can be wrong with it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annoy import AnnoyIndex
from numpy.typing import NDArray

from explorer.core.dataset import Dataset, fingerprinted
from explorer.errors import BadFile, Cancelled
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.indexes.saved import index_file, open_saved, save_index, sidecar_of

MakeDataset = Callable[..., Dataset]


def vectors(rows: int = 300) -> NDArray[np.float32]:
    return np.random.default_rng(2).standard_normal((rows, 10)).astype(np.float32)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(vectors())


@pytest.fixture
def handle(dataset: Dataset, tmp_path: Path) -> IndexHandle:
    return built(dataset, "annoy", "euclidean", {"trees": 4, "seed": 0}, tmp_path / "index")


def test_the_sidecar_says_what_the_library_does_not(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    fingerprint = fingerprinted(dataset)
    out = tmp_path / "my index.ann"
    saved = save_index(handle, dataset, out)
    assert saved.path == out
    assert out.read_bytes() == handle.path.read_bytes()
    facts = json.loads((tmp_path / "my index.ann.json").read_text("utf-8"))
    assert facts.pop("build_seconds") >= 0
    assert facts.pop("library").startswith("annoy 1.")
    assert len(facts.pop("checksum")) == 32
    assert facts == {
        "type": "annoy",
        "metric": "euclidean",
        "dimensions": 10,
        "rows": 300,
        "params": {"trees": 4, "seed": 0},
        "stored": {"metric": "euclidean", "dimensions": 10},
        "fingerprint": fingerprint,
    }
    assert open_saved(out, dataset, "euclidean") == saved.__class__(
        **{**saved.__dict__, "build_seconds": round(saved.build_seconds, 3)}
    )


def test_the_sidecar_says_how_the_library_opens_an_inner_product(dataset: Dataset, tmp_path: Path) -> None:
    handle = built(dataset, "annoy", "dot", {"trees": 4, "seed": 0}, tmp_path / "index")
    out = tmp_path / "dot.ann"
    save_index(handle, dataset, out)
    stored = json.loads(sidecar_of(out).read_text("utf-8"))["stored"]
    plain = AnnoyIndex(stored["dimensions"], stored["metric"])
    plain.load(str(out))
    products = dataset.vectors.astype(np.float64) @ dataset.vectors[7]
    theirs = plain.get_nns_by_vector([*dataset.vectors[7].tolist(), 0.0], 10, search_k=300 * 4)
    plain.unload()
    assert theirs == np.argsort(-products)[:10].tolist()


def test_saving_over_an_index_replaces_it(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    out = tmp_path / "out.ann"
    save_index(handle, dataset, out)
    other = built(dataset, "annoy", "cosine", {"trees": 2}, tmp_path / "other")
    save_index(other, dataset, out)
    assert open_saved(out, dataset).metric == "cosine"


def test_a_cancelled_or_failed_save_leaves_nothing(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(Cancelled):
        save_index(handle, dataset, folder / "x.ann", stop)
    assert list(folder.iterdir()) == []
    with pytest.raises(BadFile, match="there is no folder"):
        save_index(handle, dataset, folder / "no" / "x.ann")
    with pytest.raises(BadFile, match="this is a folder"):
        save_index(handle, dataset, folder)


def change(out: Path, **facts: Any) -> None:
    about = sidecar_of(out)
    about.write_text(json.dumps({**json.loads(about.read_text("utf-8")), **facts}), "utf-8")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"rows": 299}, "it was built over 299 × 10 vectors; test has 300 × 10"),
        ({"dimensions": 11}, "it was built over 300 × 11 vectors"),
        ({"checksum": "0" * 32}, "it is damaged: its checksum"),
        ({"fingerprint": "f" * 32}, "it was built over other vectors than those of test"),
        ({"metric": "manhattan", "type": "hnsw"}, "it does not describe an index: “hnsw” is no index type"),
        ({"metric": "hamming"}, "“hamming” is no metric"),
        ({"params": {"trees": -1}}, "trees is 1 to 10000"),
        ({"params": 1}, "it is not the sidecar of an index"),
        ({"params": None}, "it is not the sidecar of an index"),
        ({"rows": "many"}, "it is not the sidecar of an index"),
        ({"rows": float("inf")}, "it is not the sidecar of an index"),
        ({"metric": "cosine"}, "it is no annoy index of the vectors of test under cosine"),
        ({"type": "exact", "params": {}}, "Exact cannot open a file"),
    ],
)
def test_a_sidecar_that_does_not_fit_is_refused(
    dataset: Dataset, handle: IndexHandle, tmp_path: Path, facts: dict[str, Any], sentence: str
) -> None:
    fingerprinted(dataset)
    out = tmp_path / "out.ann"
    save_index(handle, dataset, out)
    change(out, **facts)
    with pytest.raises(BadFile, match=sentence):
        open_saved(out, dataset)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null", b"[" * 100_000, b" " * (1 << 21)])
def test_a_sidecar_that_is_none(dataset: Dataset, handle: IndexHandle, tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "out.ann"
    save_index(handle, dataset, out)
    sidecar_of(out).write_bytes(content)
    with pytest.raises(BadFile, match="sidecar of an index"):
        open_saved(out, dataset)


def test_without_a_sidecar_the_file_has_to_tell(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    out = tmp_path / "out.ann"
    save_index(handle, dataset, out)
    sidecar_of(out).unlink()
    with pytest.raises(BadFile, match="add “--metric euclidean”"):
        open_saved(out, dataset)
    assert open_saved(out, dataset, "euclidean").params == {"trees": 4}
    elsewhere = out.rename(tmp_path / "out.data")
    assert open_saved(elsewhere, dataset, "euclidean").type == "annoy"
    elsewhere.write_bytes(b"nothing that an index begins with")
    with pytest.raises(BadFile, match=r"no sidecar out\.data\.json and no suffix of an index \(\.ann, "):
        open_saved(elsewhere, dataset, "euclidean")


def test_vectors_that_came_out_of_an_index_are_its_own(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """They are of unit length and decoded, so that the fingerprint in its sidecar is that of others."""
    pytest.importorskip("faiss")
    first = make_dataset(vectors())
    fingerprinted(first)
    out = tmp_path / "out.faiss"
    save_index(built(first, "faiss-ivfpq", "cosine", {"nbits": 4}, tmp_path / "index"), first, out)
    file = index_file(out)
    assert file is not None
    assert (file.kind.name, file.dimensions, file.metric) == ("faiss-ivfpq", 10, "cosine")
    decoded = make_dataset(file.contents().vectors)
    with pytest.raises(BadFile, match="it was built over other vectors"):
        open_saved(out, decoded)
    own = dataclasses.replace(decoded, own_index=out)
    assert open_saved(out, own, "cosine").metric == "cosine"
    with pytest.raises(BadFile, match="it was built for cosine, not dot"):
        index_file(out, metric="dot")
    with pytest.raises(BadFile, match="it was built of 10 dimensions, not 9"):
        index_file(out, 9)
    strangers = make_dataset(vectors(301)[1:])
    with pytest.raises(BadFile):
        open_saved(out, dataclasses.replace(strangers, own_index=out), "cosine")


def test_an_index_keeps_its_metric(dataset: Dataset, handle: IndexHandle, tmp_path: Path) -> None:
    out = tmp_path / "out.ann"
    save_index(handle, dataset, out)
    with pytest.raises(BadFile, match="it was built for euclidean, not cosine"):
        open_saved(out, dataset, "cosine")
    with pytest.raises(BadFile, match="there is no such file"):
        open_saved(tmp_path / "none.ann", dataset)
