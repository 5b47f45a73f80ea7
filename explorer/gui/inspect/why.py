"""Why true neighbours are missing: a reason for each, and the setting that finds it one click away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from explorer.core.explanation import Explanation, Fix, Miss
from explorer.core.params import Params
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.inspect.reach import ReachSlider
from explorer.gui.inspect.words import offer, promise, setting
from explorer.gui.theme import Theme
from explorer.gui.widgets.columns import tabular
from explorer.gui.widgets.pieces import Line, button, heading, label, restyled
from explorer.gui.widgets.row_list import RowList
from explorer.session.controller import Controller
from explorer.session.rebuilding import can_verify
from explorer.session.state import IndexEntry, State, TaskView
from explorer.session.tasks import VERIFY

VERIFIES = "Verify by building"
MOST = 50
"""Misses that are told one by one."""


class WhyPage(QWidget):
    """Follows the explanation of the answer; `rebuild` opens the form that builds with other parameters."""

    def __init__(self, controller: Controller, rebuild: Callable[[Params], None]) -> None:
        super().__init__()
        self._controller, self._rebuild = controller, rebuild
        self._blocks: dict[int, MissBlock] = {}
        self._summary = Line(Qt.AlignmentFlag.AlignRight)
        self._said = label("", wrap=True)
        self._all = button("", self._mend_all, "primary")
        self._all_note = label("", "quiet", wrap=True)
        self._given = button("", self._back_to_default, "link", tip="Let the search parameters follow from k again")
        self._problem = label("", "error", wrap=True, selectable=True)
        self._more = label("", "quiet", wrap=True)
        self.reach = ReachSlider(controller)
        self._list = RowList()
        self._list.layout().setSpacing(4)  # type: ignore[union-attr]
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(heading("Why missed"))
        top.addWidget(self._summary, 1)
        mend = QHBoxLayout()
        mend.setSpacing(8)
        mend.addWidget(self._all)
        mend.addWidget(self._all_note, 1)
        inside = QWidget()
        inside.setObjectName("panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._said)
        column.addLayout(mend)
        column.addWidget(self.reach)
        column.addWidget(self._problem)
        column.addWidget(self._list)
        column.addWidget(self._more)
        column.addWidget(self._given, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self._list.setContentsMargins(-8, 0, -8, 0)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setObjectName("panel")
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._scroll)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Why missed")
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """The style sheet has done the rest."""
        self.reach.set_theme(theme)

    def _follow(self, new: State, old: State) -> None:
        watched = ("asked", "answer", "verdict", "explanation", "seeking", "indexes", "current", "problems", "metric")
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)
        if new.tasks is not old.tasks:
            for row, block in self._blocks.items():
                block.show_task(new.task(f"{VERIFY}{row}"))
        if new.focused != old.focused or new.explanation is not old.explanation:
            self._choose(new.focused)

    def _show(self, state: State) -> None:
        told = state.explanation
        self._summary.say(*_summary(told))
        self._said.setText(_said(state))
        self._said.setVisible(bool(self._said.text()))
        self._problem.setText(state.problem("inspect"))
        self._problem.setVisible(bool(self._problem.text()))
        misses = told.misses if told is not None else ()
        self._show_mend(told)
        entry = state.approximate
        self._given.setVisible(entry is not None and bool(entry.given) and state.verdict is not None)
        if entry is not None:
            self._given.setText(f"Back from {wording.params(dict(entry.given))} to what follows from k")
        if {row: block.miss for row, block in self._blocks.items()} != {miss.row: miss for miss in misses[:MOST]}:
            self._list_misses(misses, state)
        rest = len(misses) - MOST
        self._more.setText(f"{rest:,} more were missed; a row in the table tells why." if rest > 0 else "")
        self._more.setVisible(rest > 0)

    def _list_misses(self, misses: tuple[Miss, ...], state: State) -> None:
        entry = state.approximate
        self._blocks = {}
        if state.dataset is not None and entry is not None:
            alone = len(misses) == 1
            for miss in misses[:MOST]:
                name = caption(state.dataset, miss.row, state.colour_by)
                block = MissBlock(miss, name, entry, self._controller, self._mend, alone=alone)
                self._blocks[miss.row] = block
        self._list.arrange(list(self._blocks.values()))

    def _show_mend(self, told: Explanation | None) -> None:
        fix = told.all_fix if told is not None else None
        self._all.setVisible(fix is not None)
        self._all_note.setVisible(fix is not None)
        if told is not None and fix is not None:
            helped, missed = len(told.all_found), len(told.misses)
            self._all.setText(f"Set {setting(fix)}")
            self._all_note.setText(f"finds all {helped}" if helped == missed else f"finds {helped} of {missed}")

    def _choose(self, row: int) -> None:
        for own, block in self._blocks.items():
            block.set_chosen(own == row)
        if row in self._blocks:
            QTimer.singleShot(0, self, lambda: self._bring_into_view(row))

    def _bring_into_view(self, row: int) -> None:
        if (block := self._blocks.get(row)) is not None:
            self._scroll.ensureWidgetVisible(block, 0, 8)

    def _mend_all(self) -> None:
        told = self._controller.session.state.explanation
        if told is not None and told.all_fix is not None:
            self._mend(told.all_fix)

    def _mend(self, fix: Fix) -> None:
        if not fix.rebuild:
            self._controller.inspecting.apply(fix)
        elif fix.verified:
            self._controller.rebuilding.apply(fix)
        else:
            self._rebuild({fix.param: fix.value})

    def _back_to_default(self) -> None:
        if (entry := self._controller.session.state.approximate) is not None:
            self._controller.indexing.set_search(entry.key, {})


class MissBlock(QWidget):
    """One missed row: who it is, why it was missed, what finds it. A click looks at the row."""

    def __init__(
        self,
        miss: Miss,
        name: str,
        entry: IndexEntry,
        controller: Controller,
        mend: Callable[[Fix], None],
        *,
        alone: bool,
    ) -> None:
        super().__init__()
        self.setObjectName("index")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.miss = miss
        self._controller = controller
        number = f"#{miss.row}"
        who = Line()
        who.setProperty("role", "title")
        who.say(*((f"{name}  {number}", name) if name != number else (name,)))
        place = label(f"true neighbour {miss.true_rank} · {wording.distance(miss.distance)}", "quiet")
        tabular(place)
        top = QHBoxLayout()
        top.addWidget(who, 1)
        top.addWidget(place)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(label(miss.detail, wrap=True, selectable=True))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self._promise = label("", "quiet")
        self._verifies = can_verify(controller.session.state, miss.fix)
        if miss.fix is None:
            self.button = button("Let exact search answer", self._ask_exact, name=f"Exact search finds {name}")
            self._promise.setText("only it finds this row")
        elif self._verifies:
            self.button = button(VERIFIES, self._verify, name=f"{VERIFIES} whether {setting(miss.fix)} finds {name}")
            self._promise.setText(f"{setting(miss.fix)} {promise(miss.fix)}")
        else:
            role = "primary" if alone and miss.fix.verified else ""
            words = f"{offer(miss.fix)}, which {promise(miss.fix)}: {name}"
            self.button = button(offer(miss.fix), partial(mend, miss.fix), role, name=words)
            self._promise.setText(promise(miss.fix))
        foot.addWidget(self.button)
        if self._verifies and miss.fix is not None:
            tip = f"Open the form that builds, filled in with {setting(miss.fix)}"
            self.form = button("Rebuild …", partial(mend, miss.fix), "link", tip=tip, name=f"Rebuild for {name}")
            foot.addWidget(self.form)
            foot.addStretch(1)
            column.addWidget(self._promise)
        else:
            foot.addWidget(self._promise, 1)
        column.addLayout(foot)
        self.setAccessibleName(f"{name}, true neighbour {miss.true_rank}, missed: {miss.sentence}")
        self.show_task(controller.session.state.task(f"{VERIFY}{miss.row}"))

    def show_task(self, task: TaskView | None) -> None:
        """How far the building has come that verifies its fix; None while nothing is built for it."""
        if self._verifies and self.miss.fix is not None:
            self.button.setText(VERIFIES if task is None else "Stop")
            if task is None:
                self._promise.setText(f"{setting(self.miss.fix)} {promise(self.miss.fix)}")
            else:
                share = "" if task.fraction is None else f"{task.fraction:.0%}"
                what = task.note.split(" · ")[0] if task.note.startswith(self.miss.fix.param) else ""
                self._promise.setText(f"building {' · '.join(filter(None, (what, share)))} …".replace("  ", " "))

    def set_chosen(self, chosen: bool) -> None:
        """Whether this is the row that is looked at."""
        if self.property("chosen") != ("true" if chosen else "false"):
            self.setProperty("chosen", "true" if chosen else "false")
            restyled(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at the row in the table and on the map."""
        self._controller.looking.focus(self.miss.row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return looks at the row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._controller.looking.focus(self.miss.row)
        else:
            super().keyPressEvent(event)

    def _verify(self) -> None:
        state, rebuilding = self._controller.session.state, self._controller.rebuilding
        if state.task(f"{VERIFY}{self.miss.row}") is None:
            rebuilding.verify(self.miss)
        else:
            rebuilding.stop(self.miss)

    def _ask_exact(self) -> None:
        if (exact := self._controller.session.state.exact) is not None:
            self._controller.indexing.choose(exact.key)


def _summary(told: Explanation | None) -> tuple[str, ...]:
    if told is None:
        return ("",)
    if told.visited is None:
        return (f"of {told.total:,} rows",)
    compared = f"compared {told.visited:,} of {told.total:,} rows"
    return compared, f"{told.visited:,} of {told.total:,} rows"


def _said(state: State) -> str:
    """What stands there beside, or instead of, the misses."""
    entry = state.entry()
    if state.dataset is None:
        return ""
    if state.asked is None:
        return "Ask something: for each true neighbour that the index misses, the reason and what finds it stand here."
    if entry is None or state.answer is None or state.verdict is None:
        return "" if state.problem("query") else "Waiting for the answer and the truth …"
    if entry.is_exact:
        return "Exact search looks at every row and misses none. Let an approximate index answer to see what it misses."
    if not len(state.verdict.misses):
        true = len(state.truth) if state.truth is not None else 0
        return f"Nothing is missing: all {true} true neighbours were found."
    if state.explanation is None:
        return "Trying what would find them …" if "explanation" in state.seeking else ""
    return ""
