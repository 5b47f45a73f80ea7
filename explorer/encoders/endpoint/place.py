"""Where embeddings are asked for: an address that ends in `/v1` as a rule, and the model after a `#`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from explorer.errors import BadParameter

EXAMPLE = "http://localhost:11434/v1#nomic-embed-text"
EMBEDDINGS = "/embeddings"
SCHEMES = ("http", "https")


@dataclass(frozen=True)
class Place:
    """An OpenAI-compatible server; `path` is what `/embeddings` and `/models` are appended to. It holds no key."""

    host: str
    port: int
    tls: bool
    path: str
    model: str = ""

    @property
    def server(self) -> str:
        """host:port, as people name it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without the model."""
        return f"{'https' if self.tls else 'http'}://{self.server}{self.path}"

    @property
    def name(self) -> str:
        """The address with the model, from which `place_of` makes the same place again."""
        return f"{self.url}#{self.model}" if self.model else self.url


def is_place(said: str) -> bool:
    """Whether an address is meant, and no folder."""
    return said.strip().lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def place_of(said: str) -> Place:
    """What `http://HOST:PORT/v1#MODEL` names; without a path it is /v1. Raises BadParameter, never with a key in it."""
    address, _, model = said.strip().partition("#")
    try:
        parts = urlsplit(address)
        host, port, tls = parts.hostname or "", parts.port, parts.scheme.lower() == "https"
        host.encode("idna" if not host.isascii() else "ascii")
    except (ValueError, UnicodeError):
        raise BadParameter(f"This is no address of embeddings; one is {EXAMPLE}.") from None
    if "@" in parts.netloc or parts.query:
        raise BadParameter(
            "The address of embeddings holds no user, password or key, nor anything after a “?”; give the key in "
            f"EXPLORER_EMBEDDINGS_KEY or in the window, and the address as {EXAMPLE}."
        )
    path = parts.path.rstrip("/").removesuffix(EMBEDDINGS) or "/v1"
    plain = path.isascii() and path.isprintable() and " " not in path
    if not host or parts.scheme.lower() not in SCHEMES or not plain:
        raise BadParameter(f"This is no address of embeddings; one is {EXAMPLE}.")
    return Place(host, port or (443 if tls else 80), tls, path, model.strip())
