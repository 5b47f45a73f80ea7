"""A form of parameters: one field each, under the name that the library's users know, with its line of explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from explorer.core.params import Param, Params, Value
from explorer.gui.widgets.pieces import label, spaced

LARGEST = 2_000_000_000
NARROWEST, WIDEST = 84, 112


class ParamsForm(QWidget):
    """`values()` are what the fields hold; `changed` is called when one of them was edited by hand: when it is left, or
    with `live` at every letter.

    A parameter that is left to the library shows what that resolves to (`resolved`), and "auto" at its lowest step.
    """

    def __init__(
        self,
        declared: Sequence[Param],
        changed: Callable[[], None],
        *,
        explain: bool = True,
        live: bool = False,
        given: Params | None = None,
    ) -> None:
        super().__init__()
        self._declared = declared
        self._changed = changed
        self._live = live
        self._fields: dict[str, QWidget] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for i, param in enumerate(declared):
            field = self._field(param)
            field.setAccessibleName(param.name)
            field.setAccessibleDescription(param.help)
            field.setToolTip(param.help)
            field.setMinimumWidth(NARROWEST)
            field.setMaximumWidth(WIDEST)
            self._fields[param.name] = field
            grid.addWidget(label(param.name), 2 * i, 0)
            grid.addWidget(field, 2 * i, 1)
            if explain:
                grid.addWidget(label(param.help, "quiet", wrap=True), 2 * i + 1, 0, 1, 2)
        self.set_values(given or {})

    def values(self) -> Params:
        """The parameters that are set; one left on "auto" is not among them."""
        found = {param.name: self._value(param) for param in self._declared}
        return {name: value for name, value in found.items() if value is not None}

    def set_values(self, values: Params) -> None:
        """Show values without telling anybody; what is not among them goes to its default."""
        for param in self._declared:
            field, value = self._fields[param.name], values.get(param.name, param.default)
            field.blockSignals(True)
            if isinstance(field, QSpinBox):
                field.setValue(field.minimum() if value is None else int(value))
            elif isinstance(field, QDoubleSpinBox):
                field.setValue(float(value or 0))
            elif isinstance(field, QComboBox):
                field.setCurrentText(str(value))
            elif isinstance(field, QLineEdit):
                field.setText("" if value is None else str(value))
            field.blockSignals(False)

    def show_resolved(self, resolved: Params) -> None:
        """Say what the parameters that are left to the library stand for."""
        for param in self._declared:
            field = self._fields[param.name]
            if param.default is None and isinstance(field, QSpinBox) and param.name in resolved:
                field.setSpecialValueText(f"auto {resolved[param.name]}")

    def _field(self, param: Param) -> QWidget:
        if param.kind == "int":
            lowest = int(param.minimum if param.minimum is not None else -LARGEST)
            highest = int(min(param.maximum if param.maximum is not None else LARGEST, LARGEST))
            number = QSpinBox()
            spaced(number)
            number.setKeyboardTracking(self._live)
            number.setRange(lowest - 1 if param.default is None else lowest, highest)
            if param.default is None:
                number.setSpecialValueText("auto")
            number.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
            number.valueChanged.connect(lambda _: self._changed())
            return number
        if param.kind == "float":
            real = QDoubleSpinBox(decimals=3, singleStep=0.05)
            spaced(real)
            real.setKeyboardTracking(self._live)
            real.setRange(param.minimum if param.minimum is not None else -1e9, param.maximum or 1e9)
            real.valueChanged.connect(lambda _: self._changed())
            return real
        if param.kind == "choice":
            choice = QComboBox()
            choice.addItems(list(param.choices))
            choice.currentTextChanged.connect(lambda _: self._changed())
            return choice
        text = QLineEdit()
        if self._live:
            text.textChanged.connect(lambda _: self._changed())
        else:
            text.editingFinished.connect(lambda: self._changed())
        return text

    def _value(self, param: Param) -> Value | None:
        field = self._fields[param.name]
        if isinstance(field, QSpinBox):
            return None if param.default is None and field.value() == field.minimum() else field.value()
        if isinstance(field, QDoubleSpinBox):
            return field.value()
        if isinstance(field, QComboBox):
            return field.currentText()
        assert isinstance(field, QLineEdit)
        return field.text() or None
