"""`explorer FILE`, `demo` and `snapshot` where there is no display: a sentence, or the same work offscreen."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from explorer.cli.main import COMMANDS
from tests.cli.conftest import BAD, Run

PLAIN = BAD / "plain.npy"
TIMINGS = {"window_ms", "first_map_ms", "index_ms", "map_done_ms", "click_ms", "truth_ms"}
LINUX = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")


def width_and_height(picture: Path) -> tuple[int, int]:
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_a_picture_of_what_has_to_be_chosen_first_says_so(program: Run, tmp_path: Path) -> None:
    np.ones((50, 4), "f4").tofile(tmp_path / "raw.f32")
    sentence = program("snapshot", str(tmp_path / "raw.f32"), "--out", str(tmp_path / "a.png")).sentence
    assert "say how many make a vector: --read dimensions=D" in sentence and (tmp_path / "a.png").is_file()


@LINUX
@pytest.mark.parametrize(
    "display",
    [
        {},
        {"DISPLAY": ":9876"},
        {"DISPLAY": "nonsense"},
        {"QT_QPA_PLATFORM": "xcb"},
        {"DISPLAY": ":9876", "QT_QPA_PLATFORM": "xcb"},
        {"QT_QPA_PLATFORM": "wayland;xcb"},
        {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/tmp", "QT_QPA_PLATFORM": "wayland"},
        {"QT_QPA_PLATFORM": "offscreen"},
        {"QT_QPA_PLATFORM": "nonsense"},
    ],
    ids=str,
)
def test_without_a_display_a_sentence_names_snapshot(program: Run, display: dict[str, str]) -> None:
    """Qt would abort the process, with a core dump."""
    sentence = program(PLAIN, **display).sentence
    assert sentence.startswith("there is no display to open a window on")
    assert f"explorer snapshot {PLAIN} --out" in sentence


@LINUX
def test_every_way_to_open_a_window_says_it(program: Run, tmp_path: Path) -> None:
    assert "explorer snapshot sample:wordnet" in program().sentence
    assert "explorer snapshot sample:digits" in program("demo", "digits").sentence
    blank = tmp_path / "my vectors.npy"
    np.save(blank, np.eye(3))
    assert f"explorer snapshot {shlex.quote(str(blank))} --out" in program("open", blank).sentence


@LINUX
def test_the_demo_does_the_main_job_offscreen(program: Run, tmp_path: Path) -> None:
    done = program("demo", "digits", "--or-offscreen", TMPDIR=str(tmp_path))
    assert (done.status, done.err) == (0, "")
    first, *_, last = done.out.splitlines()
    assert "there is no display" in first
    ranks = [line.split()[0] for line in done.out.splitlines() if line.endswith(("hit", "miss"))]
    assert ranks == [str(rank) for rank in range(1, 11)]
    assert last.startswith("1,797 points drawn; the picture is ")
    assert width_and_height(Path(last.rpartition(" ")[2])) == (1440, 900)


def test_the_example_of_snapshot_gives_the_whole_report(program: Run, tmp_path: Path) -> None:
    (example,) = (command.example for command in COMMANDS if command.name == "snapshot")
    said = program(*shlex.split(example)[1:], "--json", "--size", "1024x700", "--k", 4).json
    assert {"points_drawn", "map", "neighbours", "clicked_row", "longest_stall_ms", "timings"} <= set(said)
    assert (said["points_drawn"], said["map"], said["clicked_row"]) == (1797, "umap", 42)
    assert len([each for each in said["neighbours"] if each["mark"] != "extra"]) == 4
    timings = said["timings"]
    assert set(timings) == TIMINGS
    assert 0 < timings["window_ms"] < timings["first_map_ms"] <= timings["index_ms"] <= timings["map_done_ms"]
    assert 0 < timings["click_ms"] <= timings["truth_ms"]
    assert said["longest_stall_ms"] > 0
    assert width_and_height(tmp_path / "digits.png") == (1024, 700)


def test_a_page_of_the_inspector_is_chosen_for_the_picture(program: Run, tmp_path: Path) -> None:
    arguments = (
        "snapshot",
        "sample:digits",
        "--method",
        "pca",
        "--row",
        69,
        "--set",
        "trees=3",
        "--no-click",
        "--json",
    )
    row = program(*arguments, "--out", "row.png").json
    why = program(*arguments, "--out", "why.png", "--view", "why").json
    assert (row["view"], why["view"]) == ("neighbours", "why") and row["recall"] == why["recall"] < 1
    assert (tmp_path / "row.png").read_bytes() != (tmp_path / "why.png").read_bytes()
    assert program(*arguments, "--out", "no.png", "--view", "everything").status == 2


def test_what_was_not_reached_is_null(program: Run) -> None:
    said = program(
        "snapshot", PLAIN, "--out", "a.png", "--wait", "first-map", "--method", "pca", "--no-click", "--json"
    )
    timings = said.json["timings"]
    assert timings["first_map_ms"] > 0
    assert [timings[name] for name in ("index_ms", "map_done_ms", "click_ms", "truth_ms")] == [None] * 4
    assert said.json["clicked_row"] is None
    assert said.json["points_drawn"] == 50


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((BAD / "cut-short.npy",), "cut short"),
        (("missing.npy",), "missing.npy: there is no such file."),
        ((PLAIN, "--row", "99", "--method", "pca"), "There is no row #99"),
        ((PLAIN, "--positions", "missing-xy.npy"), "missing-xy.npy"),
        ((PLAIN, "--set", "leaves=2"), "no parameter “leaves”"),
    ],
    ids=["cut short", "missing", "row", "positions", "parameter"],
)
def test_the_picture_of_an_error_is_saved(
    program: Run, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    assert said in program("snapshot", *arguments, "--out", "error.png").sentence
    assert width_and_height(tmp_path / "error.png") == (1440, 900)


def test_a_snapshot_that_waits_too_long_says_so(program: Run) -> None:
    done = program("snapshot", "sample:wordnet", "--out", "late.png", "--timeout", "0.001")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("explorer: sample:wordnet: ")
    assert done.err.count("\n") == 1


def test_a_picture_that_cannot_be_written_there(program: Run, tmp_path: Path) -> None:
    if os.name == "posix" and os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "cannot be written to" in program("snapshot", PLAIN, "--out", "locked/a.png").sentence


@LINUX
@pytest.mark.parametrize("source", [PLAIN, "missing.npy"], ids=["no display", "missing"])
def test_what_a_script_shows_is_removed_when_no_window_opens(program: Run, tmp_path: Path, source: object) -> None:
    temporary = tmp_path / "explorer-show-1"
    temporary.mkdir()
    (temporary / "vectors.npy").write_bytes(PLAIN.read_bytes())
    assert program("open", source, "--temporary", temporary).status == 2
    assert not temporary.exists()
