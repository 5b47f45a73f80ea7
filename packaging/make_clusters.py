"""Make the sample `clusters`: points whose true groups are known, to see what a map and an index make of them.

4,950 points in 32 dimensions from 12 Gaussian clusters, from 60 points to 1,100 and from tight to wide (some overlap,
two are stretched along one direction), and 50 points of background noise spread over the box around them all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "samples" / "clusters"
DIMENSIONS = 32
SIZES = (1100, 850, 700, 600, 480, 360, 270, 200, 150, 100, 80, 60)
SPREADS = (1.0, 0.6, 1.4, 0.5, 0.9, 1.8, 0.35, 1.2, 0.7, 0.25, 1.0, 0.5)
STRETCHED = {2: 5.0, 7: 6.0}  # cluster: how many times longer it is along one direction
BACKGROUND = 50


def main() -> None:
    """Write the vectors and, row for row, which cluster each came from."""
    rng = np.random.default_rng(12)
    centres = rng.normal(scale=1.1, size=(len(SIZES), DIMENSIONS))
    groups, labels = [], []
    for number, (size, spread) in enumerate(zip(SIZES, SPREADS, strict=True)):
        offsets = rng.normal(scale=spread, size=(size, DIMENSIONS))
        direction = rng.normal(size=DIMENSIONS)
        direction /= np.linalg.norm(direction)
        offsets += np.outer(offsets @ direction, direction) * (STRETCHED.get(number, 1.0) - 1.0)
        groups.append(centres[number] + offsets)
        labels += [f"cluster {number + 1:02d}"] * size
    box = np.concatenate(groups)
    groups.append(rng.uniform(box.min(axis=0), box.max(axis=0), size=(BACKGROUND, DIMENSIONS)))
    labels += ["background"] * BACKGROUND

    order = rng.permutation(len(labels))
    np.save(FOLDER / "clusters.npy", np.concatenate(groups)[order].astype("<f4"))
    lines = ["cluster", *(labels[row] for row in order), ""]
    (FOLDER / "clusters.tsv").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
