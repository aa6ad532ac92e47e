"""The collector of cycles in a process that answers requests for months."""

import gc

YOUNG = 20_000
"""Objects made before the collector looks for cycles; a request leaves hardly any, and the usual 700 are one batch."""


def settle() -> None:
    """Call when started: what was made until now stays, and need not be looked through at every turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
