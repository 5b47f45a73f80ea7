"""Encoders that are a table of token vectors: a text becomes the mean of its tokens' vectors (model2vec's method)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.encoders.base import Encoder
from explorer.errors import BadFile

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 1024
MAX_LENGTH = 512
"""How many tokens of a text count where the model does not say: model2vec's own figure."""
LARGEST_JSON = 64 << 20


@dataclass(frozen=True)
class Layout:
    """Where a model lies and how it is read.

    `knows_unknown`: the vector of the unknown token counts like any other, as in sentence-transformers; model2vec
    leaves such tokens out. `max_length` is in tokens, None for no limit.
    """

    folder: Path
    tensors: Path
    tokenizer: Path
    tensor: str
    normalize: bool
    max_length: int | None
    knows_unknown: bool = False

    @property
    def stamp(self) -> tuple[object, ...]:
        """Size and time of the files."""
        found = []
        for path in (self.tensors, self.tokenizer):
            stat = path.stat()
            found += [stat.st_size, stat.st_mtime_ns]
        return tuple(found)


class TokenTable(Encoder):
    """int8, float16, float32 or float64 token vectors; newer models weigh tokens, and let several share a vector."""

    def __init__(self, name: str, title: str, layout: Layout) -> None:
        self.name, self.title = name, title
        self._layout = layout
        self.stamp = layout.stamp

    @property
    def dimensions(self) -> int:  # type: ignore[override]
        return int(self._tensors[0].shape[1])

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """float32 (len(texts), dimensions), zeros where no token is known: what the model's own library makes."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for first in range(0, len(texts), BATCH):
            progress(first / len(texts))
            batch = texts[first : first + BATCH]
            for vector, ids in zip(vectors[first:], self._tokens(batch), strict=False):
                if ids:
                    vector[:] = self._mean(ids)
        if self._layout.normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-32))
        return vectors

    def _tokens(self, texts: Sequence[str]) -> Iterator[list[int]]:
        tokenizer, most, unknown = self._tokenizer
        # The tokenizer takes no lone surrogates. What is far too long is cut before it is split, as model2vec does.
        plain = [text[:most].encode("utf-8", "replace").decode("utf-8") for text in texts]
        with _told(self._layout.tokenizer, "its tokenizer fails on a text"):
            found = tokenizer.encode_batch_fast(plain, add_special_tokens=False)
        for tokens in found:
            yield tokens.ids if unknown is None else [token for token in tokens.ids if token != unknown]

    def _mean(self, ids: list[int]) -> NDArray[Any]:
        table, weights, mapping = self._tensors
        rows = table[ids if mapping is None else mapping[ids]]
        if weights is not None:
            rows = rows * weights[ids][:, None]
        elif rows.dtype == np.int8:
            rows = rows.astype(np.float32)
        mean: NDArray[Any] = rows.mean(0)
        return mean

    @cached_property
    def _tokenizer(self) -> tuple[Tokenizer, int | None, int | None]:
        """The tokenizer, how many letters of a text it is given, and the token that is left out."""
        from tokenizers import Tokenizer

        layout = self._layout
        with _told(layout.tokenizer, "it cannot be read as a tokenizer"):
            tokenizer = Tokenizer.from_file(str(layout.tokenizer))
            tokenizer.no_padding()
            if layout.max_length is None:
                tokenizer.no_truncation()
                most = None
            else:
                tokenizer.enable_truncation(layout.max_length)
                lengths = [len(token) for token in tokenizer.get_vocab()]
                most = layout.max_length * max(1, int(np.median(lengths)))
            unknown = None if layout.knows_unknown else _unknown_token(tokenizer)
            tokens = tokenizer.get_vocab_size()
        table, weights, mapping = self._tensors
        held = min(len(each) for each in (weights, mapping if mapping is not None else table) if each is not None)
        if held < tokens:
            raise BadFile(layout.folder, f"its tokenizer has {tokens:,} tokens, and its table {held:,} of them.")
        return tokenizer, most, unknown

    @cached_property
    def _tensors(self) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
        """The vectors (v, d), the weight of each token, and the vector of each token."""
        from safetensors import safe_open

        path, wanted = self._layout.tensors, self._layout.tensor
        with _told(path, "it cannot be read as safetensors"), safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            table = file.get_tensor(wanted) if wanted in names else None
            weights = file.get_tensor("weights") if "weights" in names else None
            mapping = file.get_tensor("mapping") if "mapping" in names else None
        if table is None or table.ndim != 2 or not table.size or table.dtype.kind not in "fi":
            raise BadFile(path, f"it holds no table of token vectors “{wanted}”; is it the model of a text encoder?")
        if weights is not None and (weights.ndim != 1 or weights.dtype.kind != "f"):
            raise BadFile(path, "its weights are not one number for each token.")
        if mapping is not None and not (mapping.ndim == 1 and mapping.dtype.kind in "iu" and _within(mapping, table)):
            raise BadFile(path, "its mapping names vectors that are not there.")
        return table, weights, mapping


def said_in(path: Path) -> dict[str, Any]:
    """What a small JSON file holds. Raises BadFile when it is no object."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ValueError
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise BadFile(path, "it cannot be read as the settings of a text encoder.") from None
    if not isinstance(said, dict):
        raise BadFile(path, "it cannot be read as the settings of a text encoder.")
    return said


def _within(mapping: NDArray[Any], table: NDArray[Any]) -> bool:
    """Whether all numbers of a mapping are rows of the table."""
    return bool(mapping.min(initial=0) >= 0 and mapping.max(initial=0) < len(table))


def _unknown_token(tokenizer: Tokenizer) -> int | None:
    """The token that stands for what the tokenizer does not know."""
    model = tokenizer.model
    if hasattr(model, "unk_token"):
        return None if model.unk_token is None else tokenizer.token_to_id(model.unk_token)
    number = json.loads(tokenizer.to_str())["model"].get("unk_id")
    return number if isinstance(number, int) else None


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Whatever a native library raises over a file, its panics too, becomes a sentence."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, BadFile):
        raise
    except BaseException as error:
        raise BadFile(path, f"{what}: {' '.join(str(error).split())[:200]}.") from None
