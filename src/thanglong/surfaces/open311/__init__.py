"""Open311 GeoReport v2 at ``/open311/v2``: services, requests, tokens, discovery, updates; XML and JSON.

For apps and other cities' systems that report and read problems. Reports are those of ``domains.requests``.
"""
