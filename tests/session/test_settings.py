"""What is remembered, and what happens when it cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from explorer.session.settings import MOST_LEARNT, MOST_RECENT, SLOWEST, Settings


def test_what_was_set_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(path).set("theme", "dark")
    assert Settings(path).get("theme") == "dark"
    assert Settings(path).get("nothing", "else") == "else"
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_recent_files_are_the_newest_first_each_once_and_still_there(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    files = [tmp_path / f"{number}.npy" for number in range(MOST_RECENT + 2)]
    for path in [*files, files[5]]:
        path.touch()
        settings.remember(str(path))
    expected = [files[5], *[path for path in reversed(files) if path != files[5]]][:MOST_RECENT]
    assert Settings(tmp_path / "settings.json").recent == tuple(map(str, expected))
    files[5].unlink()
    assert str(files[5]) not in settings.recent


def test_two_windows_do_not_lose_what_the_other_has_set(tmp_path: Path) -> None:
    one, other = Settings(tmp_path / "settings.json"), Settings(tmp_path / "settings.json")
    files = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path in files:
        path.touch()
    one.remember(str(files[0]))
    other.set("theme", "light")
    other.remember(str(files[1]))
    one.set("window", "large")
    third = Settings(tmp_path / "settings.json")
    assert third.recent == (str(files[1]), str(files[0]))
    assert (third.get("theme"), third.get("window")) == ("light", "large")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"recent": 3}', '{"recent": [1, null, "a\\u0000b"]}', "[" * 100_000, "\udcff"]
)
def test_a_broken_file_counts_as_empty_and_is_written_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    settings = Settings(path)
    assert settings.recent == () and settings.get("theme") == ""
    settings.set("theme", "light")
    assert json.loads(path.read_text())["theme"] == "light"


def test_a_folder_that_cannot_be_written_to_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.set("theme", "dark")
    assert settings.get("theme") == "dark"


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_let_be(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        settings = Settings(tmp_path / "settings.json")
        settings.set("theme", "dark")
        assert settings.get("theme") == "dark" and not list(tmp_path.iterdir())
    finally:
        tmp_path.chmod(0o700)


def test_without_a_path_nothing_is_kept(tmp_path: Path) -> None:
    settings = Settings(None)
    settings.set("theme", "dark")
    assert settings.get("theme") == "dark" and Settings(None).get("theme") == ""


def test_how_fast_this_machine_builds_is_the_middle_of_what_was_seen(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    assert settings.factor("annoy") == 1.0
    for ratio in (2.0, 40.0, 3.0):
        settings.learn("annoy", ratio)
    again = Settings(tmp_path / "settings.json")
    assert again.factor("annoy") == 3.0 and again.factor("hnswlib") == 1.0
    for ratio in [1.5] * MOST_LEARNT:
        again.learn("annoy", ratio)
    assert json.loads((tmp_path / "settings.json").read_text())["build_factors"] == {"annoy": [1.5] * MOST_LEARNT}
    settings.learn("hnswlib", 1e9)
    assert settings.factor("annoy") == 1.5 and settings.factor("hnswlib") == SLOWEST


@pytest.mark.parametrize(
    "learnt", ["3", "[]", '{"annoy": 3}', '{"annoy": ["x", null, -1, NaN, 1e99]}', '{"annoy": []}']
)
def test_what_cannot_have_been_learnt_is_passed_over(tmp_path: Path, learnt: str) -> None:
    (tmp_path / "settings.json").write_text(f'{{"build_factors": {learnt}}}')
    settings = Settings(tmp_path / "settings.json")
    assert settings.factor("annoy") == 1.0
    settings.learn("annoy", 2.0)
    assert settings.factor("annoy") == 2.0
