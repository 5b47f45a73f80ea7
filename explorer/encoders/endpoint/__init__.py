"""Any OpenAI-compatible `/v1/embeddings` address as a text encoder: Ollama, vLLM, llama.cpp, OpenAI …"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.encoders.base import Encoder, EncoderType
from explorer.encoders.endpoint.asking import ATTEMPTS, Refused, asked
from explorer.encoders.endpoint.place import EMBEDDINGS, EXAMPLE, Place, is_place, place_of
from explorer.errors import BadParameter, ServerFailed

BATCH = 64
"""How many texts are sent at once; a server that takes fewer is sent fewer."""
BATCH_LETTERS = 200_000
SECONDS = 120.0
"""How long one batch may take: a server may have to load the model first."""
QUERY_SECONDS, QUERY_ATTEMPTS = 60.0, 2
LIST_SECONDS = 15.0
TOO_MUCH = (400, 413, 422)


class EndpointType(EncoderType):
    """Addresses of servers; nothing is sent anywhere but to the one that somebody has named."""

    name = "endpoint"
    title = "Server at an address (OpenAI-compatible)"
    example = EXAMPLE
    rank = 5

    def takes(self, said: str) -> bool:
        """An http:// or https:// address."""
        return is_place(said)

    def opened(self, said: str) -> Encoder:
        """Raises BadParameter for what is no address, and with the server's models where it names none of several."""
        place = place_of(said)
        if not place.model:
            there = models(place)
            if len(there) != 1:
                shown = ", ".join(there[:12]) + (" …" if len(there) > 12 else "")
                raise BadParameter(f"{place.url} needs a model: say {place.url}#MODEL (it has {shown or 'none'}).")
            place = replace(place, model=there[0])
        return Endpoint(place)


class Endpoint(Encoder):
    """One model of one server. `dimensions` are known once it has answered, and are the same in every answer."""

    def __init__(self, place: Place) -> None:
        self.name, self.title = place.name, f"{place.model} at {place.server}"
        self.dimensions = None
        self._place = place
        self._batch = BATCH

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """float32 (len(texts), dimensions), batch by batch."""
        made: list[NDArray[np.float32]] = []
        first = 0
        while first < len(texts):
            progress(first / len(texts))
            batch = _batch_of(texts, first, self._batch)
            try:
                made.append(self._vectors(batch, SECONDS, ATTEMPTS, progress))
            except Refused as refused:
                if refused.status not in TOO_MUCH or len(batch) == 1:
                    raise
                self._batch = max(1, len(batch) // 2)
                continue
            first += len(batch)
        return np.concatenate(made) if made else np.zeros((0, self.dimensions or 0), np.float32)

    def query_vector(self, text: str, progress: Progress) -> NDArray[np.float32]:
        """One text, for which somebody waits."""
        return np.asarray(self._vectors([text], QUERY_SECONDS, QUERY_ATTEMPTS, progress)[0])

    def _vectors(self, texts: Sequence[str], seconds: float, attempts: int, progress: Progress) -> NDArray[np.float32]:
        plain = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        wanted = {"model": self._place.model, "input": plain, "encoding_format": "float"}
        said = asked(self._place, EMBEDDINGS, wanted, seconds, progress, attempts)
        vectors = _read(said, len(texts), self._place)
        if self.dimensions is not None and vectors.shape[1] != self.dimensions:
            raise ServerFailed(
                f"{self.title} answers with {vectors.shape[1]:,} numbers a text after {self.dimensions:,} before; "
                "has its model been changed meanwhile?"
            )
        self.dimensions = int(vectors.shape[1])
        return vectors


def models(place: Place, progress: Progress = silent) -> tuple[str, ...]:
    """The names of the models that the server has. Raises what `asked` does."""
    said = asked(place, "/models", None, LIST_SECONDS, progress, QUERY_ATTEMPTS)
    try:
        found = [str(each["id"]) for each in said["data"] or ()]
    except (TypeError, KeyError, AttributeError):
        raise ServerFailed(f"{place.url} does not say which models it has; name one: {place.url}#MODEL.") from None
    return tuple(dict.fromkeys(found))


def _batch_of(texts: Sequence[str], first: int, most: int) -> Sequence[str]:
    """The next texts: so many, and not too long together."""
    last, letters = first, 0
    while last < min(len(texts), first + most) and (letters := letters + len(texts[last])) <= BATCH_LETTERS:
        last += 1
    return texts[first : max(last, first + 1)]


def _read(said: Any, count: int, place: Place) -> NDArray[np.float32]:
    """The vectors of an answer, in the order of their `index`, whatever order they came in."""
    try:
        found = {int(each.get("index", i)): _numbers(each["embedding"]) for i, each in enumerate(said["data"])}
        if sorted(found) != list(range(count)) or len(said["data"]) != count:
            raise ServerFailed(f"{place.server} answers with {len(found):,} vectors for {count:,} texts.")
        if len({len(vector) for vector in found.values()}) != 1 or not len(found[0]):
            raise ServerFailed(f"{place.server} answers with vectors of different lengths.")
        return np.stack([found[i] for i in range(count)])
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        raise ServerFailed(
            f"{place.url} answers with something else than embeddings; give the address of an OpenAI-compatible "
            f"server, such as {EXAMPLE}."
        ) from None


def _numbers(embedding: Any) -> NDArray[np.float32]:
    """float32 (d,) from a list of numbers, or from base64 of little-endian float32."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
    vector = np.asarray(embedding)
    if vector.ndim != 1 or vector.dtype.kind not in "fiu":
        raise ValueError
    return vector.astype(np.float32)


TYPES = [EndpointType()]
