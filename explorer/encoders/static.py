"""The encoder that comes with the program: a model2vec model for English, trained for it."""

from __future__ import annotations

from explorer import paths
from explorer.encoders.base import EncoderType
from explorer.encoders.token_table import MAX_LENGTH, Layout, TokenTable

NAME = "static"


class Static(EncoderType):
    """29,525 token vectors of 256 numbers, for English; word order has no effect. See resources/encoder/README.md."""

    name = NAME
    title = "Built-in static encoder (English)"
    example = NAME
    rank = 10

    def takes(self, said: str) -> bool:
        """By its name alone."""
        return said == NAME

    def unavailable(self) -> str | None:
        """Missing only where resources were left out."""
        if (paths.resources() / "encoder" / "model.safetensors").is_file():
            return None
        return "the built-in text encoder is missing from this installation; install it again."

    def opened(self, said: str) -> TokenTable:
        """Unit vectors, the same as model2vec's."""
        folder = paths.resources() / "encoder"
        tensors, tokenizer = folder / "model.safetensors", folder / "tokenizer.json"
        layout = Layout(folder, tensors, tokenizer, "embeddings", normalize=True, max_length=MAX_LENGTH)
        encoder = TokenTable(NAME, "static", layout)
        # Where the program is installed anew it is the same encoder.
        encoder.stamp = (tensors.stat().st_size,)
        return encoder


TYPES = [Static()]
