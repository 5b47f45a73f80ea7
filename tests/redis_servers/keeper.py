"""A process that starts and ends the servers: so they are no children of the tests, which count their own, and yet end
with them, since the tests' death, however it comes, closes the pipe that this reads. Run as a script by `Keeper`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Keeper:
    """The tests' end of it: one line of JSON for each wish, and one for its answer."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            encoding="utf-8",
        )
        self._process.wait(30)  # what does the work is a child of this one, which has left it to itself
        self._lock = threading.Lock()

    def start(self, command: Sequence[str], executable: str | None, log: Path) -> int:
        """Start a program, what it says added to a file; its process id."""
        return int(self._ask("start", list(command), executable, str(log)))

    def runs(self, pid: int) -> bool:
        """Has it not ended yet?"""
        return bool(self._ask("runs", pid))

    def kill(self, pid: int) -> None:
        """End it without a farewell, and wait until it has."""
        self._ask("kill", pid)

    def _ask(self, *wish: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            print(json.dumps(wish), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Kill all that is left, and wait until it has ended."""
        self._process.communicate(timeout=30)


def main() -> None:
    """Leave the tests' family, and do what they wish until they end."""
    if os.fork():
        os._exit(0)
    children: dict[int, subprocess.Popen[bytes]] = {}
    for line in sys.stdin:
        answer: Any = None
        match json.loads(line):
            case ["start", command, executable, log]:
                with Path(log).open("ab") as says:
                    child = subprocess.Popen(
                        command, executable=executable, stdin=subprocess.DEVNULL, stdout=says, stderr=says
                    )
                children[child.pid] = child
                answer = child.pid
            case ["runs", pid]:
                answer = children[pid].poll() is None
            case ["kill", pid]:
                children[pid].kill()
                children.pop(pid).wait()
        print(json.dumps(answer), flush=True)
    for child in children.values():
        child.kill()
        child.wait()


if __name__ == "__main__":
    main()
