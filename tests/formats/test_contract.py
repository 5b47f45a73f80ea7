"""What every file format keeps to, whichever it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.core.progress import silent
from explorer.errors import BadFile, BadInput, Cancelled
from explorer.formats import reading, types
from explorer.formats.base import ARRAY, Format
from tests.formats.examples import BY_SUFFIX, EXAMPLES, OPTIONS

FORMATS = pytest.mark.parametrize("kind", types().values(), ids=lambda kind: kind.name)
FILES = pytest.mark.parametrize("kind", [k for k in types().values() if not k.folder], ids=lambda kind: kind.name)


def test_each_format_has_an_example() -> None:
    assert set(types()) == set(EXAMPLES)


@FORMATS
def test_it_is_recognised_by_content_under_any_name(kind: Format, tmp_path: Path) -> None:
    example = EXAMPLES[kind.name](tmp_path)
    if kind.name in BY_SUFFIX:
        assert reading.recognised(example) is kind
        return
    for name in ("same", "same.bin", "same.npy", "same.csv", "same.vec"):
        example = example.rename(tmp_path / name)
        assert reading.recognised(example) is kind


@FORMATS
def test_what_it_reads_fits_together(kind: Format, tmp_path: Path) -> None:
    contents = kind.read(EXAMPLES[kind.name](tmp_path), OPTIONS.get(kind.name, {}), silent)
    assert contents.vectors.shape == (300, 256)
    assert all(len(column) == 300 for column in contents.columns)
    assert contents.names is None or len(contents.names) == 300
    assert contents.source_rows in (None, 300)


@FORMATS
def test_its_parts_are_told_without_reading_it(kind: Format, tmp_path: Path) -> None:
    path = EXAMPLES[kind.name](tmp_path)
    parts = kind.parts(path)
    if parts:
        assert parts[0].shape == (300, 256)
        assert ARRAY in kind.options
        assert kind.read(path, {"array": parts[0].name}, silent).vectors.shape == (300, 256)


@FORMATS
def test_it_can_be_cancelled(kind: Format, tmp_path: Path) -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        reading.read(EXAMPLES[kind.name](tmp_path), options=OPTIONS.get(kind.name), progress=stop)


@FILES
def test_the_beginning_of_a_file_is_a_sentence_or_rows(kind: Format, tmp_path: Path) -> None:
    example = EXAMPLES[kind.name](tmp_path)
    whole = example.read_bytes()
    for size in (1, 7, 100, 3000, 5000, 40_000):
        path = tmp_path / f"cut{size}{example.suffix}"
        path.write_bytes(whole[:size])
        try:
            dataset = reading.read(path, options=OPTIONS.get(kind.name))
        except BadInput as error:
            assert isinstance(error, BadFile) == (str(path) in str(error))
        else:
            assert np.isfinite(dataset.vectors).all()
            assert dataset.rows >= 1


@FILES
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    junk=st.binary(min_size=1, max_size=300)
    | st.text(min_size=1, max_size=300).map(lambda t: t.encode("utf-8", "replace"))
)
def test_junk_under_its_suffix_is_a_sentence_or_rows(kind: Format, tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / f"junk{kind.suffixes[0]}"
    path.write_bytes(junk)
    try:
        dataset = reading.read(path)
    except BadFile:
        return
    assert np.isfinite(dataset.vectors).all()


TABLES = st.lists(
    st.lists(st.sampled_from(["1", "0.5", "a", '"', ",", "", "-3e2", "nan", "[1, 2]", " "]), max_size=4), max_size=8
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TABLES, delimiter=st.sampled_from([",", "\t", ";", " "]), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_broken_tables_are_a_sentence_or_rows(tmp_path: Path, rows: list[list[str]], delimiter: str, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes((end.join(delimiter.join(row) for row in rows) + end).encode())
    try:
        dataset = reading.read(path)
    except BadFile:
        return
    assert np.isfinite(dataset.vectors).all()
    assert dataset.dropped >= 0
    assert all(len(column) == dataset.rows for column in dataset.columns)
