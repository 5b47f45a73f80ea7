"""Words and their vectors as text: word2vec's text format, GloVe (without a header) and fastText's .vec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.core.strings import Strings
from explorer.errors import BadFile
from explorer.formats import sampling
from explorer.formats.arrow import strings_of
from explorer.formats.base import Contents, Format
from explorer.formats.dialect import is_number
from explorer.formats.growing import GrowingMatrix
from explorer.formats.pickled import is_pickle
from explorer.formats.sampling import Draw
from explorer.formats.text_table import listed

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 16 << 20
FIRST_BYTES = 1 << 20
"""The same where only the first lines are wanted."""


@dataclass(frozen=True)
class Layout:
    """How the lines are made: `dimensions` numbers after the word; the header's count of words, where there is one;
    and whether a space ends each line (as fastText writes)."""

    dimensions: int
    said: int | None
    trailing: bool


class WordVectors(Format):
    """A line for each word: the word, and its numbers, with spaces between. A word may itself hold spaces."""

    name = "word-vectors"
    title = "Word vectors as text (word2vec, GloVe, fastText)"
    suffixes = (".vec", ".txt", ".w2v")
    native = True
    rank = 50

    def recognises(self, path: Path, head: bytes) -> bool:
        """Lines of a word and numbers, as many on nearly every line."""
        return layout_of(head) is not None

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Read it block by block; lines that hold no vector are dropped and told. Raises BadFile when none does."""
        with path.open("rb") as file:
            head = file.read(1 << 20)
        layout = layout_of(head)
        if layout is None:
            raise BadFile(path, "its lines are not words followed by numbers, the same number of them on each line.")
        size = path.stat().st_size
        lines = head.count(b"\n") + (not head.endswith(b"\n"))
        guess, most, draw = int(lines * size / len(head) * 1.02) + 64, int(options.get("rows", 0)), Draw.of(options)
        wanted = min([guess, *(int(options[name]) for name in ("rows", "sample") if name in options)])
        sampling.check_memory(wanted, 4 * layout.dimensions, "Reading these words")
        matrix = GrowingMatrix(layout.dimensions, wanted)
        words: list[pa.Array] = []
        kept: list[NDArray[np.bool_]] = []
        read = there = 0
        for block in _blocks(path, FIRST_BYTES if most else BLOCK_BYTES, skip_first=layout.said is not None):
            read += len(block)
            progress(min(1.0, read / size), "reading")
            if most or "sample" in options:
                kept.append(_add_drawn(block, layout, matrix, words, draw, most - there if most else None))
            else:
                kept.append(_add(block, layout, matrix, words))
            there += len(kept[-1])
            if most and there >= most:
                break
        if not matrix.rows:
            raise BadFile(path, f"no line of it holds a word and {layout.dimensions} numbers.")
        contents = _contents(matrix, words, np.concatenate(kept), layout, draw, first=bool(most))
        if not most or there < most:
            return contents
        beyond = (int(lines * size / len(head)) if layout.said is None else layout.said) - there
        return replace(contents, beyond=max(0, beyond), guessed=layout.said is None)


def _contents(
    matrix: GrowingMatrix, words: list[pa.Array], good: NDArray[np.bool_], layout: Layout, draw: Draw, *, first: bool
) -> Contents:
    import pyarrow as pa

    warnings = []
    if not good.all():
        bad = np.flatnonzero(~good) + 1 + (layout.said is not None)
        held = f"that hold no word and {layout.dimensions} numbers"
        warnings.append(f"Dropped {len(bad):,} of {len(good):,} lines {held}: {listed('line', bad[:20].tolist())}.")
    if layout.said is not None and layout.said != len(good) and not first:
        warnings.append(f"Its first line says {layout.said:,} words; there are {len(good):,}.")
    names: Strings = strings_of(pa.chunked_array(words, pa.large_string()))
    vectors, rows = matrix.finished(), None if good.all() else np.flatnonzero(good)
    drawn, places = draw.kept(), draw.places()
    if drawn is not None and places is not None:
        vectors, names, rows = vectors[drawn], names.take(drawn), places if rows is None else rows[places]
        warnings.append(sampling.sentence(len(vectors), draw.seen))
    return Contents(
        vectors,
        names=names,
        name_column="word",
        rows=rows,
        source_rows=len(good),
        left_out=max(0, draw.seen - len(vectors)),
        warnings=tuple(warnings),
        words=True,
    )


