"""What the road network decides: how it is drawn, what the tags of a map mean, how ways become stretches."""

from thanglong.domains.roads.rules.drawing import Drawing, Feature

__all__ = ["Drawing", "Feature"]
