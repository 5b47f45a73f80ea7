"""Faiss: its own lists, shapes that suit the rows, cancelling, and files of other programs, sound and not."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import silent
from explorer.errors import BadFile, BadParameter, Cancelled, TooLarge
from explorer.indexes import asking, type_named
from explorer.indexes.building import built, estimated
from explorer.indexes.faiss import effort, header, items, layout, library, shape
from explorer.indexes.saved import open_saved, save_index

faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed here")

MakeDataset = Callable[..., Dataset]
NAMES = ("faiss-flat", "faiss-ivf", "faiss-ivfpq", "faiss-sq", "faiss-hnsw", "faiss-factory")
METRICS: tuple[Metric, ...] = ("cosine", "euclidean", "dot")
OWN = {"cosine": faiss.METRIC_INNER_PRODUCT, "euclidean": faiss.METRIC_L2, "dot": faiss.METRIC_INNER_PRODUCT}
FACTORIES = {
    "Flat": "faiss-flat",
    "IVF8,Flat": "faiss-ivf",
    "IVF8,PQ4x4np": "faiss-ivfpq",
    "SQ8": "faiss-sq",
    "HNSW8,Flat": "faiss-hnsw",
    "IVF8,SQ8": "faiss-factory",
    "IVF8_HNSW4,Flat": "faiss-ivf",
    "PCA8,IVF8,Flat": "faiss-factory",
    "PQ4x4np,RFlat": "faiss-factory",
    "HNSW8,SQ8": "faiss-factory",
}
CHECKED = ("Flat", "IVF8,Flat", "IVF8,PQ4x4np", "SQ8", "HNSW8,Flat")
"""Those of a layout that is checked before the library reads it."""


def vectors(rows: int = 1500, dimensions: int = 16) -> NDArray[np.float32]:
    return np.random.default_rng(9).standard_normal((rows, dimensions)).astype(np.float32)


def unit(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def own_file(x: NDArray[np.float32], factory: str, path: Path, metric: int = faiss.METRIC_L2) -> Any:
    """A file that the library wrote without us, and the index it wrote."""
    index = faiss.index_factory(x.shape[1], factory, metric)
    for part in (index, faiss.try_extract_index_ivf(index)):
        for holder in (part, getattr(part, "pq", None)):
            if hasattr(holder, "cp"):
                holder.cp.min_points_per_centroid = 1
    index.train(x)
    index.add(x)
    faiss.write_index(index, str(path))
    return index


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", NAMES)
def test_the_default_answer_is_the_librarys_own_list(
    make_dataset: MakeDataset, tmp_path: Path, name: str, metric: Metric
) -> None:
    x = vectors()
    dataset = make_dataset(x)
    handle = built(dataset, name, metric, {}, tmp_path / "i")
    params = asking.resolved(handle, {}, 10)
    theirs = faiss.read_index(str(handle.path))
    assert theirs.metric_type == OWN[metric]
    for key in ("nprobe", "efSearch"):
        if key in params:
            faiss.ParameterSpace().set_index_parameter(theirs, key, params[key])
    asked = unit(x) if metric == "cosine" else x
    searcher = type_named(name).open(handle, dataset)
    count = max(10, int(params.get("rerank", 0)))
    for row in (0, 5, 1499):
        found = searcher.search(x[row : row + 1], 10, params)
        expected = theirs.search(asked[row : row + 1], count)[1]
        assert found.shape == expected.shape
        assert (found == expected).mean() > 0.9  # codes that are alike may change places
    searcher.close()


def test_effort_is_resolved_from_k_and_shown(make_dataset: MakeDataset, tmp_path: Path) -> None:
    handle = built(make_dataset(vectors()), "faiss-ivfpq", "cosine", {"m": 4}, tmp_path / "i")
    assert handle.params == {"nlist": 38, "m": 4, "nbits": 8}
    few, many = asking.resolved(handle, {}, 10), asking.resolved(handle, {}, 200)
    assert few == {"nprobe": 13, "rerank": 100}
    assert many["nprobe"] > few["nprobe"]
    assert many["rerank"] == 1500
    assert asking.resolved(handle, {"rerank": "0"}, 10)["rerank"] == 0


def test_more_candidates_are_ranked_by_their_true_distance(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "faiss-ivfpq", "euclidean", {"m": 4, "nbits": 4, "nlist": 1}, tmp_path / "i")
    searcher = type_named("faiss-ivfpq").open(handle, dataset)
    query = dataset.vectors[3]
    truth = set(np.argsort(np.linalg.norm(dataset.vectors - query, axis=1))[:10].tolist())
    hits = []
    for rerank in (0, 5, 50, 1500):
        params = asking.resolved(handle, {"rerank": rerank}, 10)
        found = asking.neighbours(searcher, handle, dataset, query, 10, params)
        assert len(found) == 10
        hits.append(len(truth & set(found.rows.tolist())))
    searcher.close()
    assert hits[0] == hits[1] < hits[2] < hits[3] == 10


@pytest.mark.parametrize(
    ("rows", "wanted", "nlist"), [(1, None, 1), (77, None, 1), (400, None, 10), (20_000, None, 512), (5, 100, 5)]
)
def test_cells_suit_the_rows(rows: int, wanted: int | None, nlist: int) -> None:
    assert shape.cells(rows, wanted) == nlist
    assert shape.cells(1_000_000, None) == 4000


@pytest.mark.parametrize(("dimensions", "m"), [(1, 1), (13, 13), (50, 25), (128, 32), (256, 64), (300, 75)])
def test_pieces_divide_the_dimensions(dimensions: int, m: int) -> None:
    assert shape.pieces(dimensions, None) == m


def test_pieces_that_do_not_divide_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="m has to divide the 16 dimensions, which 5 does not; 4 or 8 does"):
        built(make_dataset(vectors()), "faiss-ivfpq", "cosine", {"m": 5}, tmp_path / "i")


def test_there_are_never_more_codes_than_rows() -> None:
    assert [shape.code_bits(rows, 8) for rows in (1, 2, 3, 4, 255, 256, 10**6)] == [1, 1, 1, 2, 7, 8, 8]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [1, 7, 60])
def test_few_rows_are_no_reason_to_complain(
    make_dataset: MakeDataset, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, rows: int
) -> None:
    handle = built(make_dataset(vectors(rows)), name, "euclidean", {}, tmp_path / "i")
    assert handle.rows == rows
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["faiss-ivf", "faiss-ivfpq", "faiss-hnsw", "faiss-factory"])
def test_a_seed_gives_the_same_bytes_each_time(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    dataset = make_dataset(vectors())
    one, two = (built(dataset, name, "cosine", {"seed": 3}, tmp_path / each).path.read_bytes() for each in "ab")
    assert one == two
    assert built(dataset, name, "cosine", {"seed": 4}, tmp_path / "c").path.read_bytes() != one


def test_training_stops_when_told(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """Learning so many centres from so many rows would take minutes; adding, of which there is none, cannot be it."""
    dataset = make_dataset(vectors(60_000, 64))
    notes: list[str] = []

    def progress(fraction: float | None, note: str = "") -> None:
        notes.append(note)
        if notes.count("training") == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        built(dataset, "faiss-ivf", "cosine", {"nlist": 20_000}, tmp_path / "i", progress)
    assert list((tmp_path / "i").iterdir()) == []
    assert "adding rows" not in notes
    small = make_dataset(vectors())
    assert built(small, "faiss-ivf", "cosine", {}, tmp_path / "again").path.is_file()


def test_stop_at_the_last_moment_leaves_nothing(make_dataset: MakeDataset, tmp_path: Path) -> None:
    path = tmp_path / "i" / "index.faiss"

    def progress(fraction: float | None, note: str = "") -> None:
        if path.exists():
            raise Cancelled

    dataset = make_dataset(vectors(3))
    for _ in range(40):
        try:
            built(dataset, "faiss-flat", "cosine", {}, path.parent, progress)
        except Cancelled:
            assert not path.exists()
        path.unlink(missing_ok=True)


def test_two_builds_of_one_process_take_turns(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors(4000))
    paths: dict[str, Path] = {}

    def build(name: str) -> None:
        paths[name] = built(dataset, "faiss-hnsw", "cosine", {}, tmp_path / name).path

    threads = [Thread(target=build, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(paths) == ["a", "b", "c"]
    assert all(path.is_file() for path in paths.values())


def test_what_would_not_fit_is_said_before(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"needs about .* of memory, and .* rows would fit: .* faiss-ivfpq"):
        estimated(2**31 - 1, 4096, "faiss-flat", "cosine", {}, tmp_path)
    with pytest.raises(TooLarge, match="is built of at most"):
        estimated(2**31, 4, "faiss-flat", "cosine", {}, tmp_path)


@pytest.mark.parametrize("factory", list(FACTORIES))
def test_files_of_the_library_open_as_what_they_are(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    x = vectors()
    dataset = make_dataset(x)
    path = tmp_path / "theirs.index"
    own_file(x, factory, path)
    handle = open_saved(path, dataset)
    assert (handle.type, handle.metric, handle.rows) == (FACTORIES[factory], "euclidean", 1500)
    if handle.type == "faiss-factory":
        assert handle.params["factory"]
    kind = type_named(handle.type)
    searcher = kind.open(handle, dataset)
    full = {**kind.full_effort(handle), "rerank": 0} if not kind.lossless else kind.full_effort(handle)
    theirs = faiss.read_index(str(path))
    for key in ("nprobe", "efSearch"):
        if key in full:
            faiss.ParameterSpace().set_index_parameter(theirs, key, full[key])
    found = searcher.search(x[:3], 10, asking.resolved(handle, full, 10))
    assert (found == theirs.search(x[:3], 10)[1]).mean() > 0.9
    searcher.close()


@pytest.mark.parametrize("factory", ["Flat", "IVF8,SQ8", "IVF8,PQ4x4np", "PCA8,SQ4"])
def test_a_file_tells_its_metric(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    x = vectors() * np.linspace(0.5, 4, 1500, dtype=np.float32)[:, None]
    dataset = make_dataset(x)
    for stored, own, metric in (
        (x, faiss.METRIC_L2, "euclidean"),
        (x, faiss.METRIC_INNER_PRODUCT, "dot"),
        (unit(x), faiss.METRIC_L2, "cosine"),
        (unit(x), faiss.METRIC_INNER_PRODUCT, "cosine"),
    ):
        path = tmp_path / f"{metric}{own}.faiss"
        own_file(stored, factory, path, own)
        assert open_saved(path, dataset).metric == metric
        with pytest.raises(BadFile, match="no Faiss index of the vectors of test under manhattan"):
            open_saved(path, dataset, "manhattan")


def test_of_unit_vectors_the_datasets_own_metric_counts(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = unit(vectors())
    path = tmp_path / "x.faiss"
    own_file(x, "Flat", path)
    assert open_saved(path, make_dataset(x, "cosine")).metric == "cosine"
    assert open_saved(path, make_dataset(x, "euclidean")).metric == "euclidean"


@pytest.mark.parametrize("factory", list(FACTORIES))
def test_a_file_of_other_vectors_is_refused(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    x = vectors()
    path = tmp_path / "x.faiss"
    own_file(x, factory, path)
    with pytest.raises(BadFile, match="no Faiss index of the vectors"):
        open_saved(path, make_dataset(x[::-1]))
    with pytest.raises(BadFile, match="1,500 × 16 vectors; test has 1,000 × 16"):
        open_saved(path, make_dataset(x[:1000]))
    with pytest.raises(BadFile, match="1,500 × 16 vectors; test has 1,500 × 8"):
        open_saved(path, make_dataset(x[:, :8]))


def test_what_no_search_here_could_use_is_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors()
    dataset = make_dataset(x)
    path = tmp_path / "x.faiss"
    own_file(x, "Flat", path, faiss.METRIC_L1)
    with pytest.raises(BadFile, match="Faiss's number 2; only L2 and the inner product"):
        open_saved(path, dataset)
    path.write_bytes(b"not an index at all, but long enough to be the head of one")
    with pytest.raises(BadFile, match="no Faiss index"):
        open_saved(path, dataset)
    path.write_bytes(b"")
    with pytest.raises(BadFile, match="no Faiss index"):
        open_saved(path, dataset)
    numbered = faiss.IndexIVFFlat(faiss.IndexFlatL2(16), 16, 4)
    numbered.cp.min_points_per_centroid = 1
    numbered.train(x)
    numbered.add_with_ids(x, np.arange(1500) + 7)
    faiss.write_index(numbered, str(path))
    with pytest.raises(BadFile, match="rows have to be numbered from 0"):
        open_saved(path, dataset)


@pytest.mark.parametrize("factory", CHECKED)
def test_a_file_that_was_cut_or_has_more_is_refused(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    x = vectors(300)
    dataset = make_dataset(x)
    path = tmp_path / "x.faiss"
    own_file(x, factory, path)
    whole = path.read_bytes()
    for length in [*range(0, 500, 29), len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(BadFile):
            open_saved(path, dataset)
    path.write_bytes(whole + b"0")
    with pytest.raises(BadFile, match="something follows"):
        open_saved(path, dataset)


def test_links_and_cells_that_lead_out_are_found_before_the_library_reads_them(tmp_path: Path) -> None:
    x = vectors(300)
    path = tmp_path / "x.faiss"
    index = own_file(x, "HNSW8,Flat", path)
    whole = path.read_bytes()
    links = faiss.vector_to_array(index.hnsw.neighbors).astype("<i4").tobytes()
    place = whole.index(links)
    for link in (300, -2, 2**31 - 1):
        harmed = bytearray(whole)
        harmed[place : place + 4] = int(link).to_bytes(4, "little", signed=True)
        path.write_bytes(harmed)
        with pytest.raises(BadFile, match="a link leads to a row that is not there"):
            layout.check(path, silent)
    own_file(x, "IVF8,Flat", path)
    whole = path.read_bytes()
    place = whole.index(b"full") + 4
    for size, said in ((2**60, "larger than what is left"), (7, "as many cells"), (8, "as many rows")):
        harmed = bytearray(whole)
        harmed[place : place + 8] = size.to_bytes(8, "little")
        if size == 8:
            harmed[place + 8 : place + 16] = (2**50).to_bytes(8, "little")
        path.write_bytes(harmed)
        with pytest.raises(BadFile, match=said):
            layout.check(path, silent)


FUZZ = """
import sys
from pathlib import Path
from explorer.core.progress import silent
from explorer.errors import BadFile
from explorer.indexes.faiss import files, layout
path = Path(sys.argv[1])
for harmed in sorted(path.parent.glob("harmed*")):
    try:
        layout.check(harmed, silent)
        index = files.read(harmed)
        index.search(__import__("numpy").zeros((1, index.d), "f4"), 5)
    except (BadFile, RuntimeError):
        continue
