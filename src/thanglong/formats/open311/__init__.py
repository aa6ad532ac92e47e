"""Open311 GeoReport v2 on the wire: XML and JSON (Spark convention) both ways, forms, dates, and a small client."""

from thanglong.formats.open311.client import Client, Open311Error, Receipt
from thanglong.formats.open311.wire import (
    ITEM_NAMES,
    attributes_of,
    form_of,
    from_json,
    from_xml,
    to_json,
    to_xml,
    w3c,
    w3c_parse,
)

__all__ = [
    "ITEM_NAMES",
    "Client",
    "Open311Error",
    "Receipt",
    "attributes_of",
    "form_of",
    "from_json",
    "from_xml",
    "to_json",
    "to_xml",
    "w3c",
    "w3c_parse",
]
