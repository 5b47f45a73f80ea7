"""The contract of a text encoder: one file in this folder, with its encoders in `TYPES`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadQuery


class Encoder(ABC):
    """Turns text into vectors of one space, so that free text can be looked up among vectors made the same way."""

    name: str
    title: str
    dimensions: int
    rank: int = 100

    def unavailable(self) -> str | None:
        """Why it cannot be used here, in a sentence; None when it can."""
        return None

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (len(texts), dimensions); a text that it knows nothing of becomes zeros."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """One text as float32 (dimensions,). Raises BadQuery when the encoder knows nothing in it."""
        vector: NDArray[np.float32] = self.encode([text])[0]
        if not vector.any():
            raise BadQuery(f"The encoder “{self.name}” knows no word of “{text}”; it reads English.")
        return vector
