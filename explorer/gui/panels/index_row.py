"""One index in the list: what it is, how well it finds, and its search parameters while it is the one that answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from explorer.gui import wording
from explorer.gui.panels import comparing, server_types
from explorer.gui.widgets.columns import Columns, tabular
from explorer.gui.widgets.params_form import ParamsForm
from explorer.gui.widgets.pieces import Line, label, restyled, tool
from explorer.indexes import asking, type_named
from explorer.session import pushing
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


class IndexRow(QWidget):
    """Click, Return or Space lets it answer; the menu rebuilds, saves and removes it."""

    def __init__(self, entry: IndexEntry, controller: Controller, rebuild: Callable[[IndexEntry], None]) -> None:
        super().__init__()
        self.setObjectName("index")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._controller = controller
        self._entry = entry
        self._rebuild = rebuild
        self._kind = type_named(entry.handle.type)
        self._title = label(self._kind.title)
        self._title.setStyleSheet("font-weight: 600")
        self._recall = label()
        self._recall.setStyleSheet("font-weight: 600")
        self._facts = Line()
        self._figures = Columns()
        tabular(self._recall)
        self._word = label("", "quiet")
        self._menu = tool("⋯", self._open_menu, tip=f"More for {self._kind.title}")
        self._menu.setFixedWidth(26)
        self._menu.setStyleSheet("padding: 4px 0px")
        self._form = ParamsForm(self._kind.search_params, self._edited, explain=False)
        lines = QGridLayout()
        lines.setHorizontalSpacing(8)
        lines.setVerticalSpacing(2)
        lines.setColumnStretch(0, 1)
        # Each line by itself: a long title beside a short figure leaves a long word below it its room.
        lines.addLayout(_ends(self._title, self._recall), 0, 0)
        lines.addLayout(_ends(self._facts, self._word), 1, 0)
        lines.addWidget(self._figures, 2, 0)
        lines.addWidget(self._menu, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(lines)
        column.addWidget(self._form)

    def show_entry(self, entry: IndexEntry, state: State) -> None:
        """Follow the State."""
        self._entry = entry
        chosen, fits = entry.key == state.current, entry.handle.metric == state.metric
        exact = entry.handle.type == "exact"
        resolved = asking.resolved(entry.handle, entry.given, state.k)
        self._form.setVisible(chosen and bool(self._kind.search_params))
        self._form.show_resolved(asking.resolved(entry.handle, {}, state.k))
        if self._form.values() != entry.given:
            self._form.set_values(entry.given)
        self._recall.setText("" if entry.recall is None else f"{entry.recall.recall:.2f}")
        self._word.setText("truth" if exact else f"recall@{state.k}" if entry.recall else "measuring …" if fits else "")
        facts = _facts(entry, state)
        self._facts.say(facts, *(" · ".join(facts.split(" · ")[:n]) for n in range(facts.count(" · "), 0, -1)))
        self._figures.say(*_figures(entry, state), tips=_tips(entry))
        self.setToolTip(_details(entry, wording.params(dict(resolved))))
        self.setProperty("chosen", "true" if chosen else "false")
        for widget in (self._title, self._recall):
            widget.setEnabled(fits)
        restyled(self)
        self.setAccessibleName(
            f"{self._kind.title}, {facts}, {self._recall.text()} {self._word.text()}, {self._figures.accessibleName()}"
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere lets this index answer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._controller.indexing.choose(self._entry.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return or Space lets this index answer; Delete takes it off the list."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._controller.indexing.choose(self._entry.key)
        elif event.key() == Qt.Key.Key_Delete and self._entry.handle.type != "exact":
            self._remove()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: object) -> None:
        """The same menu as the button's."""
        self._open_menu()

    def _edited(self) -> None:
        self._controller.indexing.set_search(self._entry.key, self._form.values())

    def _open_menu(self) -> None:
        menu = QMenu(self)
        entry, exact = self._entry, self._entry.handle.type == "exact"
        menu.addAction("Let it answer", lambda: self._controller.indexing.choose(entry.key))
        if not exact:
            menu.addAction("Rebuild with other parameters …", lambda: self._rebuild(entry))
            save = menu.addAction("Save index …", self._save)
            save.setEnabled(bool(self._kind.suffix))
            menu.addSeparator()
            comparing.add_to_menu(menu, entry, self._controller)
            menu.addSeparator()
            menu.addAction("Remove …" if entry.on_server else "Remove", self._remove)
        menu.exec(self._menu.mapToGlobal(QPoint(0, self._menu.height())))

    def _remove(self) -> None:
        server_types.remove(self._entry, self._controller, self)

    def _save(self) -> None:
        suffix = self._kind.suffix
        state = self._controller.session.state
        proposed = f"{state.dataset.title if state.dataset else 'index'}{suffix}"
        path, _ = QFileDialog.getSaveFileName(self, "Save index", proposed, f"{self._kind.title} (*{suffix})")
        if path:
            self._controller.indexing.save(self._entry.key, Path(path))


def _ends(left: QWidget, right: QWidget) -> QHBoxLayout:
    """Two widgets at the ends of a line."""
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addWidget(left, 1)
    line.addWidget(right)
    return line


def _telling(entry: IndexEntry) -> dict[str, object]:
    """The build parameters that tell it from others; where it lies stands in the tool tip."""
    aside = ("server", "prefix", "existing") if entry.on_server else ()
    return {name: value for name, value in entry.handle.params.items() if name not in aside}


def _facts(entry: IndexEntry, state: State) -> str:
    """How it was built, or that it was built for another metric."""
    if entry.handle.metric != state.metric:
        return f"built for {entry.handle.metric} · rebuild for {state.metric}"
    if entry.is_exact:
        return "every row looked at"
    return " · ".join(filter(None, (entry.name, wording.params(_telling(entry)))))


def _figures(entry: IndexEntry, state: State) -> tuple[tuple[str, ...], str, str]:
    """How long it took to build, how large it is, and how long a search takes."""
    took = state.exact_ms if entry.is_exact else entry.recall.p50_ms if entry.recall else None
    built = wording.took(entry.handle.build_seconds) if entry.handle.build_seconds else ""
    words = ("no build",) if entry.is_exact else (f"built {built}", built) if built else ("opened",)
    return words, wording.about(entry.handle.bytes), "" if took is None else wording.milliseconds(took)


def _tips(entry: IndexEntry) -> tuple[str, str, str]:
    search = "the last search of exact search" if entry.is_exact else "the median of searches for one query"
    built = f"built in {entry.handle.build_seconds:.3f} s" if entry.handle.build_seconds else ""
    return ("" if entry.is_exact else built, f"{entry.handle.bytes:,} bytes", search)


def _details(entry: IndexEntry, search: str) -> str:
    handle = entry.handle
    lines = [
        f"{handle.library}",
        f"at {pushing.place_of(handle)}" if entry.on_server else "",
        f"metric {handle.metric}",
        f"built in {handle.build_seconds:.2f} s · {handle.bytes:,} bytes" if not entry.is_exact else "",
        f"search: {search}" if search else "",
    ]
    if entry.recall is not None:
        r = entry.recall
        of = f"queries of {r.source}" if r.source else "rows"
        lines.append(f"recall {r.recall:.3f} ± {r.recall_sd:.3f} over {r.queries} {of} · p95 {r.p95_ms:.2f} ms")
    return "\n".join(filter(None, lines))
