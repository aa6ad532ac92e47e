"""Fire and rescue (phòng cháy chữa cháy 114): stations, engines and hydrants, for the 114 desk, crews and inspectors.

Now: stations, engines and hydrants of the demo city on the live map; measures: people within 5 and 10 minutes of
stations and of free engines. Run cards, water points, pre-plans and public alerts follow.
"""
