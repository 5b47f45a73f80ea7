"""Vector sets on a real server become Datasets."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from explorer import loading, paths, room
from explorer.core.query import row_query
from explorer.errors import BadParameter, Cancelled, PasswordNeeded, ServerGone, TooLarge, Unavailable
from explorer.indexes import asking, saved, type_named
from explorer.servers import passwords
from explorer.servers.address import named
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest, write
from tests.redis_servers import Cluster, OwnRedis, RedisServer
from tests.sources.conftest import Load, Vectors, push


def test_the_whole_of_one(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors[::-1], "NOQUANT", names=[f"w{row:02}".encode() for row in range(59, -1, -1)])
    found = load("key=words")
    assert found.vectors == pytest.approx(vectors, rel=1e-5)
    assert [found.name(row) for row in range(60)] == [f"w{row:02}" for row in range(60)], "in the order of the names"
    assert (found.format, found.title, found.metric, found.dtype) == ("redis", "words", "cosine", "float32")
    assert found.place == found.facts["source"] == f"{redis_server.url}/0?key=words"
    assert found.facts["server"].startswith("Redis 8") and found.facts["quantization"] == "NOQUANT"
    assert found.warnings == () and found.dropped == 0
    assert found.vectors_path.parent == found.folder and not (found.folder / "vectors.npy").exists()


def test_the_only_one_needs_no_name(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "alone", vectors)
    assert load("").title == "alone"


@pytest.mark.parametrize(("quantization", "dtype", "said"), [("Q8", "int8", "8 bits"), ("BIN", "bit", "only the sign")])
def test_what_the_server_has_shortened_is_said(
    redis_server: RedisServer, vectors: Vectors, load: Load, quantization: str, dtype: str, said: str
) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors, quantization)
    found = load("key=words")
    assert found.dtype == dtype and said in found.warnings[0]
    cosines = np.einsum("ij,ij->i", found.vectors, vectors)
    cosines /= np.linalg.norm(found.vectors, axis=1) * np.linalg.norm(vectors, axis=1)
    assert cosines.min() > (0.999 if quantization == "Q8" else 0.5)


def test_reduced_vectors_are_what_they_are_and_their_index_stays_away(
    redis_server: RedisServer, vectors: Vectors, load: Load
) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors, "NOQUANT", reduce=8)
    found = load("key=words")
    assert found.dimensions == 8 and found.own_index is None
    assert "from 20 to 8 numbers" in found.warnings[0]


def test_attributes_are_columns(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    about = {row: {"year": 1900 + row, "kind": "ab"[row % 2], "title": f"Title {row}"} for row in range(60)}
    with redis_server.client() as client:
        push(client, "words", vectors, attributes={**about, 7: "no JSON", 9: "[1]", 11: {}})
    found = load("key=words")
    assert [(column.name, column.kind) for column in found.columns] == [
        ("year", "number"),
        ("kind", "category"),
        ("title", "text"),
    ]
    year = found.column("year")
    assert year is not None and [year.cell(row) for row in (6, 7, 8, 9, 11)] == ["1906", "", "1908", "", ""]
    assert "The attributes of 2 elements are no JSON object: left out." in found.warnings
    assert found.name(3) == "e03", "an element is a name already"
    named_otherwise = load("key=words", name="title")
    assert named_otherwise.name(3) == "Title 3"
    key = named_otherwise.column("key")
    assert key is not None and key.cell(3) == "e03"


def test_names_that_are_no_text_keep_their_bytes(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    names = sorted([b"\xff\xfe", b"\xff\xfd", b"", b"a b\nc", "雪".encode(), b"nul\x00", b"#7", b"'\"{}"])
    with redis_server.client() as client:
        push(client, "odd", vectors[: len(names)], names=names)
    found = load("key=odd")
    strings = found.names.strings if found.names is not None else None
    assert strings is not None
    data = strings.data.tobytes()
    assert [data[start:end] for start, end in zip(strings.starts, strings.ends, strict=True)] == names
    assert any("Not all names are UTF-8; what cannot be read of 2 names" in warning for warning in found.warnings)


def test_a_sample_is_random_of_its_size_and_said(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors, "NOQUANT", attributes={row: {"n": row} for row in range(60)})
    found, again, other = (load("key=words", sample=20, seed=seed) for seed in (1, 1, 2))
    assert found.rows == 20 and found.warnings[0] == "A random sample of 20 of 60 vectors."
    rows = [int(found.name(row)[1:]) for row in range(20)]
    assert len(set(rows)) == 20 and rows != list(range(rows[0], rows[0] + 20))
    assert found.vectors == pytest.approx(vectors[rows], rel=1e-5)
    n = found.column("n")
    assert n is not None and [int(n.cell(row)) for row in range(20)] == rows
    assert [again.name(row) for row in range(20)] == [found.name(row) for row in range(20)]
    assert [other.name(row) for row in range(20)] != [found.name(row) for row in range(20)]
    assert found.own_index is None, "most of what it finds would not be there"
    assert load("key=words", sample=1000).warnings == (), "all of them are no sample"


def test_samples_are_drawn_evenly(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors)
    counts = np.zeros(60)
    for seed in range(30):
        found = load("key=words", sample=20, seed=seed)
        counts[[int(found.name(row)[1:]) for row in range(20)]] += 1
    assert counts.sum() == 600 and counts.min() >= 1 and counts.max() <= 22, "10 each on average"


def test_options_are_checked(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors)
    with pytest.raises(BadParameter, match="sample is at least 1, not 0"):
        load("key=words", sample=0)
    with pytest.raises(BadParameter, match=r"A Redis server has no parameter “sampel”; it has .*sample, seed"):
        load("key=words", sampel=5)


def test_what_is_not_there_or_is_something_else(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    place = redis_server.url.removeprefix("redis://")
    with pytest.raises(BadParameter, match=f"{place} holds no vector set and no search index"):
        load("")
    with redis_server.client() as client:
        client.set("plain", 1)
        push(client, "words", vectors)
        push(client, "others", vectors)
    for key in ("plain", "missing"):
        with pytest.raises(BadParameter, match=f"has no vector set “{key}”; there are others, words"):
            load(f"key={key}")
    with pytest.raises(BadParameter, match="name one: key=others, key=words"):
        load("")


def test_a_server_without_vector_sets(old_redis: RedisServer) -> None:
    with pytest.raises((BadParameter, Unavailable), match="no vector set"):
        loading.load(f"{old_redis.url}/0?key=words")


def test_nothing_listens(own_redis: OwnRedis) -> None:
    server = own_redis()
    server.stop()
    with pytest.raises(ServerGone, match="refuses the connection"):
        loading.load(f"{server.url}/0?key=words")


class Steps:
    """A Progress that does something when the first vectors have been read."""

    def __init__(self, action) -> None:  # type: ignore[no-untyped-def]
        self.action, self.done = action, False
        self.notes: list[str] = []

    def __call__(self, fraction: float | None, note: str = "") -> None:
        self.notes.append(note)
        if not self.done and fraction and note.startswith("reading"):
            self.done = True
            self.action()


@pytest.fixture
def long(redis_server: RedisServer) -> RedisServer:
    """A server with more than one batch."""
    with redis_server.client() as client:
        push(client, "long", np.random.default_rng(0).normal(size=(1300, 6)).astype(np.float32), "EF", 10, "M", 4)
    return redis_server


def test_elements_that_come_and_go_are_counted(long: RedisServer, load: Load) -> None:
    def change() -> None:
        with long.client() as client:
            for name in ("e900", "e901", "e999"):
                client.execute_command("VREM", "long", name)
            for number in range(5):
                client.execute_command("VADD", "long", "VALUES", 6, *range(6), f"new{number}", "M", 4)

    found = load("key=long", progress=Steps(change))
    assert found.rows == 1297 == len(found.vectors)
    names = {found.name(row) for row in range(found.rows)}
    assert not names & {"e900", "e901", "e999", "new1"}
    assert "Removed on the server while it was read, and not here: 3 vectors." in found.warnings
    assert any("not here: 5 vectors; open it again" in warning for warning in found.warnings)


def test_a_set_that_goes_meanwhile_leaves_what_was_read(long: RedisServer, load: Load) -> None:
    def remove() -> None:
        with long.client() as client:
            client.delete("long")

    found = load("key=long", progress=Steps(remove))
    assert found.rows == 500 and any("not here: 800 vectors." in warning for warning in found.warnings)


def test_cancelling_ends_it_between_two_batches_and_leaves_nothing(long: RedisServer, load: Load) -> None:
    def stop() -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        load("key=long", progress=Steps(stop))
    assert list((paths.cache_folder() / "datasets").iterdir()) == []


def test_cancelling_does_not_wait_for_a_server_that_is_silent(long: RedisServer, load: Load) -> None:
    silent_since: list[float] = []

    def pause() -> None:
        long.pause()
        silent_since.append(time.monotonic())

    steps = Steps(pause)

    def progress(fraction: float | None, note: str = "") -> None:
        steps(fraction, note)
        if silent_since and time.monotonic() > silent_since[0] + 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        load("key=long", progress=progress)
    assert time.monotonic() - silent_since[0] < 1


def test_a_server_that_goes_away_in_the_middle(own_redis: OwnRedis) -> None:
    server = own_redis()
    with server.client() as client:
        push(client, "long", np.random.default_rng(0).normal(size=(1300, 6)).astype(np.float32), "EF", 10, "M", 4)
    with pytest.raises(ServerGone, match=r"127\.0\.0\.1:\d+ (refuses|has closed) the connection"):
        loading.load(f"{server.url}/0?key=long", progress=Steps(server.stop))
    assert list((paths.cache_folder() / "datasets").iterdir()) == []


def test_passwords(own_redis: OwnRedis, vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    server = own_redis(requirepass="pässwort")
    with server.client() as client:
        push(client, "words", vectors)
    url = f"{server.url}/0?key=words"
    with pytest.raises(PasswordNeeded, match="wants a password for the default user") as needed:
        loading.load(url)
    assert needed.value.server == f"{server.url}/0"
    monkeypatch.setenv(passwords.VARIABLE, "wrong")
    with pytest.raises(PasswordNeeded, match="does not accept the password of the default user"):
        loading.load(url)
    monkeypatch.setenv(passwords.VARIABLE, "pässwort")
    assert loading.load(url).rows == 60
    monkeypatch.delenv(passwords.VARIABLE)
    found = loading.load(url.replace("://", "://:p%C3%A4sswort@"))
    assert found.place == url
    for file in found.folder.rglob("*"):
        assert b"sswort" not in file.read_bytes()


def test_it_is_read_anew_each_time_and_the_former_goes(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors[:30])
        first = load("key=words")
        push(client, "words", vectors)
    second = load("key=words")
    assert (first.rows, second.rows) == (30, 60)
    assert first.folder.is_dir(), "somebody has it open"
    gone = first.folder
    del first
    third = load("key=words")
    assert not gone.exists() and third.rows == 60
    assert {second.folder, third.folder} == set((paths.cache_folder() / "datasets").iterdir())


def test_no_room_is_said_with_a_sample_that_fits(
    redis_server: RedisServer, vectors: Vectors, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors)
    monkeypatch.setattr(room, "free_on_disk", lambda folder: (64 << 20) + 48 * 80)
    with pytest.raises(
        TooLarge, match=r"Reading 60 vectors needs about .*; read a random sample, such as --read sample=30, or free"
    ):
        load("key=words")
    monkeypatch.setattr(room, "free_on_disk", lambda folder: 0)
    with pytest.raises(TooLarge, match=r"needs about .*; free some"):
        load("key=words")


def test_the_servers_own_index_is_opened_with_it(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors, "NOQUANT")
    for options in ({}, {"name": "key"}):
        found = load("key=words", **options)
        assert found.own_index is not None and found.own_index.parent == found.folder
        handle = saved.open_saved(found.own_index, found)
        assert (handle.type, handle.metric, handle.rows) == ("redis-vset", "cosine", 60)
        searcher = type_named(handle.type).open(handle, found)
        query = row_query(7, found)
        answer = asking.neighbours(
            searcher, handle, found, found.vectors[7], 5, asking.resolved(handle, {}, 5), query.leave_out
        )
        searcher.close()
        unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
        assert answer.rows.tolist() == np.argsort(-(unit @ unit[7]))[1:6].tolist()


def test_by_another_metric_the_servers_index_has_no_say(redis_server: RedisServer, vectors: Vectors) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors)
    found = loading.load(f"{redis_server.url}/0?key=words", metric="euclidean")
    assert (found.metric, found.own_index) == ("euclidean", None)


def test_a_set_that_was_spread_is_read_from_all_its_parts(redis_cluster: Cluster, vectors: Vectors) -> None:
    keys = tuple(f"words:{{{tag}}}" for tag in range(6))
    assert len({redis_cluster.holding(key).port for key in keys}) == 3
    with redis_cluster.client() as client:
        for row, vector in enumerate(vectors):
            client.execute_command("VADD", keys[row % 6], "FP32", vector.tobytes(), f"e{row:02}", "NOQUANT")
    address = named(redis_cluster.url).address
    client_of_ours = Client(address)
    try:
        write(client_of_ours, Manifest("words", "redis-vset", keys, 60, 20, "cosine", "", {}, written=60))
    finally:
        client_of_ours.close()
    found = loading.load(f"{redis_cluster.url}/0?key=words")
    assert found.vectors == pytest.approx(vectors, rel=1e-5)
    assert [found.name(row) for row in range(60)] == [f"e{row:02}" for row in range(60)]
    assert found.facts["server"].endswith("cluster of 3") and found.facts["shards"] == "6"
    sample = loading.load(f"{redis_cluster.url}/0?key=words", options={"sample": "30", "seed": "4"})
    assert sample.rows == 30 and {int(sample.name(row)[1:]) % 6 for row in range(30)} == set(range(6))


def test_a_push_that_did_not_end_is_said(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors[:40])
    client_of_ours = Client(named(redis_server.url).address)
    try:
        write(client_of_ours, Manifest("words", "redis-vset", ("words",), 60, 20, "cosine", "", {}, written=40))
    finally:
        client_of_ours.close()
    assert "It was not pushed to its end: 40 of 60 vectors are there." in load("key=words").warnings


def test_a_table_can_stand_beside_it(redis_server: RedisServer, vectors: Vectors, tmp_path: Path) -> None:
    with redis_server.client() as client:
        push(client, "words", vectors)
    (tmp_path / "more.tsv").write_text("n\tsaid\n" + "".join(f"{row}\ts{row}\n" for row in range(60)))
    found = loading.load(f"{redis_server.url}/0?key=words", metadata=tmp_path / "more.tsv")
    said = found.column("said")
    assert said is not None and said.cell(5) == "s5" and found.name(5) == "e05"
