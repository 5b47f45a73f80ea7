"""Two indexes beside each other: which they are, what each finds of the query, and over a sample of rows."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from explorer.gui import wording
from explorer.gui.widgets.params_form import ParamsForm
from explorer.gui.widgets.pieces import Line, button, label, tool
from explorer.indexes import asking, type_named
from explorer.measure.agreement import Agreement
from explorer.measure.reaching import turned
from explorer.session.comparing import AGREEMENT, agreed, finders, rivals
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


class ComparisonLine(QWidget):
    """One line below the neighbours' heading while two indexes are asked: their names, then their count; and below it
    the search parameters of both, to be set, where they are two settings of one index."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.said = Line()
        tip = "Count over a sample of rows what both find, what one finds alone, and what neither does"
        self.sample = button("Over a sample", controller.comparing.sample, "link", tip=tip)
        self.sample.setAccessibleName("Compare over a sample")
        self.stop = tool("×", controller.comparing.stop, tip="Compare no longer")
        self.settings = TwoSettings(controller)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.said, 1)
        row.addWidget(self.sample)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 8, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.settings)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def _follow(self, new: State, old: State) -> None:
        watched = ("against", "against_given", "indexes", "current", "metric", "agreement", "tasks", "other", "k")
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)

    def _show(self, state: State) -> None:
        one, other = state.approximate, state.rival
        self.setVisible(one is not None and other is not None)
        if one is None or other is None:
            return
        self.settings.show_entries(one, other, state)
        a, b = names(one, other, state.k)
        task = state.task(AGREEMENT)
        self.sample.setVisible(state.agreement is None and task is None)
        if state.agreement is not None:
            self.said.say(*over_sample(state.agreement, a, b))
        elif task is not None:
            share = "" if task.fraction is None else f" {task.fraction:.0%}"
            self.said.say(f"{task.title}{share} …", f"comparing{share} …")
        else:
            short = (a, b) if one.key == other.key else tuple(type_named(e.handle.type).title for e in (one, other))
            self.said.say(f"A {a} · B {b}", "A {} · B {}".format(*short), f"B {short[1]}")


class TwoSettings(QWidget):
    """The search parameters of A and of B beside each other, while both are the same index."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._forms: tuple[ParamsForm, ParamsForm] | None = None
        self._of = ""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 8, 4)
        self._row.setSpacing(8)

    def show_entries(self, one: IndexEntry, other: IndexEntry, state: State) -> None:
        """Follow the State."""
        self.setVisible(one.key == other.key)
        if one.key != other.key:
            return
        if self._of != one.handle.type:
            self._of, self._forms = one.handle.type, self._made(one.handle.type)
        assert self._forms is not None
        for form, entry in zip(self._forms, (one, other), strict=True):
            form.show_resolved(asking.resolved(entry.handle, {}, state.k))
            if form.values() != entry.given:
                form.set_values(entry.given)

    def _made(self, type_name: str) -> tuple[ParamsForm, ParamsForm]:
        while (item := self._row.takeAt(0)) is not None:
            if (before := item.widget()) is not None:
                before.deleteLater()
        declared = type_named(type_name).search_params
        forms = (
            ParamsForm(declared, lambda: self._edited(0), explain=False),
            ParamsForm(declared, lambda: self._edited(1), explain=False),
        )
        for letter, form in zip("AB", forms, strict=True):
            form.setAccessibleName(f"Search parameters of {letter}")
            self._row.addWidget(label(letter, "title"))
            self._row.addWidget(form, 1)
        return forms

    def _edited(self, which: int) -> None:
        entry = self._controller.session.state.approximate
        if self._forms is None or entry is None:
            return
        given = self._forms[which].values()
        if which:
            self._controller.comparing.set_other(entry.key, given)
        else:
            self._controller.indexing.set_search(entry.key, given)


def offer(controller: Controller, parent: QWidget) -> None:
    """Compare with another index: the only one there is, or one of a menu; where there is none, with other settings of
    the same; end it while two are compared."""
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
    elif others or state.approximate is None:
        controller.comparing.compare(others[0].key if others else "")
    else:
        controller.comparing.compare_settings()


def offer_settings(controller: Controller) -> None:
    """Compare the index that answers with itself under other search parameters, or no longer."""
    if controller.session.state.against_given is not None:
        controller.comparing.stop()
    else:
        controller.comparing.compare_settings()


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
        if state.approximate is not None and turned(entry.handle, state.k):
            menu.addAction("Compare with other settings of it", controller.comparing.compare_settings)
    elif (present := state.approximate) is not None and any(other.key == entry.key for other in others):
        menu.addAction(f"Compare with {named(present)}", partial(compare, entry.key))


def named(entry: IndexEntry) -> str:
    """What tells an index from others of its type: its name or build parameters, and what was set by hand."""
    title = type_named(entry.handle.type).title
    built = entry.name or wording.params({k: v for k, v in entry.handle.params.items() if k not in ("server", "seed")})
    return " · ".join(filter(None, (title, built, wording.params(dict(entry.given)))))


def names(one: IndexEntry, other: IndexEntry, k: int) -> tuple[str, str]:
    """What tells A from B: of two settings of one index, in what they differ."""
    if one.key != other.key:
        return named(one), named(other)
    a, b = (asking.resolved(entry.handle, entry.given, k) for entry in (one, other))
    apart = [name for name in a if a[name] != b[name]] or list(a)
    return wording.params({name: a[name] for name in apart}), wording.params({name: b[name] for name in apart})


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
    a, b = names(one, other, state.k)
    words = {"AB": "found by both", "A": f"found by A alone: {a}", "B": f"found by B alone: {b}"}
    return {row: words[who] for row, who in finders(state).items()}
