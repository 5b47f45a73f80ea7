"""The contract of text encoders: one file in this folder for each type of them, with its types in `TYPES`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.errors import BadQuery


class Encoder(ABC):
    """Turns text into vectors of one space, so that free text can be looked up among vectors made the same way.

    `name` is what `encoder=` says: with it anybody finds the same encoder again. It holds no key and no password.
    """

    name: str
    title: str
    """What people are told of it: short, in one line."""
    dimensions: int | None
    """How many numbers a vector has; None where only an answer tells."""
    stamp: tuple[object, ...] = ()
    """What tells this state of it from another under the same name; anything that JSON can hold."""

    @abstractmethod
    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """float32 (len(texts), dimensions); a text that it knows nothing of becomes zeros.

        Raises BadFile, BadParameter or ServerFailed, each in one sentence.
        """

    def query_vector(self, text: str, progress: Progress) -> NDArray[np.float32]:
        """float32 (dimensions,) of a text that is looked for; some encoders tell it from a text that is found."""
        return np.asarray(self.encode([text], progress)[0])

    def encode_query(self, text: str, progress: Progress = silent) -> NDArray[np.float32]:
        """One text as float32 (dimensions,). Raises BadQuery when the encoder knows nothing in it."""
        vector = self.query_vector(text, progress)
        if not vector.any():
            raise BadQuery(f"The encoder “{self.title}” knows no word of “{text}”.")
        return vector


class EncoderType(ABC):
    """A kind of encoder, such as the folders of one library: what `encoder=` says decides which one it is."""

    name: str
    title: str
    example: str
    """What `encoder=` can say."""
    rank: int = 100
    """Which type is asked first: the lower, the earlier."""

    @abstractmethod
    def takes(self, said: str) -> bool:
        """Whether an encoder of this type is meant. Cheap, and never raises."""

    def unavailable(self) -> str | None:
        """Why it cannot be used here, in a sentence; None when it can."""
        return None

    @abstractmethod
    def opened(self, said: str) -> Encoder:
        """The encoder; its tables may be read later. Raises BadFile or BadParameter, in one sentence."""
