"""Tables of typed columns, each written by its own library: the same vectors, names and columns come back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from explorer.formats import reading
from tests.formats.sqlite_vec_library import run_with_sqlite_vec

N, D = 60, 8
RNG = np.random.default_rng(4)
V = RNG.normal(size=(N, D)).astype(np.float32)
NAMES = [f"item {i}" for i in range(N)]
SORTS = [("red", "green", "blue")[i % 3] for i in range(N)]
YEARS = [1990 + i for i in range(N)]


def lists(kind: pa.DataType | None = None) -> pa.Array:
    return pa.array(V.tolist(), kind or pa.list_(pa.float32()))


def table(vectors: pa.Array | None = None) -> pa.Table:
    return pa.table({"name": NAMES, "sort": SORTS, "year": YEARS, "embedding": lists() if vectors is None else vectors})


def records() -> list[dict[str, Any]]:
    rows = zip(NAMES, SORTS, YEARS, V.tolist(), strict=True)
    return [{"name": name, "sort": sort, "year": year, "embedding": vector} for name, sort, year, vector in rows]


def write_parquet(path: Path) -> None:
    pq.write_table(table(), path, row_group_size=25)


def write_parquet_fixed(path: Path) -> None:
    pq.write_table(table(lists(pa.list_(pa.float32(), D))), path)


def write_parquet_large(path: Path) -> None:
    pq.write_table(table(lists(pa.large_list(pa.float64()))), path)


def write_parquet_blobs(path: Path) -> None:
    pq.write_table(table(pa.array([row.tobytes() for row in V])), path)


def write_parquet_fixed_blobs(path: Path) -> None:
    pq.write_table(table(pa.array([row.tobytes() for row in V], pa.binary(4 * D))), path)


def write_parquet_text(path: Path) -> None:
    pq.write_table(table(pa.array([json.dumps(row) for row in V.tolist()])), path)


def write_parquet_columns(path: Path) -> None:
    numbers = {f"p{i}": V[:, i] for i in range(D)}
    pq.write_table(pa.table({"name": NAMES, "sort": SORTS, "year": YEARS, **numbers}), path)


def write_parquet_tensor(path: Path) -> None:
    flat = pa.FixedSizeListArray.from_arrays(pa.array(V.reshape(-1)), D)
    tensor = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [D]), flat)
    pq.write_table(table(tensor), path)


def write_pandas(path: Path) -> None:
    pd.DataFrame({"name": NAMES, "sort": pd.Categorical(SORTS), "year": YEARS, "embedding": list(V)}).to_parquet(path)


def write_polars(path: Path) -> None:
    columns = {
        "name": NAMES,
        "sort": SORTS,
        "year": YEARS,
        "embedding": pl.Series(V.tolist(), dtype=pl.List(pl.Float32)),
    }
    pl.DataFrame(columns).write_parquet(path)


def write_polars_array(path: Path) -> None:
    columns = {"name": NAMES, "sort": SORTS, "year": YEARS, "embedding": pl.Series(V, dtype=pl.Array(pl.Float32, D))}
    pl.DataFrame(columns).write_ipc(path)


def write_feather(path: Path) -> None:
    feather.write_feather(table(lists(pa.list_(pa.float32(), D))), path, compression="uncompressed")


def write_feather_packed(path: Path) -> None:
    feather.write_feather(table(), path, compression="zstd", chunksize=25)


def write_stream(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table().schema) as writer:
        writer.write_table(table(), 25)


def write_json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records()))


def write_json_lines_of_pandas(path: Path) -> None:
    pd.DataFrame(records()).to_json(path, orient="records", lines=True, double_precision=15)


def write_json(path: Path) -> None:
    path.write_text(json.dumps(records(), indent=1))


def write_answer(path: Path) -> None:
    data = [{"object": "embedding", "index": i, **record} for i, record in enumerate(records())]
    path.write_text(json.dumps({"object": "list", "data": data, "model": "m", "usage": {"total_tokens": 3}}))


def write_chroma(path: Path) -> None:
    path.write_text(
        json.dumps(
            {
                "ids": NAMES,
                "embeddings": V.tolist(),
                "documents": None,
                "uris": None,
                "included": ["metadatas", "embeddings"],
                "metadatas": [{"sort": sort, "year": year} for sort, year in zip(SORTS, YEARS, strict=True)],
            }
        )
    )


def write_sqlite_blobs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (note TEXT)")
        database.executemany("INSERT INTO notes VALUES (?)", [("a",)] * 100)
        database.execute("CREATE TABLE items (name TEXT, sort TEXT, year INTEGER, embedding BLOB)")
        rows = zip(NAMES, SORTS, YEARS, (row.tobytes() for row in V), strict=True)
        database.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
        database.commit()


def write_sqlite_json(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE items (name TEXT, sort TEXT, year INTEGER, embedding TEXT)")
        rows = zip(NAMES, SORTS, YEARS, (json.dumps(row) for row in V.tolist()), strict=True)
        database.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
        database.commit()


def write_sqlite_vec(path: Path) -> None:
    values = (
        f"('{name}', '{sort}', {year}, x'{row.tobytes().hex()}')"
        for name, sort, year, row in zip(NAMES, SORTS, YEARS, V, strict=True)
    )
    run_with_sqlite_vec(
        path,
        f"CREATE VIRTUAL TABLE items USING vec0(name text primary key, sort text, year integer, embedding float[{D}]);"
        f"INSERT INTO items(name, sort, year, embedding) VALUES {', '.join(values)};",
    )


def write_lance(path: Path) -> None:
    lance = pytest.importorskip("lance")
    lance.write_dataset(table(lists(pa.list_(pa.float32(), D))), str(path), max_rows_per_file=25)
    lance.dataset(str(path)).delete("year < 1990")


WRITERS: list[tuple[Callable[[Path], None], str]] = [
    (write_parquet, ".parquet"),
    (write_parquet_fixed, ".parquet"),
    (write_parquet_large, ".parquet"),
    (write_parquet_blobs, ".parquet"),
    (write_parquet_fixed_blobs, ".parquet"),
    (write_parquet_text, ".parquet"),
    (write_parquet_columns, ".parquet"),
    (write_parquet_tensor, ".parquet"),
    (write_pandas, ".parquet"),
    (write_polars, ".parquet"),
    (write_polars_array, ".arrow"),
    (write_feather, ".feather"),
    (write_feather_packed, ".feather"),
    (write_stream, ".arrows"),
    (write_json_lines, ".jsonl"),
    (write_json_lines_of_pandas, ".ndjson"),
    (write_json, ".json"),
    (write_answer, ".json"),
    (write_chroma, ".json"),
    (write_sqlite_blobs, ".db"),
    (write_sqlite_json, ".sqlite"),
    (write_sqlite_vec, ".db"),
    (write_lance, ".lance"),
]


@pytest.mark.parametrize(("write", "suffix"), WRITERS, ids=lambda each: getattr(each, "__name__", ""))
def test_what_its_own_library_writes_comes_back(write: Callable[[Path], None], suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{suffix}"
    write(path)
    dataset = reading.read(path)
    # A JSON number read as float64, and then rounded, is the float32 that was written.
    np.testing.assert_array_equal(dataset.vectors, V)
    assert [dataset.name(row) for row in range(N)] == NAMES
    found = {column.name: column for column in dataset.columns}
    assert [found["sort"].cell(row) for row in range(N)] == SORTS
    assert found["sort"].kind == "category"
    assert [found["year"].cell(row) for row in range(N)] == [str(year) for year in YEARS]
    assert "embedding" not in found
    assert not any("dropped" in warning.casefold() for warning in dataset.warnings)
