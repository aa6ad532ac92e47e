"""Data centres (trung tâm dữ liệu): the shared complexes that replace the server rooms of every unit.

Now: the six complexes of the demo city, 1,200 MW in all, with load, efficiency and temperature of their halls.
Inventory, power feeds, placement and migration follow; measures: PUE, load against capacity, hours too hot.
"""
