"""Samples: drawn evenly, the same whatever the blocks, and said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import TooLarge
from explorer.formats import reading, sampling
from explorer.formats.sampling import Draw

ARRAY = np.round(np.random.default_rng(3).normal(size=(3000, 6)), 4).astype(np.float32)


def in_blocks(total: int, wanted: int, seed: int, block: int) -> list[int]:
    """What a draw keeps of rows that come in blocks."""
    draw = Draw(wanted, seed)
    taken: list[int] = []
    for first in range(0, total, block):
        chosen = draw.taken(min(block, total - first))
        assert chosen is not None
        taken += (first + chosen).tolist()
    kept = draw.kept()
    return taken if kept is None else [taken[i] for i in kept]


def test_the_blocks_do_not_matter_the_seed_does() -> None:
    whole = in_blocks(5000, 40, 7, 5000)
    assert len(set(whole)) == 40 and whole == sorted(whole)
    assert in_blocks(5000, 40, 7, 61) == in_blocks(5000, 40, 7, 1) == whole
    assert in_blocks(5000, 40, 8, 61) != whole
    drawn = sampling.drawn(5000, {"sample": "40", "seed": "7"})
    assert drawn is not None and drawn.tolist() == whole


def test_every_row_is_as_likely() -> None:
    counts = np.zeros(50)
    for seed in range(400):
        counts[in_blocks(50, 10, seed, 7)] += 1
    assert counts.sum() == 4000 and counts.min() > 45 and counts.max() < 120, "80 each on average"


def test_little_more_than_the_sample_is_kept_on_the_way() -> None:
    draw = Draw(100, 0)
    taken = sum(len(chosen) for _ in range(200) if (chosen := draw.taken(1000)) is not None)
    assert 100 <= taken < 2500


def test_more_than_there_is_is_all_of_it() -> None:
    assert sampling.drawn(10, {"sample": "10"}) is None
    assert sampling.drawn(10, {}) is None
    assert in_blocks(10, 11, 0, 3) == list(range(10))


def files(folder: Path) -> dict[str, Path]:
    """The same rows as an array, as a table with names, and as word vectors."""
    np.save(folder / "v.npy", ARRAY)
    np.save(folder / "half.npy", ARRAY.astype(np.float64))
    lines = [",".join(f"{x:.4f}" for x in row) for row in ARRAY]
    (folder / "v.csv").write_text("name,a,b,c,d,e,f\n" + "".join(f"w{i},{line}\n" for i, line in enumerate(lines)))
    words = "".join(f"w{i} {line.replace(',', ' ')}\n" for i, line in enumerate(lines))
    (folder / "v.vec").write_text(f"3000 6\n{words}")
    return {path.name: path for path in (folder / "v.npy", folder / "half.npy", folder / "v.csv", folder / "v.vec")}


def test_every_format_draws_the_same_rows(tmp_path: Path) -> None:
    for name, path in files(tmp_path).items():
        found = reading.read(path, options={"sample": "50", "seed": "4"})
        assert (found.rows, found.source_rows, found.dropped, found.left_out) == (50, 3000, 0, 2950), name
        rows = [found.source_row(row) for row in range(50)]
        assert rows == in_blocks(3000, 50, 4, 3000), name
        np.testing.assert_allclose(found.vectors, ARRAY[rows], atol=1e-6)
        if found.names is not None:
            assert [found.name(row) for row in range(50)] == [f"w{row}" for row in rows], name
        assert found.warnings == ("A random sample of 50 of 3,000 rows.",), name


def test_every_format_reads_its_first_rows(tmp_path: Path) -> None:
    for name, path in files(tmp_path).items():
        found = reading.read(path, options={"rows": "20"})
        assert (found.rows, found.source_rows, found.dropped) == (20, 20, 0), name
        np.testing.assert_allclose(found.vectors, ARRAY[:20], atol=1e-6)
        assert "first 20 rows" in found.warnings[0] and "more follow" in found.warnings[0], name
        both = reading.read(path, options={"rows": "20", "sample": "5"})
        assert both.rows == 5 and both.source_rows == 20 and max(map(both.source_row, range(5))) < 20, name


def test_bad_rows_are_counted_beside_the_sample(tmp_path: Path) -> None:
    array = ARRAY.copy()
    array[::2, 1] = np.nan
    np.save(tmp_path / "v.npy", array)
    found = reading.read(tmp_path / "v.npy", options={"sample": "100"})
    drawn = in_blocks(3000, 100, 0, 3000)
    assert found.left_out == 2900 and found.dropped == sum(row % 2 == 0 for row in drawn)
    assert [found.source_row(row) for row in range(found.rows)] == [row for row in drawn if row % 2]


def test_broken_lines_of_a_table_do_not_shift_a_sample(tmp_path: Path) -> None:
    lines = [f"w{i},{i},{i + 1},{i + 2}" for i in range(500)]
    lines[3] = lines[400] = "short,1"
    lines[7] = "w7,7,x,9"
    (tmp_path / "t.csv").write_text("name,p0,p1,p2\n" + "\n".join(lines) + "\n")
    for options in ({"sample": "60"}, {"rows": "50"}, {"rows": "100", "sample": "30"}, {"sample": "499"}):
        found = reading.read(tmp_path / "t.csv", options=options)
        for row in range(found.rows):
            source = found.source_row(row)
            assert found.name(row) == f"w{source}" and found.vectors[row].tolist() == [source, source + 1, source + 2]
    first = reading.read(tmp_path / "t.csv", options={"rows": "50"})
    assert (first.rows, first.source_rows, first.dropped) == (48, 50, 2)


def test_what_does_not_fit_is_said_with_a_sample_that_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files(tmp_path)["half.npy"]
    monkeypatch.setattr("explorer.room.free_on_disk", lambda folder: (64 << 20) + 24 * 2_345)
    with pytest.raises(TooLarge, match=r"Converting this file needs about .* such as --read sample=1500, or free some"):
        reading.read(path)
    monkeypatch.setattr("explorer.room.free_on_disk", lambda folder: (64 << 20) + 24 * 789)
    with pytest.raises(TooLarge, match=r"--read sample=700, or"):
        reading.read(path)
    monkeypatch.setattr("explorer.room.free_in_memory", lambda: 24 * 2_345)
    with pytest.raises(TooLarge, match=r"Reading this table needs .* such as --read sample=1000"):
        reading.read(tmp_path / "v.csv")
