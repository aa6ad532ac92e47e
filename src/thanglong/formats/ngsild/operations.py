"""Names of the operations a context source may offer, and of their groups (facts of the standard, clause 4.20)."""

from collections.abc import Iterable


def _words(text: str) -> list[str]:
    return text.split()


PROVISION = _words(
    "createEntity updateEntity appendAttrs updateAttrs deleteAttrs deleteEntity mergeEntity replaceEntity replaceAttrs "
    "purgeEntity"
)
BATCH = _words("createBatch upsertBatch updateBatch deleteBatch mergeBatch")
TEMPORAL = _words(
    "upsertTemporal appendAttrsTemporal deleteAttrsTemporal updateAttrInstanceTemporal deleteAttrInstanceTemporal "
    "deleteTemporal retrieveTemporal queryTemporal createEntityMapQueryTemporal"
)
RETRIEVAL = _words("retrieveEntity queryEntity")
DISCOVERY = _words(
    "retrieveEntityTypes retrieveEntityTypeDetails retrieveEntityTypeInfo "
    "retrieveAttrTypes retrieveAttrTypeDetails retrieveAttrTypeInfo"
)
SUBSCRIPTION = _words("createSubscription updateSubscription retrieveSubscription querySubscription deleteSubscription")
MAPS = _words("retrieveEntityMap updateEntityMap deleteEntityMap createEntityMapQueryEntity")
IDENTITY = ["retrieveContextSourceIdentity"]

ASSOCIATION = [*RETRIEVAL, "queryBatch", *DISCOVERY, *SUBSCRIPTION, *IDENTITY]
GROUPS: dict[str, frozenset[str]] = {
    "federationOps": frozenset([*ASSOCIATION, *MAPS]),
    "associationOps": frozenset(ASSOCIATION),
    "updateOps": frozenset(["updateEntity", "updateAttrs", "replaceEntity", "replaceAttrs"]),
    "retrieveOps": frozenset(RETRIEVAL),
    "redirectionOps": frozenset([*PROVISION, *RETRIEVAL, *DISCOVERY, *MAPS, *IDENTITY]),
}
OPERATIONS = frozenset([*PROVISION, *BATCH, *TEMPORAL, *MAPS, *ASSOCIATION])
USUAL = "federationOps"
"""What a source offers that does not say what it offers."""
AUXILIARY = frozenset(["retrieveOps", *RETRIEVAL])
"""What an auxiliary source may offer (clause 5.9.2.4)."""


def offered(names: Iterable[str] | None) -> frozenset[str]:
    """The single operations behind names of operations and groups (None: the usual group)."""
    found: set[str] = set()
    for name in (USUAL,) if names is None else names:
        found |= GROUPS.get(name, {name})
    return frozenset(found)
