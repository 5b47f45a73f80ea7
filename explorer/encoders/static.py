"""The encoder that comes with the program: the mean of its tokens' vectors, made unit length (model2vec's method)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer import paths
from explorer.encoders.base import Encoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class StaticEncoder(Encoder):
    """29,525 token vectors of 256 numbers, for English; word order has no effect. See resources/encoder/README.md."""

    name = "static"
    title = "Built-in static encoder (English)"
    dimensions = 256
    rank = 10

    def unavailable(self) -> str | None:
        """Missing only where resources were left out."""
        if (paths.resources() / "encoder" / "model.safetensors").is_file():
            return None
        return "the built-in text encoder is missing from this installation; install it again."

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, zeros where no token is known; the same bit for bit as model2vec's."""
        tokenizer, table = self._tokenizer, self._table
        unknown = tokenizer.token_to_id("[UNK]")
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        # The tokenizer takes no lone surrogates.
        plain = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        for vector, tokens in zip(vectors, tokenizer.encode_batch(plain, add_special_tokens=False), strict=True):
            ids = [token for token in tokens.ids if token != unknown]
            if ids:
                mean = table[ids].astype(np.float32).mean(0)
                vector[:] = mean / (np.linalg.norm(mean) or np.float32(1))
        return vectors

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(paths.resources() / "encoder" / "tokenizer.json"))

    @cached_property
    def _table(self) -> NDArray[np.int8]:
        """int8 (tokens, 256)."""
        from safetensors.numpy import load_file

        table: NDArray[np.int8] = load_file(paths.resources() / "encoder" / "model.safetensors")["embeddings"]
        return table


TYPES = [StaticEncoder()]