def layout_of(head: bytes) -> Layout | None:
    """How the lines are made, from the first of them; None when they are no words with numbers."""
    if b"\0" in head or is_pickle(head):
        return None
    lines = head.decode("utf-8-sig", "replace").split("\n")
    lines = [line.rstrip("\r") for line in (lines[:-1] or lines)][:50]
    first = lines[0].split()
    if len(first) == 2 and all(part.isascii() and part.isdigit() for part in first) and len(lines) > 1:
        dimensions = int(first[1])
        if _fits(lines[1:], dimensions):
            return Layout(dimensions, int(first[0]), _trailing(lines[1:]))
        return None
    counts = Counter(len(line.split(" ")) - line.endswith(" ") for line in lines if line)
    if not counts:
        return None
    dimensions = counts.most_common(1)[0][0] - 1
    # Where lines begin with numbers it is a table of numbers, perhaps with a header; one number may follow any text.
    worded = sum(not is_number(line.split(" ", 1)[0]) for line in lines) > len(lines) // 2
    if dimensions < 2 or not worded or not _fits(lines, dimensions):
        return None
    return Layout(dimensions, None, _trailing(lines))


def _fits(lines: list[str], dimensions: int) -> bool:
    """Whether nearly every line ends in so many numbers after a word."""
    fitting = 0
    lines = [line for line in lines if line]
    for line in lines:
        parts = line.removesuffix(" ").rsplit(" ", dimensions)
        fitting += len(parts) == dimensions + 1 and all(map(is_number, parts[1:]))
    return dimensions > 0 and bool(lines) and fitting >= 0.8 * len(lines)


def _trailing(lines: list[str]) -> bool:
    return sum(line.endswith(" ") for line in lines) > len(lines) // 2


def _blocks(path: Path, size: int, *, skip_first: bool) -> Iterator[bytes]:
    """The file in blocks of whole lines."""
    with path.open("rb") as file:
        if skip_first:
            file.readline()
        elif file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        while block := file.read(size):
            yield block + file.readline()


def _add_drawn(
    block: bytes, layout: Layout, matrix: GrowingMatrix, words: list[pa.Array], draw: Draw, most: int | None
) -> NDArray[np.bool_]:
    """Add those of a block's rows that are drawn, of no more than its first `most` lines."""
    import pyarrow as pa

    part = GrowingMatrix(layout.dimensions, block.count(b"\n") + 1)
    told: list[pa.Array] = []
    good = _add(block, layout, part, told)[:most]
    rows = int(good.sum())
    chosen = draw.taken(rows)
    wanted = np.arange(rows) if chosen is None else chosen
    matrix.more(len(wanted))[:] = part.finished()[wanted]
    words.append(pa.chunked_array(told, pa.large_string()).take(pa.array(wanted)).combine_chunks())
    return good


def _add(block: bytes, layout: Layout, matrix: GrowingMatrix, words: list[pa.Array]) -> NDArray[np.bool_]:
    """Add a block's rows and words; returns which of its lines, not counting blank ones, held a vector."""
    import pyarrow as pa
    from pyarrow import csv

    names = ["word", *(f"{i}" for i in range(layout.dimensions)), *(["end"] if layout.trailing else [])]
    types = {name: pa.float32() for name in names} | {"word": pa.large_string(), "end": pa.large_string()}
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=names, block_size=max(1 << 20, 64 * layout.dimensions)),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types=types, null_values=["nan"], strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return _add_line_by_line(block, layout, matrix, words)
    if layout.trailing and any(table.column("end").to_pylist()):
        return _add_line_by_line(block, layout, matrix, words)
    out = matrix.more(table.num_rows)
    for j in range(layout.dimensions):
        out[:, j] = table.column(1 + j).to_numpy()
    words.extend(table.column("word").chunks)
    return np.ones(table.num_rows, bool)


def _add_line_by_line(block: bytes, layout: Layout, matrix: GrowingMatrix, words: list[pa.Array]) -> NDArray[np.bool_]:
    """The slow and forgiving way, for a block in which a word holds spaces or a line is broken."""
    import pyarrow as pa

    found, vectors, good = [], [], []
    for line in block.split(b"\n"):
        line = line.rstrip(b"\r")
        if not line.strip():
            continue
        parts = line.removesuffix(b" ").rsplit(b" ", layout.dimensions)
        try:
            # A line with more numbers than the rest would otherwise lend its first ones to the word.
            if len(parts) != layout.dimensions + 1 or _ends_in_number(parts[0]):
                raise ValueError
            vectors.append(np.array(parts[1:], np.float32))
        except ValueError:
            good.append(False)
            continue
        found.append(parts[0].decode("utf-8", "replace"))
        good.append(True)
    matrix.more(len(vectors))[:] = np.array(vectors, np.float32).reshape(len(vectors), layout.dimensions)
    words.append(pa.array(found, pa.large_string()))
    return np.array(good, bool)


def _ends_in_number(word: bytes) -> bool:
    """Whether a word of several parts ends in one with a decimal point, as a vector's number does."""
    last = word.rsplit(b" ", 1)[-1]
    return b" " in word and b"." in last and is_number(last.decode("utf-8", "replace"))


TYPES = [WordVectors()]
