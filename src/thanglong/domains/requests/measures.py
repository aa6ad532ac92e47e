"""The indicators of reports: those of all case work, with titles and targets of their own."""

from dataclasses import replace

from thanglong.core.measures import service as measures
from thanglong.domains.requests.types import CASE_TYPE
from thanglong.kit.errors import N_

TITLES = {
    "in_time": N_("Reports done in time"),
    "response": N_("Time to the first answer to a report"),
    "satisfaction": N_("Satisfaction of reporters"),
    "reopened": N_("Reports opened again"),
    "received": N_("Reports received"),
}
# the target is 90: who is ten below it in an ended month has more than a bad week, and is well again from 82 on
IN_TIME = (80.0, None)


def register() -> None:
    """Enter the measures (called by ``apps.py``)."""
    for measure in measures.case_measures(
        "requests", [CASE_TYPE], domain="requests", titles=TITLES, targets={"in_time": 90, "reopened": 5}
    ):
        if measure.key == "requests.in_time":
            measure = replace(measure, band=IN_TIME, back=2.0)
        measures.register(measure)
