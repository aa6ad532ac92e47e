"""Lighting (chiếu sáng): lamps and cabinets, for the lighting company, its crews and all who walk home at night.

Now: lamps and cabinets of the demo city on the live map, switched by the sun, failing and repaired. Control by TALQ,
faults as cases and replacement plans follow; measures: lamps alight, hours to repair.
"""
