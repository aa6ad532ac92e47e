"""Things: the city database. Every lamp, junction, parking space, ambulance and rack is an entity with attributes, a
place and a full history. For devices and other systems that write, for domains and dashboards that read; the
vocabulary is NGSI-LD (ETSI GS CIM 009) and, where they exist, the Smart Data Models. Its store is the port
``kit.ports.ThingsStore``; other cities' and vendors' software reaches it through ``surfaces/ngsild``."""
