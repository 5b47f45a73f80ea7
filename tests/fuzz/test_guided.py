"""Readers of binary files under a fuzzer that is guided by what their code does, in a process that may crash.

EXPLORER_FUZZ_SECONDS are shared among the libraries: a few by default, five minutes where everything is checked. What
the fuzzer finds is opened once more as the program opens it: there a crash of a library has to be a sentence, and
nothing else may go wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.asking import Reader
from tests.fuzz.good import GOOD, binary

ROOT = Path(__file__).parents[2]
LIBRARIES = sorted({good.library for good in GOOD.values() if good.binary})
SECONDS = float(os.environ.get("EXPLORER_FUZZ_SECONDS", "10"))
GRACE_SECONDS = 200


@pytest.mark.timeout(900)  # a library that comes to no end is waited for twice
@pytest.mark.skipif(find_spec("atheris") is None, reason="the guided fuzzer is not here")
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_guided_fuzzer_finds_is_a_dataset_or_a_sentence(library: str, tmp_path: Path) -> None:
    seconds = max(1, round(SECONDS / len(LIBRARIES)))
    ours = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "MIMALLOC_ARENA_EAGER_COMMIT": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.target", library, str(tmp_path), str(seconds)],
        env={**os.environ, **ours},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds + GRACE_SECONDS,
        check=False,
    )
    found = sorted(tmp_path.glob("found-*"))
    assert done.returncode == 0 or found, done.stderr[-3000:]
    reader = Reader()
    try:
        for each in found:
            kind, *rest = each.read_bytes() or b"\0"
            good = binary(library)[kind % len(binary(library))]
            path = tmp_path / "again" / good.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(bytes(rest))
            told = reader.outcome(good.request(path))
            sys.stderr.write(f"{good.name}: {each.name} ({bytes(rest).hex()}): {told}\n")
            # What a library did is a sentence by now; an error of Python's that is none of ours is a fault here.
            assert "Uncaught Python exception" not in done.stderr, done.stderr[-3000:]
    finally:
        reader.close()
