"""Reports of the demo city: a year of the past, and new ones every hour.

The real flow (iHanoi, June to November 2024: 23,910 in 151 days) is 158 reports a day. The past year holds ``7 x
scale`` of it, 4,037 reports at the usual scale of 0.01; the running day brings three times that rate, so that something
happens.
"""

from thanglong.domains.requests.demo.history import build
from thanglong.domains.requests.demo.living import tick

__all__ = ["build", "tick"]
