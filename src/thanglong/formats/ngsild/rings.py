"""Polygons whose rings cross themselves: slivers, as drawing and rounding leave them, are mended, the rest is refused.

RFC 7946 does not say that a ring must be simple, while spatial relations are defined for simple rings alone.
"""

from typing import Any

SLIVER = 0.01
"""The part of a polygon's area that may lie in loops the wrong way round."""


def mended(shape: Any) -> Any | None:
    """A shapely geometry with simple rings; None where so much of it is crossed that nobody knows what was meant."""
    import shapely

    if shape.is_valid:
        return shape
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return None
    found = shapely.make_valid(shape)
    # the area by the rings' own direction counts a loop the wrong way round as less: a bow tie comes to nothing
    if found.area <= 0 or abs(shape.area - found.area) > SLIVER * found.area:
        return None
    return found
