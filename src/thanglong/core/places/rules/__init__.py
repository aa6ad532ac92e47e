"""Pure decisions: what names say, how states fit together in time, what a file of units would change."""

from thanglong.core.places.rules.names import alike, english_name, kind_of, prefix_of, short_name
from thanglong.core.places.rules.periods import (
    DAY,
    Period,
    merged,
    overlapping,
    overlay,
    period,
    same,
    say_the_same,
    splice,
)
from thanglong.core.places.rules.releases import Identity, Listed, chains, continues

__all__ = [
    "DAY",
    "Identity",
    "Listed",
    "Period",
    "alike",
    "chains",
    "continues",
    "english_name",
    "kind_of",
    "merged",
    "overlapping",
    "overlay",
    "period",
    "prefix_of",
    "same",
    "say_the_same",
    "short_name",
    "splice",
]
