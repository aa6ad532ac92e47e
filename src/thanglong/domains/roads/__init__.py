"""Roads (mạng lưới đường): one road graph per city, for every domain that moves or stands along it.

Now: the network of the demo city, generated from a sketch and from where people live, kept as arrays in the data
folder, and drawn on the base map with water and parks. Import from OpenStreetMap, travel times and
routing follow (see DESIGN).
"""
