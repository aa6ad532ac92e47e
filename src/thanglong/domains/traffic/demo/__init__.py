"""Junctions and detectors of the demo city, and their day."""

from thanglong.domains.traffic.demo.build import build
from thanglong.domains.traffic.demo.running import tick

__all__ = ["build", "tick"]
