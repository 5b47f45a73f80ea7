"""A forest: one tree as an icicle, figures of all trees, and how many trees would have been enough."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QSpinBox

from explorer.core.forest import figures
from explorer.core.structure import Forest
from explorer.gui.inspect.charts import BarChart, Bars, LineChart
from explorer.gui.inspect.icicle import KEY, Icicle
from explorer.gui.inspect.part import Part, chooser
from explorer.gui.widgets.pieces import Line, button, label
from explorer.session.controller import Controller
from explorer.session.state import State

BINS = 60


class ForestPart(Part):
    """Draws a Forest; a click on a node selects its rows on the map."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller, "Forest")
        self._forest: Forest | None = None
        self._chosen = False
        self.tree: QSpinBox = chooser("tree ", 1, 1, "Which tree is drawn")
        self.tree.valueChanged.connect(self._choose_tree)
        self.icicle = self.draws(Icicle())
        self._node = Line()
        self.level: QSpinBox = chooser("depth ", 0, 0, "The depth whose nodes colour the map")
        self._branches = button("Colour the map by it", self._colour, tip="By the nodes of this tree at that depth")
        self._margins = button(
            "Colour the map by the sides of the split", self._sides, tip="Colour the map by the two sides of this split"
        )
        self.icicle.pointed.connect(self._pointed)
        self.icicle.node_chosen.connect(self._select)
        self.recall = self.draws(LineChart("Recall by number of trees", ("trees", "recall")))
        self._recall_note = label("", "quiet", wrap=True)
        self.sizes = self.draws(BarChart("Rows of a leaf", 92))
        choose = QHBoxLayout()
        choose.setSpacing(8)
        choose.addWidget(self.tree)
        choose.addWidget(self._node, 1)
        colour = QHBoxLayout()
        colour.setSpacing(8)
        colour.addWidget(self.level)
        colour.addWidget(self._branches)
        colour.addStretch(1)
        sides = QHBoxLayout()
        sides.addWidget(self._margins)
        sides.addStretch(1)
        self.column.addLayout(choose)
        self.column.addWidget(self.icicle)
        self.column.addWidget(label(KEY, "quiet", wrap=True))
        self.column.addLayout(colour)
        self.column.addLayout(sides)
        self._recall_heading = self.headed("Recall by number of trees", self.recall)
        self.column.addWidget(self._recall_note)
        self.headed("Leaves by their rows", self.sizes)
        self.column.addWidget(self.facts)

    def show_part(self, part: Any, state: State) -> None:
        """Draw a Forest, and the search of the State in it."""
        assert isinstance(part, Forest)
        if part is not self._forest:
            self._forest = part
            self.tree.blockSignals(True)
            self.tree.setRange(1, len(part.roots))
            self.tree.blockSignals(False)
            self.tree.setSuffix(f" of {len(part.roots)}")
            self._show_figures(part)
        trace = state.replay.trace if state.replay is not None else None
        if trace is not None and trace.kind == "forest" and len(trace) and not self._chosen:
            # Until somebody chooses one, the tree that the search went into deepest: it tells most.
            opened = np.bincount(trace.levels[trace.levels >= 0], minlength=len(part.roots))
            self.tree.blockSignals(True)
            self.tree.setValue(int(np.argmax(opened)) + 1)
            self.tree.blockSignals(False)
        self._show_tree()
        self._show_growth(state)

    def _choose_tree(self) -> None:
        self._chosen = True
        self._show_tree()

    def _show_tree(self) -> None:
        forest, state = self._forest, self.controller.session.state
        if forest is None:
            return
        tree = self.tree.value() - 1
        self.icicle.show_tree(forest, tree)
        trace = state.replay.trace if state.replay is not None else None
        own = int(state.growth.leaves[tree]) if state.growth is not None and tree < len(state.growth.leaves) else -1
        self.icicle.show_search(trace, own)
        self.level.setRange(0, max(0, self.icicle.levels))
        if self.level.value() == 0:
            self.level.setValue(min(3, self.icicle.levels))
        self._pointed(self.icicle.current)

    def _show_growth(self, state: State) -> None:
        growth = state.growth
        there = growth is not None and len(growth.stops) > 0
        for widget in (self.recall, self._recall_heading, self._recall_note):
            widget.setVisible(there)
        if growth is None or not there:
            return
        recall: NDArray[np.float64] = growth.recall
        self.recall.show_line(growth.stops, recall, len(recall) - 1)
        enough = int(growth.stops[int(np.argmax(recall >= recall.max()))])
        own = growth.shared.sum(axis=1).mean() if growth.shared.size else 0.0
        self._recall_note.setText(
            f"Of this query, with search_k as it is by itself for so many trees: {enough} trees find as much as all "
            f"{int(growth.stops[-1])}. The query’s own leaf of a tree holds {own:.1f} of its {growth.shared.shape[1]} "
            f"true neighbours on average."
        )

    def _show_figures(self, forest: Forest) -> None:
        found = forest.figures or figures(forest)
        sizes = found.leaf_sizes
        most = len(sizes) - 1
        step = max(1, -(-most // BINS))
        heights = np.add.reduceat(sizes, np.arange(0, len(sizes), step)) if len(sizes) else sizes
        names = [f"{a}–{min(a + step - 1, most)}" if step > 1 else str(a) for a in range(0, len(sizes), step)]
        self.sizes.show_bars(Bars(heights, ("0 rows", f"{most:,}"), ("rows", "leaves"), names))
        leaves = int(found.leaves.sum())
        mean = float((np.arange(len(sizes)) * sizes).sum() / max(1, leaves))
        self.facts.show_pairs(
            (
                ("trees", f"{len(forest.roots):,}"),
                ("leaves", f"{leaves:,}, of {mean:.1f} rows on average and {most:,} at most"),
                ("depth", f"{int(found.deepest.min())} to {int(found.deepest.max())}"),
                ("splits", f"{int(found.splits.sum()):,}, of which {int(found.by_lot.sum()):,} by lot"),
                ("balance", f"{float(found.balance.mean()):.0%} of the rows on the smaller side"),
            )
        )

    def _pointed(self, node: int) -> None:
        self._node.say(self.icicle.describe(node))
        self.icicle.setAccessibleDescription(self.icicle.describe(node))
        splits = self._forest is not None and node >= 0 and self._forest.children[self.icicle.current, 0] >= 0
        self._margins.setEnabled(bool(splits))

    def _select(self, node: int) -> None:
        if self._forest is not None:
            self.controller.inspecting.select_branch(self.tree.value() - 1, int(self._forest.depths[node]), node)

    def _colour(self) -> None:
        self.controller.inspecting.colour_by_branches(self.tree.value() - 1, self.level.value())

    def _sides(self) -> None:
        self.controller.inspecting.colour_by_margins(self.icicle.current)
