"""sizes.py FOLDER OUT.tsv: what each library of the frozen program weighs, the heaviest first, as bytes."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path


def owner(inside: Path) -> str:
    """The library that a file belongs to: the first folder, or the file itself where it lies at the top."""
    parts = inside.parts[1:] if inside.parts[0] == "_internal" else inside.parts
    if len(parts) == 1:
        return "shared libraries of the system" if ".so" in parts[0] else "the program"
    return parts[0].removesuffix(".libs").split("-")[0]


def main(folder: Path, out: Path) -> None:
    """Add up, and write the table."""
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            sizes[owner(path.relative_to(folder))] += path.stat().st_size
    lines = [f"{name}\t{size}" for name, size in sizes.most_common()]
    out.write_text("\n".join(["library\tbytes", *lines, f"all\t{sizes.total()}"]) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
