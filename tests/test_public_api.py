"""What other people's programs and the README rely on: public names, and that nothing is left unsaid."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import explorer
from explorer import formats, indexes, library, samples
from explorer.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def test_the_names_are_complete_and_in_order() -> None:
    assert explorer.__all__ == sorted(explorer.__all__)
    assert {"load", "build", "project", "show"} <= set(explorer.__all__)
    assert dir(explorer) == explorer.__all__
    for name in explorer.__all__:
        assert getattr(explorer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = explorer.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", explorer.__all__)
def test_everything_public_is_documented(name: str) -> None:
    thing = getattr(explorer, name)
    assert inspect.getdoc(thing)
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            function = value.fget if isinstance(value, property) else value
            if not member.startswith("_") and inspect.isfunction(function):
                assert inspect.getdoc(function), f"{name}.{member}"


@pytest.mark.parametrize("name", ["load", "build", "project", "show"])
def test_the_functions_say_their_types(name: str) -> None:
    signature = inspect.signature(getattr(explorer, name))
    assert signature.return_annotation is not signature.empty
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())


def test_importing_the_library_costs_next_to_nothing() -> None:
    script = (
        "import sys, json, explorer; print(json.dumps([n for n in ('numpy', 'PySide6', 'numba') if n in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_example_in_the_package_s_docstring_holds() -> None:
    import doctest

    try:
        results = doctest.testmod(explorer)
    finally:
        library._dismiss(os.getpid())
    assert results.attempted >= 4
    assert results.failed == 0


@pytest.mark.skipif(not README.exists(), reason="an installed package has no README beside it")
def test_the_readme_names_everything_there_is() -> None:
    text = README.read_text(encoding="utf-8")
    commands = [f"explorer {command.name}" for command in COMMANDS if command.name != "open"]
    missing = [name for name in (*commands, *indexes.types(), *samples.samples()) if name not in text]
    missing += [
        kind.title for kind in formats.types().values() if not any(f"`{suffix}`" in text for suffix in kind.suffixes)
    ]
    missing += [name for name in explorer.__all__ if name in ("load", "build", "project", "show") and name not in text]
    assert missing == []
