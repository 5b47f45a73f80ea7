"""A matrix that grows by rows, for files that do not say how many they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class GrowingMatrix:
    """float32 (rows so far, dimensions).

    It asks for a guess of the rows, and grows in place: large blocks move by remapping pages, so the peak stays near
    the final size; pages that were asked for and never written cost nothing.
    """

    def __init__(self, dimensions: int, guess: int) -> None:
        self.rows = 0
        self._array = np.empty((max(guess, 1), dimensions), np.float32)

    def more(self, rows: int) -> NDArray[np.float32]:
        """A view (rows, dimensions) of that many new rows at the end, to be written before the next call."""
        wanted = self.rows + rows
        if wanted > len(self._array):
            self._array.resize((max(wanted, len(self._array) * 5 // 4), self._array.shape[1]), refcheck=False)
        self.rows = wanted
        return self._array[wanted - rows : wanted]

    def finished(self) -> NDArray[np.float32]:
        """The whole matrix, cut to its rows; nothing may be added after."""
        self._array.resize((self.rows, self._array.shape[1]), refcheck=False)
        return self._array
