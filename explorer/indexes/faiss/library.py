"""The library itself: is it here, how many threads may it use, and what do its exceptions say."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from explorer.errors import ExplorerError

ABOUT_WHERE = re.compile(r"^Error in .*? at [^:]*:\d+: ", re.DOTALL)
ABOUT_WHAT = re.compile(r"^Error: '.*?' failed(?:: |$)", re.DOTALL)
LONGEST_SAID = 200
WAITING = "OMP_WAIT_POLICY"


def unavailable() -> str | None:
    """Why Faiss cannot be used here, or None."""
    if find_spec("faiss") is None:
        return (
            "The library faiss is not installed here; “pip install ann-explorer[faiss]” adds it "
            "(there is none for Macs with an Intel processor)."
        )
    return None


def imported() -> Any:
    """The library. Its threads wait for work asleep: awake they hold up each other wherever cores are busy.

    What the environment says of that counts, and is read once, when the library is loaded.
    """
    said = WAITING in os.environ
    os.environ.setdefault(WAITING, "PASSIVE")
    try:
        import faiss
    finally:
        if not said:
            del os.environ[WAITING]
    return faiss


def library() -> str:
    """The library's name and version."""
    for name in ("faiss-cpu", "faiss"):
        try:
            return f"faiss {version(name)}"
        except PackageNotFoundError:
            continue
    return "faiss"


@contextmanager
def translated(error: Callable[[str], ExplorerError]) -> Iterator[None]:
    """What Faiss raises (RuntimeError for nearly everything) becomes `error` of what it says."""
    try:
        yield
    except (AssertionError, MemoryError, RuntimeError, TypeError, ValueError) as raised:
        raise error(said(raised)) from raised


def said(raised: BaseException) -> str:
    """What an exception of the library says, without where in its source it says so."""
    text = ABOUT_WHERE.sub("", " ".join(str(raised).split()), count=1)
    text = ABOUT_WHAT.sub("", text, count=1) or text
    text = text.strip().rstrip(".")[:LONGEST_SAID]
    return text or type(raised).__name__


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let what this thread asks of Faiss use so many cores."""
    faiss = imported()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
