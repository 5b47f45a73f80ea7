"""What tables hold besides good rows: missing and ragged vectors, several of them, and columns of every type."""

from __future__ import annotations

import datetime
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from explorer.core.dataset import Dataset
from explorer.core.progress import silent
from explorer.errors import BadFile, BadParameter, Cancelled, NoVectors
from explorer.formats import gathering, reading, types
from explorer.formats import parquet as parquet_format

V = np.random.default_rng(8).normal(size=(50, 6)).astype(np.float32)


def parquet(folder: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "t.parquet", row_group_size=20)
    return folder / "t.parquet"


def lines(folder: Path, text: str) -> Path:
    (folder / "t.jsonl").write_text(text, "utf-8")
    return folder / "t.jsonl"


def cells(dataset: Dataset, name: str) -> list[str]:
    column = dataset.column(name)
    assert column is not None
    return [column.cell(row) for row in range(dataset.rows)]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64(), pa.int8(), pa.uint8(), pa.int32()], ids=str)
@pytest.mark.parametrize("fixed", [False, True])
def test_numbers_of_every_type(kind: pa.DataType, fixed: bool, tmp_path: Path) -> None:
    whole = np.abs(np.round(V * 20)) if pa.types.is_integer(kind) else V
    numbers = whole.astype(kind.to_pandas_dtype())
    flat = pa.array(numbers.reshape(-1), kind)
    offsets = pa.array(np.arange(0, 301, 6, dtype=np.int32))
    array = pa.FixedSizeListArray.from_arrays(flat, 6) if fixed else pa.ListArray.from_arrays(offsets, flat)
    feather.write_feather(pa.table({"v": array}), tmp_path / "t.feather")
    for path in (parquet(tmp_path, v=array), tmp_path / "t.feather"):
        dataset = reading.read(path)
        np.testing.assert_array_equal(dataset.vectors, numbers.astype(np.float32))
        assert dataset.dtype == numbers.dtype.name


def test_missing_and_ragged_vectors_are_counted_by_their_rows(tmp_path: Path) -> None:
    vectors: list[Any] = V.tolist()
    vectors[3], vectors[22], vectors[23], vectors[49] = None, [1.0], [], [*V[49].tolist()[:5], None]
    for kind in (pa.list_(pa.float32()), pa.large_list(pa.float64())):
        dataset = reading.read(parquet(tmp_path, v=pa.array(vectors, kind), n=list(range(50))))
        assert dataset.rows == 46
        assert dataset.warnings[0] == "3 of 50 rows have no vector of 6 numbers in “v”: rows 3, 22, 23."
        assert "#3, #22, #23, #49" in dataset.warnings[1]
        np.testing.assert_array_equal(dataset.vectors, np.delete(V, [3, 22, 23, 49], axis=0))
        assert cells(dataset, "n")[3] == "4"


def test_a_table_that_begins_without_vectors(tmp_path: Path) -> None:
    vectors = [None] * 300 + V.tolist()
    dataset = reading.read(parquet(tmp_path, v=pa.array(vectors, pa.list_(pa.float32()))))
    np.testing.assert_array_equal(dataset.vectors, V)
    assert dataset.source_row(0) == 300
    with pytest.raises(BadFile, match="none of its 30 rows holds a vector in “v”"):
        reading.read(parquet(tmp_path, v=pa.array([None] * 30, pa.list_(pa.float32()))))
    with pytest.raises(BadFile, match="no record in it"):
        reading.read(parquet(tmp_path, v=pa.array([], pa.list_(pa.float32()))))


def test_several_columns_of_vectors(tmp_path: Path) -> None:
    path = parquet(tmp_path, tokens=[[1, 2, 3]] * 50, image_embedding=(V + 1).tolist(), embedding=V.tolist())
    dataset = reading.read(path)
    np.testing.assert_array_equal(dataset.vectors, V)
    assert dataset.warnings[0].startswith("It holds 3 columns of vectors, and “embedding” was taken")
    other = reading.read(path, options={"array": "image_embedding"})
    np.testing.assert_array_equal(other.vectors, V + 1)
    assert other.warnings == ()
    parts = types()["parquet"].parts(path)
    assert [(part.name, part.shape) for part in parts] == [
        ("embedding", (50, 6)),
        ("image_embedding", (50, 6)),
        ("tokens", (50, 3)),
    ]
    with pytest.raises(BadParameter, match="there are: embedding, image_embedding, tokens"):
        reading.read(path, options={"array": "name"})


