"""Index files that were written elsewhere, by their own libraries, opened in the window: their inside is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.core.structure import Cells, Forest
from explorer.work.requests import ReadRequest
from tests.gui.conftest import User, open_window


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    """600 × 10 in clusters, not of unit length."""
    random = np.random.default_rng(4)
    centres = random.standard_normal((6, 10)) * 2
    return (centres[random.integers(0, 6, 600)] + random.standard_normal((600, 10))).astype(np.float32)


def forest(path: Path, x: NDArray[np.float32]) -> Path:
    """Two trees by annoy, on two cores."""
    annoy = pytest.importorskip("annoy")
    index = annoy.AnnoyIndex(x.shape[1], "angular")
    for row, vector in enumerate(x.tolist()):
        index.add_item(row, vector)
    index.build(2, n_jobs=2)
    index.save(str(path))
    return path


def cells(path: Path, x: NDArray[np.float32]) -> Path:
    """Twelve cells by Faiss, which looks into one."""
    faiss = pytest.importorskip("faiss")
    index = faiss.index_factory(x.shape[1], "IVF12,Flat")
    index.train(x)
    index.add(x)
    faiss.write_index(index, str(path))
    return path


@pytest.fixture(scope="module")
def user(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    one = open_window(tmp_path_factory.mktemp("foreign"))
    one.controller.mapping.first_method = "pca"
    yield one
    one.window.close()


def opened(user: User, request: ReadRequest) -> None:
    """Open a source and wait until its map stands and its own index answers."""
    before = user.state.dataset
    user.controller.opening.read(request)
    user.until(lambda: user.state.dataset is not before)
    user.until(lambda: user.state.approximate is not None and user.state.positions is not None)
    user.until_quiet()
    assert not user.state.problems


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(("write", "inside", "suffix"), [(forest, Forest, "ann"), (cells, Cells, "faiss")])
def test_its_structure_its_replay_and_its_misses_are_there_at_once(
    user: User, qtbot: QtBot, tmp_path: Path, vectors: NDArray[np.float32], write, inside, suffix: str, beside: bool
) -> None:  # fmt: skip
    path, npy = write(tmp_path / f"theirs.{suffix}", vectors), tmp_path / "vectors.npy"
    np.save(npy, vectors)
    user.controller.inspecting.show("neighbours")
    opened(user, ReadRequest(str(path), vectors=npy if beside else None))
    assert user.state.dataset.own_index == path and user.state.approximate.name == path.name
    assert user.state.dataset.path == (npy if beside else path)
    # The inspector is in front, at what the file is made of.
    page = user.window.inspector
    assert user.state.tab == "structure" and page.structure.isVisible()
    user.until(lambda: user.state.inside is not None)
    assert isinstance(user.state.inside[0], inside)
    if inside is Cells:
        user.controller.indexing.set_search(user.state.current, {"nprobe": 1})
    missed = 0
    for row in range(0, 600, 40):
        user.ask(f"#{row}")
        user.controller.inspecting.show("replay")
        user.until(lambda: user.state.replay is not None)
        trace = user.state.replay.trace
        assert trace is not None and not trace.differs
        if missed := len(user.state.verdict.misses):
            break
    assert missed
    user.controller.inspecting.show("why")
    user.until(lambda: user.state.explanation is not None)
    misses = user.state.explanation.misses
    assert len(misses) == missed and all(miss.fix is not None and miss.fix.verified for miss in misses)
    user.controller.inspecting.apply(misses[0].fix)
    user.until(lambda: user.state.verdict is not None)
    assert misses[0].row in user.state.answer.neighbours.rows


def test_a_file_of_vectors_leaves_the_page_as_it_is(
    user: User, qtbot: QtBot, tmp_path: Path, vectors: NDArray[np.float32]
) -> None:
    np.save(tmp_path / "plain.npy", vectors)
    user.controller.inspecting.show("neighbours")
    user.controller.indexing.first_type = "annoy"
    opened(user, ReadRequest(str(tmp_path / "plain.npy")))
    assert user.state.tab == "neighbours"
