"""What Arrow raises, as one sentence of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import BadFile, ExplorerError


@contextmanager
def translating(path: Path, what: str) -> Iterator[None]:
    """Raise BadFile for whatever Arrow finds wrong with a file; `what` it cannot be read as, such as “Parquet”.

    What the system says, such as a full disk, stays as it is.
    """
    import pyarrow as pa

    try:
        yield
    except ExplorerError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, LookupError, RuntimeError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        text = re.sub(r"\s+", " ", text)[:300].rstrip(".")
        raise BadFile(path, f"it cannot be read as {what}, it may be damaged or cut short: {text}.") from None
