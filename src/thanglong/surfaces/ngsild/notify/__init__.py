"""Notifications of subscriptions: the things' change log read by one process, judged, and sent over HTTP or MQTT.

Every subscription has its cursor in the store, so a process that dies loses nothing; what was sent but not yet noted
is sent again. One notification of a subscription is under way at a time, so the changes of an entity arrive in order.
"""

from thanglong.surfaces.ngsild.notify.notifier import Notifier

__all__ = ["Notifier"]
