"""Emergency (cấp cứu 115): ambulances, their stations and hospitals, for the 115 desk, its crews and planners.

Now: stations, ambulances and hospitals of the demo city on the live map; ambulances take calls and drive along real
roads; measures: people within 8 and 12 minutes of stations and of free ambulances. Triage, dispatch, relocation and
hospital choice follow.
"""
