"""NGSI-LD (ETSI GS CIM 009, version 1.9.1): names, entities, query language and their representations. Pure functions.

Names are kept as short as the core context allows, see :mod:`terms`. Documents of ``@context`` are accepted and not yet
applied: a short name means the same for everyone.
"""
