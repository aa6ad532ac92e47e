"""How the loops of this package are compiled, and the number that means "closed"."""

from typing import Any, TypeAlias

import numba

Array: TypeAlias = Any
compiled = numba.njit(cache=True, nogil=True)

CLOSED = 1_000_000_000
"""Milliseconds (11.5 days) that stand for "no way": two of them still fit 32 bits."""
