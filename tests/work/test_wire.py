"""Values come out of the wire as they went in, and nothing but values does."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.core.dataset import Dataset
from explorer.core.explanation import Explanation, Fix, Miss, Reach
from explorer.core.neighbours import Neighbours
from explorer.core.params import Param
from explorer.core.projection import Projection
from explorer.core.query import Query, row_query
from explorer.core.structure import Cells, Codes, Difficulty, Facts, Forest, ForestFigures, Growth, Layers
from explorer.core.trace import Trace
from explorer.formats import reading
from explorer.formats.base import Part
from explorer.formats.keeping import Kept
from explorer.formats.matching import Division, Match
from explorer.formats.preview import Preview
from explorer.indexes.base import IndexHandle
from explorer.measure.coding import CodedDistances
from explorer.measure.honesty import Honesty
from explorer.measure.outlines import Outlines
from explorer.measure.painting import RecallMap
from explorer.measure.published import Published
from explorer.measure.rebuilding import Rebuilt
from explorer.measure.recall import RecallResult
from explorer.measure.soundness import Soundness
from explorer.servers.abilities import Abilities
from explorer.servers.catalogue import Holding
from explorer.work import inspecting, measuring, picturing, previewing, requests, wire
from explorer.work.wire import Packed, packed, unpacked

PUBLISHED = Published(30, 10, 0.99, 0.01, 2, "euclidean", 1.0, 1e-6)
HANDLE = IndexHandle("annoy", "dot", {"trees": 5, "seed": 1}, Path("/a/ü.ann"), 10, 3, 99, 0.25, "annoy 1.17.3")
NEIGHBOURS = Neighbours(np.array([3, 1]), np.array([0.5, 0.75]))


KEPT = Kept("a1", "Wörter", "/tmp/é\udcff.npy", 10, 3, 480, 1.5, True)


def values(dataset: Dataset) -> dict[str, Any]:
    """One value of each class that crosses the border."""
    able = Abilities("redis://a:1/0", "Redis", "8.2.3", 3, True, frozenset({"VADD"}), ("search 21005",), 5, 9)
    holding = Holding("redis-vset", "ü:set", ("ü:set",), 10, 3, "cosine", params=(("M", "16"),), written=4, pushed=True)
    query = Query("expression", "a - “b”", terms=((1.0, 3), (-1.0, 4)))
    made = [
        HANDLE,
        NEIGHBOURS,
        Projection(np.ones((200, 2), np.float32), "umap", "cosine", {"min_dist": 0.1}, 7, 1.5, {"graph": 0.5}, "note"),
        row_query(3, dataset),
        RecallResult(0.9, 0.1, 10, 5, 1.0, 2.0, 3.0, 4, {"trees": 5}),
        RecallResult(0.9, 0.1, 10, 5, 1.0, 2.0, 3.0, 4, {}, "q.npy", PUBLISHED),
        PUBLISHED,
        requests.Answer(NEIGHBOURS, {"search_k": 50}, 0.5, "VSIM score", np.array([0.5, 0.25]), "VSIM ü"),
        able,
        holding,
        requests.Connected(able, (holding,)),
        requests.ConnectRequest("redis://a:1/0", True),
        requests.RemoveRequest("redis://a:1/0", "ü:set"),
        requests.SoFarRequest("redis://a:1/0", "ü:set"),
        requests.KeyringRequest(),
        requests.ModelsRequest("http://localhost:1/v1", True),
        requests.ReadRequest("a.ann", Path("a.tsv"), {"vectors": "p*"}, "dot", Path("v.npy"), 25),
        requests.FingerprintRequest(dataset),
        requests.DiscardRequest(HANDLE),
        requests.ProjectRequest(dataset, "cosine", "pca", {}, None, False),
        requests.PositionsRequest(dataset, Path("xy.npy")),
        requests.GivenMapRequest(dataset, "X_umap"),
        requests.SavePositionsRequest(dataset, np.zeros((200, 2), np.float32), Path("xy.npy")),
        requests.WarmUpRequest(),
        requests.BuildRequest(dataset, "annoy", "cosine", {"trees": 5}, Path("folder")),
        requests.OpenIndexRequest(dataset, Path("i.ann"), None),
        requests.SaveIndexRequest(dataset, HANDLE, Path("i.ann")),
        requests.PrepareRequest(dataset, HANDLE),
        requests.ForgetRequest(Path("folder")),
        measuring.MeasureRequest(dataset, HANDLE, HANDLE, {"search_k": 9}, 10, 100),
        requests.ReadingsRequest(dataset, "#3", "row"),
        requests.SearchRequest(dataset, HANDLE, query, 10),
        KEPT,
        requests.CacheRequest(("a1",), 10**9),
        requests.Cache((KEPT,), 10**10),
    ]
    made += inside(dataset, query)
    return {type(value).__name__: value for value in made}


def inside(dataset: Dataset, query: Query) -> list[Any]:
    """What is seen of an index, of a search and of the whole Dataset, and how it is asked for."""
    ints, floats, flags = np.arange(3, dtype=np.int32), np.array([0.5, np.inf, -1.0]), np.array([True, False])
    fix = Fix("nprobe", 99, rebuild=False, verified=True, also={"rerank": 40})
    anew = Fix("M", 32, rebuild=True, verified=True)
    miss = Miss(3, 1, 0.5, "not_opened", "It was not opened.", fix)
    asked = (dataset, HANDLE, HANDLE)
    return [
        Forest(3, ints, ints, ints, ints, ints, ints, flags, ints, ints),
        ForestFigures(ints, ints, ints, ints, ints, ints, floats),
        Growth(ints, flags, ints, ints, flags),
        Cells(ints, ints, 1.5),
        Codes(floats, floats, ints, ints, 8),
        Layers(ints, (ints, ints), (ints,), 4, (8, 4)),
        Facts((("links", "3"),), "A note."),
        Trace("forest", ints, ints, floats, ints, ints, ints, ints, floats, ints, 9, 8, counters={"splits": 3}),
        fix,
        miss,
        Explanation(ints, (miss, replace(miss, fix=None)), None, 9, {"search_k": 10}, fix, np.arange(2)),
        Rebuilt((16, 32), anew, HANDLE, np.arange(3)),
        RecallMap(floats, 2, 10, {"search_k": 10}),
        Honesty(floats, 2, 10, 10),
        Difficulty(9, floats, 3.5, ints, 0.5, 1, ints, floats, {"hubs": "1"}),
        inspecting.StructureRequest(dataset, HANDLE, leaf_rows=True),
        inspecting.BranchesRequest(dataset, HANDLE, 1, 2),
        inspecting.MarginsRequest(dataset, HANDLE, 3),
        inspecting.GrowthRequest(*asked, query, 10, {"search_k": 9}),
        inspecting.TraceRequest(dataset, HANDLE, query, 10, {"search_k": 9}),
        inspecting.DistancesRequest(dataset, HANDLE, query, ints),
        inspecting.ExplainRequest(*asked, query, 10, {"search_k": 9}),
        inspecting.VerifyRequest(*asked, query, 10, {"ef": 9}, row=3, fix=anew, folder=Path("folder")),
        inspecting.RecallMapRequest(*asked, {"search_k": 9}, 10, 100, 1),
        inspecting.ReachRequest(*asked, query, 10, {"search_k": 9}),
        Reach("search_k", 9, ints, ints, np.array([[True, False]])),
        inspecting.FoundRequest(*asked, {"search_k": 9}, 10, 100, 1),
        inspecting.HonestyRequest(dataset, HANDLE, np.zeros((200, 2), np.float32), 10),
        inspecting.DifficultyRequest(dataset, HANDLE),
        previewing.PreviewRequest("x.npz", Path("m.csv"), {"array": "train"}, "dot", 3),
        previewing.MatchRequest(dataset, Path("m.csv"), "id=uid", dropped=True),
        previewing.DivideRequest((Path("a.npy"), Path("m.csv"))),
        part := Part("train", (9, -1), "float32", "a note"),
        param := Param("rows", "int", None, "How many.", minimum=1, choices=("a",)),
        Preview(Path("x.npz"), "npz", "NumPy", (param,), {"array": "train"}, (part,), rows=9, cells=(("a", "1"),)),
        Division(Path("v.npy"), Path("m.csv"), (Path("w.npy"),), by_row=False),
        Match(Path("m.csv"), "Table", 3, 9, "id", ("id",), ("id",), ("id",), "3 of 9.", True, False),
        Outlines(ints, np.zeros((3, 2), np.float32), np.zeros((2, 2), np.float32), 0.9),
        CodedDistances(ints, floats, floats, floats, floats),
        Soundness(
            ints, ints, ints, ints, 1, ints, floats, floats, 10, ints, floats, 0.5, np.zeros((3, 2), int), floats
        ),
        picturing.OutlinesRequest(np.zeros((3, 2), np.float32), ints, 3),
        picturing.BoundariesRequest(dataset, HANDLE),
        picturing.CodedDistancesRequest(*asked, query, ints),
        picturing.SoundnessRequest(*asked, 10, 100),
        picturing.MapNumbersRequest(dataset, floats, Path("map.csv"), "digit", ints, ("a", "b", "c"), ints, ("hit",)),
    ]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b))
    if isinstance(a, Dataset):
        return isinstance(b, Dataset) and (a.folder, a.metric, a.own_index) == (b.folder, b.metric, b.own_index)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple | list):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


@pytest.mark.parametrize("own", [None, Path("/somewhere/é\udcff.ann")])
def test_how_a_dataset_was_opened_crosses_with_it(dataset: Dataset, own: Path | None) -> None:
    opened = replace(dataset, metric="manhattan", own_index=own)
    assert same(opened, unpacked(packed(opened)))


@pytest.mark.parametrize("name", sorted(wire.CLASSES))
def test_every_value_class_comes_out_as_it_went_in(name: str, dataset: Dataset) -> None:
    value = values(dataset)[name]
    assert same(value, unpacked(packed(value)))


@pytest.mark.parametrize(
    "dtype",
    ["|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u8", "<f2", "<f4", "<f8", ">f4", "<c8", "<U3", "|S2", "<M8[ns]"],
)
@pytest.mark.parametrize("shape", [(), (0,), (0, 2), (3,), (2, 3)])
def test_arrays_of_every_dtype_and_shape_come_out_as_they_went_in(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype) if dtype[1] == "M" else np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    assert same(array, unpacked(packed(array)))


def test_arrays_come_out_aligned_in_order_and_read_only() -> None:
    _, column = unpacked(packed(("odd", np.arange(12, dtype=np.float32).reshape(3, 4).T)))
    assert column.flags.c_contiguous and column.flags.aligned and not column.flags.writeable
    assert column.tolist() == np.arange(12).reshape(3, 4).T.tolist()


@pytest.mark.parametrize("array", [np.array([object()]), np.zeros(2, [("a", "i4"), ("b", "f4")])], ids=["O", "V"])
def test_arrays_that_are_not_plain_numbers_or_text_do_not_cross(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(TypeError, match="does not cross"):
        packed(array)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None, max_examples=50)
@given(PLAIN)
@example("half a character \ud83d, a file \udcff, 日本語")
def test_plain_values_come_out_as_they_went_in(value: object) -> None:
    assert unpacked(packed(value)) == value


def test_a_path_that_is_not_utf8_comes_out_as_it_went_in() -> None:
    path = Path("/data/caf\udce9.npy")
    assert unpacked(packed(path)) == path


def test_numbers_of_numpy_become_plain_numbers() -> None:
    assert unpacked(packed((np.int64(3), np.float32(0.5), np.bool_(True)))) == (3, 0.5, True)
    assert [type(v) for v in unpacked(packed((np.int64(3), np.float32(0.5), np.bool_(True))))] == [int, float, bool]


def test_a_dataset_crosses_as_its_folder_and_is_opened_once(dataset: Dataset) -> None:
    body = packed((dataset, dataset))
    assert len(body) < 2 * len(str(dataset.folder)) + 40
    first, second = unpacked(body)
    assert first is second
    np.testing.assert_array_equal(first.vectors, dataset.vectors)


def test_a_dataset_whose_folder_holds_something_else_now_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 2), np.float32) + 1)
    dataset = reading.read(path)
    before = unpacked(packed(dataset))
    described = dataset.folder / "dataset.json"
    described.write_text(described.read_text().replace('"title": "a', '"title": "another a'))
    after = unpacked(packed(dataset))
    assert (before.title, after.title) == (dataset.title, "another " + dataset.title)


def test_a_dataset_keeps_the_metric_that_it_was_opened_with(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((3, 2), np.float32) + 1)
    for metric in ("dot", "manhattan", "dot"):
        assert unpacked(packed(reading.read(path, metric=metric))).metric == metric


@dataclass
class Stranger:
    x: int = 1


def test_a_class_that_is_not_listed_cannot_be_sent() -> None:
    with pytest.raises(TypeError, match="Stranger"):
        packed(Stranger())
    impostor = type("Query", (Stranger,), {})
    with pytest.raises(TypeError, match="Query"):
        packed(impostor())


@pytest.mark.parametrize("name", ["Stranger", "Dataset", "Popen", "eval", "__builtins__"])
def test_a_class_that_is_not_listed_cannot_be_built(name: str) -> None:
    with pytest.raises(EOFError):
        unpacked(msgpack.packb(msgpack.ExtType(3, packed((name, {"x": 1})))))


@pytest.mark.parametrize("dtype", ["O", "|O", "V8", "<f4,<i4", "no dtype"])
def test_an_array_of_objects_cannot_be_built(dtype: str) -> None:
    head = msgpack.packb((dtype, (1,)))
    body = len(head).to_bytes(2, "little") + bytes(2) + head + bytes(8)
    with pytest.raises(EOFError):
        unpacked(msgpack.packb(msgpack.ExtType(1, body)))


def test_an_array_that_claims_to_be_larger_than_it_is_cannot_be_built() -> None:
    for shape in [(10,), (0, -1), (2**62, 8)]:
        head = msgpack.packb(("<f4", shape))
        with pytest.raises(EOFError):
            unpacked(msgpack.packb(msgpack.ExtType(1, len(head).to_bytes(2, "little") + bytes(2) + head + bytes(8))))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60))
@example(b"")
@example(msgpack.packb(3))
@example(msgpack.packb(("do",)))
@example(msgpack.packb(msgpack.ExtType(3, b"\xc1")))
@example(msgpack.packb(msgpack.ExtType(99, b"")))
def test_garbage_is_the_end_of_the_conversation(body: bytes) -> None:
    try:
        message = wire.receive(io.BytesIO(struct.pack("<Q", len(body)) + body))
    except (EOFError, OSError):
        return
    assert isinstance(message, tuple) and len(message) >= 2


@settings(deadline=None)
@given(st.binary(max_size=30))
def test_a_stream_that_breaks_off_is_the_end_of_the_conversation(garbage: bytes) -> None:
    stream = io.BytesIO(garbage)
    with pytest.raises((EOFError, OSError)):
        for _ in range(10):
            wire.receive(stream)


def test_values_nested_without_end_are_the_end_of_the_conversation() -> None:
    body = b""
    for _ in range(2000):
        body = msgpack.packb(msgpack.ExtType(3, body))
    with pytest.raises(EOFError):
        unpacked(body)


def test_messages_follow_each_other_on_a_stream(dataset: Dataset) -> None:
    stream = io.BytesIO()
    wire.send(stream, ("do", 1, Packed.of(requests.FingerprintRequest(dataset))))
    wire.send(stream, ("stop", 1))
    stream.seek(0)
    verb, number, request = wire.receive(stream)
    assert (verb, number, request.value().dataset.folder) == ("do", 1, dataset.folder)
    assert wire.receive(stream) == ("stop", 1)
    with pytest.raises(EOFError):
        wire.receive(stream)


def test_what_cannot_be_sent_leaves_the_stream_as_it_was() -> None:
    stream = io.BytesIO()
    with pytest.raises(TypeError):
        wire.send(stream, ("do", 1, {1, 2}))
    assert stream.getvalue() == b""
