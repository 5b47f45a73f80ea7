"""AnnData's .h5ad: cells as rows, by one of the matrices that are kept of them, and the maps that were made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explorer.core.progress import Progress
from explorer.errors import BadFile, BadParameter
from explorer.formats import anndata_file, given_maps
from explorer.formats.anndata_file import Matrix, member, names
from explorer.formats.base import ARRAY, Contents, Format, GivenMap, Part
from explorer.formats.hdf5_sets import MAGIC, SUFFIXES
from explorer.formats.mapping import in_place

if TYPE_CHECKING:
    import h5py

OBSM, MAIN, LIKELIEST = "obsm", "X", "obsm/X_pca"
MAP_DIMENSIONS = 2


class H5ad(Format):
    """One of X, `layers/…` and `obsm/…` is the vectors; X_pca, where it is there, unless another is asked for."""

    name = "h5ad"
    title = "AnnData (.h5ad)"
    suffixes = (".h5ad", *SUFFIXES)
    """Those of any HDF5 file too: content tells the two apart, and this one is asked first."""
    options = (ARRAY,)
    native = True
    rank = 35

    def recognises(self, path: Path, head: bytes) -> bool:
        """An HDF5 file that is called so, or in whose beginning stand the marks of one. The library is not asked: this
        is looked at where a crash of it would end the program."""
        if not head.startswith(MAGIC):
            return False
        said = b"anndata" in head and b"encoding-type" in head
        grouped = all(b"%s\0" % name in head for name in (b"obs", b"var", b"X"))
        return path.suffix.casefold() == ".h5ad" or said or grouped

    def parts(self, path: Path) -> tuple[Part, ...]:
        """Its matrices, the likeliest vectors first."""
        with anndata_file.opened(path) as file:
            return tuple(Part(one.name, one.shape, one.dtype, _note(one)) for one in _matrices(file))

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Map or read a matrix, with the table of its rows. Raises BadFile when there is none, or nothing fits."""
        progress(0.0, "reading")
        with anndata_file.opened(path) as file:
            matrices = _matrices(file)
            matrix = _chosen(path, matrices, options.get(ARRAY.name))
            progress(None, "reading columns")
            labels, called, columns, lost = anndata_file.table(file, "obs")
            rows = matrix.shape[0]
            for what, length in [
                ("index", None if labels is None else len(labels)),
                *((c.name, len(c)) for c in columns),
            ]:
                if length not in (None, rows):
                    raise BadFile(path, f"“{matrix.name}” has {rows:,} rows, and “{what}” of obs has {length:,}.")
            maps = _maps(file, rows)
            axes: tuple[str, ...] = ()
            if matrix.name == MAIN or matrix.name.startswith("layers/"):
                genes = anndata_file.table_index(file, "var")
                axes = tuple(genes) if genes is not None and len(genes) == matrix.shape[1] else ()
            contents = _vectors(path, file, matrix)
        warnings = []
        if options.get(ARRAY.name) is None and len(matrices) > 1:
            others = ", ".join(f"{one.name} ({one.shape[1]:,})" for one in matrices if one is not matrix)
            warnings.append(
                f"It holds {len(matrices)} matrices, and “{matrix.name}” was taken; "
                f"--read {ARRAY.name}=NAME chooses another: {others}."
            )
        if lost:
            warnings.append(f"Left out, for these columns of obs cannot be read: {', '.join(lost[:10])}.")
        return replace(
            contents,
            names=labels,
            name_column=called if labels is not None else "",
            columns=columns,
            maps=maps,
            axes=axes,
            warnings=tuple(warnings),
            facts={"array": matrix.name},
        )


def _matrices(file: h5py.File) -> list[Matrix]:
    """All that could be the vectors: X_pca, X, the layers, what else was made of X, and maps last."""
    wanted = [MAIN, *(f"layers/{name}" for name in names(member(file, "layers")))]
    wanted += [f"{OBSM}/{name}" for name in names(member(file, OBSM))]
    found = [one for name in wanted if (one := anndata_file.matrix(file, name)) is not None]
    rows = max((one.shape[0] for one in found), default=0)
    found = [one for one in found if one.shape[0] == rows]

    def place(one: Matrix) -> tuple[bool, bool, bool]:
        return (bool(_note(one)), one.name != LIKELIEST, one.name != MAIN)

    return sorted(found, key=place)


def _note(matrix: Matrix) -> str:
    if matrix.kind == "csc":
        return "kept by columns; save it by rows: adata.X = adata.X.tocsr()"
    return "a map" if matrix.name.startswith(f"{OBSM}/") and matrix.shape[1] == MAP_DIMENSIONS else ""


def _chosen(path: Path, matrices: list[Matrix], asked: str | None) -> Matrix:
    if not matrices:
        raise BadFile(path, "it holds no matrix of numbers: X is empty, and so is obsm.")
    wanted = matrices[0] if asked is None else None
    for one in matrices:
        if asked is not None and asked in (one.name, one.name.removeprefix(f"{OBSM}/")):
            wanted = one
    if wanted is None:
        raise BadParameter(
            f"{ARRAY.name}={asked} is no matrix of it; there are: {', '.join(m.name for m in matrices)}."
        )
    if wanted.kind == "csc":
        raise BadFile(path, f"its matrix “{wanted.name}” is {_note(wanted)}.")
    return wanted


def _vectors(path: Path, file: h5py.File, matrix: Matrix) -> Contents:
    """A matrix: where it lies in one piece it is mapped, otherwise it is read block by block."""
    if matrix.kind != "dense":
        return Contents(anndata_file.rows_of(path, matrix), dtype=matrix.dtype)
    dataset = file[matrix.name]
    anndata_file.check(dataset)
    offset, dtype = dataset.id.get_offset(), dataset.dtype
    size = matrix.shape[0] * matrix.shape[1] * dtype.itemsize
    if offset is not None and dataset.chunks is None and dtype.kind in "fiu" and offset + size <= path.stat().st_size:
        return in_place(path, dtype, matrix.shape, offset)
    return Contents(anndata_file.rows_of(path, matrix), dtype=matrix.dtype)


def _maps(file: h5py.File, rows: int) -> tuple[GivenMap, ...]:
    """What lies in obsm with two columns."""
    found = []
    for name in names(member(file, OBSM)):
        one = anndata_file.matrix(file, f"{OBSM}/{name}")
        if one is not None and one.kind == "dense" and one.shape == (rows, MAP_DIMENSIONS):
            found.append(GivenMap(name, np.asarray(anndata_file.array(member(file, f"{OBSM}/{name}")), np.float32)))
    return given_maps.ordered(found)


TYPES = [H5ad()]
