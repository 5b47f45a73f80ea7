"""The library itself, brought into a process in such a way that other libraries live on beside it."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import Any


def imported() -> Any:
    """`usearch.index`.

    USearch carries a C++ runtime of its own, whose list of locale facets becomes that of the whole process when it
    is the first to write it. The system's runtime then gives its facets numbers that are taken, and the next library
    that reads an expression or prints a number (Faiss's `index_factory`, for one) crashes. So the system's goes first.
    """
    if sys.platform == "linux" and "usearch" not in sys.modules:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libstdc++.so.6")["_ZNSt6locale7classicEv"]()
    import usearch.index

    return usearch.index
