"""Mutated good files, opened in a real child: the same mutations in every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from explorer.core.dataset import Dataset
from tests.fuzz.asking import Reader
from tests.fuzz.good import GOOD, Good
from tests.fuzz.mutation import Edit, edits, mutated

EXAMPLES = int(os.environ.get("EXPLORER_MUTATIONS", "40"))


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_a_mutated_good_file_is_a_dataset_or_a_sentence(good: Good, reader: Reader, tmp_path: Path) -> None:
    body = good.made(tmp_path)
    path = tmp_path / "mutated" / good.name
    path.parent.mkdir()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes=edits())
    def survives(changes: list[Edit]) -> None:
        path.write_bytes(mutated(body, changes))
        reader.outcome(good.request(path))

    survives()


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_the_good_file_itself_opens(good: Good, reader: Reader, tmp_path: Path) -> None:
    good.made(tmp_path)
    found = reader.outcome(good.request(tmp_path / good.name))
    assert isinstance(found, Dataset), found
    assert found.dropped == 0
