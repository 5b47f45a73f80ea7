"""How a file is read, in fields: what was found stands in them, and whoever knows better says so."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from explorer.core.params import Param
from explorer.formats.base import Part as Array
from explorer.formats.preview import Preview
from explorer.gui import wording
from explorer.gui.embedding.encoder_field import EncoderField
from explorer.gui.opening.fields import Choice, Part, Typed, field_of
from explorer.gui.widgets.pieces import label
from explorer.session.controller import Controller

AUTOMATIC = "automatic"
DELIMITERS = (("comma", "comma"), ("tab", "tab"), ("semicolon", "semicolon"), ("space", "space"), ("bar |", "|"))
OWN = frozenset(
    "array vectors embed encoder name images header delimiter orientation sample seed rows".split()  # noqa: SIM905
)
"""The options that have fields of their own here."""
ELSEWHERE = ("key",)
"""Options that are kept as they were said, and have no field."""
LABELS = 96
LAST = 50
"""Where the fields begin that stand below those of one format."""


class OptionsForm(QWidget):
    """`values()` are the options; `changed` is called at every change that somebody makes."""

    def __init__(self, controller: Controller, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self._kept: dict[str, str] = {}
        self._format = ""
        self.says_array = False
        """Whether the array stands here by its name, and not in the options that were given."""
        self._declared: dict[str, Param] = {}
        self.array = Choice("Array", "Which of the file's arrays holds the vectors", changed)
        self.vectors = Typed(
            "Vector columns", "The columns that make the vector: names, or a pattern such as p*", changed
        )
        self.embed = Choice("Text to embed", "The column of text to make vectors of", changed)
        self.encoder = EncoderField(controller, changed)
        about = "A column of pictures or of their paths, a size such as 28x28, or none"
        self.images = Typed("Pictures", about, changed)
        self.name = Choice("Names", "The column that names the rows", changed)
        self.header = Choice("First line", "Whether the first line holds the columns' names", changed)
        self.delimiter = Choice("Delimiter", "What stands between columns", changed)
        self.orientation = Choice("Vectors are", "The rows of the file, or its columns where it is transposed", changed)
        self.part = Part(changed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnMinimumWidth(0, LABELS)
        self._grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QWidget, QWidget]] = {}
        self._special: dict[str, Choice | Typed] = {}
        fields = (
            ("array", "Array", self.array),
            ("vectors", "Vector", self.vectors),
            ("embed", "Embed text", self.embed),
            ("encoder", "Encoder", self.encoder),
            ("name", "Names", self.name),
            ("images", "Pictures", self.images),
            ("header", "First line", self.header),
            ("delimiter", "Delimiter", self.delimiter),
            ("orientation", "Vectors are", self.orientation),
            ("part", "Read", self.part),
        )
        for name, words, field in fields:
            self._add(name, words, field, LAST + len(self._rows) if name in ("orientation", "part") else None)

    def values(self) -> dict[str, str]:
        """The options that the fields say, and those that have no field."""
        said = {
            "array": self.array.value,
            "vectors": self.vectors.value,
            "embed": self.embed.value,
            "encoder": self.encoder.value,
            "images": self.images.value,
            "name": self.name.value,
            "header": self.header.value,
            "delimiter": self.delimiter.value,
            "orientation": self.orientation.value,
            **{name: field.value for name, field in self._special.items()},
        }
        shown = {name: value for name, value in said.items() if value and not self._rows[name][1].isHidden()}
        found = {**self._kept, **shown, **self.part.values()}
        if "sample" not in found:
            found.pop("seed", None)
        return found

    def show_preview(self, preview: Preview, values: dict[str, str]) -> None:
        """Show what was found, and what was said of it."""
        self._declared = {param.name: param for param in preview.options}
        self._take_special(preview)
        embeds = bool(values.get("embed"))
        elsewhere = (*ELSEWHERE, "seed", *(() if embeds else ("encoder",)))
        self._kept = {name: value for name, value in values.items() if name in elsewhere}
        table = preview.chooses_columns
        parts = [part for part in preview.parts if len(part.shape) == 2]
        likeliest = preview.parts[0].name if preview.parts else ""
        # What is no likelier than another is said by its name, so that nobody is asked the next time.
        automatic = "" if preview.alike else likeliest
        arrays = [(_array(part), "" if part.name == automatic else part.name) for part in parts]
        self._offer("array", len(arrays) > 1 or "array" in values)
        chosen = _of("array", values) or (likeliest if preview.alike else "")
        self.array.offer(arrays, "" if chosen == automatic else chosen)
        self.says_array = bool(preview.alike) and "array" not in values
        self._offer("vectors", table and not values.get("embed"))
        self.vectors.offer(preview.vector or "such as p*, or names with commas", _of("vectors", values))
        self._offer("embed", table and "embed" in self._declared and bool(preview.texts or values.get("embed")))
        self.embed.offer([("no", ""), *((name, name) for name in preview.texts)], _of("embed", values))
        self._offer("encoder", embeds)
        self.encoder.show_value(_of("encoder", values))
        self._offer("images", "images" in self._declared and bool(preview.columns or values.get("images")))
        self.images.offer(AUTOMATIC, _of("images", values))
        self._offer("name", bool(preview.columns) or "name" in values)
        named_by = preview.name_column if "name" not in values else ""
        named = [(f"{AUTOMATIC} ({named_by})" if named_by else AUTOMATIC, "")]
        self.name.offer([*named, *((name, name) for name in preview.columns)], _of("name", values))
        self._offer("header", "header" in self._declared)
        self.header.offer([(AUTOMATIC, ""), ("names the columns", "yes"), ("is a record", "no")], _of("header", values))
        self._offer("delimiter", "delimiter" in self._declared)
        self.delimiter.offer([(AUTOMATIC, ""), *DELIMITERS], _of("delimiter", values))
        self._offer("orientation", "orientation" in self._declared and not preview.texts)
        self.orientation.offer([("its rows", ""), ("its columns (transposed)", "columns")], _of("orientation", values))
        self._offer("part", "sample" in self._declared)
        self.part.offer(values, preview.rows)
        for name, field in self._special.items():
            param = self._declared[name]
            if isinstance(field, Choice):
                field.offer(
                    [(AUTOMATIC, ""), *((one, one) for one in param.choices if one.isalnum())], _of(name, values)
                )
            else:
                needed = name == "dimensions" and bool(preview.problem)
                field.offer("numbers to a vector" if needed else AUTOMATIC, _of(name, values))

    def sample(self, rows: int) -> None:
        """Read a random sample of so many rows."""
        self.part.offer({"sample": str(rows)}, None)
        self._changed()

    def embed_column(self, name: str) -> None:
        """Make the vectors of that column's text."""
        self.embed.setCurrentIndex(max(0, self.embed.findData(name)))
        self._changed()

    def focus_first(self) -> None:
        """Give the keyboard to the first field; of a table that has to be embedded, to the column of text."""
        if not self.embed.isHidden():
            self.embed.setFocus()
            return
        for line in range(self._grid.rowCount()):
            item = self._grid.itemAtPosition(line, 1)
            field = item.widget() if item is not None else None
            if field is not None and not field.isHidden():
                (field.which if isinstance(field, Part) else field).setFocus()
                return

    def _add(self, name: str, words: str, field: QWidget, line: int | None = None) -> None:
        line = len(self._rows) if line is None else line
        caption = label(words, "quiet")
        caption.setBuddy(field)
        self._grid.addWidget(caption, line, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, line, 1)
        self._rows[name] = (caption, field)

    def _offer(self, name: str, there: bool) -> None:
        for widget in self._rows[name]:
            widget.setVisible(there)

    def _take_special(self, preview: Preview) -> None:
        """The fields that only this format has."""
        if preview.format == self._format:
            return
        self._format = preview.format
        for name in self._special:
            for widget in self._rows.pop(name):
                self._grid.removeWidget(widget)
                widget.deleteLater()
        self._special = {}
        for param in preview.options:
            if param.name not in (*OWN, *ELSEWHERE):
                field = self._special[param.name] = field_of(param, self._changed)
                self._add(param.name, param.name.replace("_", " ").capitalize(), field)
                # Qt shows it later, and until then it counts as hidden and takes no keys.
                self._offer(param.name, True)


def _of(name: str, values: dict[str, str]) -> str:
    return values.get(name, "")


def _array(part: Array) -> str:
    """Train · 60,000 × 784 float32"""
    shape = " × ".join(wording.count(size) if size >= 0 else "?" for size in part.shape)
    return f"{part.name}  ·  {shape} {part.dtype}" + (f"  ·  {part.note}" if part.note else "")
