"""UMAP: as good as umap-learn's own, seeded, watched, stopped, and finite on whatever is given."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer import machine_code
from explorer.core.params import Params
from explorer.core.progress import silent
from explorer.core.projection import Projection
from explorer.errors import Cancelled, TooLarge
from explorer.projection import sampled
from explorer.projection.base import unwatched
from explorer.projection.forces import HIGHEST, LANES, LOWEST, NEGATIVES, pull, pull_table, push
from explorer.projection.fuzzy import fuzzy_edges
from explorer.projection.graph import neighbour_graph
from explorer.projection.jit import compiled
from explorer.projection.umap import UMAP

PARAMS: Params = {"n_neighbors": 15, "min_dist": 0.1}


@cache
def digits() -> NDArray[np.float32]:
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().data, np.float32)


def laid_out(x: NDArray[Any], seed: int | None = 0, **params: Any) -> Projection:
    return UMAP.project(x, "euclidean", {**PARAMS, **params}, seed, unwatched, silent)


def trustworthiness(x: NDArray[Any], positions: NDArray[Any]) -> float:
    from sklearn.manifold import trustworthiness as measured

    return float(measured(x, positions, n_neighbors=15))


@pytest.mark.filterwarnings("ignore")
def test_it_is_as_trustworthy_as_umap_learn() -> None:
    import umap

    x = digits()
    graph = neighbour_graph(x, "euclidean", 15, silent)
    known = (graph.rows.copy(), graph.distances.copy())
    own = umap.UMAP(init="pca", random_state=0, precomputed_knn=known).fit_transform(x)
    reference = trustworthiness(x, own)
    assert trustworthiness(x, laid_out(x, seed=0).positions) > reference - 0.01
    assert trustworthiness(x, laid_out(x, seed=None).positions) > reference - 0.01


def test_the_graph_is_umap_learns() -> None:
    from umap.umap_ import fuzzy_simplicial_set

    x = digits()[:500]
    near = neighbour_graph(x, "euclidean", 15, silent)
    state = np.random.RandomState(0)
    theirs, _, _ = fuzzy_simplicial_set(x, 15, state, "euclidean", {}, near.rows, near.distances)
    ours = fuzzy_edges(near, 1_000_000)
    dense = np.zeros((500, 500), np.float32)
    for row in range(500):
        edges = slice(ours.starts[row], ours.starts[row + 1])
        dense[row, ours.others[edges]] = ours.weights[edges]
    assert dense == pytest.approx(theirs.toarray(), abs=1e-4)


def test_a_seed_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys, numpy as np; from tests.projection.test_umap import digits, laid_out;"
        "sys.stdout.buffer.write(laid_out(digits()[:600], seed=7, n_epochs=60).positions.tobytes())"
    )
    here = laid_out(digits()[:600], seed=7, n_epochs=60).positions.tobytes()
    there = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    assert here == there
    assert here != laid_out(digits()[:600], seed=8, n_epochs=60).positions.tobytes()


def test_frames_are_published_from_the_start_and_progress_rises() -> None:
    frames: list[tuple[NDArray[np.float32], float]] = []
    told: list[tuple[float, str]] = []
    UMAP.project(
        digits(),
        "cosine",
        PARAMS,
        None,
        lambda positions, fraction: frames.append((positions.copy(), fraction)),
        lambda fraction, note="": told.append((fraction or 0.0, note)),
    )
    assert frames[0][1] == 0 and frames[-1][1] == 1 and len(frames) > 3
    assert all(np.isfinite(positions).all() for positions, _ in frames)
    assert not np.array_equal(frames[0][0], frames[-1][0])
    layout = [fraction for fraction, note in told if note.startswith("layout")]
    assert layout == sorted(layout) and len(layout) >= 200
    assert {"neighbour graph", "layout 62 of 200"} <= {note for _, note in told}


def test_progress_can_stop_the_layout() -> None:
    notes: list[str] = []

    def stop(fraction: float | None, note: str = "") -> None:
        notes.append(note)
        if note == "layout 20 of 200":
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        UMAP.project(digits(), "euclidean", PARAMS, None, unwatched, stop)
    assert notes[-1] == "layout 20 of 200"


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 10, 16])
def test_few_rows_have_a_finite_map(n: int) -> None:
    made = laid_out(digits()[:n])
    assert made.positions.shape == (n, 2) and made.positions.dtype == np.float32
    assert np.isfinite(made.positions).all()
    assert bool(made.note) == (n < 16)
    if n > 1:
        assert len(np.unique(made.positions, axis=0)) == n


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_equal_rows_duplicates_and_zeros_have_a_finite_map(metric: Any) -> None:
    equal = np.full((200, 6), 3, np.float32)
    made = UMAP.project(equal, metric, PARAMS, 0, unwatched, silent)
    assert np.isfinite(made.positions).all() and "equal" in made.note
    mixed = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    mixed[:150] = mixed[0]
    mixed[150:160] = 0
    assert np.isfinite(UMAP.project(mixed, metric, PARAMS, 0, unwatched, silent).positions).all()


def test_parts_that_are_not_connected_are_said() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((200, 5)) + np.repeat([0, 1e4], 100)[:, None]).astype(np.float32)
    made = laid_out(x)
    assert np.isfinite(made.positions).all()
    assert "2 parts" in made.note


def test_outliers_do_not_squeeze_the_others() -> None:
    x = digits().copy()
    x[:1] *= 1e5
    made = laid_out(x, n_epochs=200)
    assert np.isfinite(made.positions).all()
    assert trustworthiness(digits()[1:], made.positions[1:]) > 0.97


def test_the_table_holds_the_attraction() -> None:
    a, b = 1.577, 0.895
    table = pull_table(a, b)
    s = np.array([1e-6, 0.01, 0.5, 3.0, 200.0], np.float32)
    assert len(table) == HIGHEST - LOWEST + 1
    assert table[(s.view(np.int32) >> 16) - LOWEST] == pytest.approx(
        -2 * a * b * s ** (b - 1) / (1 + a * s**b), rel=0.01
    )


@pytest.mark.parametrize("apart", [0.003, 0.1, 1.0, 7.0, 50.0])
def test_two_rows_push_each_other_away_by_the_repulsion(apart: float) -> None:
    a, b, step, n = 1.577, 0.895, 0.25, 2
    positions = np.array([[0, 0], [apart, 0]], np.float32)
    seen = np.resize(positions, (n + LANES, 2)).T.copy()
    slots, counts = np.arange(n, dtype=np.int32), np.array([1, 0], np.int32)
    forces = (np.float32(a), np.float32(b), np.float32(step), np.uint64(1))
    compiled(push)(positions, *seen, slots, counts, *forces, 0, n)
    s, moved = apart**2, 0.0
    for _ in range(NEGATIVES):
        s = (apart - moved) ** 2
        moved -= min(2 * b / ((0.001 + s) * (1 + a * s**b)) * (apart - moved), 4.0) * step
    assert positions[0] == pytest.approx([moved, 0], rel=0.01)
    assert positions[1] == pytest.approx([apart, 0])


def test_edges_are_drawn_as_often_as_their_weight_says() -> None:
    n, epochs = 40, 300
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.01, 1.0, n - 1).astype(np.float32)
    chances = np.minimum(weights.astype(np.float64) * 2**32, 2**32 - 1).astype(np.uint32)
    starts = np.concatenate([[0], np.full(n, n - 1)])
    due, counts, drawn = np.empty(n, np.int32), np.zeros(1, np.int32), np.zeros(n)
    for now in range(1, epochs + 1):
        still = (np.zeros((n, 2), np.float32), starts, np.arange(1, n, dtype=np.int32), chances, pull_table(1.5, 0.9))
        compiled(pull)(*still, np.uint32(now), np.float32(0), due, counts, 0, 1)
        drawn[due[: counts[0]]] += 1
    assert drawn[1:] == pytest.approx(weights * epochs, abs=1)


def test_what_would_not_fit_into_memory_is_refused_before_anything_is_copied() -> None:
    vectors = np.broadcast_to(np.ones((1, 1000), np.float32), (10**10, 1000))
    with pytest.raises(TooLarge, match=r"A UMAP of 10,000,000,000 rows needs about .* of memory, and .* are free; "):
        UMAP.project(vectors, "euclidean", PARAMS, None, unwatched, silent)


def test_more_rows_than_can_be_laid_out_lie_among_their_neighbours_in_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "ABOVE", 1500)
    monkeypatch.setattr(sampled, "SAMPLE", 900)
    monkeypatch.setattr(sampled, "CELL_ROWS", 100)
    x = digits()
    for metric in ("euclidean", "cosine", "manhattan"):
        made = UMAP.project(x, metric, PARAMS, 0, unwatched, silent)
        assert made.note.startswith("UMAP laid out a sample of 900 of the 1,797 rows; each other one lies among")
        assert list(made.stages) == ["sample", "start", "neighbours", "graph", "layout", "others"]
        assert trustworthiness(x, made.positions) > 0.95
        assert made.positions.tobytes() == UMAP.project(x, metric, PARAMS, 0, unwatched, silent).positions.tobytes()


def test_equal_rows_have_a_map_by_a_sample_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "ABOVE", 100)
    monkeypatch.setattr(sampled, "SAMPLE", 50)
    made = laid_out(np.full((200, 6), 3, np.float32))
    assert made.positions.shape == (200, 2) and np.isfinite(made.positions).all() and "equal" in made.note
    halves = np.zeros((200, 6), np.float32)
    halves[::2] = 1
    assert np.isfinite(laid_out(halves).positions).all()


@pytest.mark.parametrize("kept", [True, False])
def test_the_first_map_on_a_machine_says_what_it_waits_for(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setattr(machine_code, "is_kept", lambda _: kept)
    params = {**PARAMS, "n_epochs": 2}
    UMAP.project(digits()[:50], "euclidean", params, 0, unwatched, lambda _, note="": notes.append(note))
    assert ("compiling for this machine, once" in notes) is not kept
