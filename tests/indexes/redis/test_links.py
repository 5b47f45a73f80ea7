"""Graphs of real servers: their links as they tell them, approximate replays, and why a row was missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import ranked
from explorer.core.recall import judged
from explorer.core.structure import Facts, Layers
from explorer.core.trace import RERANK, VISIT
from explorer.errors import Cancelled
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from tests.redis_servers import Cluster, OwnRedis, RedisServer

MakeDataset = Callable[..., Dataset]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(np.random.default_rng(3).standard_normal((900, 12)))


def pushed(
    dataset: Dataset, name: str, url: str, folder: Path, metric: Metric = "cosine", **params: Any
) -> tuple[IndexHandle, Searcher]:
    handle = built(dataset, name, metric, {"server": url, "key": "test", "M": 4, **params}, folder)
    return handle, type_named(name).open(handle, dataset)


def layers_of(searcher: Searcher) -> Layers:
    (found,) = searcher.structure()
    assert isinstance(found, Layers)
    return found


def links(layers: Layers, row: int, layer: int) -> list[int]:
    found: list[int] = layers.links[layer][layers.starts[layer][row] : layers.starts[layer][row + 1]].tolist()
    return found


def test_a_vector_set_tells_its_layers(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    _, searcher = pushed(dataset, "redis-vset", redis_server.url, tmp_path)
    layers = layers_of(searcher)
    assert layers.entry == -1
    assert layers.levels.min() == 0
    assert layers.most[:2] == (8, 4)
    client: Any = redis_server.client(protocol=2)
    info = client.execute_command("VINFO", "ann-explorer:test")
    said = dict(zip(info[::2], info[1::2], strict=True))
    assert layers.levels.max() == said[b"max-level"]
    for row in (0, 5, int(np.argmax(layers.levels))):
        lists = client.execute_command("VLINKS", "ann-explorer:test", f"#{row}")
        assert len(lists) == layers.levels[row] + 1
        for layer, own in enumerate(reversed(lists)):
            assert links(layers, row, layer) == [int(name[1:]) for name in own]
    searcher.close()


@pytest.mark.parametrize("quantization", ["NOQUANT", "Q8"])
def test_an_approximate_replay_of_a_vector_set(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, quantization: str
) -> None:
    handle, searcher = pushed(dataset, "redis-vset", redis_server.url, tmp_path, quantization=quantization)
    params, agree = asking.resolved(handle, {}, 10), 0
    for row in range(0, 900, 30):
        trace = searcher.trace(dataset.vectors[row], 10, params)
        assert trace is not None
        assert trace.approximate
        theirs = searcher.search(dataset.vectors[row : row + 1], 10, params)[0]
        assert trace.found.tolist() == theirs.tolist()
        assert (trace.actions == VISIT).any()
        assert (trace.actions == RERANK).any() == (quantization == "Q8")
        agree += not trace.differs
    assert agree >= (27 if quantization == "NOQUANT" else 0)
    assert searcher.trace(dataset.vectors[0], 10, {**params, "truth": "yes"}) is None
    searcher.close()


def test_what_a_code_or_the_links_hide(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    handle, searcher = pushed(dataset, "redis-vset", redis_server.url, tmp_path, quantization="BIN")
    params, reasons = asking.resolved(handle, {"rerank": 0, "ef_search": 10}, 10), set()
    helped = []
    for row in range(0, 300, 30):
        query = dataset.vectors[row]
        trace = searcher.trace(query, 10, params)
        assert trace is not None
        truth = ranked(dataset.vectors, query, np.arange(900), "cosine", 10)
        found = ranked(dataset.vectors, query, trace.found, "cosine", 10)
        for miss in judged(found, truth, "cosine").misses.tolist():
            cause = searcher.cause(trace, query, miss)
            assert cause is not None
            reasons.add(cause.reason)
            if cause.param:
                assert cause.param == "rerank"
                assert isinstance(cause.value, int)
                wide = {**params, "rerank": cause.value, "ef_search": 10 * cause.value}
                helped.append(miss in searcher.search(query[None], 10, wide)[0])
        assert searcher.cause(trace, query, int(trace.found[0])) is None
    assert "code_rank" in reasons
    # With another effort the server walks other ways through so many equal codes.
    assert np.mean(helped) > 0.8
    searcher.close()


def test_an_element_that_was_removed_is_not_indexed(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path
) -> None:
    handle, searcher = pushed(dataset, "redis-vset", redis_server.url, tmp_path)
    client: Any = redis_server.client(protocol=2)
    client.execute_command("VREM", "ann-explorer:test", "#17")
    assert layers_of(searcher).levels[17] == -1
    trace = searcher.trace(dataset.vectors[17], 10, asking.resolved(handle, {}, 10))
    assert trace is not None
    cause = searcher.cause(trace, dataset.vectors[17], 17)
    assert cause is not None
    assert cause.reason == "not_indexed"
    searcher.close()


@pytest.mark.parametrize("name", ["redis-vset", "redis-search"])
def test_a_graph_on_each_node_of_a_cluster(dataset: Dataset, redis_cluster: Cluster, tmp_path: Path, name: str) -> None:
    handle, searcher = pushed(dataset, name, redis_cluster.url, tmp_path)
    layers = layers_of(searcher)
    assert layers.entry == -1
    assert (layers.levels >= 0).all()
    agree = 0
    for row in range(0, 900, 90):
        trace = searcher.trace(
            dataset.vectors[row],
            10,
            asking.resolved(handle, {"EF_RUNTIME": 100}, 10)
            if name == "redis-search"
            else asking.resolved(handle, {"rerank": 0}, 10),
        )
        assert trace is not None
        assert (trace.origins[trace.actions == VISIT] == -1).sum() == 3
        agree += not trace.differs
        assert len(trace.found) == 10
    assert agree >= (9 if name == "redis-search" else 1)
    searcher.close()


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot"])
def test_a_search_index_that_may_be_dumped(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, metric: Metric
) -> None:
    handle, searcher = pushed(dataset, "redis-search", redis_server.url, tmp_path, metric)
    layers = layers_of(searcher)
    assert layers.levels[layers.entry] == layers.levels.max()
    assert layers.most[0] == 8
    client: Any = redis_server.client(protocol=2)
    said = client.execute_command("FT.DEBUG", "DUMP_HNSW", "ann-explorer:test", "vector", "ann-explorer:test#5")
    assert len(said) - 2 == layers.levels[5] + 1
    names = [client.execute_command("FT.DEBUG", "IDTODOCID", "ann-explorer:test", str(each)) for each in said[2][1:]]
    assert links(layers, 5, 0) == [int(each.rpartition(b"#")[2]) for each in names]
    agree = 0
    for row in range(0, 900, 30):
        trace = searcher.trace(dataset.vectors[row], 10, asking.resolved(handle, {}, 10))
        assert trace is not None
        agree += not trace.differs
    assert agree >= 27
    searcher.close()


def test_why_a_search_index_is_not_shown(dataset: Dataset, own_redis: OwnRedis, tmp_path: Path) -> None:
    server = own_redis(user="ann on >secret ~* +@all -ft.debug")
    url = f"redis://ann:secret@{server.host}:{server.port}"
    handle, searcher = pushed(dataset, "redis-search", url, tmp_path / "a")
    (facts,) = searcher.structure()
    assert isinstance(facts, Facts)
    assert "does not let the links be read: it has no FT.DEBUG, or keeps it from this user." in facts.note
    params = asking.resolved(handle, {}, 10)
    assert searcher.trace(dataset.vectors[0], 10, params) is None
    searcher.close()
    _, flat = pushed(dataset, "redis-search", url, tmp_path / "b", key="flat", algorithm="FLAT")
    (facts,) = flat.structure()
    assert isinstance(facts, Facts)
    assert "nothing to miss" in facts.note
    flat.close()


@pytest.mark.parametrize("name", ["redis-vset", "redis-search"])
def test_reading_links_can_be_stopped(dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str) -> None:
    _, searcher = pushed(dataset, name, redis_server.url, tmp_path)

    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        searcher.structure(stop)
    assert layers_of(searcher)
    searcher.close()
