"""The order of imports, and what every file of the package keeps to."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "explorer"

# Each layer may import itself and what stands before it; those on one line do not know each other.
LAYERS = (
    {"core"},
    {"servers"},
    {"formats", "indexes", "projection", "encoders"},
    {"sources"},
    {"embedding"},
    {"loading", "naming"},
    {"measure"},
    {"work"},
    {"session"},
    {"gui"},
    {"cli"},
)
SHARED = {
    "extras",
    "errors",
    "paths",
    "find",
    "samples",
    "scratch",
    "room",
    "unfinished",
    "machine_code",
    "budget",
    "versions",
    "crashes",
}
"""Beneath all layers; core needs only the errors."""
TOP = {"", "__main__", "library", "showing"}  # the public library and `python -m explorer` stand above all layers
QT = {"PySide6", "shiboken6", "pyqtgraph"}
HEAVY = {"umap", "pynndescent", "numba", "llvmlite", "sklearn", "scipy", "faiss", "annoy", "hnswlib", "usearch"}
HEAVY |= {"redis", "keyring", "pyarrow", "pandas", "h5py", "zarr", "tokenizers", "safetensors", "PIL"}
HEAVY |= {"sentence_transformers"}
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
MOST_LINES = 400


@dataclass(frozen=True)
class Import:
    """One imported module, where it is written, and when it is imported."""

    target: str
    line: int
    late: bool  # inside a function
    typing_only: bool  # under `if TYPE_CHECKING:`


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    """The folder or file of the package that a module belongs to; '' for `explorer` itself."""
    return [*module.split("."), ""][1]


def rank(layer: str) -> int:
    return next(position for position, together in enumerate(LAYERS) if layer in together)


@cache
def imports(path: Path) -> tuple[Import, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name_of(path).split(".") if path.name == "__init__.py" else name_of(path).split(".")[:-1]
    return tuple(walk(tree, package, late=False, typing_only=False))


def walk(node: ast.AST, package: list[str], *, late: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, late, typing_only)
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) - child.level + 1] if child.level else []
            origin = ".".join([*base, *([child.module] if child.module else [])])
            for alias in child.names:  # `from explorer import core` imports explorer.core
                yield Import(f"{origin}.{alias.name}", child.lineno, late, typing_only)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for part in child.body:
                yield from walk(ast.Module([part], []), package, late=late, typing_only=True)
            for part in child.orelse:
                yield from walk(ast.Module([part], []), package, late=late, typing_only=typing_only)
        else:
            yield from walk(child, package, late=inside, typing_only=typing_only)


def ours(path: Path) -> Iterator[tuple[Import, str]]:
    """The imports of our own modules, each with the layer that it reaches."""
    for found in imports(path):
        if found.target.split(".")[0] == "explorer":
            layer = layer_of(found.target)
            known = layer in SHARED or any(layer in together for together in LAYERS) or layer == "__main__"
            yield found, layer if known else ""  # `from explorer import load`


def roots(path: Path) -> Iterator[tuple[Import, str]]:
    for found in imports(path):
        yield found, found.target.split(".")[0]


def where(path: Path, found: Import) -> str:
    return f"{path.relative_to(ROOT)}:{found.line} imports {found.target}"


def test_everything_has_a_layer() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert folders | modules <= set().union(SHARED, TOP, *LAYERS)


def test_nothing_imports_backwards() -> None:
    wrong = []
    for path in files():
        own = layer_of(name_of(path))
        if own in TOP or own in SHARED:
            continue
        for found, layer in ours(path):
            if layer in TOP:
                allowed = own == "cli"
            elif layer in SHARED:
                allowed = own != "core" or layer == "errors"
            else:
                allowed = layer == own or rank(layer) < rank(own)
            if not allowed:
                wrong.append(where(path, found))
    assert wrong == []


def test_what_brings_datasets_in_does_not_know_indexes() -> None:
    """Sources stand above formats, whose tables and cleaning they share, and beside everything else."""
    wrong = [
        where(path, found)
        for path in files()
        if layer_of(name_of(path)) == "sources"
        for found, layer in ours(path)
        if layer in {"indexes", "projection", "encoders"}
    ]
    assert wrong == []


def test_the_ground_imports_nothing_of_ours_but_itself() -> None:
    wrong = [
        where(path, found)
        for path in files()
        if layer_of(name_of(path)) in SHARED
        for found, layer in ours(path)
        if layer not in SHARED
    ]
    assert wrong == []


def test_the_public_library_opens_no_window_when_imported() -> None:
    late = [path for path in files() if layer_of(name_of(path)) in TOP | {"cli"}]
    wrong = [
        where(path, found)
        for path in late
        for found, layer in ours(path)
        if layer == "gui" and not found.late and not found.typing_only
    ]
    assert wrong == []


def test_only_the_window_knows_qt() -> None:
    wrong = [
        where(path, found)
        for path in files()
        if layer_of(name_of(path)) != "gui"
        for found, root in roots(path)
        if root in QT
    ]
    assert wrong == []


def test_heavy_libraries_are_imported_late() -> None:
    wrong = [
        where(path, found)
        for path in files()
        for found, root in roots(path)
        if root in HEAVY and not found.late and not found.typing_only
    ]
    assert wrong == []


def test_nothing_can_unpickle() -> None:
    assert [where(path, found) for path in files() for found, root in roots(path) if root in UNSAFE] == []


def test_nothing_loads_numpy_objects() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.value.lineno}"
        for path in files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
        if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert wrong == []


def test_files_stay_small() -> None:
    sizes = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in files()}
    assert {name: lines for name, lines in sizes.items() if lines >= MOST_LINES} == {}


def test_what_is_imported_is_a_declared_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for name, lines in project["optional-dependencies"].items() if name != "test" for line in lines]
    declared = {requirement_name(line) for line in [*project["dependencies"], *extras]}
    distributions = packages_distributions()
    wrong = []
    for path in files():
        for found, root in roots(path):
            if root in sys.stdlib_module_names or root in {"explorer", "__future__"}:
                continue
            names = {name.lower().replace("_", "-") for name in distributions.get(root, [root])}
            if not names & declared:
                wrong.append(where(path, found))
    assert wrong == []


def requirement_name(line: str) -> str:
    name = line
    for mark in "<>=!~;[ ":
        name = name.split(mark)[0]
    return name.lower().replace("_", "-")


def test_all_but_the_window_imports_without_qt() -> None:
    """In one process in which Qt cannot be imported, module by module; nothing heavy comes along."""
    modules = [name_of(path) for path in files() if layer_of(name_of(path)) not in {"gui", "__main__"}]
    script = f"""
