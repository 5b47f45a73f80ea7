"""What lies on a Redis server as a Dataset: a vector set, or a search index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from explorer.core.progress import Progress, silent
from explorer.formats.base import Contents, Origin
from explorer.servers.address import Named
from explorer.servers.catalogue import SET, Holding
from explorer.servers.client import Client
from explorer.sources.redis.documents import Documents
from explorer.sources.redis.reading import KEY, Source, contents
from explorer.sources.redis.vector_sets import VectorSet

__all__ = ["KEY", "NAME", "origin"]

NAME = "redis"
"""The format of its Datasets."""


def origin(client: Client, holding: Holding, wanted: Named, progress: Progress = silent) -> Origin:
    """Where `formats.reading.made` has the contents from; the client is used until they are read.

    Rows are in the order of their elements' bytes. Raises ServerFailed or Unavailable.
    """

    def read(options: Mapping[str, str], folder: Path, progress: Progress) -> Contents:
        return contents(source, options, folder, progress)

    kind: type[VectorSet] | type[Documents] = VectorSet if holding.kind == SET else Documents
    source: Source = kind(client, holding, progress)
    return Origin(Path(), NAME, "A Redis server", read, url=holding.named(wanted).url)
