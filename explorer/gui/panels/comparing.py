"""Two indexes beside each other: which they are, what each finds of the query, and over a sample of rows."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from explorer.gui import wording
from explorer.gui.widgets.pieces import Line, button, tool
from explorer.indexes import type_named
from explorer.measure.agreement import Agreement
from explorer.session.comparing import AGREEMENT, agreed, finders, rivals
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


class ComparisonLine(QWidget):
    """One line below the neighbours' heading while two indexes are asked: their names, then their count."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.said = Line()
        tip = "Count over a sample of rows what both find, what one finds alone, and what neither does"
        self.sample = button("Over a sample", controller.comparing.sample, "link", tip=tip)
        self.sample.setAccessibleName("Compare over a sample")
        self.stop = tool("×", controller.comparing.stop, tip="Compare no longer")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.said, 1)
        row.addWidget(self.sample)
        row.addWidget(self.stop)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def _follow(self, new: State, old: State) -> None:
        watched = ("against", "indexes", "current", "metric", "agreement", "tasks", "other")
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)

    def _show(self, state: State) -> None:
        one, other = state.approximate, state.rival
        self.setVisible(one is not None and other is not None)
        if one is None or other is None:
            return
        task = state.task(AGREEMENT)
        self.sample.setVisible(state.agreement is None and task is None)
        if state.agreement is not None:
            self.said.say(*over_sample(state.agreement, named(one), named(other)))
        elif task is not None:
            share = "" if task.fraction is None else f" {task.fraction:.0%}"
            self.said.say(f"{task.title}{share} …", f"comparing{share} …")
        else:
            short = (type_named(one.handle.type).title, type_named(other.handle.type).title)
            self.said.say(f"A {named(one)} · B {named(other)}", "A {} · B {}".format(*short), f"B {short[1]}")


def offer(controller: Controller, parent: QWidget) -> None:
    """Compare with another index: the only one there is, or one of a menu; end it while two are compared."""
    state = controller.session.state
    others = rivals(state)
    if state.against:
        controller.comparing.stop()
    elif len(others) > 1:
        menu = QMenu("Compare with", parent)
        for entry in others:
            menu.addAction(named(entry), partial(controller.comparing.compare, entry.key))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(QCursor.pos())
        menu.setActiveAction(menu.actions()[0])
    else:
        controller.comparing.compare(others[0].key if others else "")


def add_to_menu(menu: QMenu, entry: IndexEntry, controller: Controller) -> None:
    """What an index's own menu offers: to be held against the one that answers, or that one against others."""
    state, compare = controller.session.state, controller.comparing.compare
    if state.rival is not None and entry.key in (state.current, state.against):
        menu.addAction("Compare no longer", controller.comparing.stop)
        return
    others = rivals(state)
    if entry.key == state.current:
        for other in others:
            menu.addAction(f"Compare with {named(other)}", partial(compare, other.key))
    elif (present := state.approximate) is not None and any(other.key == entry.key for other in others):
        menu.addAction(f"Compare with {named(present)}", partial(compare, entry.key))


def named(entry: IndexEntry) -> str:
    """What tells an index from others of its type: its name or build parameters, and what was set by hand."""
    title = type_named(entry.handle.type).title
    built = entry.name or wording.params({k: v for k, v in entry.handle.params.items() if k not in ("server", "seed")})
    return " · ".join(filter(None, (title, built, wording.params(dict(entry.given)))))


def of_query(state: State) -> tuple[str, ...]:
    """A 8 · B 9 of 10 · both 7, and shorter; empty while two indexes are not compared."""
    if state.rival is None:
        return ()
    told = agreed(state)
    if told is None:
        return "A and B: checking …", "checking …"
    counts = f"A {told.a} · B {told.b}"
    return f"{counts} of {told.true} · both {told.both}", f"{counts} · both {told.both}", counts


def over_sample(told: Agreement, a_named: str, b_named: str) -> tuple[str, ...]:
    """What was counted, in one line, the longest first."""

    def share(count: int) -> str:
        return f"{count / told.true:.1%}" if told.true else "–"

    both, a, b = share(told.both), share(told.only_a), share(told.only_b)
    whole = [f"{count / told.true:.0%}" if told.true else "–" for count in (told.both, told.only_a, told.only_b)]
    recalls = f"recall A {told.recall_a:.3f}, B {told.recall_b:.3f}"
    return (
        f"{told.queries:,} rows: both {both} · only A {a} · only B {b} · neither {share(told.neither)} · {recalls}"
        f" · A is {a_named}, B {b_named}",
        f"{told.queries:,} rows: both {both} · only A {a} · only B {b}",
        f"{told.queries:,} rows: both {whole[0]} · A {whole[1]} · B {whole[2]} alone",
        f"both {whole[0]} · A {whole[1]} · B {whole[2]} alone",
        f"A {told.recall_a:.2f} · B {told.recall_b:.2f}",
    )


def who_found(state: State) -> dict[int, str]:
    """Who returned each row, in words; empty while two indexes are not compared."""
    one, other = state.approximate, state.rival
    if one is None or other is None:
        return {}
    words = {"AB": "found by both", "A": f"found by A alone: {named(one)}", "B": f"found by B alone: {named(other)}"}
    return {row: words[who] for row, who in finders(state).items()}
