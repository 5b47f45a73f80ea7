"""Files and the built-in samples, by the names that people type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadFile, BadParameter
from explorer.loading import load
from explorer.samples import DEFAULT, sample_named, samples

SHAPES = {
    "wordnet": (20_000, 256),
    "fashion": (10_000, 784),
    "words": (10_000, 50),
    "digits": (1_797, 64),
    "clusters": (5_000, 32),
}


@pytest.mark.parametrize("name", samples())
def test_every_sample_opens_without_complaint(name: str) -> None:
    sample = samples()[name]
    dataset = load(f"sample:{name}")
    assert (dataset.rows, dataset.dimensions) == SHAPES[name]
    assert dataset.title == sample.title
    assert dataset.metric == sample.metric
    assert dataset.warnings == ()
    assert not sample.colour or dataset.column(sample.colour) is not None
    assert (dataset.images is not None) == bool(sample.images)
    assert sample.licence
    assert dataset.facts["sample"] == name


def test_the_default_sample_is_there_and_others_are_told() -> None:
    assert next(iter(samples())) == DEFAULT
    with pytest.raises(BadParameter, match="wordnet"):
        sample_named("nothing")
    with pytest.raises(BadParameter, match="wordnet"):
        load("sample:nothing")


def test_pictures_of_the_samples() -> None:
    digits = load("sample:digits")
    assert digits.images is not None
    assert digits.images.max() == 255
    np.testing.assert_array_equal(digits.images[3].reshape(-1), np.round(digits.vectors[3] * 255.0 / 16))
    fashion = load("sample:fashion")
    assert fashion.images is not None
    np.testing.assert_array_equal(fashion.images[7].reshape(-1), fashion.vectors[7])
    assert fashion.name(0) == "Ankle boot"


def test_an_encoder_of_another_size_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(4, dtype="f4"))
    with pytest.raises(BadParameter, match="256"):
        load(tmp_path / "v.npy", options={"encoder": "static"})
    with pytest.raises(BadFile, match="no such file"):
        load(str(tmp_path / "none.npy"))
