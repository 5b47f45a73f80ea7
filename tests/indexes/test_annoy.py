"""Annoy: its own lists, its file, its progress, and files that are not what they say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from annoy import AnnoyIndex
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.neighbours import ranked
from explorer.core.progress import silent
from explorer.core.recall import judged
from explorer.errors import BadFile, BadParameter, Cancelled, TooLarge
from explorer.indexes import asking, type_named
from explorer.indexes.annoy import building, layout
from explorer.indexes.annoy.items import layout_for
from explorer.indexes.annoy.passes import Passes
from explorer.indexes.building import built, estimated

MakeDataset = Callable[..., Dataset]
OWN = {"cosine": "angular", "euclidean": "euclidean", "manhattan": "manhattan", "dot": "dot"}


def vectors(rows: int = 2000, dimensions: int = 16) -> NDArray[np.float32]:
    return np.random.default_rng(9).standard_normal((rows, dimensions)).astype(np.float32)


def own_file(x: NDArray[np.float32], metric: str, path: Path, trees: int = 6) -> None:
    """A file that the library wrote without us."""
    index = AnnoyIndex(x.shape[1], metric)  # type: ignore[arg-type]
    for row, vector in enumerate(x.tolist()):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)
    index.save(str(path))
    index.unload()


@pytest.mark.parametrize("metric", METRICS)
def test_the_default_answer_is_annoys_own_list(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "annoy", metric, {}, tmp_path / "i")
    assert handle.params == {"trees": 50}
    searcher = type_named("annoy").open(handle, dataset)
    params = asking.resolved(handle, {}, 10)
    assert params == {"search_k": 500}
    width = layout_for(metric, 16)
    plain = AnnoyIndex(width.width, width.library_metric)
    plain.load(str(handle.path))
    radius = np.linalg.norm(dataset.vectors.astype(np.float64), axis=1).max()
    for row in (0, 5, 1999):
        query = dataset.vectors[row]
        asked = query.tolist()
        if metric == "dot":
            asked = [*(query * (2 * radius / np.linalg.norm(query.astype(np.float64)))).tolist(), 0.0]
        theirs = plain.get_nns_by_vector(asked, 10)
        assert searcher.search(query[None], 10, params).tolist() == [theirs]
    searcher.close()
    plain.unload()


@pytest.mark.parametrize("metric", METRICS)
def test_a_seed_gives_the_same_bytes_each_time(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    dataset = make_dataset(vectors())
    wanted = {"trees": 5, "seed": 3}
    one, two = (built(dataset, "annoy", metric, wanted, tmp_path / name).path.read_bytes() for name in "ab")
    assert one == two
    assert built(dataset, "annoy", metric, {**wanted, "seed": 4}, tmp_path / "c").path.read_bytes() != one


def many_lengths(rows: int = 5000, dimensions: int = 24, spread: float = 1.0) -> NDArray[np.float32]:
    """Random directions, log-normal lengths."""
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, dimensions))
    x *= random.lognormal(0, spread, (rows, 1)) / np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32)


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_inner_product_is_better_than_the_librarys_own(
    make_dataset: MakeDataset, tmp_path: Path, spread: float
) -> None:
    x = many_lengths(spread=spread)
    queries = np.random.default_rng(2).standard_normal((40, 24)).astype(np.float32)
    dataset = make_dataset(x, "dot")
    handle = built(dataset, "annoy", "dot", {"trees": 20, "seed": 1}, tmp_path / "i")
    searcher = type_named("annoy").open(handle, dataset)
    own_file(x, "dot", tmp_path / "own.ann", 20)
    own = AnnoyIndex(24, "dot")
    own.load(str(tmp_path / "own.ann"))
    found = searcher.search(queries, 10, {"search_k": 600})
    ours_found = theirs_found = truths = 0
    for query, ours in zip(queries, found.tolist(), strict=True):
        truth = set(np.argsort(-(x @ query), kind="stable")[:10].tolist())
        truths += len(truth)
        ours_found += len(truth & set(ours))
        theirs_found += len(truth & set(own.get_nns_by_vector(query.tolist(), 10, search_k=600)))
    assert ours_found > (1.2 if spread else 1) * theirs_found
    assert ours_found > (0.8 if spread else 0.5) * truths
    searcher.close()


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
def test_inner_product_at_full_effort_is_exact_at_any_spread_of_lengths(
    make_dataset: MakeDataset, tmp_path: Path, spread: float
) -> None:
    x = many_lengths(1500, spread=spread)
    x[::7] = 0
    dataset = make_dataset(x, "dot")
    handle = built(dataset, "annoy", "dot", {"trees": 3, "seed": 1}, tmp_path / "i")
    kind = type_named("annoy")
    searcher = kind.open(handle, dataset)
    params = asking.resolved(handle, kind.full_effort(handle), 10)
    for row in range(1, 1500, 150):
        query = -dataset.vectors[row]
        found = asking.neighbours(searcher, handle, dataset, query, 10, params)
        truth = ranked(x, query, np.arange(1500), "dot", 10)
        assert judged(found, truth, "dot").recall == 1.0
    searcher.close()


def test_every_row_is_as_near_to_the_zero_query_under_dot(make_dataset: MakeDataset, tmp_path: Path) -> None:
    for x in (many_lengths(300), np.zeros((300, 24), np.float32)):
        dataset = make_dataset(x, "dot")
        handle = built(dataset, "annoy", "dot", {"trees": 3}, tmp_path / "i")
        searcher = type_named("annoy").open(handle, dataset)
        for query in (np.zeros(24, np.float32), np.ones(24, np.float32)):
            found = asking.neighbours(searcher, handle, dataset, query, 300, {"search_k": 900})
            assert sorted(found.rows.tolist()) == list(range(300))
            if not (query.any() and x.any()):
                assert not found.distances.any()
        searcher.close()


@pytest.mark.parametrize("power", [-55, 50])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "dot"])
def test_lengths_near_the_limits_change_no_answer(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, power: int
) -> None:
    answers = []
    for scale in (np.float32(1), np.float32(2.0**power)):
        dataset = make_dataset(vectors() * scale)
        handle = built(dataset, "annoy", metric, {"trees": 5, "seed": 1}, tmp_path / "i")
        searcher = type_named("annoy").open(handle, dataset)
        answers.append(searcher.search(dataset.vectors[:20], 10, {"search_k": 200}).tolist())
        searcher.close()
    assert answers[0] == answers[1]


@pytest.mark.parametrize("power", [-120, 110])
def test_the_length_of_a_query_changes_no_inner_product_answer(
    make_dataset: MakeDataset, tmp_path: Path, power: int
) -> None:
    dataset = make_dataset(vectors(), "dot")
    handle = built(dataset, "annoy", "dot", {"trees": 5}, tmp_path / "i")
    searcher = type_named("annoy").open(handle, dataset)
    queries = dataset.vectors[:20]
    scaled = queries * np.float32(2.0**power)
    params = {"search_k": 200}
    assert searcher.search(scaled, 10, params).tolist() == searcher.search(queries, 10, params).tolist()
    searcher.close()


@pytest.mark.parametrize(("scale", "sentence"), [(1e17, "too large for annoy"), (1e-18, "too small for annoy")])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "dot"])
def test_lengths_beyond_the_limits_are_refused(
    make_dataset: MakeDataset, tmp_path: Path, metric: Metric, scale: float, sentence: str
) -> None:
    dataset = make_dataset(vectors() * np.float32(scale))
    with pytest.raises(BadParameter, match=f"{sentence} under {metric} .*; scale them"):
        built(dataset, "annoy", metric, {"trees": 1}, tmp_path / "i")


def test_full_effort_looks_at_every_row(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(1000))
    handle = built(dataset, "annoy", "euclidean", {"trees": 7}, tmp_path / "i")
    assert type_named("annoy").full_effort(handle) == {"search_k": 7000}


@pytest.mark.parametrize("metric", METRICS)
def test_every_node_of_a_real_file_passes_the_check(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    for rows in (1, 2, 18, 19, 2000):
        dataset = make_dataset(vectors(rows))
        handle = built(dataset, "annoy", metric, {"trees": 9}, tmp_path / f"i{rows}")
        trees = layout.check(handle.path, layout_for(metric, 16), rows, silent)
        assert trees == 9
        assert handle.bytes <= building.expected_bytes(rows, layout_for(metric, 16), 9)


@pytest.mark.parametrize("metric", METRICS)
def test_a_file_made_elsewhere_is_adopted(make_dataset: MakeDataset, tmp_path: Path, metric: Metric) -> None:
    dataset = make_dataset(vectors())
    path = tmp_path / "own.ann"
    own_file(vectors(), OWN[metric], path)
    kind = type_named("annoy")
    handle = kind.adopted(path, dataset, metric)
    assert handle.params == {"trees": 6}
    searcher = kind.open(handle, dataset)
    plain = AnnoyIndex(16, OWN[metric])  # type: ignore[arg-type]
    plain.load(str(path))
    theirs = plain.get_nns_by_vector(dataset.vectors[7].tolist(), 10)
    assert searcher.search(dataset.vectors[7:8], 10, asking.resolved(handle, {}, 10)).tolist() == [theirs]
    searcher.close()
    if metric in ("cosine", "dot"):
        assert kind.adopted(path, dataset, None).metric == metric
    else:
        with pytest.raises(BadFile, match="look alike; add “--metric euclidean”"):
            kind.adopted(path, dataset, None)


def test_our_own_dot_file_tells_its_metric_too(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "annoy", "dot", {"trees": 4}, tmp_path / "i")
    assert type_named("annoy").adopted(handle.path, dataset, None).metric == "dot"


@pytest.mark.parametrize("width", [15, 17, 20, 32, 5])
@pytest.mark.parametrize("own", ["angular", "euclidean"])
def test_a_file_of_other_vectors_never_reaches_the_library(
    make_dataset: MakeDataset, tmp_path: Path, own: str, width: int
) -> None:
    dataset = make_dataset(vectors())
    path = tmp_path / "own.ann"
    own_file(vectors(2000, width), own, path)
    for metric in (None, *METRICS):
        with pytest.raises(BadFile, match="it is no annoy index of"):
            type_named("annoy").adopted(path, dataset, metric)


@pytest.mark.parametrize("own", ["angular", "euclidean"])
@pytest.mark.parametrize("on_a_sphere", [True, False])
def test_only_distances_of_rows_on_a_sphere_are_an_inner_product(
    make_dataset: MakeDataset, tmp_path: Path, own: str, on_a_sphere: bool
) -> None:
    dataset = make_dataset(vectors(), "dot")
    squared = np.vecdot(vectors(), vectors(), dtype=np.float64)
    more = np.sqrt(squared.max() - squared) if on_a_sphere else squared
    path = tmp_path / "own.ann"
    own_file(np.column_stack([vectors(), more]).astype(np.float32), own, path)
    kind = type_named("annoy")
    if own == "euclidean" and on_a_sphere:
        assert kind.adopted(path, dataset, None).metric == "dot"
        return
    for metric in (None, "dot"):
        with pytest.raises(BadFile, match="it is no annoy index of"):
            kind.adopted(path, dataset, metric)


def _damaged(path: Path, what: str, rows: int) -> None:
    node = layout.Layout("angular", 16)
    whole = np.fromfile(path, np.int32).reshape(-1, node.node_bytes // 4)
    descendants = whole[:, 0]
    position = np.arange(len(whole))
    if what == "branch":
        whole[np.flatnonzero((descendants > node.leaf_most) & (position > rows))[3], 1] = len(whole) + 5
    if what == "circle":
        at = int(np.flatnonzero((descendants > node.leaf_most) & (position > rows))[3])
        whole[at, 2] = at
    if what == "leaf":
        whole[np.flatnonzero((descendants <= node.leaf_most) & (position > rows))[0], 1] = -7
    if what == "count":
        descendants[np.flatnonzero(position > rows)[0]] = -1
    if what == "item":
        descendants[700] = 12
    whole.tofile(path)


@pytest.mark.parametrize("what", ["branch", "circle", "leaf", "count", "item"])
def test_a_hostile_file_is_refused(make_dataset: MakeDataset, tmp_path: Path, what: str) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "annoy", "cosine", {"trees": 5}, tmp_path / "i")
    _damaged(handle.path, what, dataset.rows)
    with pytest.raises(BadFile, match="it is damaged"):
        type_named("annoy").adopted(handle.path, dataset, "cosine")


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 76, b"\0" * 7600, b"\xff" * 76 * 3000])
def test_no_index_at_all(make_dataset: MakeDataset, tmp_path: Path, content: bytes) -> None:
    dataset = make_dataset(vectors())
    path = tmp_path / "not.ann"
    path.write_bytes(content)
    for metric in (None, *METRICS):
        with pytest.raises(BadFile):
            type_named("annoy").adopted(path, dataset, metric)


def test_progress_rises_through_reading_and_growing(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(20_000, 32))
    heard: list[tuple[float, str]] = []

    def progress(fraction: float | None, note: str = "") -> None:
        assert fraction is not None
        if note != "lengths":
            heard.append((fraction, note))

    built(dataset, "annoy", "euclidean", {"trees": 60, "seed": 1}, tmp_path / "i", progress)
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert len({note for _, note in heard if note.startswith("tree ")}) > 2
    assert fractions[-1] > 0.5


def test_cancel_while_growing_ends_at_once_and_leaves_nothing(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(20_000, 32))
    at = 0.0

    def progress(fraction: float | None, note: str = "") -> None:
        nonlocal at
        if note.startswith("tree 2"):
            at = time.perf_counter()
            raise Cancelled

    with pytest.raises(Cancelled):
        built(dataset, "annoy", "cosine", {"trees": 200, "seed": 1}, tmp_path / "i", progress)
    assert time.perf_counter() - at < 1
    assert list((tmp_path / "i").iterdir()) == []
    again = built(dataset, "annoy", "cosine", {"trees": 2}, tmp_path / "i")
    assert [path.name for path in again.path.parent.iterdir()] == ["index.ann"]


def test_what_others_print_while_growing_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with Passes() as passes:
        assert passes.listening
        os.write(2, b"pass 0...\nhas 17 nodes\nReallocating to 3 nodes: old\n\tNo hyperplane found (left)\n")
        os.write(2, b"something else\npass 1...\npart")
    assert passes.count == 2
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "something else\npartafter\n"


def test_nothing_is_printed_by_a_build(
    make_dataset: MakeDataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lumps = np.repeat(np.eye(16, dtype=np.float32), 300, axis=0)
    lumps[:2400] += vectors(2400) / 100
    built(make_dataset(lumps), "annoy", "manhattan", {"trees": 9}, tmp_path / "i")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("given", [{"trees": 0}, {"trees": "x"}, {"search_k": 3}, {"seed": -1}])
def test_wrong_parameters_are_refused(make_dataset: MakeDataset, tmp_path: Path, given: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        built(make_dataset(vectors()), "annoy", "cosine", given, tmp_path / "i")


def test_a_forest_that_cannot_fit_is_refused_before_it_grows(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"An annoy index of 10,000 trees over 2,000,000,000 rows would have more nodes"):
        building.cost(2_000_000_000, layout.Layout("angular", 64), 10_000, alone=False)
    with pytest.raises(TooLarge, match=r"needs about [\d.]+ TB of memory, and .* rows would fit: use fewer trees\."):
        estimated(1_000_000_000, 1024, "annoy", "cosine", {}, tmp_path)


def test_two_builds_at_once_do_not_disturb_each_other(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    threads = [
        Thread(target=built, args=(dataset, "annoy", "cosine", {"trees": 30}, tmp_path / name)) for name in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all((tmp_path / name / "index.ann").is_file() for name in ("a", "b"))
