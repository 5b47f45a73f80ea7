"""The bar at the top: what is asked, k, the metric, back and forward, the theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from explorer.core.metric import METRICS
from explorer.gui.panels.completion import Completion
from explorer.gui.widgets.pieces import label, spaced, tool
from explorer.session.asking import MOST_NEIGHBOURS
from explorer.session.controller import Controller
from explorer.session.state import State

PLACEHOLDER = "Type a name, #row, [numbers], king − man + woman, or free text"


class QueryBar(QWidget):
    """Typing here asks; everything in it follows the State."""

    def __init__(self, controller: Controller, switch_theme: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._controller = controller
        self.field = QLineEdit(placeholderText=PLACEHOLDER, clearButtonEnabled=True)
        self.field.setObjectName("query")
        self.field.setAccessibleName("Query")
        self.field.setAccessibleDescription(PLACEHOLDER)
        self.field.setMinimumWidth(240)
        self.field.setMaximumWidth(720)
        self.field.returnPressed.connect(self._return)
        self.field.installEventFilter(self)
        self.completion = Completion(self.field, controller)
        self._back = tool("‹", controller.asking.back, tip="Previous query (Alt+Left)")
        self._forward = tool("›", controller.asking.forward, tip="Next query (Alt+Right)")
        self.k = QSpinBox(minimum=1, maximum=MOST_NEIGHBOURS, value=10, prefix="k  ")
        spaced(self.k)
        self.k.setKeyboardTracking(False)
        self.k.setAccessibleName("Number of neighbours, k")
        self.k.setToolTip("How many neighbours to find")
        self.k.setFixedWidth(96)
        self.k.valueChanged.connect(controller.asking.set_k)
        self.metrics = QComboBox()
        self.metrics.addItems(METRICS)
        self.metrics.setAccessibleName("Metric")
        self.metrics.setToolTip("How distance is measured")
        self.metrics.setFixedWidth(120)
        self.metrics.textActivated.connect(controller.asking.set_metric)
        theme = tool("◐", switch_theme, tip="Dark or light (Ctrl+Shift+L)")
        commands = label("Ctrl+K  commands", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        for widget, stretch in (
            (self._back, 0),
            (self._forward, 0),
            (self.field, 6),
            (self.k, 0),
            (self.metrics, 0),
        ):
            row.addWidget(widget, stretch)
        row.addStretch(1)
        row.addWidget(commands)
        row.addWidget(theme)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys, Return and Escape go to the completion while it is open."""
        if watched is self.field and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                return self.completion.key(event)
            if event.type() == QEvent.Type.ShortcutOverride and self.completion.isVisible():
                # Otherwise Escape would be the window's shortcut, and clear the query.
                event.setAccepted(event.key() == Qt.Key.Key_Escape)
                return event.isAccepted()
        return super().eventFilter(watched, event)

    def take_focus(self) -> None:
        """Put the cursor into the field, with its text selected."""
        self.field.setFocus()
        self.field.selectAll()

    def _return(self) -> None:
        self.completion.close()
        self._controller.asking.type(self.field.text())

    def _follow(self, new: State, old: State) -> None:
        if new.asked is not old.asked:
            self.completion.close()
            self.field.setText(new.asked.query.text if new.asked else "")
            self.field.setCursorPosition(0)
        if (new.k, new.metric, new.past, new.future, new.dataset) != (
            old.k,
            old.metric,
            old.past,
            old.future,
            old.dataset,
        ):
            self._show(new)

    def _show(self, state: State) -> None:
        there = state.dataset is not None
        for widget in (self.field, self.k, self.metrics):
            widget.setEnabled(there)
        self._back.setEnabled(bool(state.past) and state.asked is not None)
        self._forward.setEnabled(bool(state.future))
        self.k.blockSignals(True)
        self.k.setValue(state.k)
        self.k.blockSignals(False)
        self.metrics.setCurrentText(state.metric)
