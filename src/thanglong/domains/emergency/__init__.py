"""Emergency (cấp cứu 115): ambulances, their stations and hospitals, for the 115 desk, its crews and planners.

Now: stations, ambulances and hospitals of the demo city on the live map; ambulances take calls and drive along real
roads. Triage, dispatch, relocation and hospital choice follow; measures: response time, share within 8 and 15 minutes.
"""
