"""The nouns of the road network."""

from thanglong.solve.city import CLASSES, Area, Roads

__all__ = ["CLASSES", "Area", "Roads"]
