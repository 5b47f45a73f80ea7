"""How a text table is written: its encoding, delimiter, quotes, decimal mark and header, found from its beginning."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from explorer.core.params import Param
from explorer.errors import BadFile

HEAD_BYTES = 1 << 20
"""How much of a file is looked at to find its dialect."""
HEAD_ROWS = 200
ONE_COLUMN = "\x1f"
"""The delimiter of a table of one column: a character that text does not hold."""
DELIMITERS = ("\t", ";", ",", "|", " ")
SPELLED = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "bar": "|", "space": " "}

OPTIONS = (
    Param("delimiter", "text", None, "What stands between columns: a character, or tab, comma, semicolon, space."),
    Param("decimal", "choice", None, "The decimal mark of numbers.", choices=(".", ",", "point", "comma")),
    Param("header", "choice", None, "Whether the first line holds the columns' names.", choices=("yes", "no")),
)

_NUMBER = {
    ".": re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"),
    ",": re.compile(r"\s*[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?\s*"),
}
_NO_NUMBER = re.compile(r"\s*[-+]?(nan|inf|infinity|na|null|none)?\s*", re.IGNORECASE)
_LIST = re.compile(r"\s*[\[(].*[\])]\s*", re.DOTALL)


BRACKETS = " []{}()\t\r\n"
"""What may stand around a list."""
_BLANKS = str.maketrans(",;|", "   ")


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    `columns` are the names of all columns, no two the same; `skip` lines stand before the first record, the header
    among them. `rows` are the first records, for looking at. `named` is false where the names were made up.
    """

    encoding: str
    delimiter: str
    quoted: bool
    decimal: str
    columns: tuple[str, ...]
    named: bool
    skip: int
    rows: tuple[tuple[str, ...], ...]

    def without_header(self) -> Dialect:
        """The same table read as if its first line were a record."""
        first = self.columns
        return replace(self, columns=_made_up(len(first)), named=False, skip=self.skip - 1, rows=(first, *self.rows))

    def cells(self, column: int) -> list[str]:
        """What the first records hold in a column."""
        return [row[column] for row in self.rows]


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is written as a finite number."""
    return _NUMBER[decimal].fullmatch(cell) is not None


def is_missing(cell: str) -> bool:
    """Whether a cell of a column of numbers stands for none: empty, NaN, inf, NA, null."""
    return _NO_NUMBER.fullmatch(cell) is not None


def is_list(cell: str) -> bool:
    """Whether a cell holds a list, as Python, numpy or PostgreSQL print one, or numbers with blanks, ; or | between."""
    if _LIST.fullmatch(cell):
        return True
    parts = list_parts(cell)
    if len(parts) < 2 or not all(is_number(part) for part in parts):
        return False
    # A number may be written 1,234,567; the first of several numbers that has a decimal point is no such thing.
    return "," not in cell or cell.strip()[:1] == "{" or (len(parts) > 2 and "." in parts[0])


def list_parts(cell: str) -> list[str]:
    """What stands between the blanks, commas, semicolons or bars of a cell, without the brackets around it."""
    return cell.strip(BRACKETS).translate(_BLANKS).split()


def decoded(head: bytes, whole: bool) -> tuple[str, str] | None:
    """The encoding and text of the beginning of a file; None when it is no text. `whole`: it is all of the file."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
        except UnicodeDecodeError:
            continue
        odd = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\f")
        return None if "\0" in text or odd > len(text) // 1000 else (encoding, text)
    return None


