"""`import explorer`: the same thing as the program, from a script."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

import explorer
from explorer import library, showing
from explorer.errors import BadFile, BadParameter, BadQuery, Unavailable

ROOT = Path(__file__).resolve().parent.parent
SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}


@pytest.fixture(autouse=True)
def _no_child_stays() -> Iterator[None]:
    yield
    library._dismiss(os.getpid())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.save(tmp_path / "v.npy", np.random.default_rng(1).normal(size=(300, 12)).astype(np.float32) + 20)
    return tmp_path / "v.npy"


@pytest.fixture
def dataset(path: Path) -> explorer.Dataset:
    return explorer.load(path)


@pytest.mark.parametrize("metric", SCIPY)
def test_exact_search_is_brute_force(dataset: explorer.Dataset, metric: str) -> None:
    query = np.random.default_rng(2).normal(size=12) + 20
    found = explorer.build(dataset, metric=metric).search(query, 7)
    expected = cdist(query[None].astype(np.float32).astype(np.float64), dataset.vectors, SCIPY[metric])[0]
    rows = np.argsort(expected, kind="stable")[:7]
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_allclose(found.distances, expected[rows], rtol=1e-9)


def test_what_a_search_takes(dataset: explorer.Dataset) -> None:
    index = explorer.build(dataset)
    own = dataset.vectors[9]
    assert index.search(own, 3).rows[0] == 9
    assert 9 not in index.search(own, 3, leave_out=[9]).rows
    assert len(index.search(own)) == 10
    assert len(index.search(own, 5000)) == 300
    np.testing.assert_array_equal(index.search(own.tolist(), 3).rows, index.search(own, 3).rows)


def test_annoy_takes_its_own_parameters(dataset: explorer.Dataset) -> None:
    index = explorer.build(dataset, "annoy", trees=3, seed=1, metric="l2")
    assert repr(index) == "Index(annoy, euclidean, trees=3, seed=1)"
    exact = explorer.build(dataset)
    query = dataset.vectors[4]
    little = index.search(query, 20, search_k=1).rows
    much = index.search(query, 20, search_k=300 * 3).rows
    np.testing.assert_array_equal(much, exact.search(query, 20).rows)
    assert set(little) != set(much)


def test_wrong_calls_say_what_is_wrong(dataset: explorer.Dataset, tmp_path: Path) -> None:
    index = explorer.build(dataset)
    with pytest.raises(BadFile, match="no such file"):
        explorer.load(tmp_path / "none.npy")
    with pytest.raises(BadParameter, match="there are cosine, euclidean"):
        explorer.build(dataset, metric="far")
    with pytest.raises(BadParameter, match="there are exact, annoy"):
        explorer.build(dataset, "tree")
    with pytest.raises(BadParameter, match="annoy has no parameter “leaves”"):
        explorer.build(dataset, "annoy", leaves=3)
    with pytest.raises(BadParameter, match="exact has no parameter “ef”"):
        index.search(dataset.vectors[0], ef=3)
    with pytest.raises(BadQuery, match="3 numbers; the vectors here have 12"):
        index.search([1, 2, 3])
    with pytest.raises(BadQuery, match="not finite"):
        index.search([float("nan")] * 12)
    with pytest.raises(BadParameter, match="at least 1"):
        index.search(dataset.vectors[0], 0)
    with pytest.raises(BadQuery, match="one at a time"):
        index.search(dataset.vectors[:6, :2])
    with pytest.raises(BadQuery, match="no vector of numbers"):
        index.search(["a"] * 12)
    with pytest.raises(BadParameter, match="no projection method"):
        explorer.project(dataset, "tsne")
    with pytest.raises(BadParameter, match="no file of its own"):
        index.save(tmp_path / "x")


def test_an_index_is_saved_and_its_own_files_go_with_it(dataset: explorer.Dataset, tmp_path: Path) -> None:
    index = explorer.build(dataset, "annoy", trees=5)
    before = index.search(dataset.vectors[1], 5).rows
    saved = index.save(tmp_path / "x.ann")
    assert saved == tmp_path / "x.ann"
    assert saved.stat().st_size == index.handle.bytes
    described = json.loads((tmp_path / "x.ann.json").read_text("utf-8"))
    assert (described["params"]["trees"], described["fingerprint"]) == (5, dataset.fingerprint)
    assert dataset.fingerprint
    np.testing.assert_array_equal(index.search(dataset.vectors[1], 5).rows, before)
    index.close()
    index.close()
    with pytest.raises(BadParameter, match="has been closed"):
        index.search(dataset.vectors[1], 5)
    other = explorer.build(dataset, "annoy", trees=5)
    assert other.handle.path.exists()
    del other, index
    gc.collect()
    assert list((tmp_path / "cache" / "scratch").iterdir()) == []


def test_a_projection(dataset: explorer.Dataset) -> None:
    made = explorer.project(dataset, "pca")
    assert made.positions.shape == (300, 2)
    assert made.positions.dtype == np.float32
    seeded = [explorer.project(dataset, seed=3, n_neighbors=8, n_epochs=20).positions.tobytes() for _ in range(2)]
    assert seeded[0] == seeded[1]


def test_reading_as_the_command_line_does(path: Path) -> None:
    (path.parent / "t.csv").write_text("id,word\n" + "".join(f"{i},w{i}\n" for i in range(300)), encoding="utf-8")
    read = explorer.load(str(path), metadata=path.parent / "t.csv", options={"name": "word"}, metric="ip")
    assert (read.name(3), read.metric) == ("w3", "dot")
    assert explorer.load("sample:digits").rows == 1797


def scripted(
    script: str, tmp_path: Path, *, arguments: Sequence[str] = (), **changes: str
) -> subprocess.CompletedProcess[str]:
    """A script as people write one: no main guard, somewhere else, without the tests' platform."""
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ours.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        [sys.executable, "script.py", *arguments],
        cwd=tmp_path,
        env={**ours, "PYTHONPATH": str(ROOT), **changes},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_script_without_a_main_guard(tmp_path: Path) -> None:
    done = scripted(
        """
import numpy as np
import explorer
np.save("v.npy", np.random.default_rng(0).normal(size=(200, 8)))
dataset = explorer.load("v.npy")
index = explorer.build(dataset, "annoy", trees=20)
found = index.search(dataset.vectors[0], k=3)
print(found.rows[0], len(found.rows), explorer.project(dataset, n_epochs=10).positions.shape)
""",
        tmp_path,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("0 3 (200, 2)\n", "", 0)


MIXTURE = """
import itertools, json, sys
import numpy as np
import explorer
from explorer.indexes import types

np.save("v.npy", np.random.default_rng(0).normal(size=(500, 8)))
dataset = explorer.load("v.npy", metric="euclidean")
names = [name for name in sys.argv[1].split(",") if not types()[name].unavailable()]
opened = {}
for name in names:
    opened[name] = explorer.build(dataset, name)
    for index in opened.values():
        assert len(index.search(dataset.vectors[0], k=3)) == 3
for row, name in itertools.product(range(30), names):
    found = opened[name].search(dataset.vectors[row], k=3)
    assert found.rows[0] == row, (name, row, found)
print(json.dumps(sorted(library for library in ("faiss", "usearch", "hnswlib", "voyager") if library in sys.modules)))
"""
MIXED = ["usearch", "faiss-hnsw", "hnswlib", "voyager", "annoy", "faiss-ivf", "matrix", "exact"]


@pytest.mark.parametrize("turned", [False, True], ids=["usearch first", "usearch last"])
def test_any_types_are_built_and_searched_side_by_side(tmp_path: Path, turned: bool) -> None:
    names = MIXED[::-1] if turned else MIXED
    done = scripted(MIXTURE, tmp_path, arguments=[",".join(names)])
    assert (done.stderr, done.returncode) == ("", 0)
    here = {name for name in ("faiss", "usearch", "hnswlib", "voyager") if find_spec(name)}
    assert set(json.loads(done.stdout)) == here


@pytest.mark.skipif(not (find_spec("faiss") and find_spec("usearch")), reason="faiss or usearch is not here")
def test_what_usearch_brings_along_harms_nobody(tmp_path: Path) -> None:
    """Its own C++ runtime must not be the first in a process: Faiss's factory crashed after it."""
    script = """
from explorer.indexes.usearch.library import imported
imported()
import faiss
print(type(faiss.index_factory(8, "IVF4,PQ2x4np")).__name__)
"""
    done = scripted(script, tmp_path)
    assert (done.stdout, done.returncode) == ("IndexIVFPQ\n", 0)


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, psutil
import explorer

np.save("v.npy", np.random.default_rng(0).normal(size=(200_000, 64)).astype("f4"))
dataset = explorer.load("v.npy")
threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    explorer.build(dataset, "annoy", trees=2000)
except KeyboardInterrupt:
    left = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    print("interrupted", len(left), os.listdir(os.path.join(os.environ["EXPLORER_CACHE"], "scratch")))
print(explorer.build(dataset, "annoy", trees=1).search(dataset.vectors[5], k=1).rows)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_an_interrupted_build_ends_its_child_and_the_script_goes_on(tmp_path: Path) -> None:
    done = scripted(INTERRUPTED, tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted 0 []\n[5]\n", "", 0)


def test_without_a_display_show_says_so_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Unavailable, match="no display"):
        explorer.show(np.eye(3))
    assert [name.name for name in tmp_path.iterdir() if name.name.startswith("explorer-")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"array": np.zeros(4)}, "not one of shape"),
        ({"array": np.zeros((0, 4))}, "not one of shape"),
        ({"array": [["a", "b"]]}, "of numbers"),
        ({"array": np.eye(3), "names": ["a", "b"]}, "“name” has 2 entries for 3 vectors."),
        ({"array": np.eye(3), "metadata": {"size": [1, 2, 3, 4]}}, "“size” has 4 entries"),
        ({"array": np.eye(3), "metadata": pa.table({"size": [1]})}, "“size” has 1 entries"),
        ({"array": np.eye(3), "names": "abc", "metadata": {"name": [1, 2, 3]}}, "not both"),
        ({"array": np.eye(3), "metadata": 5}, "metadata is a dictionary"),
        ({"array": np.eye(3), "metric": "far"}, "there are cosine"),
        ({"array": pa.table({"text": ["some words", "more of them"]})}, "a table that holds vectors: .* embed=text"),
        ({"array": pa.table({"v": [[1.0, 2.0]]}), "options": {"array": "w"}}, "array=w is no column of vectors"),
        ({"array": pa.table({"v": [[1.0, 2.0]]}), "names": ["a", "b"]}, "“name” has 2 entries for 1 vectors"),
        ({"array": pa.table({"v": [[1.0, 2.0]], "name": ["a"]}), "names": ["a"]}, "not both"),
        ({"array": {"v": [object()]}}, "Arrow cannot take this table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_show_says_what_does_not_fit(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        explorer.show(**arguments)


TABLES: dict[str, Any] = {
    "pandas": lambda v: pd.DataFrame({"word": list("abcdef"), "embedding": list(v)}, index=[9, 8, 7, 6, 5, 4]),
    "polars": lambda v: pl.DataFrame(
        {"word": list("abcdef"), "embedding": pl.Series(v, dtype=pl.Array(pl.Float32, 4))}
    ),
    "pyarrow": lambda v: pa.table({"word": list("abcdef"), "embedding": v.tolist()}),
    "columns": lambda v: pl.DataFrame({"word": list("abcdef"), **{f"p{i}": v[:, i] for i in range(4)}}),
    "dictionary": lambda v: {"word": list("abcdef"), "embedding": v},
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_in_memory_is_loaded_and_shown(kind: str, tmp_path: Path) -> None:
    vectors = np.random.default_rng(5).normal(size=(6, 4)).astype(np.float32)
    table = TABLES[kind](vectors)
    dataset = explorer.load(table)
    np.testing.assert_array_equal(dataset.vectors, vectors)
    assert dataset.name(2) == "c"
    if kind == "pandas":
        index = dataset.column("index")
        assert index is not None
        assert index.cell(0) == "9"
    more = {"size": [1, 2, 3, 4, 5, 6]}
    path, *given = showing.written(tmp_path, table, None, more, {"name": "word"})
    assert given == ["--read", "name=word"]
    shown = explorer.load(path)
    np.testing.assert_array_equal(shown.vectors, vectors)
    assert [column.name for column in shown.columns][-1] == "size"


def test_an_array_in_memory_is_loaded(tmp_path: Path) -> None:
    vectors = np.random.default_rng(5).normal(size=(6, 4))
    first, second = explorer.load(vectors, metric="dot"), explorer.load(vectors + 1)
    np.testing.assert_array_equal(first.vectors, vectors.astype(np.float32))
    np.testing.assert_array_equal(second.vectors, (vectors + 1).astype(np.float32))
    assert (first.metric, first.rows, first.dtype) == ("dot", 6, "float64")
    with pytest.raises(BadParameter, match="not one of shape"):
        explorer.load(np.zeros(3))
    with pytest.raises(BadFile, match="no column of this table holds vectors"):
        explorer.load({"a": [None, None]})


@pytest.fixture
def screen() -> Iterator[str]:
    """A display of our own, on a number that is free."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("Xvfb and xdotool are not here")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1500x960x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as said:
            number = said.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
        server.terminate()


SHOWING = """
import json, subprocess, time
import numpy as np
import pyarrow as pa
import explorer

def drag(*places):
    steps = ["mousemove", *places[:2], "mousedown", "3"]
    for i in range(2, len(places), 2):
        steps += ["mousemove", *places[i : i + 2]]
    subprocess.run(["xdotool", *steps, "mouseup", "3"], check=True)

vectors = np.random.default_rng(0).normal(size=(60, 5))
names = [f"name\\t{i} “x”" for i in range(60)]
window = explorer.show(vectors, names=names, metadata=pa.table({"size": np.arange(60)}), metric="cosine")
opened, before = window.is_open, window.selection.tolist()
end = time.monotonic() + 200
while len(window.selection) < 60 and window.is_open and time.monotonic() < end:
    drag("300", "120", "600", "400", "1040", "830")
    time.sleep(0.5)
during = window.selection
window.close()
window.close()
print(json.dumps([opened, before, during.tolist(), str(during.dtype), window.is_open, window.wait().tolist()]))
"""


def test_a_window_opens_and_tells_what_is_selected(screen: str, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = scripted(SHOWING, tmp_path, DISPLAY=screen, TMPDIR=str(temporary))
    assert (done.returncode, done.stderr) == (0, "")
    opened, before, during, dtype, after, last = json.loads(done.stdout)
    assert (opened, before, after) == (True, [], False)
    assert during == last == list(range(60))
    assert dtype == "int64"
    assert [path.name for path in temporary.iterdir() if path.name.startswith("explorer-")] == []
    assert list((tmp_path / "cache" / "datasets").iterdir()) == []
    remembered = [path.read_text("utf-8") for path in (tmp_path / "settings").rglob("*") if path.is_file()]
    assert not any("explorer-show-" in written for written in remembered)


def test_an_index_file_is_loaded_and_answers_itself(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((200, 6)).astype(np.float32)
    np.save(tmp_path / "v.npy", vectors)
    first = explorer.build(explorer.load(tmp_path / "v.npy"), "annoy", metric="cosine", trees=5)
    path = first.save(tmp_path / "x.ann")
    path.with_name("x.ann.json").unlink()
    dataset = explorer.load(path)
    for index in (explorer.open_index(dataset), explorer.open_index(explorer.load(tmp_path / "v.npy"), path)):
        assert index.handle.type == "annoy"
        np.testing.assert_array_equal(index.search(vectors[3]).rows, first.search(vectors[3]).rows)
        index.close()
    assert path.exists()
    given = explorer.load(path, vectors=tmp_path / "v.npy", metric="cosine", dimensions=6)
    assert explorer.open_index(given).handle.path == path
    with pytest.raises(BadParameter, match="came with no index of its own"):
        explorer.open_index(explorer.load(tmp_path / "v.npy"))