print("alive")
"""


@pytest.mark.parametrize("factory", CHECKED)
def test_a_harmed_file_does_not_end_the_process(tmp_path: Path, factory: str) -> None:
    path = tmp_path / "x.faiss"
    own_file(vectors(200, 8), factory, path)
    whole, dice = path.read_bytes(), random.Random(5)
    for i in range(150):
        harmed = bytearray(whole)
        for _ in range(dice.choice((1, 2, 4))):
            at = dice.randrange(header.FACTS.size, len(whole) if dice.random() < 0.4 else 400)
            harmed[at] = dice.choice((0, 1, 127, 128, 255))
        (tmp_path / f"harmed{i}").write_bytes(harmed)
    done = subprocess.run([sys.executable, "-c", FUZZ, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == "alive\n", done.stderr[-500:]


def test_a_path_of_any_letters(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "faiss-hnsw", "cosine", {}, tmp_path / "é ✓")
    out = tmp_path / "Bücher 本.faiss"
    save_index(handle, dataset, out)
    again = open_saved(out, dataset)
    searcher = type_named("faiss-hnsw").open(again, dataset)
    assert searcher.search(dataset.vectors[:1], 1, asking.resolved(again, {}, 1)).tolist() == [[0]]
    searcher.close()


@pytest.mark.parametrize("factory", ["nonsense", "IVF4096,Flat", "PQ7", "IVF8,", ""])
def test_a_string_that_faiss_cannot_build_is_said(make_dataset: MakeDataset, tmp_path: Path, factory: str) -> None:
    with pytest.raises(BadParameter, match=r"Faiss cannot build “.*” of 1,500 × 16 vectors: |factory is a string"):
        built(make_dataset(vectors()), "faiss-factory", "cosine", {"factory": factory}, tmp_path / "i")
    assert list((tmp_path / "i").iterdir()) == []


@pytest.mark.parametrize(
    ("factory", "params"),
    [
        ("Flat", {"rerank": 0}),
        ("HNSW16", {"efSearch": 64, "rerank": 0}),
        ("IVF16,Flat", {"nprobe": 9, "rerank": 0}),
        ("OPQ4_8,IVF8,PQ4x4fs,RFlat", {"nprobe": 6, "rerank": 0}),
        ("IVF16(HNSW8),SQ8", {"nprobe": 9, "rerank": 100}),
        ("PQ8x4np", {"rerank": 100}),
    ],
)
def test_any_make_builds_and_has_the_parameters_it_speaks_of(
    make_dataset: MakeDataset, tmp_path: Path, factory: str, params: dict[str, int]
) -> None:
    dataset = make_dataset(vectors())
    handle = built(dataset, "faiss-factory", "euclidean", {"factory": factory}, tmp_path / "i")
    resolved = asking.resolved(handle, {}, 10)
    assert resolved == params
    searcher = type_named("faiss-factory").open(handle, dataset)
    found = asking.neighbours(searcher, handle, dataset, dataset.vectors[4], 10, resolved)
    assert len(found) == 10
    if effort.keeps_all(factory):
        assert found.rows[0] == 4
    if "nprobe" not in params:
        with pytest.raises(BadParameter, match="no cells, so there is no nprobe"):
            searcher.search(dataset.vectors[:1], 1, {"nprobe": 3})
    searcher.close()


def test_zero_rows_stay_behind_however_many_there_are(make_dataset: MakeDataset, tmp_path: Path) -> None:
    x = vectors(900)
    x[::2] = 0
    dataset = make_dataset(x)
    handle = built(dataset, "faiss-flat", "cosine", {}, tmp_path / "i")
    searcher = type_named("faiss-flat").open(handle, dataset)
    found = searcher.search(x[1:2], 460, asking.resolved(handle, {}, 460))[0]
    assert (found[:450] % 2 == 1).all()
    assert (found[450:] % 2 == 0).all()
    searcher.close()


def test_numbers_that_half_precision_cannot_hold_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(vectors() * 1e5)
    for quantizer in ("8bit", "bf16"):
        assert built(dataset, "faiss-sq", "euclidean", {"quantizer": quantizer}, tmp_path / quantizer).bytes
    with pytest.raises(BadParameter, match="too large for this index under euclidean"):
        built(dataset, "faiss-sq", "euclidean", {"quantizer": "fp16"}, tmp_path / "i")


def test_what_the_library_says_is_told_without_where_it_says_so() -> None:
    raised = RuntimeError("Error in void faiss::f(int) at /project/faiss/x.cpp:75: Error: 'a > b' failed: too few rows")
    assert library.said(raised) == "too few rows"
    assert library.said(RuntimeError("Error in f() at /x.cpp:1: could not parse index string x.")) == (
        "could not parse index string x"
    )
    assert library.said(MemoryError()) == "MemoryError"


def test_items_are_copies_of_unit_length() -> None:
    x = vectors(5)
    x[2] = 0
    x.flags.writeable = False
    found = items.as_items(x * np.float32(1e-30), "cosine")
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 0, 1, 1], rtol=1e-6)
    assert items.as_items(x, "dot") is not None