def read_head(path: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, a few lines at least, and whether that is all of it."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        while head.count(b"\n") < 4 and len(head) < 64 * HEAD_BYTES and (more := file.read(HEAD_BYTES)):
            head += more
        return head, not file.read(1)


def sniffed(path: Path, head: bytes, whole: bool, options: Mapping[str, str]) -> Dialect:
    """The dialect of a file, of which `head` is the beginning. Raises BadFile when it is no text table."""
    known = decoded(head, whole)
    if known is None:
        raise BadFile(path, "it is not text, so it cannot be read as a table.")
    encoding, text = known
    lines = re.split(r"\r\n|\n|\r", text)
    if not whole and len(lines) > 1:
        lines.pop()  # it may have been cut
    first = 0
    while first < len(lines) and (not lines[first].strip() or lines[first].startswith("# ")):
        first += 1
    places = [i for i in range(first, min(first + HEAD_ROWS, len(lines))) if lines[i].strip()]
    lines = [lines[i] for i in places]
    if not lines:
        raise BadFile(path, "there is no record in it.")
    delimiter, quoted, rows = _delimited(path, lines, options)
    decimal = _decimal(rows, delimiter, options)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    rows = _with_full_header(rows, width, decimal)
    while len(rows) > 3 and len(rows[0]) != width and not any(is_number(cell, decimal) for cell in rows[0]):
        del rows[0], places[0]  # a title above the table
    even = [row for row in rows if len(row) == width]
    header = options.get("header")
    named = header == "yes" or (header is None and rows[0] == even[0] and _has_header(even, decimal))
    columns = distinct(even[0]) if named else _made_up(width)
    body = tuple(even[1:] if named else even)
    return Dialect(encoding, delimiter, quoted, decimal, columns, named, places[0] + named, body)


def _delimited(path: Path, lines: list[str], options: Mapping[str, str]) -> tuple[str, bool, list[tuple[str, ...]]]:
    """The delimiter, whether quotes enclose cells, and the lines split so."""
    asked = options.get("delimiter")
    if asked is not None:
        asked = SPELLED.get(asked.casefold(), asked)
        if len(asked) != 1 or ord(asked) > 127:
            raise BadFile(path, f"the delimiter is one character, or tab, comma, semicolon, space, not “{asked}”.")
    if asked is None and all(_LIST.fullmatch(line) for line in lines):
        return ONE_COLUMN, False, [(line,) for line in lines]
    best: tuple[tuple[float, ...], str, bool, list[tuple[str, ...]]] | None = None
    for rank, delimiter in enumerate([asked] if asked else DELIMITERS):
        quoted = delimiter != "\t" or _tab_cells_are_quoted(lines)
        rows = _split(lines, delimiter, quoted)
        width, times = Counter(map(len, rows)).most_common(1)[0]
        even = [row for row in rows if len(row) == width]
        numeric = max(_share(even, mark) for mark in ".," if mark != delimiter)
        if asked or (width > 1 and times >= 0.8 * len(rows) and (delimiter != " " or numeric > 0.5)):
            score = (round(numeric, 1), times / len(rows), -rank)
            if best is None or score > best[0]:
                best = (score, delimiter, quoted, rows)
    if best is None:
        return ONE_COLUMN, True, _split(lines, ONE_COLUMN, True)
    return best[1:]


def _split(lines: Sequence[str], delimiter: str, quoted: bool) -> list[tuple[str, ...]]:
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    text = (line + "\n" for line in lines)
    try:
        return [tuple(row) for row in csv.reader(text, delimiter=delimiter, quoting=style) if row]
    except csv.Error:  # a cell longer than the module's limit
        return [tuple(line.split(delimiter)) for line in lines]


def _tab_cells_are_quoted(lines: Sequence[str]) -> bool:
    """Whether quotes enclose cells here. Most tab-separated files do not quote, and may hold quotes as they are."""
    cells = [cell for line in lines for cell in line.split("\t") if cell.startswith('"')]
    enclosed = [len(cell) > 1 and cell.endswith('"') and cell[1:-1].replace('""', "").count('"') == 0 for cell in cells]
    if not cells or not all(enclosed):
        return bool(cells) and len({line.count("\t") for line in lines}) > 1 and '"\t' in "".join(lines)
    return any('""' in cell[1:-1] for cell in cells) or len(cells) >= len(lines) - 1


def _share(rows: Sequence[Sequence[str]], decimal: str) -> float:
    """Which share of the cells are numbers."""
    cells = [cell for row in rows for cell in row]
    return sum(is_number(cell, decimal) for cell in cells) / max(1, len(cells))


def _with_full_header(rows: list[tuple[str, ...]], width: int, decimal: str) -> list[tuple[str, ...]]:
    """The rows, the first of them completed where it is a header that lacks one name."""
    first, below = rows[0], rows[1:]
    if len(below) < 2 or len(first) != width - 1 or {len(row) for row in below} != {width}:
        return rows
    if any(is_number(cell, decimal) for cell in first):
        return rows
    if not any(row[-1].strip() for row in below):
        return [(*first, ""), *below]  # each line ends in a delimiter
    return [("row", *first), *below]  # R's write.table gives its row names no header


def _decimal(rows: Sequence[Sequence[str]], delimiter: str, options: Mapping[str, str]) -> str:
    asked = options.get("decimal")
    if asked is not None:
        return "," if asked in (",", "comma") else "."
    return "," if delimiter != "," and _share(rows, ",") > _share(rows, ".") else "."


def _has_header(rows: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether the first row names the columns: it differs in kind from what stands below it."""
    first, below = rows[0], rows[1:]
    if not below:
        return not any(is_number(cell, decimal) or is_list(cell) for cell in first)
    numbered = [cell for cell in first if cell.strip()]
    if len(numbered) >= 3 and numbered in (
        [str(i) for i in range(len(numbered))],
        [str(i + 1) for i in range(len(numbered))],
    ):
        return True  # pandas names the columns of an array 0, 1, 2 …
    for column, cell in enumerate(first):
        cells = [row[column] for row in below if not is_missing(row[column])]
        if cells and all(is_number(other, decimal) for other in cells) and not is_missing(cell):
            return not is_number(cell, decimal)
        if cells and all(is_list(other) for other in cells):
            return not is_list(cell)
    # Text alone: names are distinct, short, and do not come back below.
    return len(set(first)) == len(first) and all(
        cell.strip() and len(cell) < 40 and all(cell != row[column] for row in below)
        for column, cell in enumerate(first)
    )


def distinct(header: Sequence[str]) -> tuple[str, ...]:
    """A header's names, with what is missing or repeated made distinct."""
    taken: set[str] = set()
    names = []
    for i, cell in enumerate(header):
        name = stem = cell.strip() or ("index" if i == 0 else f"column {i + 1}")
        number = 2
        while name in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def _made_up(width: int) -> tuple[str, ...]:
    return tuple(f"column {i + 1}" for i in range(width))
