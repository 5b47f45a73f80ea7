"""What a Preview says, in words."""

from __future__ import annotations

from explorer.formats.preview import NO_VECTORS, Preview
from explorer.gui import wording


def shape(preview: Preview) -> str:
    """Comma-separated table · about 1,200,000 × 256 · float32"""
    words = [preview.title]
    if preview.rows is not None:
        about = "≈ " if preview.about else ""
        if not preview.dimensions:
            return f"{preview.title} · {about}{wording.count(preview.rows)} rows, no vectors"
        words.append(f"{about}{wording.count(preview.rows)} × {wording.count(preview.dimensions)}")
        words.append(preview.dtype)
    return " · ".join(words)


def question(preview: Preview) -> str:
    """What somebody has to say before it can be opened; empty where that is nothing."""
    if preview.alike and not preview.values.get("array"):
        what = "columns" if preview.chooses_columns else "arrays"
        return f"Any of {preview.alike} {what} may be the vectors: choose one."
    if preview.problem == NO_VECTORS:
        return NO_VECTORS if preview.texts else "No column of this table holds vectors, and none holds text to embed."
    return ""


def needs(preview: Preview) -> str:
    """What opening it takes."""
    if preview.rows is None or preview.problem:
        return ""
    if not preview.dimensions:
        return "The vectors are made of the text when it is opened, and kept: it opens at once the next time."
    if not preview.needed:
        return "It is used where it lies, and takes no room."
    about = "about " if preview.about else ""
    said = f"Takes {about}{wording.about(preview.needed)} on the disk, of which {wording.about(preview.free)} are free"
    if preview.memory:
        said += f", and {wording.about(preview.memory)} of memory while it is read"
    return f"{said}."


def too_large(preview: Preview) -> str:
    """Why it does not fit; empty where it does."""
    if not preview.fitting:
        return ""
    if preview.memory > preview.free_memory:
        return (
            f"It does not fit: reading it takes {wording.about(preview.memory)} of memory, and "
            f"{wording.about(preview.free_memory)} are free."
        )
    return (
        f"It does not fit: it takes {wording.about(preview.needed)} on the disk, and "
        f"{wording.about(preview.free)} are free."
    )
