"""Asking real servers: alone and as a cluster, slow, gone and back, behind passwords and TLS."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.recall import judged
from explorer.errors import Cancelled, PasswordNeeded, ServerFailed, ServerGone
from explorer.indexes import asking, type_named
from explorer.indexes.base import IndexHandle, Searcher
from explorer.indexes.building import built
from explorer.indexes.redis import vset
from explorer.servers import manifest, passwords
from explorer.servers.address import address_of
from explorer.servers.client import Client
from tests.redis_servers import Cluster, OwnRedis, RedisServer, SlowLine, Tls

MakeDataset = Callable[..., Dataset]
TYPES = ("redis-vset", "redis-search")


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(np.random.default_rng(3).standard_normal((1500, 16)))


@pytest.fixture(autouse=True)
def no_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_held", {})


def push(dataset: Dataset, name: str, url: str, folder: Path, metric: Metric = "cosine", **params: Any) -> IndexHandle:
    return built(dataset, name, metric, {"server": url, "key": "test", **params}, folder)


def opened(handle: IndexHandle, dataset: Dataset) -> Searcher:
    return type_named(handle.type).open(handle, dataset)


def ask(searcher: Searcher, handle: IndexHandle, dataset: Dataset, row: int, k: int = 10, **given: Any) -> Neighbours:
    params = asking.resolved(handle, given, k)
    return asking.neighbours(searcher, handle, dataset, dataset.vectors[row], k, params, (row,))


def recall(found: Neighbours, dataset: Dataset, row: int, metric: Metric = "cosine") -> float:
    truth = ranked(np.array(dataset.vectors), dataset.vectors[row], np.arange(dataset.rows), metric, len(found), (row,))
    return judged(found, truth, metric).recall


def replayed(command: str) -> list[bytes]:
    """The words of a command line as redis-cli understands them."""
    words = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\x[0-9a-f]{2})*)"|(\S+)', command):
        text = plain or re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), quoted)
        words.append(text.encode("latin-1"))
    return words


@pytest.mark.parametrize("name", TYPES)
def test_what_was_sent_can_be_sent_again_and_scores_are_the_servers(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    handle = push(dataset, name, redis_server.url, tmp_path)
    searcher = opened(handle, dataset)
    found = ask(searcher, handle, dataset, 7)
    said: Any = redis_server.client(protocol=2).execute_command(*replayed(searcher.command()))
    scores = searcher.scores(found.rows)
    assert np.isfinite(scores).all()
    if name == "redis-vset":
        assert searcher.score_name == "VSIM score"
        theirs = {said[i].decode(): float(said[i + 1]) for i in range(0, len(said), 2)}
        np.testing.assert_allclose(scores, 1 - found.distances / 2, atol=0.01)
        assert [theirs[f"#{row}"] for row in found.rows] == scores.tolist()
    else:
        assert searcher.score_name == "KNN score"
        np.testing.assert_allclose(scores, found.distances, atol=1e-5)
        assert {f"ann-explorer:test#{row}".encode() for row in found.rows} < set(said[1::2])
    assert searcher.scores(np.array([7_000]))[0] != searcher.scores(np.array([7_000]))[0]
    searcher.close()


@pytest.mark.parametrize(("metric", "score"), [("euclidean", "square"), ("dot", "1 − product")])
def test_scores_of_other_metrics(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, metric: Metric, score: str
) -> None:
    handle = push(dataset, "redis-search", redis_server.url, tmp_path, metric, algorithm="FLAT")
    searcher = opened(handle, dataset)
    found = ask(searcher, handle, dataset, 7)
    assert recall(found, dataset, 7, metric) == 1.0
    expected = found.distances**2 if metric == "euclidean" else 1 - found.distances
    np.testing.assert_allclose(searcher.scores(found.rows), expected, rtol=1e-4, atol=1e-4)
    searcher.close()


@pytest.mark.parametrize(
    ("params", "least"),
    [
        ({"quantization": "NOQUANT"}, 0.99),
        ({"quantization": "Q8"}, 0.99),
        ({"quantization": "BIN"}, 0.5),  # sixteen signs do not tell much
        ({"quantization": "NOQUANT", "reduce": 8}, 0.7),
    ],
)
def test_each_way_to_shorten(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, params: dict[str, Any], least: float
) -> None:
    handle = push(dataset, "redis-vset", redis_server.url, tmp_path, **params)
    searcher = opened(handle, dataset)
    rows = range(0, 1500, 100)
    assert np.mean([recall(ask(searcher, handle, dataset, row), dataset, row) for row in rows]) >= least
    everything = type_named("redis-vset").full_effort(handle)
    assert all(recall(ask(searcher, handle, dataset, row, **everything), dataset, row) == 1.0 for row in rows)
    if "reduce" in params:
        with pytest.raises(NotImplementedError):
            searcher.decoded(np.array([1]))
    searcher.close()


def test_a_newer_query_stops_one_that_waits(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    handle = push(dataset, "redis-vset", redis_server.url, tmp_path)
    searcher = opened(handle, dataset)
    before = ask(searcher, handle, dataset, 7)
    redis_server.pause()
    began = time.monotonic()

    def progress(fraction: float | None, note: str = "") -> None:
        if time.monotonic() - began > 0.2:
            raise Cancelled

    params = asking.resolved(handle, {}, 10)
    with pytest.raises(Cancelled):
        asking.neighbours(searcher, handle, dataset, dataset.vectors[7], 10, params, (7,), progress)
    assert time.monotonic() - began < 1
    redis_server.resume()
    # The reply to the query that was stopped is not taken for that to the next one.
    np.testing.assert_array_equal(ask(searcher, handle, dataset, 7).rows, before.rows)
    searcher.close()


@pytest.mark.parametrize("name", TYPES)
def test_a_server_that_does_not_answer_in_time(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    handle = push(dataset, name, redis_server.url, tmp_path)
    searcher = opened(handle, dataset)
    redis_server.pause()
    with pytest.raises(ServerFailed, match="did not answer in time"):
        ask(searcher, handle, dataset, 7, timeout=300)
    redis_server.resume()
    assert recall(ask(searcher, handle, dataset, 7), dataset, 7) > 0.8
    searcher.close()


def test_a_server_that_went_away_and_came_back(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    handle = push(dataset, "redis-vset", redis_server.url, tmp_path)
    searcher = opened(handle, dataset)
    ask(searcher, handle, dataset, 7)
    redis_server.stop(keep=True)
    with pytest.raises(ServerGone, match="nothing listens there"):
        ask(searcher, handle, dataset, 7)
    redis_server.start()
    assert recall(ask(searcher, handle, dataset, 7), dataset, 7) > 0.8
    redis_server.restart(keep=True)
    assert recall(ask(searcher, handle, dataset, 7), dataset, 7) > 0.8
    searcher.close()


def test_a_line_that_breaks_in_the_middle_of_an_answer(
    dataset: Dataset, redis_server: RedisServer, slow_line: SlowLine, tmp_path: Path
) -> None:
    line = slow_line(redis_server)
    handle = push(dataset, "redis-vset", line.url, tmp_path)
    searcher = opened(handle, dataset)
    right = ask(searcher, handle, dataset, 7)
    line.cut_after = 40
    with pytest.raises(ServerGone, match="closed the connection"):
        ask(searcher, handle, dataset, 8)
    line.cut_after = None
    np.testing.assert_array_equal(ask(searcher, handle, dataset, 7).rows, right.rows)
    line.delay = 0.05
    np.testing.assert_array_equal(ask(searcher, handle, dataset, 7).rows, right.rows)
    searcher.close()


def test_elements_that_are_no_rows_are_passed_over_and_counted(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path
) -> None:
    handle = push(dataset, "redis-vset", redis_server.url, tmp_path)
    searcher = opened(handle, dataset)
    blob = np.array(dataset.vectors[7]).tobytes()
    redis_server.client().execute_command("VADD", "ann-explorer:test", "FP32", blob, "stranger", "Q8")
    found = ask(searcher, handle, dataset, 7)
    assert len(found) == 10
    assert "1 of" in str(searcher.aside()["not in this Dataset"])
    searcher.close()


@pytest.mark.parametrize("name", TYPES)
def test_a_cluster_holds_a_share_on_each_node_and_answers_as_one(
    dataset: Dataset, redis_cluster: Cluster, tmp_path: Path, name: str
) -> None:
    handle = push(dataset, name, redis_cluster.url, tmp_path)
    shares = [node.client().dbsize() for node in redis_cluster.nodes]
    assert all(shares)
    if name == "redis-vset":
        client = Client(address_of(redis_cluster.url))
        said = manifest.read(client, "ann-explorer:test")
        assert said is not None
        assert len(said.keys) == 3
        counts = [client.ask("VCARD", key, key=key) for key in said.keys]
        assert counts == [500, 500, 500]
        client.close()
    searcher = opened(handle, dataset)
    effort = {"ef_search": 500} if name == "redis-vset" else {"EF_RUNTIME": 500}
    for row in range(0, 1500, 250):
        found = ask(searcher, handle, dataset, row, **effort)
        assert recall(found, dataset, row) == 1.0
    assert len(searcher.command().splitlines()) == 3
    searcher.close()
    type_named(name).discard(handle)
    assert [node.client().dbsize() for node in redis_cluster.nodes] == [0, 0, 0]


def test_any_node_of_a_cluster_may_be_named_and_one_set_lies_on_one(
    dataset: Dataset, redis_cluster: Cluster, tmp_path: Path
) -> None:
    handle = push(dataset, "redis-vset", redis_cluster.nodes[2].url, tmp_path, shards=1)
    assert sorted(node.client().dbsize() for node in redis_cluster.nodes) == [0, 1, 1] or sorted(
        node.client().dbsize() for node in redis_cluster.nodes
    ) == [0, 0, 2]
    searcher = opened(handle, dataset)
    assert recall(ask(searcher, handle, dataset, 3), dataset, 3) > 0.8
    searcher.close()


def test_a_node_that_stops_in_the_middle_of_a_query_is_a_sentence_and_may_come_back(
    dataset: Dataset, redis_cluster: Cluster, tmp_path: Path
) -> None:
    handle = push(dataset, "redis-vset", redis_cluster.url, tmp_path)
    searcher = opened(handle, dataset)
    before = ask(searcher, handle, dataset, 7)
    victim = redis_cluster.nodes[1]
    victim.pause()
    failure: list[Exception] = []

    def query() -> None:
        try:
            ask(searcher, handle, dataset, 7)
        except Exception as error:
            failure.append(error)

    asking_thread = threading.Thread(target=query)
    asking_thread.start()
    time.sleep(0.3)
    victim.stop(keep=False)
    asking_thread.join(20)
    assert isinstance(failure[0], ServerFailed)
    assert str(victim.port) in str(failure[0]) or "cluster is down" in str(failure[0])
    searcher.close()
    assert len(before) == 10


def test_a_password_is_asked_for_and_a_wrong_one_refused(
    dataset: Dataset, own_redis: OwnRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = own_redis(requirepass="geheim")
    url = f"redis://{server.host}:{server.port}"
    with pytest.raises(PasswordNeeded, match="wants a password for the default user; give it in EXPLORER_REDIS_PASS"):
        push(dataset, "redis-vset", url, tmp_path)
    monkeypatch.setenv("EXPLORER_REDIS_PASSWORD", "falsch")
    with pytest.raises(PasswordNeeded, match="does not accept the password") as caught:
        push(dataset, "redis-vset", url, tmp_path)
    assert "falsch" not in str(caught.value)
    monkeypatch.setenv("EXPLORER_REDIS_PASSWORD", "geheim")
    handle = push(dataset, "redis-vset", url, tmp_path)
    searcher = opened(handle, dataset)
    assert len(ask(searcher, handle, dataset, 7)) == 10
    searcher.close()


def test_a_server_without_a_password_does_not_mind_one(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_REDIS_PASSWORD", "whatever")
    assert push(dataset, "redis-vset", redis_server.url, tmp_path).rows == 1500


def test_tls_with_the_right_authority_and_without(dataset: Dataset, tls: Tls, tmp_path: Path) -> None:
    handle = push(dataset, "redis-vset", f"{tls.url}?ca={quote(str(tls.ca))}", tmp_path)
    searcher = opened(handle, dataset)
    assert recall(ask(searcher, handle, dataset, 7), dataset, 7) > 0.8
    searcher.close()
    for url, said in (
        (tls.url, "signed by no authority we trust"),
        (f"{tls.url}?ca={quote(str(tls.wrong_ca))}", "signed by no authority we trust"),
        (f"{tls.other_url}?ca={quote(str(tls.ca))}", "a certificate for another name"),
        (tls.url.replace("rediss:", "redis:"), "write rediss://"),
    ):
        with pytest.raises(ServerFailed, match=said):
            push(dataset, "redis-vset", url, tmp_path / "x")


def test_tls_to_a_server_that_speaks_none(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    url = redis_server.url.replace("redis:", "rediss:")
    with pytest.raises(ServerFailed, match="TLS"):
        push(dataset, "redis-vset", url, tmp_path)


def test_keys_of_shards_lie_on_all_nodes(redis_cluster: Cluster) -> None:
    client = Client(address_of(redis_cluster.url))
    keys = vset.spread(client, "ann-explorer:x", 7)
    assert len(set(keys)) == 7
    nodes = [client.node_of(key) for key in keys]
    assert nodes[:3] == list(client.nodes())
    assert nodes == [client.nodes()[i % 3] for i in range(7)]
    client.close()
