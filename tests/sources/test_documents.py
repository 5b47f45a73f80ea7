"""Search indexes on a real server become Datasets."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from explorer import loading
from explorer.core.query import row_query
from explorer.errors import Cancelled, ServerFailed
from explorer.indexes import asking, saved, type_named
from explorer.servers.address import named
from explorer.servers.client import Client
from explorer.servers.manifest import Manifest, write
from tests.redis_servers import Cluster, OwnRedis, RedisServer, wheels
from tests.sources.conftest import Load, Vectors, index, settle, vector_field


def hashes(vectors: Vectors, kind: str = "<f4", **more: Any) -> dict[bytes, dict[str, Any]]:
    """Documents docs:00, docs:01 … with their vector and other fields."""
    return {
        f"docs:{row:02}".encode(): {"v": vector.astype(kind).tobytes(), "n": row, "kind": "ab"[row % 2], **more}
        for row, vector in enumerate(vectors)
    }


@pytest.mark.parametrize(
    ("kind", "code", "metric", "ours"),
    [
        ("FLOAT32", "<f4", "COSINE", "cosine"),
        ("FLOAT64", "<f8", "L2", "euclidean"),
        ("FLOAT16", "<f2", "IP", "dot"),
    ],
)
def test_hashes(
    redis_server: RedisServer, vectors: Vectors, load: Load, kind: str, code: str, metric: str, ours: str
) -> None:
    with redis_server.client(protocol=2) as client:
        index(client, "docs", hashes(vectors, code), *vector_field(20, kind, metric), "n", "NUMERIC")
    found = load("index=docs")
    assert found.vectors == pytest.approx(vectors, rel=1e-3 if kind == "FLOAT16" else 1e-6)
    assert (found.metric, found.dtype, found.rows) == (ours, kind.lower(), 60)
    assert [(column.name, column.kind) for column in found.columns] == [
        ("key", "text"),
        ("n", "number"),
        ("kind", "category"),
    ]
    assert found.name_column == "key" and found.name(5) == "docs:05"
    assert found.place == f"{redis_server.url}/0?index=docs&field=v" and found.warnings == ()
    assert (found.facts["kind"], found.facts["algorithm"]) == ("search index", "FLAT")


def test_the_name_is_chosen_as_in_any_table(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    documents = hashes(vectors)
    for row, fields in enumerate(documents.values()):
        fields |= {"title": f"Title {row}", "key": f"k{row}"}
    with redis_server.client(protocol=2) as client:
        index(client, "docs", documents, *vector_field(20))
    found = load("index=docs")
    assert (found.name_column, found.name(4)) == ("title", "Title 4")
    other = found.column("key (field)")
    assert other is not None and other.cell(4) == "k4", "a field called key is not taken for the document's"


def test_what_has_no_vector_of_that_size_is_counted(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    documents = hashes(vectors)
    documents[b"docs:03"]["v"] = b"short"
    del documents[b"docs:04"]["v"]
    documents[b"docs:05"]["blob"] = b"\xff\xfe"
    documents[b"docs:\xff"] = {"v": vectors[0].tobytes()}
    with redis_server.client(protocol=2) as client:
        index(client, "docs", documents, *vector_field(20))
    found = load("index=docs")
    assert found.rows == 59
    assert not {"docs:03", "docs:04"} & {found.name(row) for row in range(59)}
    assert "Without a vector of 20 numbers, and not here: 1 document." in found.warnings
    refused = "Refused by the index, and not here: 1 document (the last of them: Could not add vector with blob size 5"
    assert any(warning.startswith(refused) for warning in found.warnings)
    assert "“blob” holds bytes that are no text: left out." in found.warnings
    assert found.column("blob") is None
    key = found.column("key")
    assert key is not None and key.values.data[-1] == 0xFF  # type: ignore[union-attr]


def test_a_blob_that_became_too_short_meanwhile_is_dropped(
    redis_server: RedisServer, vectors: Vectors, load: Load
) -> None:
    with redis_server.client(protocol=2) as client:
        index(client, "docs", hashes(vectors), *vector_field(20))

    def spoil(fraction: float | None, note: str = "") -> None:
        if note.startswith("reading 0 of"):
            with redis_server.client() as client:
                client.hset("docs:07", "v", b"1234")
                client.delete("docs:08", "docs:09")

    found = load("index=docs", progress=spoil)
    assert found.rows == 57
    assert "Without a vector of 20 numbers, and not here: 1 document." in found.warnings
    assert "Removed on the server while it was read, and not here: 2 documents." in found.warnings


def test_rows_that_are_not_finite_are_dropped_as_those_of_files(
    redis_server: RedisServer, vectors: Vectors, load: Load
) -> None:
    vectors[3, 5], vectors[8] = np.nan, 0
    with redis_server.client(protocol=2) as client:
        index(client, "docs", hashes(vectors), *vector_field(20))
    found = load("index=docs")
    assert (found.rows, found.dropped, found.source_row(3), found.zero_rows) == (59, 1, 4, 1)
    assert found.warnings[0].startswith("Dropped 1 of 60 rows with NaN") and found.own_index is None
    assert [file.name for file in found.folder.glob("*ors.npy")] == ["vectors.npy"]
    assert not (found.folder / "rows.npy").exists()


def test_one_of_several_fields(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    documents = hashes(vectors)
    for fields, vector in zip(documents.values(), vectors, strict=True):
        fields["w"] = vector[:7].tobytes()
    second = ("w", "AS", "small", "VECTOR", "FLAT", 6, "TYPE", "FLOAT32", "DIM", 7, "DISTANCE_METRIC", "L2")
    with redis_server.client(protocol=2) as client:
        index(client, "docs", documents, *vector_field(20), *second)
    found = load("index=docs&field=small")
    assert found.dimensions == 7 and found.metric == "euclidean"
    assert {column.name for column in found.columns} == {"key", "n", "kind"}, "no field of another vector"


def test_more_documents_than_are_listed_at_a_time(
    redis_server: RedisServer, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.sources.redis import documents

    monkeypatch.setattr(documents, "LISTED", 100)
    vectors = np.random.default_rng(3).normal(size=(730, 4)).astype(np.float32)
    with redis_server.client(protocol=2) as client:
        index(
            client,
            "docs",
            {f"docs:{row:03}".encode(): {"v": v.tobytes()} for row, v in enumerate(vectors)},
            *vector_field(4),
        )
    assert load("index=docs").vectors == pytest.approx(vectors)
    assert load("index=docs", sample=50, seed=1).rows == 50


def test_cancelling_while_it_is_listed_lets_go_of_the_list(
    redis_server: RedisServer, vectors: Vectors, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer.sources.redis import documents

    monkeypatch.setattr(documents, "LISTED", 10)

    def stop(fraction: float | None, note: str = "") -> None:
        if note == "listing 20 documents":
            raise Cancelled("Stopped.")

    with redis_server.client(protocol=2) as client:
        index(client, "docs", hashes(vectors), *vector_field(20))
        with pytest.raises(Cancelled):
            load("index=docs", progress=stop)
        said = client.execute_command("FT.INFO", "docs")
        cursors = dict(zip(said[::2], said[1::2], strict=True))[b"cursor_stats"]
    assert cursors[cursors.index(b"index_total") + 1] == 0


def test_json_documents(own_redis: OwnRedis, vectors: Vectors) -> None:
    modules = wheels.search_module().parent
    server = own_redis(modules=False, loadmodule=f'"{modules / "rejson.so"}"\nloadmodule "{modules / "redisearch.so"}"')
    schema = ("$.title", "AS", "title", "TEXT", "$.about.year", "AS", "year", "NUMERIC", "$.v", "AS", "v")
    with server.client(protocol=2) as client:
        field = vector_field(20)[1:]
        client.execute_command("FT.CREATE", "docs", "ON", "JSON", "PREFIX", 1, "docs:", "SCHEMA", *schema, *field)
        for row, vector in enumerate(vectors):
            said = {"title": f"Title {row}", "about": {"year": 1900 + row}, "v": vector.tolist()}
            client.execute_command("JSON.SET", f"docs:{row:02}", "$", json.dumps(said))
        client.execute_command("JSON.DEL", "docs:09", "$.v")
        settle(client, "docs")
    found = loading.load(f"{server.url}/0?index=docs")
    assert found.vectors == pytest.approx(np.delete(vectors, 9, axis=0), rel=1e-6)
    assert (found.name(3), found.name_column) == ("Title 3", "title")
    year = found.column("year")
    assert year is not None and (year.kind, year.cell(10)) == ("number", "1911")
    assert "Without a vector of 20 numbers, and not here: 1 document." in found.warnings


def test_an_index_over_nothing(redis_server: RedisServer, load: Load) -> None:
    with redis_server.client(protocol=2) as client:
        index(client, "docs", {}, *vector_field(20))
    with pytest.raises(ServerFailed, match=r"“docs” is empty: there is nothing to show"):
        load("index=docs")


def test_the_servers_own_index_is_opened_with_it(redis_server: RedisServer, vectors: Vectors, load: Load) -> None:
    with redis_server.client(protocol=2) as client:
        index(client, "docs", hashes(vectors), *vector_field(20, metric="L2"))
    found = load("index=docs")
    assert found.own_index is not None
    handle = saved.open_saved(found.own_index, found)
    searcher = type_named(handle.type).open(handle, found)
    query = row_query(7, found)
    answer = asking.neighbours(
        searcher, handle, found, found.vectors[7], 5, asking.resolved(handle, {}, 5), query.leave_out
    )
    searcher.close()
    away = np.linalg.norm(found.vectors - found.vectors[7], axis=1)
    assert answer.rows.tolist() == np.argsort(away)[1:6].tolist()


def test_documents_that_were_spread_over_a_cluster(redis_cluster: Cluster, vectors: Vectors) -> None:
    names = tuple(f"docs:{{{tag}}}" for tag in range(6))
    nodes = {redis_cluster.holding(name) for name in names}
    assert len(nodes) == 3
    for name in names:
        with redis_cluster.holding(name).client(protocol=2) as client:
            index(client, name, {}, *vector_field(20))
            for row in range(int(name[6]), 60, 6):
                client.hset(f"{name}:{row:02}", mapping={"v": vectors[row].tobytes(), "n": row})
            settle(client, name)
    client_of_ours = Client(named(redis_cluster.url).address)
    try:
        write(client_of_ours, Manifest("docs", "redis-search", names, 60, 20, "cosine", "", {}, written=60))
    finally:
        client_of_ours.close()
    found = loading.load(f"{redis_cluster.url}/0?index=docs")
    n = found.column("n")
    assert n is not None and found.rows == 60 and found.warnings == ()
    assert found.vectors == pytest.approx(vectors[[int(n.cell(row)) for row in range(60)]])
    assert loading.load(f"{redis_cluster.url}/0?index=docs", options={"sample": "9"}).rows == 9
