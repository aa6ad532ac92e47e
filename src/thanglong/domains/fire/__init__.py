"""Fire and rescue (phòng cháy chữa cháy 114): stations, engines and hydrants, for the 114 desk, crews and inspectors.

Now: stations, engines and hydrants of the demo city on the live map. Run cards, water points, pre-plans and public
alerts follow; measures: response time, hydrants in order.
"""
