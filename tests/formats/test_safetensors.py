"""Tensors as the library writes them, and heads that say what is not so."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from explorer.core.progress import silent
from explorer.errors import BadFile
from explorer.formats import reading
from explorer.formats.safetensors import Safetensors

RNG = np.random.default_rng(6)
VECTORS = RNG.normal(size=(80, 5)).astype("f4")


def written(path: Path, head: Any, data: bytes) -> Path:
    """A file by the published layout; the head is padded so that the data is aligned."""
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"])
def test_it_is_what_the_library_saved(tmp_path: Path, dtype: str) -> None:
    path, array = tmp_path / "t.safetensors", (np.abs(VECTORS) * 20).astype(dtype)
    save_file({"v": array}, path)
    dataset = reading.read(path)
    np.testing.assert_array_equal(dataset.vectors, array.astype("f4"))
    assert (dataset.dtype, dataset.facts) == (np.dtype(dtype).name, {})
    assert (dataset.vectors_path == path) == (dtype == "f4")


def test_bfloat16_is_exact(tmp_path: Path) -> None:
    words = (VECTORS.view("u4") >> 16).astype("<u2")
    about = {"v": {"dtype": "BF16", "shape": [80, 5], "data_offsets": [0, 800]}}
    dataset = reading.read(written(tmp_path / "t.safetensors", about, words.tobytes()))
    assert dataset.dtype == "bfloat16"
    np.testing.assert_array_equal(dataset.vectors.view("u4"), words.astype("u4") << 16)


def test_the_tensor_can_be_chosen_and_those_of_one_axis_are_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    save_file({"a": VECTORS[:, :2].copy(), "embeddings": VECTORS, "label": np.arange(80) % 4, "bias": VECTORS[0]}, path)
    assert [part.name for part in Safetensors().parts(path)][:2] == ["embeddings", "a"]
    dataset = reading.read(path)
    assert "“embeddings” was taken" in dataset.warnings[0]
    assert [(c.name, c.kind) for c in dataset.columns] == [("label", "category")]
    assert dataset.vectors_path == path
    assert reading.read(path, options={"array": "a"}).dimensions == 2
    with pytest.raises(BadFile, match="no array “b”"):
        reading.read(path, options={"array": "b"})
    with pytest.raises(BadFile, match="1 axes"):
        reading.read(path, options={"array": "bias"})


def test_unaligned_tensors_are_converted(tmp_path: Path) -> None:
    text = b'{"v":{"dtype":"F32","shape":[80,5],"data_offsets":[0,1600]}}'
    text += b" " * (1 - len(text) % 4)
    path = tmp_path / "t.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + VECTORS.tobytes())
    dataset = reading.read(path)
    assert (dataset.vectors_path == path) == (len(text) % 4 == 0)
    np.testing.assert_array_equal(dataset.vectors, VECTORS)


HUGE = 1 << 50


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"dtype": "F32", "shape": [80, 5], "data_offsets": [0, 1604]}, "cut short"),
        ({"dtype": "F32", "shape": [HUGE, 5], "data_offsets": [0, HUGE * 20]}, "cut short"),
        ({"dtype": "F32", "shape": [HUGE, 5], "data_offsets": [0, 1600]}, "takes"),
        ({"dtype": "F32", "shape": [80, 5], "data_offsets": [-1600, 0]}, "does not say where"),
        ({"dtype": "F32", "shape": [80, -5], "data_offsets": [0, 1600]}, "does not say where"),
        ({"dtype": "F32", "shape": "80", "data_offsets": [0, 1600]}, "does not say where"),
        ({"dtype": "F8_E4M3", "shape": [80, 20], "data_offsets": [0, 1600]}, "cannot be read"),
        ({"dtype": "F32", "shape": [0, 5], "data_offsets": [0, 0]}, "empty"),
        ({"dtype": "F32", "shape": [10, 8, 5], "data_offsets": [0, 1600]}, "3 axes"),
        (7, "does not say where"),
    ],
)
def test_heads_that_are_wrong_are_a_sentence(tmp_path: Path, about: Any, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        reading.read(written(tmp_path / "t.safetensors", {"v": about}, VECTORS.tobytes()))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 200))
def test_any_head_is_a_sentence(tmp_path_factory: pytest.TempPathFactory, junk: bytes, length: int) -> None:
    path = tmp_path_factory.mktemp("junk") / "t.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b"{" + junk)
    with pytest.raises(BadFile):
        Safetensors().read(path, {}, silent)
