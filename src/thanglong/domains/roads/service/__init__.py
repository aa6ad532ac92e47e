"""The verbs of the road network: look at it and replace it here; ``importing`` maps, ``routing`` for ways and times,
``live`` for the streets of this minute, ``closing`` streets, ``covering`` for who is reached in time.

The first four load the compiled loops, which takes a second: import them where they are used, not at the start of a
process.
"""

from thanglong.domains.roads.service.network import (
    load,
    park_features,
    replace,
    road_features,
    version,
    water_features,
    water_label_features,
)

__all__ = ["load", "park_features", "replace", "road_features", "version", "water_features", "water_label_features"]
