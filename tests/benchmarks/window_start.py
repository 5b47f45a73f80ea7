"""How soon the window stands, against an empty PySide6 + pyqtgraph window: `python -m tests.benchmarks.window_start`.

Each run is a process of its own, the two in turn; milliseconds from the start of the process to the first paint.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EMPTY = """
import time, psutil
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph

class Plot(pyqtgraph.PlotWidget):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, self.painted)

    def painted(self):
        print((time.time() - psutil.Process().create_time()) * 1000)
        app.exit()

app = QApplication([])
window = QMainWindow()
window.setCentralWidget(Plot())
window.resize(1440, 900)
window.show()
app.exec()
"""


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    empty, ours = [], []
    for i in range(runs + 1):
        pair = _empty(), _ours()
        if i:
            empty.append(pair[0])
            ours.append(pair[1])
    print(
        json.dumps(
            {
                "empty_ms": statistics.median(empty),
                "explorer_ms": statistics.median(ours),
                "ratio": statistics.median(b / a for a, b in zip(empty, ours, strict=True)),
                "runs": runs,
            }
        )
    )


def _empty() -> float:
    done = subprocess.run([sys.executable, "-c", EMPTY], env=_offscreen(), capture_output=True, check=True, text=True)
    return float(done.stdout.split()[-1])


def _ours() -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "explorer", "snapshot", "--json", "--out", str(Path(folder) / "window.png")]
        done = subprocess.run(command, env=_offscreen(), capture_output=True, check=True, text=True)
    return float(json.loads(done.stdout)["timings"]["window_ms"])


def _offscreen() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


if __name__ == "__main__":
    main()
