"""The road network of the demo city."""

from thanglong.domains.roads.demo.build import build

__all__ = ["build"]
