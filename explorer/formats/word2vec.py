"""Words and their vectors in binary: the .bin files of word2vec, with a line break after each vector or without."""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.core.strings import Strings
from explorer.errors import BadFile
from explorer.formats.base import Contents, Format
from explorer.formats.blocks import Blocks
from explorer.formats.word_vectors import layout_of

FIRST_LINE = re.compile(rb"(\d{1,12}) (\d{1,7})\r?\n")
LONGEST_WORD = 1 << 12
"""In bytes; a longer one is no word, but a file that went wrong somewhere."""
WORDS_PER_NOTE = 1 << 15
LOOKED_AT = 1000
"""So many words are looked at: where few of them are text, the vectors are not as long as the first line says."""
STEP = 1024


@dataclass(frozen=True, eq=False)
class Records:
    """The words, the byte at which each one's vector begins, int64 (n,), and where the last record ends."""

    words: list[bytes]
    begins: NDArray[np.int64]
    end: int


class Word2Vec(Format):
    """A line of two numbers, then for each word: the word, a space, and its float32 (word2vec.c, and gensim)."""

    name = "word2vec"
    title = "Word vectors in binary (word2vec)"
    suffixes = (".bin", ".w2v")
    rank = 45

    def recognises(self, path: Path, head: bytes) -> bool:
        """By its first line, where what follows is no text."""
        first = FIRST_LINE.match(head)
        if first is None or not int(first[2]):
            return False
        space = head.find(b" ", first.end(), first.end() + LONGEST_WORD)
        return space > 0 and len(head) > space + 1 and layout_of(head) is None

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Find the words, and map the vectors between them. What follows the last whole record is told."""
        with path.open("rb") as file:
            first = FIRST_LINE.match(file.read(64))
            if first is None:
                raise BadFile(path, "its first line does not say how many words and dimensions it holds.")
            said, dimensions = int(first[1]), int(first[2])
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if not 0 < 4 * dimensions <= len(whole):
            raise BadFile(
                path, f"its first line says {dimensions:,} dimensions, and all of it is {len(whole):,} bytes long."
            )
        records = _records(whole, first.end(), dimensions, progress)
        if not records.words:
            raise BadFile(path, f"it holds no word with {dimensions:,} float32 after it; copy or save it again.")
        some = records.words[1 : 1 + LOOKED_AT]
        if sum(map(_is_text, some)) < len(some) / 2:
            raise BadFile(
                path,
                f"with {dimensions:,} float32 after each word, as its first line says, few of its words are text: it "
                "was made with other dimensions or another type, or is damaged.",
            )
        rows = len(records.words)
        # Every byte of the file as the beginning of a vector: those of the words are taken, and nothing else copied.
        size = 4 * dimensions
        every = np.ndarray((len(whole) - size + 1,), np.dtype((np.void, size)), whole, strides=(1,))

        def block(start: int, stop: int) -> NDArray[np.float32]:
            return every[records.begins[start:stop]].view("<f4").reshape(stop - start, dimensions)

        warnings = []
        if rows != said:
            warnings.append(f"Its first line says {said:,} words; there are {rows:,}.")
        if rest := len(whole) - records.end:
            warnings.append(f"The last {rest:,} bytes, from byte {records.end:,} on, are no whole record: left out.")
        return Contents(
            Blocks((rows, dimensions), np.float32, block, STEP),
            names=Strings.packed(records.words),
            name_column="word",
            warnings=tuple(warnings),
            words=True,
        )


def _records(whole: mmap.mmap, begin: int, dimensions: int, progress: Progress) -> Records:
    """Go from word to word; a line break may stand before each, for word2vec.c writes one after each vector."""
    words: list[bytes] = []
    begins: list[int] = []
    size, length, find = 4 * dimensions, len(whole), whole.find
    at = begin
    while at < length:
        space = find(b" ", at, at + LONGEST_WORD)
        end = space + 1 + size
        if space < 0 or end > length:
            break
        words.append(whole[at:space])
        begins.append(space + 1)
        at = end
        if len(words) % WORDS_PER_NOTE == 0:
            progress(at / length, "reading")
    if 0 < length - at <= 2 and whole[at:] in (b"\n", b"\r\n"):
        at = length
    return Records([word.lstrip(b"\r\n") for word in words], np.array(begins, np.int64), at)


def _is_text(word: bytes) -> bool:
    try:
        return bool(word) and word.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


TYPES = [Word2Vec()]