def test_columns_of_every_type(tmp_path: Path) -> None:
    day, noon = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 30)
    path = parquet(
        tmp_path,
        v=V.tolist(),
        category=pa.array(["b", "a", None, "a", "b"] * 10).dictionary_encode(),
        flag=pa.array([True, False, None, True, True] * 10),
        day=[day] * 50,
        noon=[noon] * 50,
        money=[Decimal("1.25")] * 50,
        code=["007"] * 50,
        tags=[["x", "y"]] * 50,
        meta=[{"page": i, "source": {"url": "u"}} for i in range(50)],
        blob=[b"\x89PNG" + bytes(3)] * 50,
        nothing=pa.nulls(50),
        label=[i % 3 for i in range(50)],
        big=[2**40 + i for i in range(50)],
    )
    dataset = reading.read(path)
    first = {column.name: column.cell(0) for column in dataset.columns}
    assert first == {
        "category": "b",
        "flag": "true",
        "day": "2024-02-29",
        "noon": "2024-02-29 12:30:00",
        "money": "1.25",
        "code": "007",
        "tags": "x, y",
        "meta.page": "0",
        "meta.source": '{"url": "u"}',
        "label": "0",
        "big": str(2**40),
    }
    kinds = {column.name: column.kind for column in dataset.columns}
    assert (kinds["category"], kinds["flag"], kinds["label"], kinds["money"]) == ("category",) * 3 + ("number",)
    assert cells(dataset, "category")[2] == cells(dataset, "flag")[2] == ""


def test_text_without_vectors_can_be_embedded(tmp_path: Path) -> None:
    with pytest.raises(NoVectors, match="embed=text"):
        reading.read(parquet(tmp_path, text=["some words here", "and more of them"]))
    with pytest.raises(BadFile, match="columns: flag"):
        reading.read(parquet(tmp_path, flag=[True, False]))


def test_a_part_of_the_rows_and_a_sample_stop_early(tmp_path: Path) -> None:
    path = parquet(tmp_path, v=V.tolist(), n=list(range(50)))
    first = reading.read(path, options={"rows": "7"})
    assert (first.rows, cells(first, "n")[-1]) == (7, "6")
    assert any("43 more follow" in warning for warning in first.warnings)
    some = reading.read(path, options={"sample": "9", "seed": "3"})
    rows = [int(cell) for cell in cells(some, "n")]
    assert len(rows) == 9
    assert rows == sorted(rows)
    np.testing.assert_array_equal(some.vectors, V[rows])
    assert [some.source_row(row) for row in range(9)] == rows


def test_whole_numbers_too_large_for_float32_are_told(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype=np.int64).reshape(6, 2) + (1 << 25)
    assert any("rounded" in warning for warning in reading.read(parquet(tmp_path, v=numbers.tolist())).warnings)


def test_an_uncompressed_arrow_table_is_mapped_where_it_lies(tmp_path: Path) -> None:
    table = pa.table(
        {"name": [f"n{i}" for i in range(50)], "v": pa.FixedSizeListArray.from_arrays(pa.array(V.ravel()), 6)}
    )
    feather.write_feather(table, tmp_path / "t.arrow", compression="uncompressed")
    dataset = reading.read(tmp_path / "t.arrow")
    assert dataset.vectors_path == tmp_path / "t.arrow"
    np.testing.assert_array_equal(dataset.vectors, V)
    assert dataset.name(4) == "n4"
    some = reading.read(tmp_path / "t.arrow", options={"sample": "5"})
    np.testing.assert_array_equal(some.vectors, V[[some.source_row(row) for row in range(5)]])


def test_a_file_that_unpacks_beyond_reason_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SPARE_BYTES", 0)
    monkeypatch.setattr(gathering, "MOST_UNPACKED", 20)
    path = parquet(tmp_path, v=np.zeros((40_000, 64), np.float32).tolist())
    with pytest.raises(BadFile, match="more than 20 times its size"):
        reading.read(path)


def test_broken_batches_are_a_sentence(tmp_path: Path) -> None:
    feather.write_feather(pa.table({"v": V.tolist()}), tmp_path / "t.feather", compression="uncompressed")
    whole = bytearray((tmp_path / "t.feather").read_bytes())
    offsets = np.arange(0, 51 * 6, 6, dtype="<i4").tobytes()
    place = whole.index(offsets)
    whole[place + 8 : place + 12] = (1 << 30).to_bytes(4, "little")
    (tmp_path / "t.feather").write_bytes(whole)
    with pytest.raises(BadFile, match="cannot be read as an Arrow table"):
        reading.read(tmp_path / "t.feather")


def test_reading_can_be_cancelled_between_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_format, "MOST_BATCH_ROWS", 10)
    path, seen = parquet(tmp_path, v=V.tolist()), []

    def stop(fraction: float | None, note: str = "") -> None:
        seen.append(fraction)
        if fraction is not None and fraction > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        types()["parquet"].read(path, {}, stop)
    assert seen[-1] < 1


def test_lines_of_json_that_do_not_agree(tmp_path: Path) -> None:
    vectors = V[:6].tolist()
    records: list[Any] = [{"id": i, "x": {"a": i}, "embedding": vector} for i, vector in enumerate(vectors)]
    records[1]["id"] = "one"
    records[2]["embedding"] = "none"
    records[3]["embedding"] = [*vectors[3][:5], float("nan")]
    records[4]["extra"] = [1, {"deep": None}]
    text = "\n".join(json.dumps(record) for record in records)
    dataset = reading.read(lines(tmp_path, text + '\n[1, 2]\n{"id": broken\n'))
    np.testing.assert_array_equal(dataset.vectors, V[[0, 1, 4, 5]])
    assert cells(dataset, "id") == ["0", "one", "4", "5"]
    assert cells(dataset, "x.a") == ["0", "1", "4", "5"]
    assert cells(dataset, "extra")[2] == '[1, {"deep": null}]'
    assert dataset.warnings[0] == "2 lines are no JSON objects: lines 7, 8."
    assert "lines 3, 7, 8" in dataset.warnings[1]
    with pytest.raises(BadFile, match=r"no record in it|none of its lines"):
        types()["jsonl"].read(lines(tmp_path, "[1]\n[2]\n"), {}, silent)


