"""Folders of static models: model2vec's own, and sentence-transformers' that hold nothing but a StaticEmbedding."""

from __future__ import annotations

import json
from pathlib import Path

from explorer.encoders.base import EncoderType
from explorer.encoders.token_table import LARGEST_JSON, MAX_LENGTH, Layout, TokenTable, said_in

OWN_TENSOR = "embeddings"
"""What model2vec calls its table; nobody else does."""
STATIC, NORMALIZE = "StaticEmbedding", "Normalize"


class Model2Vec(EncoderType):
    """Read here, with no other library than those that the program needs anyway."""

    name = "model2vec"
    title = "Static model in a folder (model2vec, StaticEmbedding)"
    example = "the folder of a model2vec model"
    rank = 20

    def takes(self, said: str) -> bool:
        """A folder with the files of such a model."""
        try:
            return layout_of(folder_of(said)) is not None
        except (OSError, ValueError):
            return False

    def opened(self, said: str) -> TokenTable:
        """Raises BadFile for settings that cannot be read; the tables are read when they are first needed."""
        folder = folder_of(said)
        layout = layout_of(folder)
        assert layout is not None
        return TokenTable(str(folder), folder.name, layout)


def folder_of(said: str) -> Path:
    """The folder that is named, absolute."""
    return Path(said.strip()).expanduser().absolute()


def layout_of(folder: Path) -> Layout | None:
    """How the static model in a folder is read; None where there is none. Raises BadFile for broken settings."""
    config = folder / "config.json"
    if _there(folder, "model.safetensors", "tokenizer.json", "config.json"):
        said = said_in(config)
        if OWN_TENSOR in _tensors(folder / "model.safetensors"):
            limit = said.get("max_length", MAX_LENGTH)
            return Layout(
                folder,
                folder / "model.safetensors",
                folder / "tokenizer.json",
                OWN_TENSOR,
                normalize=bool(said.get("normalize", False)),
                max_length=int(limit) if isinstance(limit, int) and limit > 0 else None,
            )
    modules = modules_of(folder)
    if not modules or modules[0][0] != STATIC or any(kind != NORMALIZE for kind, _ in modules[1:]):
        return None
    inside = folder / modules[0][1]
    if not _there(inside, "model.safetensors", "tokenizer.json"):
        return None
    return Layout(
        folder,
        inside / "model.safetensors",
        inside / "tokenizer.json",
        "embedding.weight",
        normalize=len(modules) > 1,
        max_length=None,
        knows_unknown=True,
    )


def modules_of(folder: Path, *, whole: bool = False) -> list[tuple[str, str]]:
    """The parts of a sentence-transformers model: the name of its class, the `whole` of it or the last part, and the
    folder of each; empty where that cannot be told."""
    try:
        said = json.loads((folder / "modules.json").read_text("utf-8"))
        kinds = [(str(each["type"]), str(each["path"])) for each in said]
        return kinds if whole else [(kind.rpartition(".")[2], place) for kind, place in kinds]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def _tensors(path: Path) -> frozenset[str]:
    """The names in a safetensors file; of one that cannot be read the name that is looked for, so that whoever reads it
    says what is wrong."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > LARGEST_JSON:
                raise ValueError
            return frozenset(json.loads(file.read(length)))
    except (OSError, ValueError, TypeError, RecursionError):
        return frozenset({OWN_TENSOR})


def _there(folder: Path, *names: str) -> bool:
    return all((folder / name).is_file() for name in names)


TYPES = [Model2Vec()]
