"""Distributed operations (clause 4.3.6): a request that registered context sources have a part in is cut among them and
this broker, and what comes back is put together. A tenant without registrations pays one look into a dictionary."""

from thanglong.surfaces.ngsild.distributed.dispatch import Distributed

__all__ = ["Distributed"]
