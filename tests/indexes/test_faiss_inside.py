"""What Faiss indexes show of themselves: cells, codes and probes, held against the library and against plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import explorer
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, distances
from explorer.core.neighbours import ranked
from explorer.core.recall import judged
from explorer.core.structure import NO_INSIDE, Cells, Codes, Facts, Layers
from explorer.core.trace import PROBE, RERANK, VISIT, Trace
from explorer.errors import Cancelled, TaskFailed
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.indexes.faiss.codes import numbered
from explorer.indexes.faiss.searcher import FaissSearcher
from explorer.indexes.saved import open_saved

faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed here")

MakeDataset = Callable[..., Dataset]
METRICS: tuple[Metric, ...] = ("cosine", "euclidean", "dot")
SCANNED = ("faiss-flat", "faiss-ivf", "faiss-ivfpq", "faiss-sq", "faiss-factory")
SMALL: dict[str, dict[str, object]] = {
    "faiss-ivf": {"nlist": 20, "seed": 1},
    "faiss-ivfpq": {"nlist": 20, "m": 4, "nbits": 5, "seed": 1},
    "faiss-factory": {"factory": "PCA8,IVF20,SQ6", "seed": 1},
}


def vectors(rows: int = 1200, dimensions: int = 16) -> NDArray[np.float32]:
    random = np.random.default_rng(9)
    found = random.standard_normal((rows, dimensions)) * random.uniform(0.5, 2, (rows, 1))
    return found.astype(np.float32)


def opened(
    dataset: Dataset, name: str, metric: Metric, folder: Path, **params: object
) -> tuple[IndexHandle, Searcher, Any]:
    """The handle, our searcher, and the library's own index from the same file."""
    handle = built(dataset, name, metric, params or SMALL.get(name, {}), folder)
    return handle, type_named(name).open(handle, dataset), faiss.read_index(str(handle.path))


def as_stored(x: NDArray[np.float32], metric: Metric) -> NDArray[np.float64]:
    wide = x.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True) if metric == "cosine" else wide


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", SCANNED)
def test_a_replay_ends_at_the_librarys_own_rows(
    make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric
) -> None:
    x = vectors()
    handle, searcher, _ = opened(make_dataset(x), name, metric, tmp_path / "i")
    for row in range(0, 1200, 40):
        query = x[row] + np.float32(0.1) * x[row - 1]
        for given in ({}, {"nprobe": 1}, {"nprobe": 500}, {"rerank": 0}, {"rerank": 40}):
            tunable = {key for key in given if key in {p.name for p in type_named(name).search_params}}
            if len(tunable) < len(given):
                continue
            params = asking.resolved(handle, given, 10)
            trace, theirs = searcher.trace(query, 10, params), searcher.search(query[None], 10, params)[0]
            assert trace is not None
            assert trace.differs == ""
            assert trace.found.tolist() == theirs[theirs >= 0].tolist()
    searcher.close()


@pytest.mark.parametrize("metric", METRICS)
def test_probes_in_order_and_the_scores_of_what_is_in_them(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric
) -> None:
    x = vectors()
    _, searcher, theirs = opened(make_dataset(x), "faiss-ivfpq", metric, tmp_path / "i")
    query = x[3] * np.float32(1.5)
    trace = searcher.trace(query, 10, {"nprobe": 5, "rerank": 30})
    assert trace is not None
    probes = trace.actions == PROBE
    assert trace.kind == "cells"
    centres, cells = theirs.quantizer.search(as_stored(query[None], metric).astype(np.float32), 5)
    assert trace.places[probes].tolist() == cells[0].tolist()
    assert trace.values[probes].tolist() == centres[0].tolist()
    sizes = [theirs.invlists.list_size(int(cell)) for cell in cells[0]]
    assert trace.known[probes].tolist() == np.cumsum(sizes).tolist()
    assert len(trace.rows) == sum(sizes) == trace.known[-1]
    theirs.make_direct_map()
    decoded = np.stack([theirs.reconstruct(int(row)) for row in trace.rows]).astype(np.float64)
    asked = as_stored(query[None], metric)[0]
    own = np.square(decoded - asked).sum(axis=1) if metric == "euclidean" else decoded @ asked
    np.testing.assert_allclose(trace.scores, own, rtol=1e-3, atol=1e-4)
    reranks = trace.actions == RERANK
    assert trace.places[reranks].tolist() == trace.found.tolist()
    np.testing.assert_allclose(trace.values[reranks], distances(metric, x[trace.found], query))
    assert (trace.computed, trace.total) == (20 + sum(sizes) + 30, 1200)
    searcher.close()


