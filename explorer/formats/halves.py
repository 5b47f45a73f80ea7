"""Numbers of 16 bits as float32, exactly, and faster than a cast of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = np.int32(-(1 << 31) | 0x0FFFE000)
"""Sign, exponent and fraction of a float16 after they have been shifted to where a float32 has them."""
BIAS = np.float32(2.0**112)
"""The exponents of float32 count from 127, those of float16 from 15."""
NOT_FINITE = np.float32(65536.0)
"""Beyond the largest float16; infinity and NaN, which have the highest exponent, come to lie there."""


def from_float16(block: NDArray[np.float16]) -> NDArray[np.float32]:
    """float16 (m, d) of this machine's byte order as float32 in C order.

    The bits are moved to their places and the exponent is put right by one product, which is exact. Where something is
    not finite, or where this thread takes the tiniest numbers for zero, each number is cast.
    """
    bits = np.ascontiguousarray(block).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= KEPT
    found = bits.view(np.float32)
    found *= BIAS
    if found.size and not (-NOT_FINITE < found.min() <= found.max() < NOT_FINITE and _keeps_the_tiniest()):
        return np.ascontiguousarray(block, np.float32)
    return found


def from_bfloat16(words: NDArray[Any]) -> NDArray[np.float32]:
    """bfloat16 as uint16 (…) as float32: the upper half of its bits."""
    bits = words.astype(np.uint32)
    bits <<= 16
    return bits.view(np.float32)


def _keeps_the_tiniest() -> bool:
    """Whether a product of denormal numbers is what it should be; some libraries turn that off."""
    return bool((np.array([1 << 13], np.int32).view(np.float32) * BIAS)[0] > 0)
