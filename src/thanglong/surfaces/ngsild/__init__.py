"""The NGSI-LD interface of the city database, ``/ngsi-ld/v1`` (ETSI GS CIM 009, version 1.9.1): for vendors' software,
devices and other cities. What is answered so far stands in ``docs/look-up/ngsi-ld.md``."""
