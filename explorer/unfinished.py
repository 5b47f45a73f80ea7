"""Files in the making: written beside their place and moved there when they are whole, gone when they never are.

A process that is killed can remove nothing. So whoever started it may `watch` it: it is told of every path before
there is anything at it, and again when there is nothing left to remove.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

_NAME = re.compile(r"part-.|\..+\.part(\.json)?$")
"""What something in the making is called: nothing else is ever removed."""
_there: set[Path] = set()
_tell: list[Callable[[Path, bool], None]] = []


@contextlib.contextmanager
def removed_after(*paths: Path) -> Iterator[None]:
    """Whatever lies at these paths is removed after the block, folders with all that is in them.

    Their names are `.NAME.part`, `.NAME.part.json` or `part-NAME`.
    """
    for path in paths:
        _note(path, there=True)
    try:
        yield
    finally:
        for path in paths:
            remove(path)
            _note(path, there=False)


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A path to write to in place of `path`, whose place it takes after the block, unless that fails."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with removed_after(part):
        yield part
        part.replace(path)


def remove(path: Path) -> None:
    """Remove a file or a folder; nothing there is no error, nor what cannot be removed."""
    if not _NAME.match(path.name):
        return
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def remove_all() -> None:
    """Remove everything that this process has in the making, because it is about to end."""
    for path in list(_there):
        remove(path)


def watch(tell: Callable[[Path, bool], None]) -> None:
    """From now on `tell(path, there)` is called before something is made, and when it is gone or finished."""
    _tell[:] = [tell]


def _note(path: Path, *, there: bool) -> None:
    path = path.absolute()
    if there:
        _there.add(path)
    else:
        _there.discard(path)
    for tell in _tell:
        tell(path, there)
