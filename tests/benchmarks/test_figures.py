"""The command that measures every figure works, from end to end and in short; its numbers are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks.figures import BENCHMARKS, Figure, chosen, table


def test_every_figure_is_measured_in_short() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.figures", "--short"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["short"] and len(found["benchmarks"]) == len(BENCHMARKS)
    unmeasured = {each["name"] for each in found["figures"] if each["measured"] is None}
    assert unmeasured == {"UMAP, against umap-learn warm", "UMAP, trustworthiness below umap-learn's"}
    assert len(found["figures"]) == 18
    assert done.stderr.count("\n| ") == len(found["figures"]) + 2


def test_the_growth_of_each_stage_is_told() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.growth", "--rows", "2000", "500", "--dimensions", "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    small, large = json.loads(done.stdout)["sizes"]
    assert (small["rows"], large["rows"]) == (500, 2000)
    assert set(large["grows"]) == set(small["seconds"]) == {"pca", "graph", "weights", "layout", "search"}


@pytest.mark.parametrize(
    ("measured", "more", "verdict"),
    [(1.0, False, "aim"), (1.4, False, "must"), (1.7, False, "short"), (None, False, "–"), (1.7, True, "aim")],
)
def test_a_figure_says_what_it_reaches(measured: float | None, more: bool, verdict: str) -> None:
    must, aim = (1.3, 1.6) if more else (1.6, 1.3)
    figure = Figure("window", measured, must, aim, "×", more)
    assert figure.verdict == verdict
    assert table([figure]).splitlines()[-1].endswith(f"| {verdict} |")


def test_some_can_be_chosen() -> None:
    assert [each.module for each in chosen(["umap", "cancel"])] == ["umap_layout", "cancel"]
    assert chosen([]) == list(BENCHMARKS)
