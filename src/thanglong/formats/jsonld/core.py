"""The core contexts of NGSI-LD, versions 1.3 to 1.9, as tables of facts: no network is needed to know them.

Versions 1.8 and 1.9 have the same terms; 1.6 and 1.7 lack some and are not protected.
"""

from typing import Any

NGSI_LD = "https://uri.etsi.org/ngsi-ld/"
GEOJSON = "https://purl.org/geojson/vocab#"
DEFAULT_VOCABULARY = f"{NGSI_LD}default-context/"
URL = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.{}.jsonld"
LATEST = URL.format(9)

# terms without coercion
PLAIN = """
    Attribute AttributeList ContextSourceIdentity ContextSourceNotification ContextSourceRegistration Date DateTime
    EntityType EntityTypeInfo EntityTypeList Feature FeatureCollection GeoProperty GeometryCollection JsonProperty
    LanguageProperty LineString ListProperty ListRelationship MultiLineString MultiPoint MultiPolygon Notification
    Point Polygon Property Relationship Subscription TemporalProperty Time VocabProperty accept attributeCount
    attributeDetails attrs cacheDuration containedBy contextSourceAlias contextSourceInfo contextSourceUptime
    cooldown csf data description detail endpoint entities entity entityCount entityMap error errors expandValues
    format geoQ geometry geometryProperty geoproperty georel idPattern information isActive join joinLevel jsonKeys
    key lang linkedMaps localOnly location management managementInterval mode notUpdated notification
    notificationTrigger notifierInfo observationInterval observationSpace omit operationSpace operations pick
    previousValue properties q reason receiverInfo refreshRate registrationId registrationName scope scopeQ
    showChanges status subscriptionName sysAttrs temporalQ throttling timeInterval timeout timeproperty timerel
    timesFailed timesSent title triggerReason unchanged unitCode updated uri value
"""

# by what they coerce to, and how they hold several values
COERCED = {
    ("@vocab", ""): """
        attributeList attributeName attributeNames attributeTypes attributes objectType previousVocab propertyNames
        relationshipNames typeList typeName typeNames vocab watchedAttributes
    """,
    ("", "@list"): """
        avg bbox coordinates distinctCount entityList jsons languageMaps max min objectList objects objectsLists
        previousObjectList previousValueList stddev sum sumsq totalCount valueList valueLists values vocabs
    """,
    ("@json", ""): """
        contextSourceExtras json previousJson
    """,
    ("DateTime", ""): """
        contextSourceTimeAt createdAt deletedAt endAt endTimeAt expiresAt lastFailure lastNotification lastSuccess
        modifiedAt notifiedAt observedAt startAt timeAt
    """,
    ("", "@index"): """
        dataset
    """,
    ("@id", ""): """
        datasetId entityId instanceId object previousObject subscriptionId success tenant
    """,
    ("", "@set"): """
        features
    """,
    ("", "@language"): """
        languageMap previousLanguageMap
    """,
}

# terms whose IRI is not the name space of NGSI-LD and the term itself
OTHER = {
    "Feature": "geojson:Feature",
    "FeatureCollection": "geojson:FeatureCollection",
    "GeometryCollection": "geojson:GeometryCollection",
    "LineString": "geojson:LineString",
    "MultiLineString": "geojson:MultiLineString",
    "MultiPoint": "geojson:MultiPoint",
    "MultiPolygon": "geojson:MultiPolygon",
    "Point": "geojson:Point",
    "Polygon": "geojson:Polygon",
    "attributeCount": "attributeCount",
    "attributeDetails": "attributeDetails",
    "bbox": "geojson:bbox",
    "containedBy": "ngsi-ld:isContainedBy",
    "coordinates": "geojson:coordinates",
    "dataset": "ngsi-ld:hasDataset",
    "description": "http://purl.org/dc/terms/description",
    "entityMap": "ngsi-ld:hasEntityMap",
    "features": "geojson:features",
    "geometry": "geojson:geometry",
    "geometryProperty": "geojson:geometryProperty",
    "joinLevel": "ngsi-ld:hasJoinLevel",
    "json": "ngsi-ld:hasJSON",
    "key": "ngsi-ld:hasKey",
    "languageMap": "ngsi-ld:hasLanguageMap",
    "languageMaps": "ngsi-ld:hasLanguageMaps",
    "object": "ngsi-ld:hasObject",
    "objectList": "ngsi-ld:hasObjectList",
    "objectType": "ngsi-ld:hasObjectType",
    "objects": "ngsi-ld:hasObjects",
    "objectsLists": "ngsi-ld:hasObjectsLists",
    "previousJson": "ngsi-ld:hasPreviousJson",
    "previousLanguageMap": "ngsi-ld:hasPreviousLanguageMap",
    "previousObject": "ngsi-ld:hasPreviousObject",
    "previousObjectList": "ngsi-ld:hasPreviousObjectList",
    "previousValue": "ngsi-ld:hasPreviousValue",
    "previousValueList": "ngsi-ld:hasPreviousValueList",
    "previousVocab": "ngsi-ld:hasPreviousVocab",
    "properties": "geojson:properties",
    "title": "http://purl.org/dc/terms/title",
    "value": "ngsi-ld:hasValue",
    "valueList": "ngsi-ld:hasValueList",
    "valueLists": "ngsi-ld:hasValueLists",
    "values": "ngsi-ld:hasValues",
    "vocab": "ngsi-ld:hasVocab",
    "vocabs": "ngsi-ld:hasVocabs",
}

# terms that came with 1.7 and with 1.8
SINCE_7 = """
    dataset previousVocab vocab vocabs
"""
SINCE_8 = """
    ContextSourceIdentity JsonProperty ListProperty ListRelationship VocabProperty containedBy contextSourceAlias
    contextSourceExtras contextSourceTimeAt contextSourceUptime entity entityList entityMap expandValues
    geometryProperty join joinLevel json jsonKeys jsons linkedMaps objectList objectType objectsLists omit pick
    previousJson previousObjectList previousValueList valueList valueLists
"""


def _latest() -> dict[str, Any]:
    found: dict[str, Any] = {
        "@version": 1.1, "@protected": True, "ngsi-ld": NGSI_LD, "geojson": GEOJSON, "id": "@id", "type": "@type",
    }  # fmt: skip
    found.update({term: OTHER.get(term, f"ngsi-ld:{term}") for term in PLAIN.split()})
    for (kind, container), terms in COERCED.items():
        for term in terms.split():
            found[term] = {"@id": OTHER.get(term, f"ngsi-ld:{term}")}
            if kind:
                found[term]["@type"] = kind
            if container:
                found[term]["@container"] = container
    found["@vocab"] = DEFAULT_VOCABULARY
    return found


def _earlier(version: int) -> dict[str, Any]:
    gone = {*SINCE_8.split(), "@version", "@protected", *(SINCE_7.split() if version < 7 else ())}
    found = {term: value for term, value in _latest().items() if term not in gone}
    if version == 7:
        found.update({
            "VocabularyProperty": "ngsi-ld:VocabularyProperty",
            "attributeCount": "ngsi-ld:attributeCount",
            "attributeDetails": "ngsi-ld:attributeDetails",
        })  # fmt: skip
    return found


def document(version: int = 9) -> dict[str, Any]:
    """The core context 1.``version``, as it would be fetched."""
    return {"@context": _latest() if version >= 8 else _earlier(version)}


VERSIONS = {URL.format(version): version for version in range(3, 10)} | {f"{NGSI_LD}v1/ngsi-ld-core-context.jsonld": 9}
"""The addresses of the core contexts, and their versions. Those before 1.6 are read as 1.6."""
