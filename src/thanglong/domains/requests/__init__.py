"""Phản ánh hiện trường: a citizen reports what is broken, the right unit mends it and shows it, the citizen judges.

For citizens (with or without an account), officers of wards and offices, and city hall. Standards: Open311 GeoReport
v2 (``surfaces/open311``), GeoJSON. A report is a case of the type ``requests.report`` (numbers ``PA-…``). Measures:
time to the first answer, share done in time, share reopened, satisfaction, reports received; by unit and month.
"""
