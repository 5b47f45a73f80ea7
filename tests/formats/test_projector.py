"""Configurations of the Embedding Projector, as TensorBoard and its friends write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.errors import BadFile, BadParameter
from explorer.formats import reading, types

V = np.random.default_rng(3).normal(size=(7, 5)).astype(np.float32)
NAMES = [f"word {i}" for i in range(7)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of two tensors: text, and raw numbers."""
    (tmp_path / "logs").mkdir()
    place = tmp_path / "logs"
    np.savetxt(place / "tensor.tsv", V, delimiter="\t", fmt="%.9g")
    (place / "raw.bytes").write_bytes((V + 1).tobytes())
    (place / "names.tsv").write_text("\n".join(NAMES) + "\n")
    lines = [f"{name}\t{'ab'[i % 2]}" for i, name in enumerate(NAMES)]
    (place / "table.tsv").write_text("word\tsort\n" + "\n".join(lines) + "\n")
    return place


def config(folder: Path, *embeddings: dict[str, Any]) -> Path:
    path = folder / "projector_config.json"
    path.write_text(json.dumps({"modelCheckpointPath": "x.ckpt", "embeddings": list(embeddings)}))
    return path


def test_a_tensor_as_text_and_its_names(folder: Path) -> None:
    path = config(folder, {"tensorName": "words", "tensorPath": "tensor.tsv", "metadataPath": "names.tsv"})
    dataset = reading.read(path)
    assert dataset.format == "projector"
    np.testing.assert_array_equal(dataset.vectors, V)
    assert [dataset.name(row) for row in range(7)] == NAMES


def test_raw_numbers_and_a_table_in_protocol_buffer_text(folder: Path) -> None:
    path = folder / "projector_config.pbtxt"
    path.write_text(
        """# written by torch.utils.tensorboard
embeddings {
  tensor_name: "first:00000"
  tensor_path: "tensor.tsv"
}
embeddings {
  tensor_name: 'second'
  tensor_path: "raw.bytes"
  metadata_path: "table.tsv"
  tensor_shape: 7
  tensor_shape: 5
}
"""
    )
    first = reading.read(path)
    assert "2 tensors" in first.warnings[0]
    np.testing.assert_array_equal(first.vectors, V)
    second = reading.read(path, options={"array": "second"})
    np.testing.assert_array_equal(second.vectors, V + 1)
    assert second.name(2) == "word 2"
    assert [column.name for column in second.columns] == ["word", "sort"]
    assert [part.name for part in types()["projector"].parts(path)] == ["first:00000", "second"]
    with pytest.raises(BadParameter, match="there are: first:00000, second"):
        reading.read(path, options={"array": "third"})


def test_a_sprite_gives_each_row_its_picture(folder: Path) -> None:
    sheet = np.zeros((3 * 4, 3 * 2, 3), np.uint8)
    for row in range(7):
        sheet[row // 3 * 4 : row // 3 * 4 + 4, row % 3 * 2 : row % 3 * 2 + 2] = (row, 2 * row, 255 - row)
    Image.fromarray(sheet).save(folder / "sprite.png")
    sprite = {"imagePath": "sprite.png", "singleImageDim": [2, 4]}
    dataset = reading.read(config(folder, {"tensorPath": "tensor.tsv", "sprite": sprite}))
    assert dataset.images is not None
    assert dataset.images.shape == (7, 4, 2, 3)
    assert (dataset.images[5] == (5, 10, 250)).all()
    small = {"imagePath": "sprite.png", "singleImageDim": [6, 4]}
    with pytest.raises(BadFile, match="room for 3 pictures of 6 × 4, not for 7"):
        reading.read(config(folder, {"tensorPath": "tensor.tsv", "sprite": small}))


def test_a_row_that_is_dropped_takes_its_picture_and_its_place_along(folder: Path) -> None:
    broken = V.copy()
    broken[2, 0] = np.nan
    (folder / "raw.bytes").write_bytes(broken.tobytes())
    Image.fromarray(np.repeat(np.arange(7, dtype=np.uint8), 4).reshape(14, 2)).save(folder / "sprite.png")
    states = [{"label": "good", "projections": [{"tsne-0": i, "tsne-1": -i} for i in range(7)]}]
    (folder / "bookmarks.txt").write_text(json.dumps(states))
    dataset = reading.read(
        config(
            folder,
            {
                "tensorPath": "raw.bytes",
                "tensorShape": [7, 5],
                "metadataPath": "names.tsv",
                "bookmarksPath": "bookmarks.txt",
                "sprite": {"imagePath": "sprite.png", "singleImageDim": [2, 2]},
            },
        )
    )
    assert dataset.rows == 6
    assert dataset.images is not None
    assert [int(picture[0, 0]) for picture in dataset.images] == [0, 1, 3, 4, 5, 6]
    assert dataset.name(2) == "word 3"
    assert dataset.maps == ("tsne · good",)
    np.testing.assert_array_equal(np.load(dataset.map_path("tsne · good"))[:, 0], [0, 1, 3, 4, 5, 6])
    assert dataset.facts["bookmarks"] == "1: good"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"tensorPath": "https://example.org/t.tsv"}, "nothing is fetched"),
        ({"tensorPath": "../../secret.tsv"}, "not in the folder"),
        ({"tensorPath": "/etc/hostname"}, "not in the folder"),
        ({"tensorPath": "none.tsv"}, "is not there"),
        ({"tensorName": "x", "metadataPath": "tensorPath"}, "has no tensorPath"),
        ({"tensorPath": "raw.bytes"}, "needs a tensorShape"),
        ({"tensorPath": "raw.bytes", "tensorShape": [8, 5]}, "140 bytes, and 8 × 5 of float32 take 160"),
        ({"tensorPath": "tensor.tsv", "tensorShape": [7, 6]}, "5 columns of numbers, not 6"),
        ({"tensorPath": "raw.bytes", "tensorShape": [5, 7], "metadataPath": "names.tsv"}, "the file has 5 vectors"),
    ],
)
def test_what_cannot_be_is_a_sentence(folder: Path, said: dict[str, Any], sentence: str) -> None:
    path = config(folder, said)
    with pytest.raises(BadFile, match=sentence):
        reading.read(path)


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.tsv").write_text((folder / "tensor.tsv").read_text())
    (folder / "link.tsv").symlink_to(tmp_path / "outside.tsv")
    with pytest.raises(BadFile, match="not in the folder"):
        reading.read(config(folder, {"tensorPath": "link.tsv"}))


def test_a_changed_tensor_is_read_again(folder: Path) -> None:
    path = config(folder, {"tensorPath": "tensor.tsv"})
    assert reading.read(path).rows == 7
    np.savetxt(folder / "tensor.tsv", V[:4], delimiter="\t")
    assert reading.read(path).rows == 4


@pytest.mark.parametrize(
    "text",
    [
        "embeddings { tensor_path: 'a'",
        "embeddings { tensor_path: ",
        "embeddings tensor_path: \\",
        "embeddings " + "{ a " * 50,
    ],
)
def test_broken_protocol_buffer_text_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "projector_config.pbtxt"
    path.write_text(text + " # tensor_path")
    with pytest.raises(BadFile, match=r"configuration|not there"):
        reading.read(path)
