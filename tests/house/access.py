"""Who may open which address: one line for every address of the project. ``test_access.py`` tries all of them.

A line is ``(route, who, option…)``. ``route`` is the pattern as urls.py writes it. ``who`` is

- ``EVERYONE``: also without an account (the page itself may show more to some);
- ``SIGNED_IN``: any official with an account, with or without a role;
- an action such as ``"cases.view"``: a role that allows it, somewhere;
- ``NOBODY``: refused to all, because the object belongs to somebody else.

Options: ``OBJECT`` the address names an object of one ward, so the role must be held there or above, and everybody else
gets the answer for a thing that does not exist or is not theirs; ``CITY`` the role must be held at the city itself;
``POST`` it is sent with that method (and nothing in
it: a complaint about the form means that the door was open); ``at=…`` (a dict) fills the route's parameters or, under
``"path"``, is the whole address. Parameters named after a thing of the test's ward (``number``, ``unit_id``, ``photo_id``…)
are filled by themselves.
"""

from typing import Any

EVERYONE, SIGNED_IN, NOBODY = "everyone", "signed in", "nobody"
OBJECT, POST, CITY = "object", "post", "city"
NOWHERE = "00000000-0000-4000-8000-000000000000"
CITIZENS_OWN = {"me/readings/"}
"""What of the addresses for those who are signed in is open to a citizen's account too."""

