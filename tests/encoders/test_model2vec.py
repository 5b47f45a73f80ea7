"""Static models in folders, made here and held against the library that they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from explorer.encoders import encoder_named
from explorer.errors import BadFile, BadQuery

WORDS = "[PAD] [UNK] the a frozen water ice car dog cat flies sleeps blue sky and or not".split()  # noqa: SIM905
TEXTS = ["frozen water", "The dog sleeps and the cat flies", "", "zebra", "a zebra", "ice " * 50, "\ud800 sky"]
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(len(WORDS), 24))


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def saved(folder: Path, vectors: Any, **more: Any) -> Any:
    """A model of the library, saved by it, and opened by it again."""
    from model2vec import StaticModel

    StaticModel(vectors=vectors, tokenizer=tokenizer(), **more).save_pretrained(str(folder))
    return StaticModel.from_pretrained(folder, force_download=False)


def library(model: Any, texts: list[str]) -> Any:
    return model.encode([text.encode("utf-8", "replace").decode() for text in texts]).astype(np.float32)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8"])
def test_it_makes_what_the_library_makes(tmp_path: Path, dtype: str, normalize: bool) -> None:
    vectors = (VECTORS * 40).astype(dtype)
    model = saved(tmp_path / "m", vectors, normalize=normalize)
    encoder = encoder_named(str(tmp_path / "m"))
    assert encoder.name == str(tmp_path / "m")
    assert encoder.dimensions == 24
    np.testing.assert_allclose(encoder.encode(TEXTS), library(model, TEXTS), rtol=1e-6, atol=1e-6)
    with pytest.raises(BadQuery, match="knows no word of “zebra”"):
        encoder.encode_query("zebra")


def test_half_precision_is_the_same_to_its_precision(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", VECTORS.astype("float16"), normalize=True)
    np.testing.assert_allclose(encoder_named(str(tmp_path / "m")).encode(TEXTS), library(model, TEXTS), atol=2e-3)


def test_weights_mapping_and_a_short_limit(tmp_path: Path) -> None:
    mapping = RNG.integers(0, 5, len(WORDS))
    weights = RNG.uniform(0.5, 2, len(WORDS)).astype("float32")
    few = VECTORS[:5].astype("float32")
    model = saved(tmp_path / "m", few, weights=weights, token_mapping=mapping, normalize=True, max_length=3)
    np.testing.assert_allclose(encoder_named(str(tmp_path / "m")).encode(TEXTS), library(model, TEXTS), atol=1e-6)


def test_a_static_embedding_of_sentence_transformers_needs_no_library(tmp_path: Path) -> None:
    """Its layout: the mean of all tokens, the unknown one among them."""
    inside = tmp_path / "m" / "0_StaticEmbedding"
    inside.mkdir(parents=True)
    vectors = VECTORS.astype("float32")
    save_file({"embedding.weight": vectors}, inside / "model.safetensors")
    tokenizer().save(str(inside / "tokenizer.json"))
    parts = [("0_StaticEmbedding", "StaticEmbedding"), ("1_Normalize", "Normalize")]
    modules = [{"idx": i, "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in enumerate(parts)]  # fmt: skip  # noqa: E501
    (tmp_path / "m" / "modules.json").write_text(json.dumps(modules))
    expected = vectors[[WORDS.index("a"), WORDS.index("[UNK]")]].mean(0)
    found = encoder_named(str(tmp_path / "m")).encode(["a zebra", ""])
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected), atol=1e-6)
    assert not found[1].any()


def test_another_state_of_the_folder_has_another_stamp(tmp_path: Path) -> None:
    saved(tmp_path / "m", VECTORS.astype("float32"))
    before = encoder_named(str(tmp_path / "m")).stamp
    saved(tmp_path / "m", VECTORS[:, :8].astype("float32"))
    assert encoder_named(str(tmp_path / "m")).stamp != before


def broken(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("model.safetensors", b"\xff" * 64, "safetensors"),
        ("tokenizer.json", b'{"version": "1.0"}', "tokenizer"),
        ("tokenizer.json", b"", "tokenizer"),
    ],
)
def test_a_broken_folder_is_a_sentence(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    saved(tmp_path / "m", VECTORS.astype("float32"))
    (tmp_path / "m" / name).write_bytes(content)
    with pytest.raises(BadFile, match=what) as told:
        encoder_named(str(tmp_path / "m")).encode(["a"])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"embeddings": VECTORS[:3].astype("float32")}, "17 tokens"),
        ({"other": VECTORS.astype("float32")}, "no table of token vectors"),
        ({"embeddings": VECTORS.astype("float32"), "mapping": np.full(17, 99)}, "mapping"),
        ({"embeddings": VECTORS.astype("float32"), "weights": np.zeros((17, 2), "float32")}, "weights"),
    ],
)
def test_tensors_that_do_not_fit_are_a_sentence(tmp_path: Path, tensors: dict[str, Any], what: str) -> None:
    saved(tmp_path / "m", VECTORS.astype("float32"))
    save_file(tensors, tmp_path / "m" / "model.safetensors")
    with pytest.raises(BadFile, match=what):
        encoder_named(str(tmp_path / "m")).encode(["a"])
