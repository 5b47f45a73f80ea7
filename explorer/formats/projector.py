"""A configuration of TensorFlow's Embedding Projector: a tensor, with its metadata, sprite and bookmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter
from explorer.formats import delimited, given_maps, metadata
from explorer.formats.base import ARRAY, Contents, Format, GivenMap, Part
from explorer.formats.json_records import parsed
from explorer.formats.projector_config import Tensor, is_config, tensors_of
from explorer.formats.sprite import pictures_of

BOOKMARKS_LARGEST = 256 << 20
LAYOUTS = ("umap", "tsne", "custom")
"""The maps that a bookmark may hold, each row's place under NAME-0 and NAME-1."""


class Projector(Format):
    """`projector_config.json` or `.pbtxt`. Only files in its own folder, or below it, are opened."""

    name = "projector"
    title = "Embedding Projector configuration"
    suffixes = (".json", ".pbtxt")
    options = (ARRAY,)
    native = True
    rank = 40

    def recognises(self, path: Path, head: bytes) -> bool:
        """Embeddings with the paths of tensors."""
        return b"\0" not in head and is_config(head)

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its tensors, where there are several."""
        tensors = tensors_of(path)
        if len(tensors) == 1:
            return ()
        return tuple(Part(one.name, one.shape if len(one.shape) == 2 else (-1, -1), "float32") for one in tensors)

    def others(self, path: Path) -> tuple[Path, ...]:
        """The files that it names."""
        found: list[Path] = []
        try:
            for tensor in tensors_of(path):
                for named in (tensor.path, tensor.metadata, tensor.sprite, tensor.bookmarks):
                    if named:
                        found.append(_inside(path, named, "file"))
        except (BadFile, OSError):
            return ()
        return tuple(found)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read the tensor that is asked for, or the first. Raises BadFile for what lies elsewhere, or does not fit."""
        tensors, asked = tensors_of(path), options.get(ARRAY.name)
        tensor = next((one for one in tensors if asked is None or one.name == asked), None)
        if tensor is None:
            shown = ", ".join(one.name for one in tensors)
            raise BadParameter(f"{ARRAY.name}={asked} is no tensor of {path.name}; there are: {shown}.")
        contents = _vectors(path, tensor, progress)
        rows = len(contents.vectors) if contents.source_rows is None else contents.source_rows
        warnings = list(contents.warnings)
        if asked is None and len(tensors) > 1:
            others = ", ".join(one.name for one in tensors[1:])
            warnings.append(
                f"It holds {len(tensors)} tensors, and “{tensor.name}” was taken; "
                f"--read {ARRAY.name}=NAME chooses another: {others}."
            )
        facts = {**contents.facts, "tensor": tensor.name}
        columns = contents.columns
        if tensor.metadata:
            table = _inside(path, tensor.metadata, "metadata")
            said = metadata.by_row(metadata.columns_of(table, progress, rows), rows, table)
            columns += tuple(column.take(contents.rows) for column in said) if contents.rows is not None else said
            facts["metadata"] = str(table)
        images = None
        if tensor.sprite:
            images = pictures_of(_inside(path, tensor.sprite, "sprite"), tensor.sprite_size, rows)
            images = images if contents.rows is None else images[contents.rows]
        maps: tuple[GivenMap, ...] = ()
        if tensor.bookmarks:
            place = _inside(path, tensor.bookmarks, "bookmarks")
            maps, facts["bookmarks"] = _bookmarks(place, rows)
            if contents.rows is not None:
                maps = tuple(replace(given, positions=given.positions[contents.rows]) for given in maps)
        return replace(contents, columns=columns, images=images, maps=maps, warnings=tuple(warnings), facts=facts)


def _inside(config: Path, named: str, what: str) -> Path:
    """A file that the configuration names. Raises BadFile for an address, and for what is not in its folder."""
    if "://" in named:
        raise BadFile(
            config,
            f"its {what} is at {named}, and nothing is fetched from there; save it beside the configuration, and write "
            "the file's name there instead.",
        )
    folder = config.parent.resolve()
    place = (folder / named).resolve()
    if not place.is_relative_to(folder):
        raise BadFile(config, f"its {what} “{named}” is not in the folder of the configuration; put it there.")
    if not place.is_file():
        raise BadFile(config, f"its {what} “{named}” is not there.")
    return place


def _vectors(config: Path, tensor: Tensor, progress: Progress) -> Contents:
    if not tensor.path:
        raise BadFile(
            config,
            f"its tensor “{tensor.name}” has no tensorPath, so that it lies in a TensorFlow checkpoint, which is not "
            "read here; save it as text: numpy.savetxt('tensor.tsv', tensor, delimiter='\\t').",
        )
    place = _inside(config, tensor.path, "tensor")
    if place.suffix.casefold() != ".bytes":
        contents = delimited.TYPES[1].read(place, {"header": "no", "delimiter": "tab", "vectors": "*"}, progress)
        if len(tensor.shape) == 2 and contents.vectors.shape[1] != tensor.shape[1]:
            raise BadFile(
                place, f"it has {contents.vectors.shape[1]} columns of numbers, not {tensor.shape[1]} as said."
            )
        return replace(contents, facts={})
    size = place.stat().st_size
    if len(tensor.shape) != 2 or min(tensor.shape) < 1:
        raise BadFile(config, f"its tensor “{tensor.name}” is raw numbers, and needs a tensorShape of two sizes.")
    rows, dimensions = tensor.shape
    if size != 4 * rows * dimensions:
        raise BadFile(
            place, f"it has {size:,} bytes, and {rows:,} × {dimensions:,} of float32 take {4 * rows * dimensions:,}."
        )
    return Contents(np.asarray(np.memmap(place, "<f4", "r", 0, (rows, dimensions))))


def _bookmarks(place: Path, rows: int) -> tuple[tuple[GivenMap, ...], str]:
    """The maps that bookmarks hold, and what to say of them. A file that makes no sense is only said."""
    try:
        if place.stat().st_size > BOOKMARKS_LARGEST:
            raise ValueError
        said = parsed(place.read_bytes())
    except ValueError:
        return (), f"{place.name} cannot be read"
    states = [state for state in (said if isinstance(said, list) else []) if isinstance(state, dict)]
    maps = []
    for i, state in enumerate(states):
        title = str(state.get("label") or f"bookmark {i + 1}")
        for layout in LAYOUTS:
            positions = _positions(state.get("projections"), layout, rows)
            if positions is not None:
                maps.append(GivenMap(f"{layout} · {title}", positions))
    titles = ", ".join(str(state.get("label") or f"bookmark {i + 1}") for i, state in enumerate(states[:8]))
    return given_maps.ordered(maps), f"{len(states)}: {titles}" if states else "none"


def _positions(places: Any, layout: str, rows: int) -> NDArray[np.float32] | None:
    """Where a bookmark has all rows in a layout; None where it has not."""
    if not isinstance(places, list) or len(places) != rows:
        return None
    try:
        found = np.array([(place[f"{layout}-0"], place[f"{layout}-1"]) for place in places], np.float32)
    except (KeyError, TypeError, ValueError):
        return None
    return found if np.isfinite(found).all() else None


TYPES = [Projector()]