@pytest.mark.parametrize("metric", METRICS)
def test_cells_are_the_librarys_lists(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    x = vectors()
    _, searcher, theirs = opened(make_dataset(x), "faiss-ivf", metric, tmp_path / "i")
    (cells,) = searcher.structure()
    assert isinstance(cells, Cells)
    for cell in range(20):
        ids = faiss.rev_swig_ptr(theirs.invlists.get_ids(cell), theirs.invlists.list_size(cell))
        assert sorted(np.flatnonzero(cells.cell_of == cell).tolist()) == sorted(ids.tolist())
    assert cells.sizes.tolist() == np.bincount(cells.cell_of, minlength=20).tolist()
    assert cells.imbalance == pytest.approx(theirs.invlists.imbalance_factor())
    centres = theirs.quantizer.reconstruct_n(0, 20).astype(np.float64)
    items = x.astype(np.float64)
    if metric != "euclidean":
        items /= np.linalg.norm(items, axis=1, keepdims=True)
    far = np.sort(np.linalg.norm(items[:, None] - centres, axis=2), axis=1)
    boundary = searcher.boundaries()
    np.testing.assert_allclose(boundary, far[:, 0] / far[:, 1], rtol=1e-3)
    assert 0 <= boundary.min() < 0.9 < boundary.max() <= 1
    searcher.close()


def test_one_cell_has_no_boundary(make_dataset: MakeDataset, tmp_path: Path) -> None:
    _, searcher, _ = opened(make_dataset(vectors()), "faiss-ivf", "euclidean", tmp_path / "i", nlist=1)
    (cells,) = searcher.structure()
    assert isinstance(cells, Cells)
    assert np.isnan(searcher.boundaries()).all()
    assert (cells.sizes.tolist(), cells.imbalance) == ([1200], 1.0)
    searcher.close()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("factory", "pieces", "codes", "size"),
    [
        ("IVF8,PQ4x5np", 4, 32, 3),
        ("PQ2x8np", 2, 256, 2),
        ("SQ8", 16, 256, 16),
        ("SQ6", 16, 64, 12),
        ("SQ4", 16, 16, 8),
        ("SQfp16", 16, 65536, 32),
        ("IVF8,SQ8", 16, 256, 16),
        ("PCA8,PQ4x4np", 4, 16, 2),
        ("PQ4x4np,RFlat", 4, 16, 2),
        ("HNSW8,SQ8", 16, 256, 16),
    ],
)
def test_codes_by_what_they_are_decoded_to(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, factory: str, pieces: int, codes: int, size: int
) -> None:
    x = vectors()
    _, searcher, theirs = opened(make_dataset(x), "faiss-factory", metric, tmp_path / "i", factory=factory, seed=1)
    found = next(each for each in searcher.structure() if isinstance(each, Codes))
    assert (found.part_codes.tolist(), found.bytes) == ([codes] * pieces, size)
    assert ((found.part_used > 0) & (found.part_used <= codes)).all()
    items, core = as_stored(x, metric).astype(np.float32), theirs
    if factory.startswith("PCA"):
        items, core = (
            faiss.downcast_VectorTransform(theirs.chain.at(0)).apply(items),
            faiss.downcast_index(theirs.index),
        )
    if factory.endswith("RFlat"):
        core = faiss.downcast_index(theirs.base_index)
    if factory.startswith("IVF"):
        core.make_direct_map()
    lost = (items - core.reconstruct_n(0, 1200)).astype(np.float64)
    errors = np.linalg.norm(lost, axis=1) / np.linalg.norm(items, axis=1)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-3, atol=1e-5)
    assert found.part_errors.sum() == pytest.approx(np.square(errors).mean(), rel=1e-3)
    searcher.close()


