"""Routing in process: exact quickest ways through a whole city in microseconds, with the speeds of this minute.

``network`` is the road network, ``turns`` its edge-expanded graph, ``dissection`` and ``hierarchy`` the customizable
contraction hierarchy over it, ``dijkstra`` the plain way to the same answers. Times are whole milliseconds.
See docs/why/routing.md.
"""
