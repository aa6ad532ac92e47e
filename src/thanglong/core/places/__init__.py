"""Places: the administrative units and offices of the city, over time.

For everybody: which ward lies under a point, what it was called last year, which units stand under which, who
replaced whom. A unit has a permanent identity; its code, name, kind, parent and outline are facts with a validity
period, because codes are reused and names change. Boundaries enter as GeoJSON (RFC 7946), lists as CSV. The module
brings no measures: it is the geography of all others.
"""
