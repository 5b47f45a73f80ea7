"""Folders of sentence-transformers: the library itself encodes, where it is installed; nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.encoders.base import Encoder, EncoderType
from explorer.encoders.model2vec import folder_of, modules_of
from explorer.encoders.token_table import said_in
from explorer.errors import BadFile

BATCH = 32
PIP = "pip install 'ann-explorer[sentence-transformers]'"
OURS = "sentence_transformers."


class SentenceTransformers(EncoderType):
    """Transformers, which need the library and torch. Static models in the same layout are read without them."""

    name = "sentence-transformers"
    title = "Model in a folder (sentence-transformers)"
    example = "the folder of a sentence-transformers model"
    rank = 30

    def takes(self, said: str) -> bool:
        """A folder with the library's files."""
        try:
            folder = folder_of(said)
            return any((folder / name).is_file() for name in ("modules.json", "config_sentence_transformers.json"))
        except (OSError, ValueError):
            return False

    def unavailable(self) -> str | None:
        """The library may be missing."""
        if find_spec("sentence_transformers") is not None:
            return None
        return f"it needs the library sentence-transformers, which is not installed; {PIP}."

    def opened(self, said: str) -> Encoder:
        """Raises BadFile for a folder that would run code of its own, or unpickle."""
        folder = folder_of(said)
        _check(folder)
        return SentenceTransformer(folder)


class SentenceTransformer(Encoder):
    """One model, loaded when it is first asked."""

    def __init__(self, folder: Path) -> None:
        self.name, self.title = str(folder), folder.name
        self.dimensions = None
        weights = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
        self.stamp = tuple((path.stat().st_size, path.stat().st_mtime_ns) for path in weights)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """float32 (len(texts), dimensions), as `encode_document` of the library makes them."""
        encode = getattr(self._model, "encode_document", self._model.encode)
        made = []
        for first in range(0, len(texts), BATCH):
            progress(first / len(texts))
            made.append(self._vectors(encode, texts[first : first + BATCH]))
        return np.concatenate(made) if made else np.zeros((0, self.dimensions or 0), np.float32)

    def query_vector(self, text: str, progress: Progress) -> NDArray[np.float32]:
        """As `encode_query` of the library makes it: some models tell a question from a text."""
        progress(None)
        return np.asarray(self._vectors(getattr(self._model, "encode_query", self._model.encode), [text])[0])

    def _vectors(self, encode: Any, texts: Sequence[str]) -> NDArray[np.float32]:
        plain = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        try:
            found = encode(plain, batch_size=BATCH, convert_to_numpy=True, show_progress_bar=False)
        except (RuntimeError, ValueError, OSError, TypeError, KeyError, IndexError) as error:
            raise BadFile(self.name, f"its model fails: {' '.join(str(error).split())[:200]}.") from error
        vectors: NDArray[np.float32] = np.asarray(found, np.float32)
        self.dimensions = int(vectors.shape[1])
        return vectors

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer as Model

        try:
            return Model(self.name, local_files_only=True, trust_remote_code=False)
        except (RuntimeError, ValueError, OSError, ImportError, TypeError, KeyError, AttributeError) as error:
            what = " ".join(str(error).split())[:200]
            raise BadFile(self.name, f"sentence-transformers cannot open it: {what}.") from error


def _check(folder: Path) -> None:
    """Raise BadFile for parts that are classes of somebody else, and for weights that would have to be unpickled."""
    modules = folder / "modules.json"
    if modules.is_file():
        parts = modules_of(folder, whole=True)
        if not parts:
            raise BadFile(modules, "it cannot be read as the parts of a sentence-transformers model.")
        for kind, place in parts:
            if not kind.startswith(OURS):
                raise BadFile(modules, f"it asks for code that is not the library's own ({kind[:80]}); none is run.")
            if not (folder / place).resolve().is_relative_to(folder.resolve()):
                raise BadFile(modules, f"it names a part outside its folder ({place[:80]}).")
    else:
        said_in(folder / "config_sentence_transformers.json")
    for path in folder.rglob("*.bin"):
        safe = any(path.parent.glob("*.safetensors"))
        if not safe and path.name.startswith("pytorch_model"):
            raise BadFile(
                path,
                "its weights are a pickle, which is never unpickled here, because that can run code; save the model "
                "anew with sentence-transformers: model.save(FOLDER, safe_serialization=True).",
            )


TYPES = [SentenceTransformers()]
