"""What a build is said to take, for every type."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core import params as core_params
from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.errors import ExplorerError, TooLarge
from explorer.indexes import building, type_named, types
from explorer.indexes.building import built, estimated
from tests.redis_servers import RedisServer

MakeDataset = Callable[..., Dataset]
BUILT = [name for name, kind in types().items() if name != "exact" and not kind.unavailable()]
HERE = [name for name in BUILT if not types()[name].on_server]
THERE = [name for name in BUILT if types()[name].on_server]
STEEPER = {
    "annoy": ("trees", 10, 100),
    "hnswlib": ("ef_construction", 50, 400),
    "voyager": ("ef_construction", 50, 400),
    "usearch": ("expansion_add", 50, 400),
    "faiss-hnsw": ("efConstruction", 40, 200),
    "faiss-ivf": ("nlist", 50, 1000),
    "faiss-ivfpq": ("nbits", 4, 10),
}
"""A parameter of a type, of which more takes longer."""


def cost(name: str, rows: int = 20_000, dimensions: int = 128, **given: Any) -> Cost:
    kind = type_named(name)
    params = core_params.checked(kind.build_params, given, name)
    found = kind.cost(rows, dimensions, kind.metrics[0], params)
    assert found is not None
    return found


@pytest.mark.parametrize("name", BUILT)
def test_more_rows_and_more_numbers_take_more(name: str) -> None:
    few, many, wide = cost(name), cost(name, rows=60_000), cost(name, dimensions=512)
    assert 0 < few.seconds() < min(many.seconds(), wide.seconds())
    if name in THERE:
        assert few.server_bytes < many.server_bytes and few.memory_bytes == few.disk_bytes == 0
    else:
        assert few.memory_bytes < many.memory_bytes and few.disk_bytes < many.disk_bytes
    assert "20,000 rows" in few.what and few.advice


@pytest.mark.parametrize(("name", "param", "less", "more"), [(name, *steeper) for name, steeper in STEEPER.items()])
def test_what_is_said_to_take_longer_takes_longer(name: str, param: str, less: int, more: int) -> None:
    assert cost(name, **{param: less}).seconds() < cost(name, **{param: more}).seconds()


def test_exact_costs_nothing() -> None:
    assert (cost("exact").seconds(), cost("exact").memory_bytes, cost("exact").disk_bytes) == (0, 0, 0)


@pytest.mark.parametrize("name", [name for name in BUILT if "seed" in {p.name for p in types()[name].build_params}])
def test_with_a_seed_one_core_does_all(name: str) -> None:
    alone, together = cost(name, seed=1), cost(name)
    assert alone.shared == 0 and together.shared > 0
    assert alone.serial == pytest.approx(together.serial + together.shared)


@pytest.mark.parametrize("name", THERE)
def test_a_server_keeps_about_as_much_as_was_said(
    make_dataset: MakeDataset, tmp_path: Path, name: str, redis_server: RedisServer
) -> None:
    vectors = np.random.default_rng(3).standard_normal((2000, 64)).astype(np.float32)
    handle = built(make_dataset(vectors), name, "cosine", {"server": redis_server.url}, tmp_path / "i")
    said = type_named(name).cost(2000, 64, "cosine", handle.params)
    assert said is not None and 0.5 < said.server_bytes / handle.bytes < 2


@pytest.mark.parametrize("name", HERE)
def test_the_file_becomes_about_as_large_as_was_said(make_dataset: MakeDataset, tmp_path: Path, name: str) -> None:
    vectors = np.random.default_rng(3).standard_normal((2000, 24)).astype(np.float32)
    handle = built(make_dataset(vectors, "euclidean"), name, "euclidean", {}, tmp_path / "i")
    said = type_named(name).cost(2000, 24, "euclidean", handle.params)
    assert said is not None and 0.6 < said.disk_bytes / handle.bytes < 1.7


@pytest.mark.parametrize(
    ("factory", "row_bytes"),
    [
        ("Flat", 4 * 128),
        ("IVF256,SQ8", 128 + 8),
        ("PCAR64,IVF256,SQ8", 64 + 8),
        ("OPQ16_64,IVF256,PQ16x4fs,RFlat", 8 + 4 * 128 + 8),
        ("HNSW32,Flat", 4 * 128 + 2 * 32 * 4 + 40),
        ("something else", 4 * 128),
    ],
)
def test_what_a_factory_string_says_of_a_row(factory: str, row_bytes: int) -> None:
    said = cost("faiss-factory", factory=factory).disk_bytes
    assert said == pytest.approx(20_000 * row_bytes, rel=0.02, abs=256 * 4 * 128)


@given(st.text() | st.from_regex(r"(OPQ|PCA|IVF|PQ|HNSW|SQ|IMI|x|_|,|\d{1,30}){1,8}", fullmatch=True))
def test_no_factory_string_breaks_it(factory: str) -> None:
    try:
        found = cost("faiss-factory", factory=factory)
    except ExplorerError:
        return
    assert 0 <= found.seconds() < float("inf") and found.disk_bytes >= 0


@pytest.mark.parametrize("name", ["annoy", "hnswlib", "faiss-flat", "faiss-ivfpq", "matrix"])
def test_what_does_not_fit_is_refused_with_how_many_rows_would(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    free = cost(name, rows=5000, dimensions=16).disk_bytes
    monkeypatch.setattr(building, "free_on_disk", lambda folder: free)
    monkeypatch.setattr("explorer.room.free_on_disk", lambda folder: free)
    metric = type_named(name).metrics[0]
    with pytest.raises(TooLarge, match="; up to 5,000 rows would fit: make room, or "):
        estimated(9000, 16, name, metric, {}, tmp_path)
    assert estimated(5000, 16, name, metric, {}, tmp_path) is not None
    dataset = make_dataset(np.ones((5001, 16), np.float32))
    with pytest.raises(TooLarge, match="up to 5,000 rows"):
        built(dataset, name, metric, {}, tmp_path / "i")
    assert list((tmp_path / "i").iterdir()) == []


def test_memory_is_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "free_in_memory", lambda: 1000)
    monkeypatch.setattr("explorer.room.free_in_memory", lambda: 1000)
    with pytest.raises(TooLarge, match=r"of memory, and 1\.0 kB are free; take an index that needs no matrix"):
        estimated(500, 16, "matrix", "cosine", {}, tmp_path)


def test_a_type_that_does_not_say_what_it_takes_is_built_all_the_same(
    make_dataset: MakeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(type_named("annoy")), "cost", lambda *_: None)
    assert estimated(100, 4, "annoy", "cosine", {}, tmp_path) is None
    dataset = make_dataset(np.ones((50, 4), np.float32))
    assert built(dataset, "annoy", "cosine", {"trees": 1}, tmp_path / "i").rows == 50


def test_no_library_is_loaded_for_it() -> None:
    script = """
import json, sys
from explorer.core import params
from explorer.indexes import types
for kind in types().values():
    kind.cost(1000, 16, kind.metrics[0], params.checked(kind.build_params, {}, kind.name))
heavy = ("annoy", "faiss", "hnswlib", "usearch", "voyager", "scipy")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
