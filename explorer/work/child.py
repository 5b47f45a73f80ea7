"""A child process: reads requests from standard input, carries them out, writes what happens to standard output.

    in    ("do", id, request)        carry out, one after another
          ("stop", id)               raise Cancelled at that request's next progress
          ("know", 0, account, word) use this password of a server from now on
    out   ("begun", id), then any number of
          ("progress", id, fraction, note) · ("partial", id, value)
          then exactly one of ("done", id, value) · ("failed", id, class, sentence, fields) · ("cancelled", id)
          and at any time ("unfinished", id, path, there): what to remove should the child be killed

Requests and values travel packed, so that one that cannot be opened fails its task and not the conversation.
When the parent goes away, standard input ends, and so does the child, after it has removed what is unfinished.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, BinaryIO

from explorer.errors import Cancelled, ExplorerError, TaskFailed, TooLarge, fields_of

if TYPE_CHECKING:
    from explorer.work.wire import Packed

PROGRESS_SECONDS = 0.03
"""Progress is said at most this often."""


def main() -> None:
    """Serve until the parent closes our standard input.

    What libraries print goes to standard error, and what they would read is empty: the conversation is ours alone.
    Ctrl+C in the terminal is for the parent to act on.
    """
    inbound = os.fdopen(os.dup(0), "rb")
    outbound = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _be_nice()
    Child(inbound, outbound).serve()


class Child:
    """One request at a time on the main thread; a second thread listens for "stop" and for the end."""

    def __init__(self, inbound: BinaryIO, outbound: BinaryIO) -> None:
        from explorer.work.desk import Desk

        self._inbound = inbound
        self._outbound = outbound
        self._requests: queue.SimpleQueue[tuple[int, Packed]] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._current = 0
        self._said = 0.0
        self._desk = Desk(self._progress, self._publish)

    def serve(self) -> None:
        """Carry out requests for ever; the process ends when the listener hears the end of input."""
        from explorer import unfinished

        unfinished.watch(lambda path, there: self._say("unfinished", path, there))
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            self._carry_out(*self._requests.get())

    def _listen(self) -> None:
        from explorer.servers import passwords
        from explorer.work import wire

        try:
            while True:
                verb, number, *rest = wire.receive(self._inbound)
                if verb == "do":
                    self._requests.put((number, rest[0]))
                elif verb == "know":
                    passwords.hold_for(*rest)
                else:
                    self._stopped.add(number)
        finally:
            _end()

    def _carry_out(self, number: int, request: Packed) -> None:
        from explorer.work.wire import Packed

        self._current, self._said = number, 0.0
        self._say("begun")
        try:
            self._progress(None)
            self._say("done", Packed.of(request.value()(self._desk)))
        except Cancelled:
            self._say("cancelled")
        except ExplorerError as error:
            self._fail(error)
        except MemoryError:
            self._fail(TooLarge("There is not enough memory for this."))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._fail(TaskFailed(f"{where}{error.strerror or error}."))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._fail(TaskFailed(f"Something unforeseen happened ({type(error).__name__}: {error})."))
        try:
            self._desk.tidy_up()
        except Exception:
            # The answer has been given, and is right without it.
            traceback.print_exc(file=sys.stderr)

    def _fail(self, error: ExplorerError) -> None:
        self._say("failed", type(error).__name__, str(error), fields_of(error))

    def _progress(self, fraction: float | None, note: str = "") -> None:
        if self._current in self._stopped:
            raise Cancelled("stopped")
        now = time.monotonic()
        if (note or fraction is not None) and now - self._said >= PROGRESS_SECONDS:
            self._said = now
            self._say("progress", fraction, note)

    def _publish(self, value: object) -> None:
        from explorer.work.wire import Packed

        self._say("partial", Packed.of(value))

    def _say(self, verb: str, *rest: object) -> None:
        from explorer.work import wire

        try:
            wire.send(self._outbound, (verb, self._current, *rest))
        except BrokenPipeError:
            # The parent is gone.
            _end()


def _end() -> None:
    """End now, whatever the main thread does."""
    from explorer import unfinished

    unfinished.remove_all()
    os._exit(0)


def _be_nice() -> None:
    """Let the window's process go first."""
    if os.environ.get("EXPLORER_CHILD_NICE") and hasattr(os, "nice"):
        os.nice(int(os.environ["EXPLORER_CHILD_NICE"]))


if __name__ == "__main__":
    main()
