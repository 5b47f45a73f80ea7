"""The sample sets that come with the program: a folder each in resources/samples, described by its sample.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from explorer import paths
from explorer.errors import BadParameter

DEFAULT = "wordnet"
ORDER = ("wordnet", "fashion", "words", "digits", "clusters")
"""How they are offered; others follow by name."""


@dataclass(frozen=True)
class Sample:
    """One sample set. What is empty or None is left to what the file itself suggests."""

    name: str
    title: str
    about: str
    vectors: Path
    metadata: Path | None = None
    metric: str | None = None
    name_column: str = ""
    images: str = ""
    encoder: str = ""
    colour: str = ""
    """The column to colour the map by."""
    licence: str = ""

    @property
    def options(self) -> dict[str, str]:
        """What `formats.reading.read` is told of it."""
        said = {"name": self.name_column, "images": self.images, "encoder": self.encoder}
        return {key: value for key, value in said.items() if value}


def samples() -> dict[str, Sample]:
    """Every sample set by name, in the order in which they are offered."""
    folder = paths.resources() / "samples"
    found = {about.parent.name: _described(about) for about in folder.glob("*/sample.json")}
    names = sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return {name: found[name] for name in names}


def sample_named(name: str) -> Sample:
    """The sample set of that name; raises BadParameter with the names there are."""
    known = samples()
    if name not in known:
        raise BadParameter(f"“{name}” is no sample set; there are {', '.join(known)}.")
    return known[name]


def _described(about: Path) -> Sample:
    said = json.loads(about.read_text("utf-8"))
    folder = about.parent
    return Sample(
        name=folder.name,
        title=said["title"],
        about=said["about"],
        vectors=folder / said["vectors"],
        metadata=folder / said["metadata"] if said.get("metadata") else None,
        metric=said.get("metric"),
        name_column=said.get("name") or "",
        images=said.get("images") or "",
        encoder=said.get("encoder") or "",
        colour=said.get("colour") or "",
        licence=said.get("licence") or "",
    )