def test_lines_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.formats import json_lines

    monkeypatch.setattr(json_lines, "BLOCK_BYTES", 500)
    text = "\ufeff" + "".join(json.dumps({"n": i, "v": row}) + "\n\n" for i, row in enumerate(V.tolist()))
    dataset = reading.read(lines(tmp_path, text))
    np.testing.assert_array_equal(dataset.vectors, V)
    assert cells(dataset, "n") == [str(i) for i in range(50)]


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_nested_without_end_is_a_sentence(opening: str, tmp_path: Path) -> None:
    for name in ("t.json", "t.jsonl"):
        path = tmp_path / name
        path.write_text('{"a": ' + opening * 200_000 + "\n" + '{"a": 1}\n')
        with pytest.raises(BadFile):
            reading.read(path)
    path = lines(tmp_path, '{"v": [1, 2.5]}\n{"v": ' + "[" * 100_000 + "]" * 100_000 + '}\n{"v": [2, 3]}\n')
    assert reading.read(path).rows == 2


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"king": [0.5, 1, 2], "queen": [1, 2, 3]}, ["king", "queen"]),
        ({"a": {"name": "x", "v": [0.5, 1, 2]}, "b": {"name": "y", "v": [1, 2, 3]}}, ["x", "y"]),
        ([[0.5, 1, 2], [1, 2, 3]], ["#0", "#1"]),
        ({"results": [{"title": "x", "vector": [0.5, 1, 2]}, {"title": "y", "vector": [1, 2, 3]}]}, ["x", "y"]),
        (
            {
                "ids": [["p", "q"]],
                "embeddings": [[[0.5, 1, 2], [1, 2, 3]]],
                "metadatas": [[{"name": "x"}, {"name": "y"}]],
            },
            ["x", "y"],
        ),
        ({"words": ["x", "y"], "vectors": [[0.5, 1, 2], [1, 2, 3]]}, ["x", "y"]),
    ],
    ids=["object of vectors", "object of records", "matrix", "records under a key", "answer to a query", "columns"],
)
def test_shapes_of_documents(document: Any, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps(document))
    dataset = reading.read(tmp_path / "t.json")
    np.testing.assert_array_equal(dataset.vectors, np.array([[0.5, 1, 2], [1, 2, 3]], np.float32))
    assert [dataset.name(row) for row in range(2)] == names


@pytest.mark.parametrize("document", ["{}", "[]", '{"a": 1}', '{"a": [1, 2', "[1, 2, 3]", '["a"]'])
def test_documents_without_vectors_are_a_sentence(document: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(document)
    with pytest.raises(BadFile):
        reading.read(tmp_path / "t.json")


def database(folder: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(folder / "t.db")) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
    return folder / "t.db"


def test_columns_of_vectors_of_several_sqlite_tables(tmp_path: Path) -> None:
    one, two = np.array([0.5, 1, 2], "<f4"), np.array([1, 2, 3], "<f4")
    path = database(
        tmp_path,
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, v BLOB)",
        f"INSERT INTO docs VALUES (1, x'{one.tobytes().hex()}'), (2, NULL), (3, x'{two.tobytes().hex()}'), (4, 'x')",
        'CREATE TABLE "odd ""name" (title TEXT, v TEXT)',
        "INSERT INTO \"odd \"\"name\" VALUES ('a', '[1.5, 2]'), ('b', '[2.5, 3]')",
        "CREATE VIEW seen AS SELECT * FROM docs",
    )
    dataset = reading.read(path)
    np.testing.assert_array_equal(dataset.vectors, [one, two])
    assert "“docs.v” was taken" in dataset.warnings[0]
    assert "rows 1, 3" in dataset.warnings[1]
    other = reading.read(path, options={"array": 'odd "name.v'})
    assert other.vectors.tolist() == [[1.5, 2], [2.5, 3]]
    assert [part.name for part in types()["sqlite"].parts(path)] == ["docs.v", 'odd "name.v']
    with pytest.raises(BadParameter, match=r"no column of vectors here; there are: docs\.v"):
        reading.read(path, options={"array": "docs.id"})
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("t.db")) == ["t.db"]


def test_sqlite_that_holds_no_vectors_or_is_broken(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no table with records"):
        reading.read(database(tmp_path, "CREATE TABLE empty (a)"))
    path = database(tmp_path, "INSERT INTO empty VALUES ('only text here'), ('and here')")
    with pytest.raises(NoVectors):
        reading.read(path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(BadFile, match="SQLite"):
        reading.read(path)
