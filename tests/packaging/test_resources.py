"""What is shipped beside the code: each sample is whole, says how it wants to be shown, and carries its licence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = sorted((ROOT / "resources" / "samples").iterdir())
KEYS = {"title", "about", "vectors", "metadata", "metric", "name", "images", "encoder", "colour", "licence"}


def described(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    return content


def shape_of(path: Path) -> tuple[int, int]:
    if path.suffix == ".npy":
        rows, dimensions = np.load(path, mmap_mode="r", allow_pickle=False).shape
        return rows, dimensions
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".csv":
        return len(lines) - 1, sum(name.startswith("p") for name in lines[0].split(","))
    rows, dimensions = map(int, lines[0].split())
    assert len(lines) == rows + 1
    return rows, dimensions


def columns_of(folder: Path, sample: dict[str, Any]) -> list[str]:
    """The columns that the sample's table holds, and that it may be coloured or named by."""
    if sample["vectors"].endswith(".txt"):
        return ["word"]
    with (folder / (sample["metadata"] or sample["vectors"])).open(encoding="utf-8") as file:
        return next(csv.reader(file, delimiter="\t" if sample["metadata"] else ","))


def test_these_samples_are_shipped() -> None:
    assert [folder.name for folder in SAMPLES] == ["clusters", "digits", "fashion", "wordnet", "words"]


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_a_sample_is_whole(folder: Path) -> None:
    sample = described(folder)
    assert set(sample) == KEYS
    assert sample["metric"] in {"cosine", "euclidean", "dot", "manhattan"}
    assert sample["licence"]
    assert any((folder / name).is_file() for name in ("LICENSE", "README.md"))

    rows, dimensions = shape_of(folder / sample["vectors"])
    assert rows >= 1_000
    if sample["metadata"]:
        lines = (folder / sample["metadata"]).read_text(encoding="utf-8").splitlines()
        assert len(lines) == rows + 1
    for column in filter(None, (sample["name"], sample["colour"])):
        assert column in columns_of(folder, sample)
    if sample["images"]:
        height, width = map(int, sample["images"].split("x"))
        assert height * width == dimensions
    if sample["encoder"]:
        assert (ROOT / "resources" / "encoder" / "model.safetensors").is_file()


def test_the_clusters_are_what_their_script_makes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = ROOT / "packaging" / "make_clusters.py"
    scope: dict[str, Any] = {"__name__": "make_clusters", "__file__": str(script)}
    exec(compile(script.read_text(encoding="utf-8"), script, "exec"), scope)
    monkeypatch.setitem(scope, "FOLDER", tmp_path)
    scope["main"]()
    shipped = ROOT / "resources" / "samples" / "clusters"
    assert (tmp_path / "clusters.tsv").read_bytes() == (shipped / "clusters.tsv").read_bytes()
    np.testing.assert_allclose(np.load(tmp_path / "clusters.npy"), np.load(shipped / "clusters.npy"), atol=1e-5)


def test_the_bad_files_are_the_ones_that_the_manifest_names() -> None:
    folder = ROOT / "tests" / "data" / "bad"
    with (folder / "manifest.tsv").open(encoding="utf-8") as file:
        named = {line["file"] for line in csv.DictReader(file, delimiter="\t")}
    assert named == {path.name for path in folder.iterdir()} - {"manifest.tsv"}
