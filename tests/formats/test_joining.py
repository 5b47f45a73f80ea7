"""Metadata by a key: every row gets its own record, and what did not fit is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core import column as columns
from explorer.core.column import Column
from explorer.errors import BadFile, BadParameter
from explorer.formats import joining, reading


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Ten rows with names and numbers of their own, the fourth of which cannot be used."""
    rows = [f"w{i},{100 + i},{i},{i + 1},{'x' if i == 3 else i + 2}" for i in range(10)]
    (tmp_path / "v.csv").write_text("\n".join(["name,id,p0,p1,p2", *rows]) + "\n")
    return tmp_path / "v.csv"


def test_a_table_in_another_order_with_gaps(vectors: Path, tmp_path: Path) -> None:
    table = tmp_path / "m.csv"
    order = [9, 4, 5, 0, 2, 4, 77, 6]
    records = [f"{100 + i},{i * 1.5},{'even' if i % 2 == 0 else 'odd'},about-{i}-{at}" for at, i in enumerate(order)]
    table.write_text("\n".join(["id,size,kind,text", *records]) + "\n")
    found = reading.read(vectors, metadata=table, options={"key": "id"})
    size, kind, text = (found.column(name) for name in ("size", "kind", "text"))
    assert size is not None and kind is not None and text is not None
    for row in range(found.rows):
        source = found.source_row(row)
        there = source in order
        assert size.cell(row) == (f"{source * 1.5:g}" if there else "")
        assert kind.cell(row) == (("even", "odd")[source % 2] if there else "")
        assert text.cell(row) == (f"about-{source}-{order.index(source)}" if there else "")
    assert found.warnings[-1 - any("Dropped" in w for w in found.warnings[-1:])].startswith("m.csv, joined by id: ")
    said = next(warning for warning in found.warnings if "joined" in warning)
    assert said == (
        "m.csv, joined by id: 6 of 10 rows have a record; 1 record has no row; "
        "1 key comes more than once, the first was taken."
    )
    assert found.facts["metadata"] == str(table)


def test_a_key_may_have_two_names_and_be_the_row_number(vectors: Path, tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("word\tn\tcolour\n" + "".join(f"w{i}\t{i}\tc{i}\n" for i in reversed(range(10))))
    for key in ("name=word", "#row=n"):
        found = reading.read(vectors, metadata=tmp_path / "m.tsv", options={"key": key})
        colour = found.column("colour")
        assert colour is not None
        assert [colour.cell(row) for row in range(9)] == [f"c{found.source_row(row)}" for row in range(9)], key
        assert any("All 10 rows have a record." in warning for warning in found.warnings)


def test_what_does_not_fit_at_all_is_a_sentence(vectors: Path, tmp_path: Path) -> None:
    table = tmp_path / "m.csv"
    table.write_text("id,size\n" + "".join(f"{i},{i}\n" for i in range(7)))
    with pytest.raises(
        BadFile, match=r"no record of it belongs to a row: “id” holds 0, 1, 2 …, and “id” of the file 1"
    ):
        reading.read(vectors, metadata=table, options={"key": "id"})
    with pytest.raises(BadParameter, match=r"There is no column “uid” in m\.csv to join by; columns: id, size"):
        reading.read(vectors, metadata=table, options={"key": "id=uid"})
    with pytest.raises(BadParameter, match=r"no column “uid” in the file to join by; columns: name, id"):
        reading.read(vectors, metadata=table, options={"key": "uid=id"})
    with pytest.raises(BadParameter, match="key=id joins a metadata table"):
        reading.read(vectors, options={"key": "id"})
    with pytest.raises(BadFile, match=r"7 rows and the file has 10 vectors; .* --read key=COLUMN"):
        reading.read(vectors, metadata=table)


def test_a_sample_of_rows_takes_its_own_records(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.arange(400, dtype="f4").reshape(100, 4))
    (tmp_path / "m.csv").write_text("name,id\n" + "".join(f"w{i},{i}\n" for i in range(100)))
    for options in ({"sample": "10"}, {"rows": "10"}, {"sample": "10", "key": "#row=id"}):
        found = reading.read(tmp_path / "v.npy", metadata=tmp_path / "m.csv", options=options)
        assert found.rows == 10
        assert [found.name(row) for row in range(10)] == [f"w{found.source_row(row)}" for row in range(10)], options
        assert not any("no row" in warning for warning in found.warnings)


def test_keys_are_guessed_by_name_and_by_what_fits() -> None:
    def number(name: str, values: list[float]) -> Column:
        return columns.from_numbers(name, np.array(values))

    ours = (columns.from_text("word", [f"w{i}" for i in range(50)]), number("id", list(range(50))))
    theirs = (
        number("ID", list(range(10, 60))),
        columns.from_text("title", [f"w{i}" for i in range(50)]),
        columns.from_text("kind", ["a", "b"] * 25),
        number("year", [1900.0 + i for i in range(50)]),
    )
    assert [str(key) for key in joining.guessed(ours, theirs)] == ["id=ID", "word=title"]


KEYS = st.lists(st.sampled_from(["", "a", "b", " b", "c", "d", "é"]), max_size=12)


@given(KEYS, KEYS)
def test_every_row_has_the_first_record_of_its_key(ours: list[str], theirs: list[str]) -> None:
    found = joining.join(ours, theirs)
    plain = [key.strip() for key in theirs]
    for key, record in zip((key.strip() for key in ours), found.record_of.tolist(), strict=True):
        assert record == (plain.index(key) if key and key in plain else -1)
    assert found.matched == sum(bool(key.strip()) and key.strip() in plain for key in ours)
    assert found.repeated == sum(plain.count(key) > 1 for key in set(plain) if key)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".tsv"])
def test_the_table_may_be_of_any_format(vectors: Path, tmp_path: Path, suffix: str) -> None:
    import json

    import pyarrow as pa
    from pyarrow import parquet

    records = [{"uid": 100 + i, "kind": "ab"[i % 2]} for i in reversed(range(10))]
    table = tmp_path / f"m{suffix}"
    if suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(records), table)
    elif suffix == ".jsonl":
        table.write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        table.write_text("uid\tkind\n" + "".join(f"{record['uid']}\t{record['kind']}\n" for record in records))
    found = reading.read(vectors, metadata=table, options={"key": "id=uid"})
    kind = found.column("kind")
    assert kind is not None
    assert [kind.cell(row) for row in range(9)] == ["ab"[found.source_row(row) % 2] for row in range(9)]
    assert any("All 10 rows have a record." in warning for warning in found.warnings)
