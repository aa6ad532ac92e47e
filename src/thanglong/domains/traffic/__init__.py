"""Traffic (điều hành giao thông): junctions, detectors and the state of the streets, for the traffic centre.

Now: junction controllers and detectors of the demo city on the live map, with rush hours, incidents and faults. Signal
control, incident response, forecasts and DATEX II follow; measures: mean speed, time lost, hours on fault.
"""
