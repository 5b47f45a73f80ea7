"""Pushing to real servers: what is written, gone on with, refused, replaced and removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core import column as columns
from explorer.core.dataset import Dataset
from explorer.core.names import Names
from explorer.core.strings import Strings
from explorer.errors import BadFile, BadParameter, Cancelled, ServerFailed, TooLarge, Unavailable
from explorer.indexes import type_named
from explorer.indexes.base import IndexHandle
from explorer.indexes.building import built
from explorer.servers import manifest
from explorer.servers.address import address_of
from explorer.servers.client import Client
from tests.redis_servers import OwnRedis, RedisServer

MakeDataset = Callable[..., Dataset]
TYPES = ("redis-vset", "redis-search")


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(np.random.default_rng(3).standard_normal((1200, 16)))


@pytest.fixture
def named_dataset(make_dataset: MakeDataset) -> Dataset:
    """Six rows with names, two of them equal, and columns of each kind."""
    import dataclasses

    plain = make_dataset(np.eye(6, 8, dtype=np.float32) + 0.1)
    names = Strings.of(["ant", "bee", "bee", "", "dark side #4", "größe, „x“"])
    kinds = columns.from_text("kind", ["a", "b", "a", "", "b", "a, b"])
    year = columns.from_numbers("the year", np.array([1, 2, np.nan, 4, 5, 6]))
    text = columns.Column("about", "text", Strings.of(["one", 'two "quotes"', "", "four", "five", "six"]))
    return dataclasses.replace(plain, names=Names.of(names), columns=(kinds, year, text))


def push(dataset: Dataset, name: str, server: RedisServer, folder: Path, **params: Any) -> IndexHandle:
    given = {"server": server.url, "key": "test", **params}
    return built(dataset, name, "cosine", given, folder, params.pop("progress", lambda *_: None))


def keys_of(server: RedisServer) -> set[str]:
    return {key.decode() for key in server.client().scan_iter(count=5000)}


def about(server: RedisServer, name: str = "ann-explorer:test") -> manifest.Manifest | None:
    client = Client(address_of(server.url))
    try:
        return manifest.read(client, name)
    finally:
        client.close()


def stop_after(rows: int) -> Callable[..., None]:
    def progress(fraction: float | None, note: str = "") -> None:
        if note.startswith("row ") and int(note.split()[1].replace(",", "")) >= rows:
            raise Cancelled

    return progress


def test_names_are_elements_and_metadata_their_attributes(
    named_dataset: Dataset, redis_server: RedisServer, tmp_path: Path
) -> None:
    push(named_dataset, "redis-vset", redis_server, tmp_path)
    client, key = redis_server.client(protocol=2), "ann-explorer:test"
    found = client.execute_command("VRANDMEMBER", key, 10)
    assert {element.decode() for element in found} == {
        "ant",
        "bee #1",
        "bee #2",
        "#3",
        "dark side #4 #4",
        "größe, „x“",
    }
    said = json.loads(client.execute_command("VGETATTR", key, "bee #1"))
    assert said == {"kind": "b", "the year": 2, "about": 'two "quotes"'}
    assert json.loads(client.execute_command("VGETATTR", key, "bee #2")) == {"kind": "a"}
    filtered = client.execute_command("VSIM", key, "ELE", "ant", "FILTER", '.kind == "a"')
    assert {element.decode() for element in filtered} == {"ant", "bee #2"}


def test_metadata_are_fields_of_documents(named_dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    push(named_dataset, "redis-search", redis_server, tmp_path)
    client = redis_server.client(protocol=2)
    assert client.hget("ann-explorer:test#1", "the year") == b"2"
    assert np.frombuffer(client.hget("ann-explorer:test#1", "vector"), "<f4").tolist() == pytest.approx(
        named_dataset.vectors[1].tolist()
    )
    found = client.execute_command("FT.SEARCH", "ann-explorer:test", "@kind:{b}", "NOCONTENT", "DIALECT", 2)
    assert set(found[1:]) == {b"ann-explorer:test#1", b"ann-explorer:test#4"}
    found = client.execute_command("FT.SEARCH", "ann-explorer:test", r"@kind:{a\, b}", "NOCONTENT", "DIALECT", 2)
    assert found[1:] == [b"ann-explorer:test#5"]
    found = client.execute_command("FT.SEARCH", "ann-explorer:test", "@the_year:[4 5]", "NOCONTENT", "DIALECT", 2)
    assert set(found[1:]) == {b"ann-explorer:test#3", b"ann-explorer:test#4"}


@pytest.mark.parametrize("name", TYPES)
def test_nothing_but_the_prefix_is_written_and_all_of_it_is_removed(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    redis_server.client().set("ann-explorer:other", "theirs")
    handle = push(dataset, name, redis_server, tmp_path)
    assert all(key.startswith("ann-explorer:test") or key == "ann-explorer:other" for key in keys_of(redis_server))
    found = about(redis_server)
    assert found is not None
    assert found.complete
    type_named(name).discard(handle)
    assert keys_of(redis_server) == {"ann-explorer:other"}


@pytest.mark.parametrize("name", TYPES)
def test_a_push_that_was_stopped_has_a_name_and_is_gone_on_with(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    given = {"server": redis_server.url, "key": "test"}
    with pytest.raises(Cancelled):
        built(dataset, name, "cosine", given, tmp_path, stop_after(900))
    stopped = about(redis_server)
    assert stopped is not None
    assert 0 < stopped.written < 1200
    notes: list[str] = []
    built(dataset, name, "cosine", given, tmp_path, lambda fraction, note="": notes.append(note))
    rows = [note for note in notes if note.startswith("row ")]
    assert rows[0].startswith(f"row {stopped.written:,} ")
    again = about(redis_server)
    assert again is not None
    assert again.complete


@pytest.mark.parametrize("name", TYPES)
def test_what_is_complete_is_taken_as_it_is_and_not_removed_by_who_found_it(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    push(dataset, name, redis_server, tmp_path / "a")
    before = redis_server.client().info("commandstats")
    again = push(dataset, name, redis_server, tmp_path / "b")
    after = redis_server.client().info("commandstats")
    for command in ("cmdstat_VADD", "cmdstat_vadd", "cmdstat_hset"):
        assert after.get(command, {}).get("calls") == before.get(command, {}).get("calls")
    type_named(name).discard(again)
    assert about(redis_server) is not None


@pytest.mark.parametrize("name", TYPES)
def test_something_else_of_that_name_is_kept_unless_it_is_to_be_replaced(
    dataset: Dataset, make_dataset: MakeDataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    push(dataset, name, redis_server, tmp_path / "a")
    other = make_dataset(np.random.default_rng(4).standard_normal((30, 16)))
    with pytest.raises(
        BadParameter, match=f"already holds “ann-explorer:test” .{name} of 1,200 × 16.*existing=replace"
    ):
        push(other, name, redis_server, tmp_path / "b")
    kept = about(redis_server)
    assert kept is not None
    assert kept.rows == 1200
    push(other, name, redis_server, tmp_path / "b", existing="replace")
    replaced = about(redis_server)
    assert replaced is not None
    assert replaced.rows == 30
    assert len(keys_of(redis_server)) == (2 if name == "redis-vset" else 31)


@pytest.mark.parametrize("name", TYPES)
def test_a_key_of_somebody_else_is_never_touched_unasked(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    theirs = "ann-explorer:test" if name == "redis-vset" else "ann-explorer:test#0"
    redis_server.client().set(theirs, "theirs")
    with pytest.raises(BadParameter, match=r"already holds .*\(a string"):
        push(dataset, name, redis_server, tmp_path)
    assert keys_of(redis_server) == {theirs}
    assert redis_server.client().get(theirs) == b"theirs"


def test_a_damaged_push_is_mended(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    push(dataset, "redis-vset", redis_server, tmp_path)
    redis_server.client().execute_command("VREM", "ann-explorer:test", "#7")
    push(dataset, "redis-vset", redis_server, tmp_path)
    assert redis_server.client().execute_command("VCARD", "ann-explorer:test") == 1200


@pytest.mark.parametrize("name", TYPES)
def test_a_full_server_says_how_far_it_came(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    def fill(fraction: float | None, note: str = "") -> None:
        if note.startswith("row 500"):
            redis_server.client().config_set("maxmemory", 1)

    given = {"server": redis_server.url, "key": "test"}
    with pytest.raises(
        ServerFailed, match=r"memory is full.* 500 of 1,200 rows are on the server as ann-explorer:test"
    ):
        built(dataset, name, "cosine", given, tmp_path, fill)
    redis_server.client().config_set("maxmemory", 0)
    push(dataset, name, redis_server, tmp_path)
    found = about(redis_server)
    assert found is not None
    assert found.complete


@pytest.mark.parametrize("name", TYPES)
def test_what_would_not_fit_is_not_begun(
    dataset: Dataset, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    used = redis_server.client().info("memory")["used_memory"]
    redis_server.client().config_set("maxmemory", used + 200_000)
    with pytest.raises(TooLarge, match="left of its maxmemory"):
        push(dataset, name, redis_server, tmp_path)
    assert keys_of(redis_server) == set()


def test_a_server_that_goes_away_and_comes_back(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    def kill(fraction: float | None, note: str = "") -> None:
        if note.startswith("row 1,000"):
            redis_server.stop(keep=True)

    given = {"server": redis_server.url, "key": "test"}
    with pytest.raises(ServerFailed, match="1,000 of 1,200 rows are on the server"):
        built(dataset, "redis-vset", "cosine", given, tmp_path, kill)
    redis_server.start()
    push(dataset, "redis-vset", redis_server, tmp_path)
    assert redis_server.client().execute_command("VCARD", "ann-explorer:test") == 1200


def test_a_user_with_too_few_rights_is_told_which(dataset: Dataset, own_redis: OwnRedis, tmp_path: Path) -> None:
    server = own_redis(user="ann on >secret ~ann-explorer:* +@read +@connection")
    from explorer.servers import passwords

    where = server.url.replace("redis://", "redis://ann@") if "@" not in server.url else server.url
    passwords.hold(address_of(where), "secret")
    given = {"server": where, "key": "test"}
    with pytest.raises(ServerFailed, match=r"no permissions to run the 'hset' command"):
        built(dataset, "redis-vset", "cosine", given, tmp_path, lambda *_: None)


def test_what_a_server_cannot_hold_is_said(dataset: Dataset, own_redis: OwnRedis, tmp_path: Path) -> None:
    server = own_redis(modules=False)
    with pytest.raises(Unavailable, match=r"has no search indexes; they come with"):
        push(dataset, "redis-search", server, tmp_path)


def test_an_old_server_is_told_so(dataset: Dataset, old_redis: RedisServer, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"Redis [67]\.\S+ has no vector sets; they come with Redis 8"):
        push(dataset, "redis-vset", old_redis, tmp_path)


def test_without_a_server_it_says_what_is_missing(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="say which: --redis redis://"):
        built(dataset, "redis-vset", "cosine", {}, tmp_path)


def test_a_name_with_a_row_mark_is_refused(dataset: Dataset, redis_server: RedisServer, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="a name without #"):
        push(dataset, "redis-search", redis_server, tmp_path, key="a#b")


def test_the_file_says_where_it_is_and_holds_no_password(dataset: Dataset, own_redis: OwnRedis, tmp_path: Path) -> None:
    server = own_redis(requirepass="geheim")
    url = f"redis://:geheim@{server.host}:{server.port}/0"
    handle = built(dataset, "redis-vset", "cosine", {"server": url, "key": "test"}, tmp_path)
    assert "geheim" not in handle.path.read_text()
    assert "geheim" not in str(handle)
    type_named("redis-vset").discard(handle)
    with pytest.raises(BadFile, match="no longer on"):
        type_named("redis-vset").adopted(handle.path, dataset, None)
