"""How much work and room an index of Faiss takes, by arithmetic: seconds of a reference core, bytes a row."""

from __future__ import annotations

import re
from dataclasses import dataclass

from explorer.indexes.faiss import effort, shape

START = 0.1
"""Loading the library."""
COPY_NUMBER = 2e-8
"""Making a number of a row ready, adding it, and writing it."""
MULTIPLY = 1e-10
"""One product of a transformation."""
CELL_NUMBER, CELL_PRODUCT = 1.2e-8, 6e-11
"""In each round of learning cells, for a number of a row, and for its product with that of each centre."""
PIECE_NUMBER, PIECE_PRODUCT = 1.4e-8, 5e-11
"""The same for codes."""
CODE_NUMBER = 2e-9
"""Shortening a number to a few bits."""
CELL_ROUNDS, CODE_ROUNDS, TURN_ROUNDS = 10, 25, 240
"""How often k-means goes over its sample: for cells, for codes, and for the codes that a rotation is made for."""
ORDER_PIECE = 1.9
"""Putting the 256 codes of a piece in order."""
LEARNT_FROM = 65536
"""So many rows at most tell a transformation."""
LARGEST = 1 << 24
LINK_BYTES = 4
BESIDE_LINKS = 40
"""Bytes of a row's level, its place among the links, and its share of the upper layers."""
ROW_NUMBER_BYTES = 8
CODE_BITS = {"SQ8": 8, "SQ6": 6, "SQ4": 4, "SQfp16": 16, "SQbf16": 16, "RaBitQ": 1}


def copying(rows: int, dimensions: int) -> float:
    """What every build does: rows made ready, added and written."""
    return START + rows * dimensions * COPY_NUMBER


def dividing(rows: int, dimensions: int, cells: int) -> float:
    """Learning cells, and finding the one of each row."""
    sample = min(rows, cells * shape.MOST_TRAINING_PER_CELL)
    return (CELL_ROUNDS * sample + rows) * dimensions * (CELL_NUMBER + cells * CELL_PRODUCT)


def coding(rows: int, dimensions: int, bits: int, rounds: int = CODE_ROUNDS) -> float:
    """Learning codes, and giving every row its own; into how many pieces it is cut makes little difference."""
    codes = 1 << bits
    sample = min(rows, codes * shape.MOST_TRAINING_PER_CELL)
    return (rounds * sample + rows) * dimensions * (PIECE_NUMBER + codes * PIECE_PRODUCT)


def shortening(rows: int, dimensions: int) -> float:
    """Turning every number into a few bits."""
    return rows * dimensions * CODE_NUMBER


def ordering(pieces: int, bits: int) -> float:
    """Putting the codes of every piece in order."""
    return ORDER_PIECE * pieces * (1 << bits) / 256


def turning(rows: int, dimensions: int, width: int, *, for_codes: bool) -> float:
    """Learning a linear transformation, if need be the one that suits codes best, and turning every row by it."""
    sample = min(rows, LEARNT_FROM)
    work = (rows * width + sample * dimensions + dimensions**2) * dimensions * MULTIPLY
    return work + coding(sample, width, 8, TURN_ROUNDS) if for_codes else work


@dataclass(frozen=True)
class Recipe:
    """What a factory string asks for, as far as it can be told: `width` numbers of a row after it was transformed, and
    whether it is `rotated` for codes; cells, links, bits of a code (0 where there are none); how many pieces' codes are
    put in the order that a search by Hamming distance wants; the bytes of a row."""

    width: int
    transformed: bool
    rotated: bool
    cells: int
    links: int
    bits: int
    ordered: int
    row_bytes: int


def recipe(factory: str, rows: int, dimensions: int) -> Recipe:
    """Read a factory string; what is not understood counts as the vectors themselves."""
    width = dimensions
    if found := re.search(r"(?:^|,)(?:PCAW?R?|RR|ITQ|Pad|OPQ\d+_)(\d+)", factory):
        width = min(LARGEST, int(found[1]))
    transformed = re.search(r"(?:^|,)(?:PCA|RR|ITQ|OPQ)", factory) is not None
    cells = min(effort.cells(factory), rows)
    links = 0
    if effort.in_graph(factory):
        found = re.search(r"(?:HNSW|NSG)(\d+)", factory)
        links = min(LARGEST, int(found[1])) if found else 32
    bits = ordered = 0
    code_bytes = 4 * width
    if found := re.search(r"(?:^|,|_)PQ(\d+)(?:x(\d+))?(np|fs)?", factory):
        pieces, bits = min(width, int(found[1])), min(16, int(found[2] or 8))
        ordered = 0 if found[3] else pieces
        code_bytes = -(-pieces * bits // 8)
    elif found := re.search(r"SQfp16|SQbf16|SQ8|SQ6|SQ4|RaBitQ", factory):
        code_bytes = -(-width * CODE_BITS[found[0]] // 8)
    refined = 4 * dimensions if effort.REFINED.search(factory) else 0
    linked = 2 * links * LINK_BYTES + BESIDE_LINKS if links else 0
    row_bytes = code_bytes + refined + linked + (ROW_NUMBER_BYTES if cells else 0)
    return Recipe(width, transformed, "OPQ" in factory, cells, links, bits, ordered, row_bytes)
