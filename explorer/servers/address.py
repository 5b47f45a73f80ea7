"""Where a server is: a URL without its password, and what on the server is meant."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from explorer.errors import BadParameter

PLAIN, TLS = "redis", "rediss"
PORT = 6379
ESCAPED = "; in a password write %2F for /, %23 for #, %3F for ? and %40 for @"
EXAMPLE = "redis://localhost:6379/0?key=words"


@dataclass(frozen=True)
class Address:
    """A Redis server: plain, or by TLS, where `ca` is the file of the authority that signed its certificate (None:
    those that the system trusts). No password: see `passwords`."""

    host: str
    port: int = PORT
    tls: bool = False
    ca: Path | None = None
    user: str = ""
    database: int = 0

    @property
    def url(self) -> str:
        """The address as a URL, from which `address_of` makes the same address again."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        asked = f"?{urlencode({'ca': str(self.ca)})}" if self.ca else ""
        return f"{TLS if self.tls else PLAIN}://{user}{self.place}/{self.database}{asked}"

    @property
    def place(self) -> str:
        """host:port, as people name it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Named:
    """What a URL names: the server, and a vector set (`key`) or a search index (`index`, and its `field` where it has
    several); all empty where only the server is meant."""

    address: Address
    key: str = ""
    index: str = ""
    field: str = ""
    password: str = dataclasses.field(default="", repr=False)

    @property
    def url(self) -> str:
        """The URL again, without the password."""
        said = {name: value for name in ("key", "index", "field") if (value := getattr(self, name))}
        if not said:
            return self.address.url
        return f"{self.address.url}{'&' if '?' in self.address.url else '?'}{urlencode(said)}"


def is_server(source: object) -> bool:
    """Whether a source names a server rather than a file."""
    return isinstance(source, str) and source.lower().startswith((f"{PLAIN}://", f"{TLS}://"))


def named(url: str) -> Named:
    """What `redis://[user[:password]@]host[:port][/database][?key=…|index=…&field=…][&ca=…]` names.

    Raises BadParameter, in a sentence without the password, for what is no such URL.
    """
    if not is_server(url):
        raise BadParameter(f"“{shown(url)}” is no address of a Redis server, such as {EXAMPLE}.")
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
        host = parts.hostname or ""
        if parts.fragment or "@" in parts.path:
            raise ValueError
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        # What Python says of it may hold a part of a password in which a / or # was not written as %2F or %23.
        raise BadParameter(f"“{shown(url)}” is no address of a Redis server, such as {EXAMPLE}{ESCAPED}.") from None
    if not host:
        raise BadParameter(f"“{shown(url)}” names no host; an address is {EXAMPLE}.")
    database = parts.path.strip("/") or "0"
    if not (database.isdecimal() and database.isascii()):
        raise BadParameter(f"“{database}” is no number of a database; name a key as {EXAMPLE}.")
    tls = parts.scheme == TLS
    if unknown := sorted(set(asked) - {"key", "index", "field", "ca"}):
        raise BadParameter(f"“{unknown[0]}=” means nothing in an address; there are key, index, field and ca.")
    if "ca" in asked and not tls:
        raise BadParameter("ca= goes with rediss://, a connection by TLS.")
    if "key" in asked and "index" in asked:
        raise BadParameter("An address names a vector set by key= or a search index by index=, not both.")
    ca = Path(asked["ca"]).expanduser().absolute() if asked.get("ca") else None
    if ca is not None and not ca.is_file():
        raise BadParameter(f"There is no file {ca} with the certificate of an authority.")
    address = Address(host, port, tls, ca, unquote(parts.username or ""), int(database))
    said = {name: asked.get(name, "") for name in ("key", "index", "field")}
    return Named(address, **said, password=unquote(parts.password or ""))


def address_of(url: str) -> Address:
    """The server of a URL; what else it names is left out. Raises BadParameter."""
    return named(url).address


def shown(url: str) -> str:
    """The URL as it may be shown: nothing of what could be a password."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url
