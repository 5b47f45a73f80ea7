"""Words and their vectors in binary: the .bin files of word2vec, with a line break after each vector or without."""

from __future__ import annotations

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
BLOCK_BYTES = 1 << 20
SPACE = 0x20
LINE_FEED, RETURN = 0x0A, 0x0D
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""What stands for bytes that are no UTF-8."""
LOOKED_AT = 1000
"""So many words are looked at: where few of them are text, the vectors are not as long as the first line says."""
STEP = 1024


@dataclass(frozen=True, eq=False)
class Records:
    """The words, the byte at which each one's vector begins, int64 (n,), and where the last record ends."""

    words: Strings
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
        whole: NDArray[np.uint8] = np.asarray(np.memmap(path, np.uint8, "r"))
        size = 4 * dimensions
        if not 0 < size <= len(whole):
            raise BadFile(
                path, f"its first line says {dimensions:,} dimensions, and all of it is {len(whole):,} bytes long."
            )
        records = _records(whole, first.end(), size, progress)
        rows = len(records.words)
        if not rows:
            raise BadFile(path, f"it holds no word with {dimensions:,} float32 after it; copy or save it again.")
        some = records.words[1 : 1 + LOOKED_AT]
        if sum(word.isprintable() and UNREADABLE not in word for word in some) < len(some) / 2:
            raise BadFile(
                path,
                f"with {dimensions:,} float32 after each word, as its first line says, few of its words are text: it "
                "was made with other dimensions or another type, or is damaged.",
            )
        # Every byte of the file as the beginning of a vector: those after the words are taken, and nothing else copied.
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
            names=records.words,
            name_column="word",
            warnings=tuple(warnings),
            words=True,
        )


def _records(whole: NDArray[np.uint8], begin: int, size: int, progress: Progress) -> Records:
    """Go from word to word, `size` bytes of vector after each, for as long as there is a whole record.

    Of all spaces in a block it is looked up which one comes first after the vector that would begin behind it; what
    is left to do one by one is to follow these from the first word on.
    """
    begins, words, lengths, at = [], [], [], begin
    while at < len(whole):
        progress(at / len(whole), "reading")
        spaces = at + np.flatnonzero(whole[at : at + BLOCK_BYTES] == SPACE)
        ends = spaces + 1 + size
        following = np.searchsorted(spaces, ends).tolist()
        chain, place = [], 0
        while place < len(following):
            chain.append(place)
            place = following[place]
        stops, ends = spaces[chain], ends[chain]
        starts = np.concatenate(([at], ends[:-1]))[: len(stops)]
        wrong = np.flatnonzero((ends > len(whole)) | (stops - starts > LONGEST_WORD))
        count = int(wrong[0]) if len(wrong) else len(stops)
        if not count:
            break
        begins.append(stops[:count] + 1)
        data, sizes = _words(whole, starts[:count], stops[:count])
        words.append(data)
        lengths.append(sizes)
        at = int(ends[count - 1])
        if count < len(stops):
            break
    if 0 < len(whole) - at <= 2 and bytes(whole[at:]) in (b"\n", b"\r\n"):
        at = len(whole)
    if not begins:
        return Records(Strings.of([]), np.zeros(0, np.int64), at)
    ends = np.cumsum(np.concatenate(lengths), dtype=np.int64)
    return Records(Strings(np.concatenate(words), ends), np.concatenate(begins), at)


def _words(
    whole: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all words, and how many each has; a line break before a word is none of it."""
    for _ in range(2):
        first = whole[starts]
        starts = starts + ((starts < stops) & ((first == LINE_FEED) | (first == RETURN)))
    lengths = stops - starts
    ends = np.cumsum(lengths)
    shift = np.repeat(starts - (ends - lengths), lengths)
    return whole[np.arange(len(shift)) + shift], lengths


TYPES = [Word2Vec()]
