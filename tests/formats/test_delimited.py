"""Text tables: dialects are found, the right columns are the vector, bad lines are dropped and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.core.dataset import Dataset
from explorer.errors import BadFile, BadParameter, NoVectors
from explorer.formats import reading

RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(20, 4)).astype("f4")


def table(
    rows: np.ndarray, *, delimiter: str = ",", decimal: str = ".", header: str = "", first: list[str] | None = None
) -> str:
    lines = [header] if header else []
    for i, row in enumerate(rows):
        cells = [f"{x:.5f}".replace(".", decimal) for x in row]
        lines.append(delimiter.join([*([first[i]] if first else []), *cells]))
    return "\n".join(lines) + "\n"


def read(folder: Path, text: str | bytes, file: str = "t.csv", **options: str) -> Dataset:
    path = folder / file
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return reading.read(path, options=options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("header", [False, True])
def test_delimiters_and_headers_are_found(tmp_path: Path, delimiter: str, header: bool) -> None:
    text = table(VECTORS, delimiter=delimiter, header=delimiter.join("abcd") if header else "")
    dataset = read(tmp_path, text)
    np.testing.assert_allclose(dataset.vectors, VECTORS, atol=1e-5)
    assert dataset.warnings == ()
    assert dataset.format == ("tsv" if delimiter == "\t" else "csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends_are_found(tmp_path: Path, encoding: str, newline: str) -> None:
    text = table(VECTORS, header="name,a,b,c,d", first=[f"Zoë {i}" for i in range(20)]).replace("\n", newline)
    dataset = read(tmp_path, text.encode(encoding))
    assert dataset.name(3) == "Zoë 3"
    np.testing.assert_allclose(dataset.vectors, VECTORS, atol=1e-5)


def test_decimal_commas_are_found_without_a_header(tmp_path: Path) -> None:
    dataset = read(tmp_path, table(VECTORS, delimiter=";", decimal=","))
    np.testing.assert_allclose(dataset.vectors, VECTORS, atol=1e-5)


def test_the_largest_family_is_the_vector_and_labels_stay_out(tmp_path: Path) -> None:
    lines = ["id,label,p0,p1,p2,q0,price"] + [f"{i},{i % 3},{i}.5,{i + 1},{i + 2},7,{i * 2}" for i in range(12)]
    dataset = read(tmp_path, "\n".join(lines))
    assert dataset.dimensions == 3
    assert dataset.facts["vector columns"] == "p0, p1, p2"
    kinds = {column.name: column.kind for column in dataset.columns}
    assert kinds == {"id": "number", "label": "category", "q0": "number", "price": "number"}


def test_whole_number_columns_about_the_row_are_no_part_of_the_vector(tmp_path: Path) -> None:
    lines = ["digit,height,width,age"] + [f"{i % 10},{i}.5,{i + 1},{i + 2}" for i in range(12)]
    dataset = read(tmp_path, "\n".join(lines))
    assert dataset.facts["vector columns"] == "height, width, age"
    assert dataset.columns[0].labels[0] == "0"


def test_the_choice_can_be_changed(tmp_path: Path) -> None:
    text = "\n".join(["who,p0,p1,p2,q0,q1"] + [f"w{i},{i},2,3,{i},5" for i in range(9)])
    assert read(tmp_path, text, vectors="q*").dimensions == 2
    assert read(tmp_path, text, vectors="p0,q1").facts["vector columns"] == "p0, q1"
    assert read(tmp_path, text, vectors="q*", name="p0").name(4) == "4"
    with pytest.raises(BadParameter, match="fits no column"):
        read(tmp_path, text, vectors="z*")
    with pytest.raises(BadParameter, match="no column “nobody”"):
        read(tmp_path, text, name="nobody")


def test_rows_that_are_only_counted_are_no_part_of_the_vector(tmp_path: Path) -> None:
    assert read(tmp_path, table(VECTORS, first=[str(i) for i in range(20)])).dimensions == 4
    pandas = table(VECTORS, header=",0,1,2,3", first=[str(i) for i in range(20)])
    dataset = read(tmp_path, pandas)
    assert (dataset.rows, dataset.dimensions, dataset.columns[0].name) == (20, 4, "index")


@pytest.mark.parametrize(
    "cell", ["[{}, {}, {}]", "{} {} {}", "[{} {}\n {}]", "({}, {}, {})", "[np.float64({}), {}, {}]"]
)
def test_a_column_of_lists_is_the_vector(tmp_path: Path, cell: str) -> None:
    lines = ["name,embedding"] + [f'w{i},"{cell.format(i, i + 0.5, -1)}"' for i in range(12)]
    dataset = read(tmp_path, "\n".join(lines))
    assert (dataset.rows, dataset.dimensions) == (12, 3)
    np.testing.assert_array_equal(dataset.vectors[5], [5, 5.5, -1])
    assert dataset.name(5) == "w5"


def test_lists_of_another_length_and_words_in_them_are_dropped(tmp_path: Path) -> None:
    cells = ["[1, 2]"] * 20
    cells[3], cells[7], cells[9] = "[1, 2, 3]", "[1, x]", ""
    dataset = read(tmp_path, "name,v\n" + "".join(f'w{i},"{cell}"\n' for i, cell in enumerate(cells)))
    assert (dataset.rows, dataset.dropped) == (17, 3)
    assert "lines 5, 9, 11" in dataset.warnings[0]
    assert [dataset.name(row) for row in (2, 3)] == ["w2", "w4"]


def test_shortened_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="tolist"):
        read(tmp_path, 'name,v\nx,"[1 2 ... 3 4]"\ny,"[1 2 ... 3 4]"\n', vectors="v")


def test_a_word_among_the_numbers_drops_its_row_and_names_its_line(tmp_path: Path) -> None:
    lines = table(VECTORS, header="name,a,b,c,d", first=[f"w{i}" for i in range(20)]).split("\n")
    lines[6] = "w5,1,oops,3,4"
    dataset = read(tmp_path, "\n".join(lines))
    assert (dataset.rows, dataset.dropped) == (19, 1)
    assert "line 7" in dataset.warnings[0]
    assert dataset.name(5) == "w6"
    assert dataset.source_row(5) == 6


def test_tab_separated_text_keeps_its_quotes(tmp_path: Path) -> None:
    first = [f'"{i}" said he' if i % 2 else f'5" disk {i}' for i in range(20)]
    dataset = read(tmp_path, table(VECTORS, delimiter="\t", header="name\ta\tb\tc\td", first=first), "t.tsv")
    assert dataset.rows == 20
    assert dataset.name(1) == '"1" said he'
    quoted = [f'"a ""word"" {i}"' for i in range(20)]
    dataset = read(tmp_path, table(VECTORS, delimiter="\t", header="name\ta\tb\tc\td", first=quoted), "q.tsv")
    assert dataset.name(1) == 'a "word" 1'


def test_headers_of_other_programs(tmp_path: Path) -> None:
    body = table(VECTORS, first=[f"w{i}" for i in range(20)])
    for text, columns in (
        ("a,b,c,d\n" + body, "a … d (4 columns)"),  # R
        ("A great table\n\nname,a,b,c,d\n" + body, "a … d (4 columns)"),
        ("# written by hand\nname,a,b,c,d\n" + body, "a … d (4 columns)"),
        ("name,x,x,x,x\n" + body, "x … x (4) (4 columns)"),
        ("name,a,b,c,d\n" + body.replace("\n", ",\n"), "a … d (4 columns)"),
    ):
        dataset = read(tmp_path, text)
        assert (dataset.rows, dataset.dimensions, dataset.warnings) == (20, 4, ())
        assert dataset.facts["vector columns"] == columns
        assert dataset.name(2) == "w2"


def test_columns_set_by_blanks(tmp_path: Path) -> None:
    text = "\n".join("  ".join(f"{x:9.4f}" for x in row) for row in VECTORS)
    dataset = read(tmp_path, text, "t.txt")
    np.testing.assert_allclose(dataset.vectors, VECTORS, atol=1e-4)


def test_text_without_numbers_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoVectors, match=r"no column.*embed=b") as told:
        read(tmp_path, "a,b,file\nx,some words,a/b.png\nz,w,a/c.png\n")
    assert told.value.columns == ("b", "a")
    with pytest.raises(BadFile):
        read(tmp_path, "Once upon a time.\nThere was a table, and it held nothing.\n", "t.md")
    with pytest.raises(BadFile):
        read(tmp_path, "a,b\n")


def test_missing_cells_in_other_columns_stay_missing(tmp_path: Path) -> None:
    lines = ["age,kind,p0,p1,p2"] + [
        f"{'' if i == 2 else i},{'' if i == 3 else 'ab'[i % 2]},1,{i},3" for i in range(10)
    ]
    age, kind = read(tmp_path, "\n".join(lines)).columns
    assert (age.kind, age.cell(2), age.cell(4)) == ("number", "", "4")
    assert (kind.kind, kind.cell(3), kind.cell(4)) == ("category", "", "a")


@pytest.mark.parametrize(
    "cells",
    [
        ('"{0.5,-1,2e1}"', '"{1,2,3}"'),
        ("0.5;-1;20", "1;2;3"),
        ("0.5|-1|20", "1|2|3"),
        ('"0.5,-1,20"', '"1.0,2,3"'),
        ('"(0.5, -1, 20)"', '"(1, 2, 3)"'),
    ],
    ids=["braces", "semicolons", "bars", "commas", "parentheses"],
)
def test_lists_as_other_programs_print_them(tmp_path: Path, cells: tuple[str, str]) -> None:
    dataset = read(tmp_path, f"name,v\na,{cells[0]}\nb,{cells[1]}\n")
    np.testing.assert_array_equal(dataset.vectors, np.array([[0.5, -1, 20], [1, 2, 3]], np.float32))
    assert dataset.name(1) == "b"


def test_thousands_are_no_lists(tmp_path: Path) -> None:
    dataset = read(tmp_path, 'name,paid,x,y\na,"1,234,567",1,2.5\nb,"2,345,678",2,3.5\nc,"9,345,678",2,3\n')
    assert dataset.dimensions == 2
    assert [column.name for column in dataset.columns] == ["name", "paid"]


def test_a_table_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("name;x;y\nä;0,5;1,5\nб;2,25;3\n".encode("utf-16"))
    dataset = reading.read(path)
    np.testing.assert_array_equal(dataset.vectors, np.array([[0.5, 1.5], [2.25, 3]], np.float32))
    assert dataset.name(1) == "б"