def test_codes_that_never_occur_are_counted(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = np.repeat(vectors(4), 300, axis=0)
    _, searcher, _ = opened(make_dataset(x), "faiss-factory", "euclidean", tmp_path / "i", factory="PQ4x5np")
    (codes,) = searcher.structure()
    assert isinstance(codes, Codes)
    assert (codes.part_used <= 4).all()
    assert (codes.part_codes == 32).all()
    searcher.close()


@pytest.mark.parametrize("bits", [4, 5, 6, 8, 10, 12, 16])
def test_numbers_out_of_bits(bits: int) -> None:
    numbers = np.random.default_rng(bits).integers(0, 1 << bits, (7, 3))
    packed = np.zeros((7, -(-3 * bits // 8)), np.uint8)
    for row in range(7):
        whole = sum(int(number) << (bits * place) for place, number in enumerate(numbers[row]))
        packed[row] = np.frombuffer(whole.to_bytes(packed.shape[1], "little"), np.uint8)
    assert numbered(packed, 3, bits).tolist() == numbers.tolist()


FACTORIES = {
    "IVF8,Flat": [Cells],
    "IVF8_HNSW4,SQ8": [Cells, Codes],
    "OPQ4_16,IVF8,PQ4x4fs,RFlat": [Cells],
    "HNSW8,Flat": [Layers],
    "PCA8,HNSW8,PQ4x4np": [Layers, Codes],
    "Flat": [Facts],
    "NSG16,Flat": [],
    "LSH": [],
    "IVF8,FlatDedup": [],
}


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_factorys_parts_are_shown_and_what_is_unknown_is_said(
    make_dataset: MakeDataset, tmp_path: Path, factory: str
) -> None:
    x = vectors()
    handle, searcher, _ = opened(make_dataset(x), "faiss-factory", "euclidean", tmp_path / "i", factory=factory, seed=1)
    shown = searcher.structure()
    params = {**asking.resolved(handle, {}, 10)}
    trace = searcher.trace(x[0], 10, params)
    if FACTORIES[factory]:
        assert [type(each) for each in shown] == FACTORIES[factory]
        assert trace is not None
        assert not trace.differs
    else:
        assert shown == (NO_INSIDE,)
        assert trace is None
        empty: Any = Trace("scan", *[np.empty(0)] * 8, np.empty(0, np.int64), 0, 0)  # type: ignore[arg-type]
        assert searcher.cause(empty, x[0], 5) is None
    searcher.close()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("factory", ["IVF8,PQ4x4fs,RFlat", "IVF8,PQ4x4fs", "OPQ4_16,IVF8,PQ4x4fsr,RFlat"])
def test_a_fast_scan_is_replayed_to_the_row_though_its_scores_tie(
    make_dataset: MakeDataset, tmp_path: Path, factory: str, metric: Metric
) -> None:
    """Its tables are rounded to 8 bits and its scores to 16, so that many rows tie where the candidates end."""
    x = vectors()
    handle, searcher, _ = opened(make_dataset(x), "faiss-factory", metric, tmp_path / "i", factory=factory, seed=1)
    for row in range(0, 1200, 10):
        for given in ({"nprobe": 2, "rerank": 0}, {"nprobe": 8, "rerank": 60}):
            params = asking.resolved(handle, given, 10)
            trace, theirs = searcher.trace(x[row], 10, params), searcher.search(x[row : row + 1], 10, params)[0]
            assert trace is not None and trace.differs == ""
            assert trace.found.tolist() == theirs[theirs >= 0].tolist()
    # The file was read back: what decodes its codes has been put into place again.
    held = searcher.decoded(np.arange(0, 1200, 50))
    lost = np.linalg.norm(held - as_stored(x[::50], metric), axis=1)
    assert (lost < 2 * np.linalg.norm(as_stored(x[::50], metric), axis=1)).all()
    searcher.close()


def misses(
    searcher: Searcher, x: NDArray[np.float32], metric: Metric, params: Any, row: int
) -> tuple[Trace, list[int]]:
    trace = searcher.trace(x[row], 10, params)
    assert trace is not None
    truth = ranked(x, x[row], np.arange(len(x)), metric, 10)
    return trace, judged(ranked(x, x[row], trace.found, metric, 10), truth, metric).misses.tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_the_nprobe_that_is_named_reaches_the_cell(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    x, seen = vectors(), 0
    _, searcher, _ = opened(make_dataset(x), "faiss-ivf", metric, tmp_path / "i")
    for row in range(0, 1200, 60):
        trace, missed = misses(searcher, x, metric, {"nprobe": 2}, row)
        for miss in missed:
            cause = searcher.cause(trace, x[row], miss)
            assert cause is not None
            assert (cause.reason, cause.param) == ("not_probed", "nprobe")
            assert isinstance(cause.value, int)
            assert "nearest, and nprobe is 2." in cause.detail
            assert miss in searcher.search(x[row : row + 1], 10, {"nprobe": cause.value})[0]
            assert miss not in searcher.search(x[row : row + 1], 10, {"nprobe": cause.value - 1})[0]
            seen += 1
    assert seen > 10
    searcher.close()


@pytest.mark.parametrize("name", ["faiss-ivfpq", "faiss-sq", "faiss-factory"])
def test_the_rerank_that_is_named_finds_the_row(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    x, seen = vectors(), 0
    small: dict[str, object] = {"quantizer": "4bit"} if name == "faiss-sq" else SMALL[name]
    handle, searcher, _ = opened(make_dataset(x), name, "euclidean", tmp_path / "i", **small)
    params = asking.resolved(handle, {"rerank": 0, **({} if name == "faiss-sq" else {"nprobe": 20})}, 10)
    for row in range(0, 1200, 60):
        trace, missed = misses(searcher, x, "euclidean", params, row)
        for miss in missed:
            cause = searcher.cause(trace, x[row], miss)
            assert cause is not None
            assert (cause.reason, cause.param) == ("code_rank", "rerank")
            assert isinstance(cause.value, int)
            assert cause.value > 10
            assert "its code ranked it" in cause.detail
            assert miss in searcher.search(x[row : row + 1], 10, {**params, "rerank": cause.value})[0]
            seen += 1
    assert seen > 10
    searcher.close()


def test_both_a_cell_and_a_code_can_hide_a_row(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors()
    _, searcher, _ = opened(make_dataset(x), "faiss-ivfpq", "euclidean", tmp_path / "i")
    reasons = set()
    for row in range(0, 1200, 60):
        trace, missed = misses(searcher, x, "euclidean", {"nprobe": 3, "rerank": 10}, row)
        for miss in missed:
            cause = searcher.cause(trace, x[row], miss)
            assert cause is not None
            reasons.add(cause.reason)
            assert searcher.cause(trace, x[row], int(trace.found[0])) is None
    assert reasons == {"not_probed", "code_rank"}
    searcher.close()


def test_a_graph_of_codes_ranks_too(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors()
    handle, searcher, _ = opened(make_dataset(x), "faiss-factory", "euclidean", tmp_path / "i", factory="HNSW8,PQ4x4np")
    params = asking.resolved(handle, {"rerank": 10, "efSearch": 40}, 10)
    reasons = set()
    for row in range(0, 1200, 60):
        trace, missed = misses(searcher, x, "euclidean", params, row)
        assert (trace.actions == VISIT).any()
        for miss in missed:
            cause = searcher.cause(trace, x[row], miss)
            assert cause is not None
            reasons.add(cause.reason)
    assert {"code_rank", "not_visited"} <= reasons
    searcher.close()


def test_real_vectors(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = np.array(explorer.load("sample:wordnet").vectors[:4000])
    dataset = make_dataset(x)
    for name in ("faiss-ivf", "faiss-ivfpq", "faiss-sq"):
        handle = built(dataset, name, "cosine", {}, tmp_path / name)
        searcher = type_named(name).open(handle, dataset)
        params = asking.resolved(handle, {}, 10)
        for row in range(0, 4000, 100):
            trace = searcher.trace(x[row], 10, params)
            assert trace is not None
            assert not trace.differs
        assert searcher.structure()
        searcher.close()


def test_flat_says_what_it_is_and_scans(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors()
    _, searcher, _ = opened(make_dataset(x), "faiss-flat", "euclidean", tmp_path / "i")
    (facts,) = searcher.structure()
    assert isinstance(facts, Facts)
    assert dict(facts.lines)["Vectors"] == "1,200 × 16, as they are"
    assert dict(facts.lines)["Bytes"] == "76,800"
    assert "nothing to miss" in facts.note
    trace = searcher.trace(x[4], 10, {})
    assert trace is not None
    assert (trace.kind, len(trace), len(trace.rows), trace.computed) == ("scan", 0, 1200, 1200)
    np.testing.assert_allclose(trace.scores, np.square(x - x[4]).sum(axis=1), rtol=1e-4, atol=1e-4)
    searcher.close()


def test_a_file_made_elsewhere_shows_its_inside(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors()
    dataset = make_dataset(x)
    index = faiss.index_factory(16, "IVF8,Flat")
    index.cp.min_points_per_centroid = 1
    index.train(x)
    index.add(x)
    faiss.write_index(index, str(tmp_path / "other.faiss"))
    handle = open_saved(tmp_path / "other.faiss", dataset, "euclidean")
    searcher = type_named(handle.type).open(handle, dataset)
    (cells,) = searcher.structure()
    assert isinstance(cells, Cells)
    assert len(cells.sizes) == 8
    searcher.close()


@pytest.mark.parametrize("name", ["faiss-ivf", "faiss-sq"])
def test_looking_can_be_stopped(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    _, searcher, _ = opened(make_dataset(vectors()), name, "euclidean", tmp_path / "i")

    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        searcher.structure(stop)
    searcher.close()


def test_links_and_cells_that_lead_astray_are_said_in_a_sentence(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """In files of kinds that are not checked before the library reads them."""
    x = vectors()
    dataset = make_dataset(x)
    graph, cells = faiss.index_factory(16, "HNSW8,SQ8"), faiss.index_factory(16, "IVF8,SQ8")
    cells.cp.min_points_per_centroid = 1
    for index in (graph, cells):
        index.train(x)
        index.add(x)
    links = faiss.rev_swig_ptr(graph.hnsw.neighbors.data(), graph.hnsw.neighbors.size())
    links[int(np.flatnonzero(links >= 0)[0])] = 70_000
    faiss.rev_swig_ptr(cells.invlists.get_ids(3), 1)[0] = 90_000
    for index, said in ((graph, "its links lead to rows that are not there"), (cells, "a cell names a row")):
        searcher = FaissSearcher(tmp_path / "other.faiss", index, dataset, "euclidean")
        with pytest.raises(TaskFailed, match=said):
            searcher.structure()
