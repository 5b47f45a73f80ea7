"""The encoder that comes with the program: it makes the vectors of the WordNet sample."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import paths
from explorer.core.progress import silent
from explorer.encoders import encoder_named, types
from explorer.errors import BadParameter, BadQuery, Cancelled
from explorer.loading import load


def test_it_keeps_the_contract() -> None:
    encoder = encoder_named("static")
    texts = ["frozen water", "", "a vehicle that flies", "\ud800", "🦄"]
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, 256) == (5, encoder.dimensions)
    assert np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[0], encoder.encode([texts[0]])[0])
    assert encoder.encode([]).shape == (0, 256)


def test_it_is_the_same_as_its_own_library() -> None:
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(paths.resources() / "encoder", force_download=False)
    # The last two are longer than the 512 tokens that count.
    texts = ["frozen water", "", "🦄", "Grüße aus Köln", "water ice " * 400, "x" * 20_000]
    np.testing.assert_array_equal(encoder_named("static").encode(texts), model.encode(texts))


def test_it_made_the_vectors_of_wordnet() -> None:
    wordnet, encoder = load("sample:wordnet"), encoder_named("static")
    assert wordnet.encoder == "static"
    synonyms, definition = wordnet.column("synonyms"), wordnet.column("definition")
    assert synonyms is not None
    assert definition is not None
    rows = np.random.default_rng(0).integers(0, wordnet.rows, 50)
    texts = []
    for row in map(int, rows):
        others = [other for other in synonyms.cell(row).split(", ")[:2] if other]
        texts.append(", ".join([wordnet.name(row), *others]) + ": " + definition.cell(row))
    np.testing.assert_allclose(encoder.encode(texts), wordnet.vectors[rows], atol=2e-3)


def test_frozen_water_is_ice() -> None:
    wordnet = load("sample:wordnet")
    nearest = np.argsort(-(wordnet.vectors @ encoder_named("static").encode_query("frozen water")))[:4]
    assert [wordnet.name(int(row)) for row in nearest][:3] == ["ice", "ice", "ice water"]


def test_a_text_without_a_known_word_is_a_sentence() -> None:
    for text in ("", "🦄🦄"):
        with pytest.raises(BadQuery, match="knows no word"):
            encoder_named("static").encode_query(text, silent)


def test_it_can_be_stopped() -> None:
    def stop(fraction: float | None, note: str = "") -> None:
        if fraction:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        encoder_named("static").encode(["water"] * 5000, stop)


def test_unknown_encoders_are_told(tmp_path) -> None:
    assert list(types()) == ["endpoint", "static", "model2vec", "sentence-transformers"]
    with pytest.raises(BadParameter, match="“magic” is no text encoder; one of: http"):
        encoder_named("magic")
    with pytest.raises(BadParameter, match="There is no folder"):
        encoder_named(str(tmp_path / "none"))
    with pytest.raises(BadParameter, match="none of a text encoder"):
        encoder_named(str(tmp_path))
