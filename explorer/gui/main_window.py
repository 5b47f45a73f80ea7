"""The window: query bar, data and indexes, the map, neighbours and inspector, tasks."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from explorer.gui import theme as themes
from explorer.gui.actions import Action
from explorer.gui.command_palette import CommandPalette
from explorer.gui.gui_thread import GuiThread
from explorer.gui.inspect.inspector import Inspector
from explorer.gui.map.map_panel import MapPanel
from explorer.gui.opening.files import Files
from explorer.gui.panels import comparing
from explorer.gui.panels.data import DataPanel
from explorer.gui.panels.indexes import IndexesPanel
from explorer.gui.panels.neighbours import NeighboursPanel
from explorer.gui.panels.query_bar import QueryBar
from explorer.gui.panels.tasks import TasksBar
from explorer.gui.panels.welcome import Welcome
from explorer.gui.theme import Theme
from explorer.gui.widgets.pieces import rule
from explorer.servers.catalogue import Holding
from explorer.session.controller import Controller
from explorer.session.settings import Settings
from explorer.session.state import State

if TYPE_CHECKING:
    from explorer.gui.server.dialog import ServerDialog

PATIENCE_MS = 400
LEFT, RIGHT = 264, 372


class MainWindow(QMainWindow):
    """Owns the controller of one session; closing it ends every child process."""

    first_painted = Signal()

    def __init__(self, theme: str = "", settings: Settings | None = None) -> None:
        super().__init__()
        self._gui_thread = GuiThread(self)
        self.controller = Controller(self._gui_thread.post, settings)
        self.files = Files(self.controller, self)
        self._painted = False
        self.setWindowTitle("ANN Explorer")
        self.setMinimumSize(900, 560)
        self.resize(1440, 900)
        self.setAcceptDrops(True)
        self._lay_out()
        self._actions = self._all_actions()
        self._palette = CommandPalette(self._actions, self)
        for action in self._actions:
            if action.keys:
                QShortcut(QKeySequence(action.keys), self, action.run)
        # What takes longer to open gets its place meanwhile; what fails at once leaves everything as it is.
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._show(self.controller.session.state))
        self._theme_name = theme or self.controller.settings.get("theme")
        QApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        self._dress()
        self.controller.session.listen(self._follow)
        self._show(self.controller.session.state)
        self.first_painted.connect(self._warm_up, Qt.ConnectionType.QueuedConnection)

    def _lay_out(self) -> None:
        controller = self.controller
        self.query_bar = QueryBar(controller, self.switch_theme)
        self.map = MapPanel(controller, self.connect_to_server)
        self.indexes = IndexesPanel(controller, self.connect_to_server)
        self.neighbours = NeighboursPanel(controller)
        self.data = DataPanel(controller, self.connect_to_server, self.files)
        self.inspector = Inspector(controller, self.indexes.offer_rebuild)
        self.welcome = Welcome(controller, self.choose_file, self.connect_to_server)
        self._left = _side("left", (self.data, 1), (rule(), 0), (self.indexes, 0))
        answers = QSplitter(Qt.Orientation.Vertical)
        answers.addWidget(self.neighbours)
        answers.addWidget(self.inspector)
        answers.setSizes([430, 390])
        answers.setChildrenCollapsible(False)
        answers.setHandleWidth(1)
        self._right = _side("right", (answers, 1))
        middle = QWidget()
        self._middle = QStackedLayout(middle)
        self._middle.addWidget(self.welcome)
        self._middle.addWidget(self.map)
        body = QSplitter(Qt.Orientation.Horizontal)
        for widget in (self._left, middle, self._right):
            body.addWidget(widget)
        body.setSizes([LEFT, 1440 - LEFT - RIGHT, RIGHT])
        for i in range(3):
            body.setStretchFactor(i, int(i == 1))
        body.setChildrenCollapsible(False)
        body.setHandleWidth(1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.query_bar)
        column.addWidget(body, 1)
        column.addWidget(TasksBar(controller))
        self.setCentralWidget(whole)

    def choose_file(self) -> None:
        """Ask for a file of vectors, or an index file."""
        self.files.choose()

    def open(self, source: str) -> None:
        """Open a path or `sample:NAME`, asking first when work under way would be lost."""
        self.files.open(source)

    def connect_to_server(self) -> None:
        """Name a Redis server, or see what the present one is and holds."""
        self.server_dialog.begin()

    @cached_property
    def server_dialog(self) -> ServerDialog:
        """Made when it is first wanted."""
        from explorer.gui.server.dialog import ServerDialog

        return ServerDialog(self.controller, self, open_holding=self.open_holding, push=self.indexes.offer_push)

    def open_holding(self, holding: Holding, sample: int) -> bool:
        """Open what lies on the server, asking first when work would be lost; whether that was begun."""
        may = self.files.may_lose(self.controller.would_lose(), "Open another set?")
        if may:
            self.controller.serving.open(holding, sample)
        return may

    def quit(self) -> None:
        """Close the window, asking first when work would be lost."""
        if self.files.may_lose(self.controller.would_lose(closing=True), "Close the window?"):
            self.close()

    def switch_theme(self) -> None:
        """Dark to light, or light to dark; remembered."""
        self._theme_name = "light" if self._theme().dark else "dark"
        self.controller.settings.set("theme", self._theme_name)
        self._dress()

    def full_screen(self) -> None:
        """Full screen, or back."""
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def escape(self) -> None:
        """Put away, one after another: a tool, the selection, the query."""
        state = self.controller.session.state
        if self.map.view.tool != "pan":
            self.map.use("pan")
        elif len(state.selection):
            self.controller.looking.select_none()
        elif state.focused >= 0:
            self.controller.looking.focus(-1)
        else:
            self.controller.asking.clear()

    def _all_actions(self) -> list[Action]:
        controller, view = self.controller, self.map.view
        return [
            Action("Open a file …", "Ctrl+O", self.choose_file),
            Action("Open with options …", "Ctrl+Shift+O", self.files.choose_with_options),
            Action("Read the open file differently …", "", self.files.read_differently),
            Action("Add metadata …", "", self.files.choose_metadata),
            Action("Connect to Redis …", "Ctrl+R", self.connect_to_server),
            *(
                Action(f"Open sample {name}", "", partial(self.open, f"sample:{name}"))
                for name in self.welcome.sample_names
            ),
            Action("Type a query", "Ctrl+F", self.query_bar.take_focus),
            Action("Previous query", "Alt+Left", controller.asking.back),
            Action("Next query", "Alt+Right", controller.asking.forward),
            Action("Clear query, selection or tool", "Escape", self.escape),
            Action("Build an index …", "Ctrl+B", self.indexes.offer_build),
            Action("Open an index …", "", self.indexes.offer_open),
            Action("Compare with another index, or no longer", "", partial(comparing.offer, controller, self)),
            Action("Compare two indexes over a sample", "", controller.comparing.sample),
            Action("Show the whole map", "Ctrl+0", view.fit),
            Action("Zoom in", "Ctrl++", lambda: view.zoom_by(1.4)),
            Action("Zoom out", "Ctrl+-", lambda: view.zoom_by(1 / 1.4)),
            Action("Select a box", "Ctrl+Shift+B", lambda: self.map.use("box")),
            Action("Select a shape", "Ctrl+Shift+S", lambda: self.map.use("lasso")),
            Action("Select nothing", "Ctrl+Shift+A", controller.looking.select_none),
            Action("Map: UMAP", "", lambda: controller.mapping.project("umap")),
            Action("Map: PCA", "", lambda: controller.mapping.project("pca")),
            Action("Stop the layout", "", controller.mapping.stop),
            Action("Show all labels of the legend", "", controller.looking.show_all),
            Action("Copy the neighbours", "Ctrl+Shift+C", self.neighbours.copy),
            Action("Export the neighbours …", "Ctrl+E", self.neighbours.export),
            Action("Show the command that was sent to the server", "", self.neighbours.show_command),
            Action("Inspect: the row", "Ctrl+1", partial(self.inspector.turn_to, "neighbours")),
            Action("Inspect: why missed", "Ctrl+2", partial(self.inspector.turn_to, "why")),
            Action("Inspect: replay the search", "Ctrl+3", partial(self.inspector.turn_to, "replay")),
            Action("Inspect: structure of the index", "Ctrl+4", partial(self.inspector.turn_to, "structure")),
            Action("Paint recall on the map", "", controller.inspecting.paint_recall),
            Action("Paint where the map can be trusted", "", controller.inspecting.paint_honesty),
            Action("Measure how hard the data is", "", controller.inspecting.measure_difficulty),
            Action("Dark or light", "Ctrl+Shift+L", self.switch_theme),
            Action("Full screen", "F11", self.full_screen),
            Action("Commands", "Ctrl+K", self.open_palette),
            Action("Quit", "Ctrl+Q", self.quit),
        ]

    def open_palette(self) -> None:
        """Show every command."""
        self._palette.open()

    def _follow(self, new: State, old: State) -> None:
        if new.opening and not old.opening:
            self._patience.start()
        if new.dataset is not old.dataset or new.opening != old.opening:
            self._show(new)

    def _show(self, state: State) -> None:
        there = state.dataset is not None or (bool(state.opening) and not self._patience.isActive())
        self._middle.setCurrentIndex(1 if there else 0)
        self._left.setVisible(there)
        self._right.setVisible(there)
        self.query_bar.setVisible(there)
        self.setWindowTitle(f"{state.dataset.title} — ANN Explorer" if state.dataset else "ANN Explorer")

    def _theme(self) -> Theme:
        named = {"dark": themes.DARK, "light": themes.LIGHT}
        return named.get(self._theme_name) or themes.following_system()

    def _scheme_changed(self) -> None:
        if not self._theme_name:
            self._dress()

    def _dress(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme = self._theme()
        themes.apply(theme, app)
        for part in (self.map, self.neighbours, self.inspector):
            part.set_theme(theme)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say when the window has been painted for the first time."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def _warm_up(self) -> None:
        """What would have kept the window waiting is made ready once it stands."""
        self.controller.runner.warm_up()
        self.map.view.start_warm_up()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A dropped file replaces the Dataset, or adds to it."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.files.drop(files)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End all work; nothing is left behind. People are asked first, the program and the system are not."""
        lost = self.controller.would_lose(closing=True) if event.spontaneous() else ()
        if not self.files.may_lose(lost, "Close the window?"):
            event.ignore()
            return
        self._gui_thread.close()
        self.controller.close()
        super().closeEvent(event)


def _side(name: str, *parts: tuple[QWidget, int]) -> QWidget:
    side = QWidget()
    side.setObjectName(name)
    side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget, stretch in parts:
        column.addWidget(widget, stretch)
    side.setMinimumWidth(248 if name == "left" else 304)
    return side
