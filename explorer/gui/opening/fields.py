"""The fields of the open dialog: each says one option, or leaves it to the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QSpinBox, QWidget

from explorer.core.params import Param
from explorer.gui.widgets.pieces import spaced

MOST_ROWS = 2_000_000_000
ALL, SAMPLE, FIRST = "all", "sample", "rows"
USUAL_SAMPLE = 100_000


class Choice(QComboBox):
    """One of several values, of which the first is to leave it open: then `value` is empty."""

    def __init__(self, name: str, tip: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(lambda _: changed())

    @property
    def value(self) -> str:
        """What is chosen."""
        return str(self.currentData() or "")

    def offer(self, entries: Sequence[tuple[str, str]], value: str) -> None:
        """Offer (words, value) pairs and show that value, which is added when it is not among them."""
        if value not in [given for _, given in entries]:
            entries = (*entries, (value, value))
        present = [(self.itemText(i), self.itemData(i)) for i in range(self.count())]
        if present != list(entries):
            self.clear()
            for words, given in entries:
                self.addItem(words, given)
        self.setCurrentIndex(max(0, self.findData(value)))


class Typed(QLineEdit):
    """A value as it is typed; while the keyboard is in it, nobody writes over it."""

    def __init__(self, name: str, tip: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self.textEdited.connect(lambda _: changed())

    @property
    def value(self) -> str:
        """What is typed."""
        return self.text().strip()

    def offer(self, automatic: str, value: str) -> None:
        """Show a value, and what stands there without one."""
        self.setPlaceholderText(automatic)
        if not self.hasFocus() and self.value != value:
            self.setText(value)


class Part(QWidget):
    """Which rows: all, a random sample, or the first; `values` are the options that say so."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self.which = QComboBox()
        self.which.setAccessibleName("Rows")
        for words, value in (("all rows", ALL), ("a sample of", SAMPLE), ("the first", FIRST)):
            self.which.addItem(words, value)
        self.count = QSpinBox()
        self.count.setAccessibleName("Number of rows")
        self.count.setRange(1, MOST_ROWS)
        self.count.setGroupSeparatorShown(True)
        self.count.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.count.setValue(USUAL_SAMPLE)
        spaced(self.count)
        self.count.setFixedWidth(112)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.which, 1)
        row.addWidget(self.count)
        self.count.hide()
        self.which.activated.connect(lambda _: self._chosen())
        self.count.valueChanged.connect(lambda _: changed())

    def values(self) -> dict[str, str]:
        """sample=N, rows=N, or nothing."""
        which = str(self.which.currentData())
        return {} if which == ALL else {which: str(self.count.value())}

    def offer(self, values: dict[str, str], rows: int | None) -> None:
        """Show what the options say of files with so many rows."""
        which = SAMPLE if SAMPLE in values else FIRST if FIRST in values else ALL
        self.which.setCurrentIndex(self.which.findData(which))
        self.count.setVisible(which != ALL)
        given = values.get(which, "")
        if given.isdigit() and not self.count.hasFocus():
            self.count.blockSignals(True)
            self.count.setValue(min(int(given), MOST_ROWS))
            self.count.blockSignals(False)
        elif which == ALL and rows and rows > 1:
            self.count.blockSignals(True)
            self.count.setValue(min(USUAL_SAMPLE, max(1, rows // 10)))
            self.count.blockSignals(False)

    def _chosen(self) -> None:
        self.count.setVisible(self.which.currentData() != ALL)
        self._changed()


def field_of(param: Param, changed: Callable[[], None]) -> Choice | Typed:
    """The field of an option that only one format has."""
    if param.kind == "choice":
        return Choice(param.name, param.help, changed)
    return Typed(param.name, param.help, changed)
