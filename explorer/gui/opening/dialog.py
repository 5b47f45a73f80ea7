"""The open dialog: what a file was recognised as, its first rows, what it takes, and how to read it otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from explorer.formats.preview import Preview
from explorer.gui import wording
from explorer.gui.opening import facts
from explorer.gui.opening.options_form import OptionsForm
from explorer.gui.opening.rows_table import RowsTable
from explorer.gui.widgets.pieces import Line, Scrolled, button, heading, label
from explorer.session.controller import Controller
from explorer.session.opening import called
from explorer.session.state import Draft, State

SIZE = (940, 560)
FORM_WIDTH = 352
PAUSE_MS = 250
"""How long nobody has typed before the file is looked at anew."""
TABLES = "Tables (*.tsv *.csv *.parquet *.jsonl *.feather *.arrow);;All files (*)"


class OpenDialog(QDialog):
    """Follows the State's `draft`, and is shown for as long as there is one. Made when it is first wanted.

    `may_open` asks whether what is open may be lost.
    """

    def __init__(self, controller: Controller, parent: QWidget, may_open: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._controller = controller
        self._may_open = may_open
        self._draft: Draft | None = None
        self._shown: Preview | None = None
        self.setMinimumSize(720, 420)
        self.resize(*SIZE)
        self._title = label("", "title")
        self._facts = Line()
        self.form = OptionsForm(controller, self._edited)
        self.table = RowsTable()
        self._question = label("", wrap=True)
        self._question.setAccessibleName("What has to be chosen")
        self.embeds = button("", self._embed, "link")
        self.embeds.setStyleSheet("padding-left: 0px;")
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.setAccessibleName("What is wrong")
        self._needs = label("", "quiet", wrap=True)
        self._too_large = label("", "error", wrap=True)
        self.advised = button("", self._take_sample, "link", tip="Read a random sample that fits")
        self._warnings = label("", "quiet", wrap=True, selectable=True)
        self._warnings.setAccessibleName("Notes on this file")
        self._metadata = Line()
        self.choose_metadata = button("Choose …", self._choose_metadata, "link", tip="A table about the rows")
        self.no_metadata = button("Remove", lambda: self._correct(None), "link", tip="Open it without the table")
        self._bar = QProgressBar(textVisible=False, maximum=0)
        self._bar.setFixedWidth(96)
        self._bar.setAccessibleName("Looking at the file")
        self.cancel = button("Cancel", self.reject)
        self.go = button("Open", self._open, "primary", tip="Open it so, now and the next time")
        self.go.setDefault(True)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self._lay_out()
        self.rejected.connect(controller.previewing.leave)
        controller.session.listen(self._follow)
        self._show(controller.session.state.draft)

    def _lay_out(self) -> None:
        inside = QWidget()
        left = QVBoxLayout(inside)
        left.setContentsMargins(0, 0, 12, 0)
        left.setSpacing(8)
        left.addWidget(heading("How to read it"))
        left.addWidget(self.form)
        left.addSpacing(8)
        left.addWidget(heading("Metadata"))
        beside = QHBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(self._metadata, 1)
        beside.addWidget(self.no_metadata)
        beside.addWidget(self.choose_metadata)
        left.addLayout(beside)
        left.addStretch(1)
        form = Scrolled(inside)
        form.setFixedWidth(FORM_WIDTH)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(heading("First rows"))
        right.addWidget(self._question)
        right.addWidget(self.embeds, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self._problem)
        right.addWidget(self.table, 10)
        right.addWidget(self._needs)
        too_large = QHBoxLayout()
        too_large.addWidget(self._too_large, 1)
        too_large.addWidget(self.advised, 0, Qt.AlignmentFlag.AlignTop)
        right.addLayout(too_large)
        right.addWidget(self._warnings)
        right.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(form, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(right, 1)
        end = QHBoxLayout()
        end.setSpacing(8)
        end.addWidget(self._bar)
        end.addStretch(1)
        end.addWidget(self.cancel)
        end.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addSpacing(12)
        column.addLayout(body, 1)
        column.addSpacing(8)
        column.addLayout(end)

    def _follow(self, new: State, old: State) -> None:
        if new.draft is not old.draft:
            self._show(new.draft)

    def _show(self, draft: Draft | None) -> None:
        before, self._draft = self._draft, draft
        if draft is None:
            self._pause.stop()
            if self.isVisible():
                self.hide()
            return
        begun = before is None or before.request.source != draft.request.source
        if begun:
            self._shown = None
            self.setWindowTitle(f"Open {called(draft.request.source)}")
            self._title.setText(called(draft.request.source))
            self._title.setToolTip(draft.request.source)
            self._show_nothing()
        self._bar.setVisible(draft.looking)
        self._show_metadata(draft)
        first = self._shown is None and (draft.preview is not None or bool(draft.failure))
        if draft.preview is not None and draft.preview is not self._shown:
            self._shown = draft.preview
            self._show_preview(draft.preview, draft)
        if draft.failure:
            _say(self._problem, draft.failure)
        self.form.setEnabled(draft.preview is not None)
        had_keyboard = self.go.hasFocus()
        self.go.setEnabled(self._can_be_opened)
        if had_keyboard and not self.go.isEnabled():
            self.cancel.setFocus()
        if not self.isVisible():
            self.open()
        if first and self.go.isEnabled() and not self._question.text():
            self.go.setFocus()
        elif first:
            self.form.focus_first()

    @property
    def _can_be_opened(self) -> bool:
        draft = self._draft
        if draft is None or draft.preview is None or draft.failure:
            return False
        return draft.looking or draft.preview.can_be_opened

    def _show_nothing(self) -> None:
        """Nobody knows anything of the file yet."""
        self._facts.say("Looking at it …")
        self.table.show_rows((), ())
        self.embeds.hide()
        for line in (self._question, self._problem, self._needs, self._too_large, self._warnings):
            _say(line, "")
        self.advised.hide()

    def _show_preview(self, preview: Preview, draft: Draft) -> None:
        self._facts.say(facts.shape(preview), preview.title)
        if not self._pause.isActive():
            self.form.show_preview(preview, draft.request.options)
        self.table.show_rows(preview.header, preview.cells)
        question = facts.question(preview)
        _say(self._question, question)
        likeliest = preview.texts[0] if question and preview.texts else ""
        self.embeds.setText(f"Embed “{likeliest}”")
        self.embeds.setToolTip(f"Make the vectors of the text in “{likeliest}”")
        self.embeds.setVisible(bool(likeliest))
        _say(self._problem, "" if question else preview.problem)
        _say(self._needs, "" if preview.fitting else facts.needs(preview))
        _say(self._too_large, facts.too_large(preview))
        self.advised.setText(f"Read a sample of {preview.fitting:,} rows")
        self.advised.setVisible(preview.fitting > 0)
        _say(self._warnings, "\n".join(preview.warnings))

    def _show_metadata(self, draft: Draft) -> None:
        table, key = draft.request.metadata, draft.request.options.get("key")
        by = f", joined by {key}" if key else ""
        self._metadata.say("none" if table is None else f"{table.name}{by}", "none" if table is None else table.name)
        self.no_metadata.setVisible(table is not None)

    def _edited(self) -> None:
        self._pause.start()

    def _look(self) -> None:
        if self._draft is not None:
            self._correct(self._draft.request.metadata)

    def _correct(self, metadata: Path | None) -> None:
        self._pause.stop()
        options = self.form.values()
        if metadata is None:
            options.pop("key", None)
        self._controller.previewing.correct(options, metadata)

    def _take_sample(self) -> None:
        if self._shown is not None:
            self.form.sample(self._shown.fitting)

    def _embed(self) -> None:
        if self._shown is not None and self._shown.texts:
            self.form.embed_column(self._shown.texts[0])

    def _choose_metadata(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a table about the rows", "", TABLES)
        if path:
            self._correct(Path(path))

    def _open(self) -> None:
        if self._pause.isActive() or self.form.says_array:
            self._look()
        if self._can_be_opened and self._may_open():
            self._controller.previewing.open()


def _say(line: QLabel, text: str) -> None:
    line.setText(wording.without_options(text, "the field “Array”"))
    line.setVisible(bool(text))
