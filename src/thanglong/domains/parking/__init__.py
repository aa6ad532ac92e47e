"""Parking (bãi đỗ xe thông minh): car parks and their free spaces, for drivers and the transport department.

Now: car parks of the demo city on the live map, filling and emptying with the day. Spaces, sessions, payment, tariffs
and forecasts follow; measures: occupancy, hours full.
"""