import importlib, json, sys
for name in {sorted(QT)!r}:
    sys.modules[name] = None
failed = {{}}
for module in {modules!r}:
    try:
        importlib.import_module(module)
    except ImportError as error:
        failed[module] = str(error)
heavy = [name for name in {sorted(HEAVY)!r} if name in sys.modules]
print(json.dumps([failed, heavy]))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    failed, heavy = json.loads(done.stdout.splitlines()[-1])
    assert failed == {}
    assert heavy == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import PySide6.QtCore", [("PySide6.QtCore", False, False)]),
        ("def f():\n    from umap import UMAP", [("umap.UMAP", True, False)]),
        ("class A:\n    import umap", [("umap", False, False)]),
        ("from . import base", [("explorer.indexes.base", False, False)]),
        ("from ..core import metric", [("explorer.core.metric", False, False)]),
        ("if TYPE_CHECKING:\n    import annoy\nelse:\n    import re", [("annoy", False, True), ("re", False, False)]),
        ("try:\n    import numba\nexcept ImportError:\n    pass", [("numba", False, False)]),
    ],
)
def test_the_reading_of_imports(source: str, expected: list[tuple[str, bool, bool]]) -> None:
    """These rules are only as good as what they read the rules from."""
    found = walk(ast.parse(source), ["explorer", "indexes"], late=False, typing_only=False)
    assert [(one.target, one.late, one.typing_only) for one in found] == expected
