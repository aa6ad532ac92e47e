"""The names of the core context (facts of the standard) and how a name is written inside the platform.

A name the core context knows is kept short (``location``), so is one of its default vocabulary; any other IRI stays
whole. So a client that writes ``https://uri.etsi.org/ngsi-ld/location`` and one that writes ``location`` mean the same.
"""

from functools import lru_cache

from thanglong.formats.jsonld import core
from thanglong.formats.jsonld.compiling import compiled
from thanglong.formats.jsonld.core import NGSI_LD
from thanglong.kit.errors import N_, Fault, Invalid

CORE_CONTEXT = core.LATEST


def _nothing(url: str) -> None:
    raise LookupError(url)


CORE = compiled(core.document()["@context"], _nothing)
"""The core context, compiled."""

RESERVED = frozenset(
    ["id", "type", "@id", "@type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt"]
)
BAD = frozenset(" \t\r\n\"'<>(){}|\\^`;=!,")


@lru_cache(maxsize=8192)
def short(name: str) -> str:
    """A name as the platform keeps it; Invalid when it cannot be one."""
    if not name or len(name) > 400 or not BAD.isdisjoint(name) or any(ord(sign) < 32 for sign in name):
        raise Invalid([Fault(name[:80], N_("This is not a name an attribute or type can have."))])
    if ":" not in name:
        return name
    iri = NGSI_LD + name[8:] if name.startswith("ngsi-ld:") else name
    if iri.startswith(NGSI_LD) or iri in FOREIGN:
        found = CORE.compact(iri)
        # a name of the default vocabulary that the core context uses for something else stays whole
        return iri if ":" in found else found
    return iri


FOREIGN = frozenset(term.iri for term in CORE.terms.values() if term.iri and not term.iri.startswith(NGSI_LD))


def full(name: str) -> str:
    """The IRI of a kept name."""
    return name if ":" in name else CORE.expand(name) or name
