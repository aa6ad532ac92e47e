"""Roads (mạng lưới đường): one road graph per city, for every domain that moves or stands along it.

The network comes from OpenStreetMap or is the demo's, generated from a sketch and from where people live; it lies as
arrays in the data folder and is drawn on the base map. Ways, times, nearest units and reach follow the speeds and the
closed streets of this minute; once an hour the reach of stations and free units is measured.
"""
