"""What a configuration of TensorFlow's Embedding Projector says, as JSON or as protocol buffer text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.errors import BadFile
from explorer.formats.json_records import parsed

LARGEST = 16 << 20
DEEPEST = 20
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<sign>[{}<>\[\]:,;])|(?P<word>[\w.+-]+)"""
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True)
class Tensor:
    """One of the embeddings of a configuration, its paths as they are written there; empty where there is none.

    `sprite_size` is (width, height) of one picture.
    """

    name: str
    shape: tuple[int, ...]
    path: str
    metadata: str
    bookmarks: str
    sprite: str
    sprite_size: tuple[int, ...]


def is_config(head: bytes) -> bool:
    """Whether a file begins as a projector's configuration does: embeddings, each with the path of a tensor."""
    return b"embeddings" in head[:4096] and (b"tensorPath" in head or b"tensor_path" in head)


def tensors_of(path: Path) -> tuple[Tensor, ...]:
    """The embeddings of a configuration. Raises BadFile when it cannot be read, or holds none."""
    if path.stat().st_size > LARGEST:
        raise BadFile(path, "it is too large to be a configuration of the Embedding Projector.")
    text = path.read_bytes().decode("utf-8-sig", "replace")
    try:
        said = parsed(text) if text.lstrip()[:1] == "{" else _message(text)
    except ValueError as error:
        raise BadFile(path, f"its configuration cannot be read: {str(error).splitlines()[0][:200]}.") from None
    found = said.get("embeddings") if isinstance(said, dict) else None
    tensors = [_tensor(one, i) for i, one in enumerate(_listed(found)) if isinstance(one, dict)]
    if not tensors:
        raise BadFile(path, "its configuration holds no embeddings.")
    return tuple(tensors)


def _tensor(said: dict[str, Any], number: int) -> Tensor:
    def get(camel: str, of: Any = said) -> Any:
        """A field, which JSON writes in camelCase and protocol buffers in snake_case."""
        snake = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), camel)
        return of.get(camel, of.get(snake)) if isinstance(of, dict) else None

    def text(value: Any) -> str:
        return value if isinstance(value, str) else ""

    sprite = get("sprite")
    return Tensor(
        text(get("tensorName")) or f"tensor {number + 1}",
        _sizes(get("tensorShape")),
        text(get("tensorPath")),
        text(get("metadataPath")),
        text(get("bookmarksPath")),
        text(get("imagePath", sprite)),
        _sizes(get("singleImageDim", sprite)),
    )


def _sizes(value: Any) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in _listed(value))
    except (TypeError, ValueError):
        return ()


def _listed(value: Any) -> list[Any]:
    """A field that may be there once, often, or not at all."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _message(text: str) -> dict[str, Any]:
    """A message in the text format of protocol buffers; a field that comes again becomes a list."""
    tokens = _tokens(text)
    return _fields(tokens, "", 0)


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"“{text[place : place + 20]}” is no part of it")
        place = match.end()
        if match.lastgroup:
            yield match[0]


def _fields(tokens: Iterator[str], end: str, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise ValueError("it is nested too deep")
    found: dict[str, Any] = {}
    for name in tokens:
        if name == end:
            return found
        if name in (",", ";"):
            continue
        value = next(tokens, "")
        if value == ":":
            value = next(tokens, "")
        for one in _values(value, tokens, depth):
            found[name] = [*_listed(found[name]), one] if name in found else one
    if end:
        raise ValueError("a bracket is not closed")
    return found


def _values(first: str, tokens: Iterator[str], depth: int) -> Iterator[Any]:
    if first == "[":
        for token in tokens:
            if token == "]":
                return
            if token != ",":
                yield from _values(token, tokens, depth + 1)
        raise ValueError("a bracket is not closed")
    if first in ("{", "<"):
        yield _fields(tokens, "}" if first == "{" else ">", depth + 1)
    elif first[:1] in ("'", '"'):
        yield re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), first[1:-1])
    elif first:
        yield first
    else:
        raise ValueError("a field has no value")