ROWS: list[tuple[Any, ...]] = [
    # core/ledger: public on purpose
    ("ledger/", EVERYONE),
    ("ledger/head.json", EVERYONE),
    ("ledger/consistency.json", EVERYONE),
    ("ledger/growth/", EVERYONE),
    ("ledger/checkpoint", EVERYONE),
    ("ledger/tile/<path:name>", EVERYONE, {"name": "0/000"}),
    ("ledger/<int:year>/checkpoint", EVERYONE, {"year": 2026}),
    ("ledger/<int:year>/tile/<path:name>", EVERYONE, {"year": 2026, "name": "{tile}"}),
    ("ledger/entry/<int:entry_id>/", EVERYONE),
    ("ledger/entry/<int:entry_id>.json", EVERYONE),
    # core/places: reading is public
    ("units/", EVERYONE),
    ("units/<uuid:unit_id>/", EVERYONE),
    ("desk/places/", "places.manage"),
    ("desk/places/new/", "places.manage"),
    ("desk/places/<uuid:unit_id>/change/", "places.manage", OBJECT),
    ("desk/places/<uuid:unit_id>/close/", "places.manage", OBJECT),
    ("desk/places/reforms/", "places.manage"),
    ("desk/places/reforms/new/", "places.manage"),
    ("desk/places/reforms/step/", "places.manage", POST),
    ("api/places/address", EVERYONE),
    ("api/places", EVERYONE),
    ("api/places/at", EVERYONE),
    ("api/places/units.geojson", EVERYONE),
    ("api/places/<uuid:unit_id>", EVERYONE),
    # domains/roads
    ("api/roads/route", "things.view", {"path": "api/roads/route?from=105.8,21&to=105.9,21.1"}),
    ("api/roads/times", "things.view", {"path": "api/roads/times?from=105.8,21&to=105.9,21.1"}),
    ("api/roads/nearest", "things.view", {"path": "api/roads/nearest?from=105.8,21&to=105.9,21.1"}),
    ("api/roads/isochrone", "things.view", {"path": "api/roads/isochrone?from=105.8,21"}),
    ("api/roads/closures", EVERYONE),
    ("api/roads/closures/<str:id>/open", "things.write", POST, {"id": "urn:ngsi-ld:RoadClosure:none"}),
    ("tiles/roads/<int:z>/<int:x>/<int:y>.mvt", "things.view", {"z": 12, "x": 3252, "y": 1800}),
    ("centre/roads/", "things.view"),
    # core/people
    ("signin/", EVERYONE),
    ("signin/second/", NOBODY),  # without a right password before it: back to the beginning
    ("signin/outside/", NOBODY),  # unless a provider has just proved somebody
    ("signin/passkey/options/", EVERYONE, POST),
    ("signin/passkey/", NOBODY, POST),  # without what a passkey signed
    ("setup/<str:secret>/", NOBODY, {"secret": "not-a-link"}),
    ("signout/", EVERYONE, POST),
    ("me/", SIGNED_IN),
    ("me/language/", SIGNED_IN, POST),
    ("me/password/", SIGNED_IN, POST),
    ("me/tokens/", SIGNED_IN, POST),
    ("me/tokens/<uuid:token_id>/revoke/", "tokens.manage", POST),  # somebody else's key
    ("me/readings/", SIGNED_IN),
    ("me/security/", SIGNED_IN),
    ("me/security/again/", SIGNED_IN),
    ("me/security/app/", SIGNED_IN),
    ("me/security/codes/", SIGNED_IN, POST),
    ("me/security/passkey/options/", SIGNED_IN, POST),
    ("me/security/passkey/", SIGNED_IN, POST),
    ("me/security/factors/<uuid:factor_id>/remove/", SIGNED_IN, POST, {"factor_id": NOWHERE}),
    ("me/security/sessions/<uuid:session_id>/end/", NOBODY, POST, {"session_id": NOWHERE}),
    ("me/security/sessions/end/", SIGNED_IN, POST),
    ("desk/people/roles/", "people.view"),
    ("desk/people/roles/<str:key>/", "people.manage", CITY, {"key": "officer"}),
    ("desk/people/import/", "people.manage"),
    ("desk/people/systems/", "tokens.manage", CITY),
    ("desk/people/systems/new/", "tokens.manage", CITY),
    ("desk/people/systems/<uuid:client_id>/", "tokens.manage", CITY),
    ("desk/people/systems/<uuid:client_id>/secret/", "tokens.manage", CITY, POST),
    ("desk/people/systems/<uuid:client_id>/disconnect/", "tokens.manage", CITY, POST),
    ("desk/people/leave/<uuid:absence_id>/end/", NOBODY, POST, {"absence_id": NOWHERE}),
    ("desk/people/<uuid:account_id>/", "people.view", OBJECT),
    ("desk/people/<uuid:account_id>/leave/", "people.grant", OBJECT, POST),
    ("desk/people/<uuid:account_id>/look-after/", "people.manage", OBJECT, POST),
    ("desk/people/", "people.view"),
    ("desk/people/?unit={unit_id}", "people.view", OBJECT),
    ("desk/people/grant/", "people.grant"),
    ("desk/people/new/", "people.manage"),
    ("desk/people/<uuid:membership_id>/end/", "people.grant", OBJECT, POST),
    # core/things
    ("centre/things/", EVERYONE),
    ("centre/things/attributes/", EVERYONE),
    ("centre/things/ask/", EVERYONE),
    ("centre/things/ask/?closed", "things.view", {"path": "centre/things/ask/?type=Ambulance"}),
    ("centre/things/subscriptions/", "things.view"),
    ("centre/things/registrations/", "things.view"),
    ("centre/things/contexts/", "things.view"),
    ("centre/things/contexts/<str:id>/", "things.write", POST, {"id": "none"}),
    ("centre/things/type/<path:kind>/", EVERYONE),
    ("centre/things/type/<path:kind>/?closed", "things.view", {"kind": "Ambulance"}),
    ("centre/things/entity/<path:id>/", EVERYONE),
    ("centre/things/entity/<path:id>/?closed", "things.view", {"id": "{ambulance}"}),
    # core/cases
    ("desk/", SIGNED_IN),  # rows in reach only; without a role an empty desk
    ("desk/assign/", "cases.assign", POST),
    ("desk/search/", SIGNED_IN),
    ("desk/unit/", "measures.view"),
    ("desk/decisions/", "cases.view"),
    ("desk/decisions/<str:key>/", "cases.view", {"key": "requests.routing"}),
    ("desk/decisions/<str:key>/file.dmn", "cases.view", {"key": "requests.routing"}),
    ("desk/cases/<str:number>/", "cases.view", OBJECT),
    ("desk/cases/<str:number>/act/<str:action>/", "cases.view", OBJECT, {"action": "accept"}),
    ("desk/cases/<str:number>/preview/", "cases.view", OBJECT, POST),
    ("desk/cases/<str:number>/transfer/", "cases.view", OBJECT),
    ("desk/cases/<str:number>/assign/", "cases.view", OBJECT),
    ("desk/cases/<str:number>/message/", "cases.act", OBJECT, POST),
    ("desk/cases/<str:number>/do/<str:what>/", "cases.view", OBJECT, {"what": "links"}),
    ("desk/opinions/", SIGNED_IN),  # of units in reach only
    ("desk/opinions/<uuid:opinion_id>/", NOBODY, POST),  # of a unit that was asked; none was in this scene
    ("cases/<str:number>/<str:secret>/", EVERYONE),
    ("files/<uuid:document_id>/<str:variant>/", "cases.view", OBJECT, {"variant": "original"}),
    # core/measures
    ("centre/measures/", "measures.view"),
    ("centre/measures/<measure:key>/", "measures.view"),
    ("centre/measures/<measure:key>/correct/", "measures.manage"),
    ("centre/measures/alerts/<int:id>/seen/", NOBODY, POST, {"id": "1"}),  # no figure left its band in this scene
    ("figures/", EVERYONE),
    ("figures/<measure:key>/", EVERYONE),
    ("api/measures.json", EVERYONE),
    ("api/measures/<measure:key>.map.json", EVERYONE),
    ("api/measures/<measure:key>.json", EVERYONE),
    ("api/measures/<measure:key>.csv", EVERYONE),
    ("api/measures/<measure:key>.parquet", EVERYONE),
    # web
    ("", EVERYONE),
    ("search", EVERYONE),
    ("help/", EVERYONE),
    ("theme/", EVERYONE, POST),
    ("language/", EVERYONE, POST),
    ("centre/", "centre.view"),
    ("centre/list/", "centre.view"),
    ("centre/alarms/", "centre.view"),
    ("centre/tiles/", "centre.view"),
    ("centre/replay.json", "centre.view"),
    ("centre/layers/<slug:key>.geojson", EVERYONE, {"key": "lighting"}),
    ("centre/layers/<slug:key>/clusters.json", EVERYONE, {"key": "lighting"}),
    ("centre/layers/<slug:key>.geojson?closed", "things.view", {"key": "ambulances"}),
    ("desk/system/", "system.manage"),
    ("desk/system/jobs/<int:job_id>/again/", "system.manage", POST, {"job_id": 1}),
    ("desk/system/jobs/<int:job_id>/drop/", "system.manage", POST, {"job_id": 1}),
    ("tiles/base/<int:z>/<int:x>/<int:y>.mvt", EVERYONE, {"z": 10, "x": 813, "y": 450}),
    ("healthz", EVERYONE),
    ("healthz/web", EVERYONE),
    ("robots.txt", EVERYONE),
    ("favicon.ico", EVERYONE),
    ("manifest.webmanifest", EVERYONE),
    ("service-worker.js", EVERYONE),
    # domains/requests: citizens
    ("report/", EVERYONE),
    ("report/photo/", EVERYONE, POST),
    ("report/guess.json", EVERYONE, POST),
    ("report/duplicates", EVERYONE, POST),
    ("report/where.json", EVERYONE),
    ("report/confirm/", NOBODY, POST),  # without a code that was sent to the asker
    ("reports/", EVERYONE),
    ("reports/map.geojson", EVERYONE),
    ("reports/photo/<uuid:photo_id>/<str:variant>/", EVERYONE, {"variant": "thumb"}),
    ("reports/<str:number>/", EVERYONE),
    ("reports/<str:number>/qr.svg", EVERYONE),
    ("reports/<str:number>/follow/", EVERYONE, POST),
    ("reports/<str:number>/again/", EVERYONE, POST),
    ("my/<str:number>/<str:secret>/", EVERYONE),
    ("my/<str:number>/<str:secret>/?wrong", NOBODY, {"secret": "not-the-secret"}),
    ("my/<str:number>/<str:secret>/sent/", EVERYONE),
    ("my/<str:number>/<str:secret>/<str:action>/", EVERYONE, POST, {"action": "confirm"}),
    ("my/<str:number>/<str:secret>/<str:action>/?wrong", NOBODY, POST, {"secret": "not-it", "action": "confirm"}),
    # domains/requests: officers
    ("desk/photos/", "requests.moderate"),
    ("desk/photos/<uuid:photo_id>/", "requests.moderate", OBJECT, POST),
    # surfaces/oidc: what it refuses, it refuses in the words of its standard
    (".well-known/openid-configuration", EVERYONE),
    ("signin/oidc/", NOBODY),  # no provider is set
    ("signin/oidc/back/?state=x&code=y", EVERYONE),  # a complaint: nothing was begun
    ("oidc/jwks.json", EVERYONE),
    ("oidc/authorize", EVERYONE),  # a complaint about the unknown system
    ("oidc/token", NOBODY, POST),
    ("oidc/userinfo", NOBODY),
    ("oidc/revoke", NOBODY, POST),
    # surfaces/open311: an open standard for citizens' applications
    (r"^open311/(?:v2/)?discovery(?:\.(?P<fmt>[A-Za-z0-9]+))?$", EVERYONE, {"path": "open311/v2/discovery.json"}),
    (r"^open311/v2/openapi\.json$", EVERYONE, {"path": "open311/v2/openapi.json"}),
    (r"^open311/v2/services(?:\.(?P<fmt>[A-Za-z0-9]+))?$", EVERYONE, {"path": "open311/v2/services.json"}),
    (
        r"^open311/v2/services/(?P<code>[^/]+?)(?:\.(?P<fmt>[A-Za-z0-9]+))?$",
        EVERYONE,
        {"path": "open311/v2/services/waste.json"},
    ),
    (r"^open311/v2/requests(?:\.(?P<fmt>[A-Za-z0-9]+))?$", EVERYONE, {"path": "open311/v2/requests.json"}),
    (
        r"^open311/v2/requests/(?P<number>[^/]+?)(?:\.(?P<fmt>[A-Za-z0-9]+))?$",
        EVERYONE,
        {"path": "open311/v2/requests/{number}.json"},
    ),
    (
        r"^open311/v2/tokens/(?P<token>[^/]+?)(?:\.(?P<fmt>[A-Za-z0-9]+))?$",
        EVERYONE,
        {"path": "open311/v2/tokens/{case}.json"},
    ),
    (
        r"^open311/v2/servicerequestupdates(?:\.(?P<fmt>[A-Za-z0-9]+))?$",
        EVERYONE,
        {"path": "open311/v2/servicerequestupdates.json"},
    ),
]
