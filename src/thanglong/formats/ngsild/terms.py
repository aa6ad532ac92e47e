"""The names of the core context (facts of the standard) and how a name is written inside the platform.

A name the core context knows is kept short (``location``), so is one of its default vocabulary; any other IRI stays
whole. So a client that writes ``https://uri.etsi.org/ngsi-ld/location`` and one that writes ``location`` mean the same.
"""

from functools import lru_cache

from thanglong.kit.errors import N_, Fault, Invalid

CORE_CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"
NGSI_LD = "https://uri.etsi.org/ngsi-ld/"
DEFAULT_VOCABULARY = f"{NGSI_LD}default-context/"

# what may be the name of an attribute or type and is a term of the core context: everything after the name space is
# the term itself
SAME = frozenset(
    [
        "Attribute",
        "Date",
        "DateTime",
        "GeoProperty",
        "JsonProperty",
        "LanguageProperty",
        "ListProperty",
        "ListRelationship",
        "Property",
        "Relationship",
        "Time",
        "VocabProperty",
        "createdAt",
        "datasetId",
        "deletedAt",
        "expiresAt",
        "instanceId",
        "location",
        "modifiedAt",
        "notifiedAt",
        "observationSpace",
        "observedAt",
        "operationSpace",
        "scope",
        "status",
        "unitCode",
        "entity",
        "entityList",
        "data",
        "detail",
        "endpoint",
        "information",
        "management",
        "mode",
        "notification",
        "operations",
        "reason",
    ]
)
OTHER = {
    "http://purl.org/dc/terms/description": "description",
    "http://purl.org/dc/terms/title": "title",
    f"{NGSI_LD}hasValue": "value",
    f"{NGSI_LD}hasObject": "object",
    f"{NGSI_LD}hasLanguageMap": "languageMap",
    f"{NGSI_LD}hasVocab": "vocab",
    f"{NGSI_LD}hasJSON": "json",
    f"{NGSI_LD}hasValueList": "valueList",
    f"{NGSI_LD}hasObjectList": "objectList",
    f"{NGSI_LD}hasObjectType": "objectType",
}
RESERVED = frozenset(["id", "type", "@id", "@type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt"])
BAD = frozenset(" \t\r\n\"'<>(){}|\\^`;=!,")


@lru_cache(maxsize=8192)
def short(name: str) -> str:
    """A name as the platform keeps it; Invalid when it cannot be one."""
    if not name or len(name) > 400 or not BAD.isdisjoint(name) or any(ord(sign) < 32 for sign in name):
        raise Invalid([Fault(name[:80], N_("This is not a name an attribute or type can have."))])
    if ":" not in name:
        return name
    if name in OTHER:
        return OTHER[name]
    full = NGSI_LD + name[8:] if name.startswith("ngsi-ld:") else name
    if full.startswith(DEFAULT_VOCABULARY):
        return full[len(DEFAULT_VOCABULARY) :]
    rest = full.removeprefix(NGSI_LD)
    return rest if rest in SAME else full


def full(name: str) -> str:
    """The IRI of a kept name."""
    if ":" in name:
        return name
    for iri, term in OTHER.items():
        if term == name:
            return iri
    return (NGSI_LD if name in SAME else DEFAULT_VOCABULARY) + name
