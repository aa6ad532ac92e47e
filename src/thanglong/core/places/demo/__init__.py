"""The units of the demo city: real names, codes and positions, approximate boundaries, generated offices."""

from thanglong.core.places.demo.build import build

__all__ = ["build"]
