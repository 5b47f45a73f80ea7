"""Whether a file begins as a pickle does: told by its bytes, for nothing is ever unpickled."""

from __future__ import annotations

import re

_MARKED = re.compile(rb"\x80[\x02-\x05][\x95\]})(cXKJMGNI.\x85-\x8e\x94]")
"""The protocols from 2 on: their number, and then something that a pickle can say. A count of vectors goes on in zeros,
as a rule."""
_OLD = re.compile(rb"\(?c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n(p\d+\n|q|\()|\([ld]p\d+\n|[\]}]q\x00")
"""The protocols 0 and 1, which bear no mark."""


def is_pickle(head: bytes) -> bool:
    """Whether a file that begins so is a pickle, of any protocol."""
    return bool(_MARKED.match(head) or _OLD.match(head))
