"""What is hashed and signed, and how it is checked: pure functions over plain values."""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thanglong.core.ledger.types import Entry, Head, NewEntry, ObjectRef, Proof
from thanglong.formats import jcs, tlog
from thanglong.kit.errors import N_, TooLarge
from thanglong.kit.ports import JSON
from thanglong.solve import merkle

FORMAT = "thanglong.ledger/1"  # of proof files; also the name of the tree of installations older than yearly trees
YEAR_OPENED = "ledger.year_opened"
MAX_BODY = 60_000  # bundles of entries count bytes in two
SALT_BYTES = 16
TILE = 8  # levels between stored nodes: one stored hash for every 2**8 below it


def nfc(value: JSON) -> JSON:
    """The value with every text in Unicode's composed form, so that equal texts have equal digests."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {nfc(key): nfc(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [nfc(item) for item in value]
    return value


def canonical(value: JSON, *, wide: bool = True) -> bytes:
    """The canonical JSON of a value with every text composed. Text in ASCII is composed already, as most is.

    ``wide`` as in :func:`thanglong.formats.jcs.canonical`.
    """
    try:
        text = jcs.canonical(value, wide=wide)
    except jcs.NotCanonical:  # perhaps another kind of mapping, which the slow way takes
        return jcs.canonical(nfc(value), wide=wide)
    return text if text.isascii() else jcs.canonical(nfc(value), wide=wide)


# the same moments and ids come again and again in a batch
@lru_cache(4096)
def moment(at: datetime) -> str:
    """A moment as it is hashed: UTC, microseconds, ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def state_digest(state: JSON) -> str:
    """Hex SHA-256 of an object's canonical state; empty when there is none."""
    return "" if state is None else hashlib.sha256(canonical(state)).hexdigest()


def commitment(salt: bytes, name: str, value: str) -> str:
    """The salted commitment (hex HMAC-SHA-256) of a personal value: tells nothing without the salt."""
    text = f"{name}\x00{unicodedata.normalize('NFC', value)}"
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()


def secrets_of(new: NewEntry) -> dict[str, str]:
    """The personal values of an entry by name: what the caller marked, and a citizen's name."""
    private = dict(new.private or {})
    if new.actor.kind == "citizen" and new.actor.label:
        private["actor"] = new.actor.label
    return private


def body(new: NewEntry, at: datetime, commitments: Mapping[str, str]) -> bytes:
    """The canonical JSON of an entry, without its id; TooLarge above 60,000 bytes.

    The frame has keys in canonical order and only texts and UUIDs as values, which orjson writes as RFC 8785 does;
    facts, which may hold anything, go through ``jcs``.
    """
    actor = new.actor
    # wide numbers would be read back as others
    facts = canonical(new.facts, wide=False) if new.facts else None
    frame = {
        "actor": {"id": actor.id, "kind": actor.kind},
        "after": state_digest(new.after),
        "at": moment(at),
        "before": state_digest(new.before),
        "commitments": dict(sorted(commitments.items())) if commitments else {},
        "facts": orjson.Fragment(facts) if facts else {},
        "object": {"id": new.ref.id, "kind": new.ref.kind},
        "purpose": nfc(actor.purpose),
        "role": actor.role,
        "unit": new.unit,
        "verb": new.verb,
    }
    try:
        text = orjson.dumps(frame)
    except orjson.JSONEncodeError as error:
        raise jcs.NotCanonical(f"text that is no valid Unicode: {error}") from None
    if len(text) > MAX_BODY:
        raise TooLarge(N_("What is to be written in the ledger is too long. Write a digest of it instead."))
    return text


def with_id(entry_id: int, text: bytes) -> bytes:
    """The canonical JSON of an entry with its id, from the body as :func:`body` wrote it.

    ``id`` comes right before ``object`` in canonical order. Behind the entry's own ``object`` stand only texts, and
    inside a text a quotation mark has a backslash before it: the last occurrence of the mark is the right one.
    """
    at = text.rindex(_OBJECT)
    return b'%b,"id":%d%b' % (text[:at], entry_id, text[at:])


_OBJECT = b',"object":{"id":'


def leaf(entry_id: int, text: bytes | str) -> bytes:
    """The leaf hash of an entry: SHA-256(0x00 || canonical JSON of the body with its id); ValueError: no body."""
    return merkle.leaf_hash(with_id(entry_id, text.encode() if isinstance(text, str) else text))


def parse(entry_id: int, text: bytes | str) -> Entry:
    """The entry in a stored body."""
    return from_body({**orjson.loads(text), "id": entry_id})


def from_body(value: Mapping[str, Any]) -> Entry:
    """The entry in a body with its id, as a proof file carries it."""
    actor, ref = value["actor"], value["object"]
    return Entry(
        id=value["id"],
        at=datetime.fromisoformat(value["at"]),
        actor_kind=actor["kind"],
        actor_id=UUID(actor["id"]) if actor["id"] else None,
        role=value["role"],
        unit=UUID(value["unit"]) if value["unit"] else None,
        purpose=value["purpose"],
        verb=value["verb"],
        object=ObjectRef(ref["kind"], ref["id"]),
        before=value["before"],
        after=value["after"],
        facts=value["facts"],
        commitments=value["commitments"],
    )


def to_body(entry: Entry) -> dict[str, Any]:
    """The hashed body of an entry, with its id: the inverse of :func:`from_body`."""
    return {
        "actor": {"id": str(entry.actor_id) if entry.actor_id else None, "kind": entry.actor_kind},
        "after": entry.after,
        "at": moment(entry.at),
        "before": entry.before,
        "commitments": dict(entry.commitments),
        "facts": dict(entry.facts),
        "id": entry.id,
        "object": {"id": entry.object.id, "kind": entry.object.kind},
        "purpose": entry.purpose,
        "role": entry.role,
        "unit": str(entry.unit) if entry.unit else None,
        "verb": entry.verb,
    }


def origin(public_key: bytes, year: int) -> str:
    """The name of a year's tree: its own for each key, so that no two installations are taken for one another."""
    return f"thanglong.ledger/{hashlib.sha256(public_key).hexdigest()[:8]}/{year}"


def head_text(origin: str, size: int, root: bytes, at: datetime) -> bytes:
    """What is signed: a checkpoint of four lines (origin, size, root in base64, moment), each ended by a newline."""
    return tlog.checkpoint_text(origin, size, root, moment(at))


def signed_text(head: Head) -> bytes:
    """The text that a head's signature is over."""
    return head_text(head.origin, head.size, bytes.fromhex(head.root), head.at)


def checkpoint(head: Head) -> bytes:
    """The head as a signed note (C2SP tlog-checkpoint): the same signature over the same text."""
    text = signed_text(head)
    key = tlog.key_hash(head.origin, bytes.fromhex(head.key))
    return tlog.Note(text, ((head.origin, key, bytes.fromhex(head.signature)),)).encode()


def year_facts(last: Head) -> dict[str, JSON]:
    """What the first entry of a year says: the final head of the year before."""
    return {"previous": {"origin": last.origin, "root": last.root, "size": last.size}}


def opens_after(entry: Entry, last: Head) -> bool:
    """Whether ``entry`` is the first of a year whose predecessor ended with the head ``last``."""
    return entry.verb == YEAR_OPENED and dict(entry.facts) == year_facts(last)


def signed(head: Head) -> bool:
    """Whether the head's signature is that of its key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.key))
        key.verify(bytes.fromhex(head.signature), signed_text(head))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(proof: Proof, public_key: str) -> str | None:
    """Check a proof against the public key (hex) one trusts; None when it holds, else what does not (a message id)."""
    if proof.head.key != public_key:
        return N_("The head is signed with another key than the one you trust.")
    if not signed(proof.head):
        return N_("The signature of the head is not valid.")
    computed = merkle.leaf_hash(jcs.canonical(to_body(proof.entry)))
    if computed.hex() != proof.leaf:
        return N_("The entry's text does not match its digest.")
    path = [bytes.fromhex(item) for item in proof.path]
    if not merkle.verify_inclusion(computed, proof.index, proof.head.size, path, bytes.fromhex(proof.head.root)):
        return N_("The entry does not stand in the tree under this head.")
    return None


def head_document(head: Head) -> dict[str, Any]:
    """A head as JSON: what is published, compared and kept by witnesses."""
    return {
        "origin": head.origin,
        "year": head.year,
        "size": head.size,
        "root": head.root,
        "at": moment(head.at),
        "signature": head.signature,
        "public_key": head.key,
    }


def read_head(value: Mapping[str, Any], key: str = "") -> Head:
    """The head in a document as :func:`head_document` makes it; KeyError, TypeError or ValueError when it is none."""
    at = datetime.fromisoformat(value["at"])
    year = value.get("year") or at.year  # files of before yearly trees have no year
    return Head(year, value["origin"], value["size"], value["root"], at, key or value["public_key"], value["signature"])


def bundle(proof: Proof) -> dict[str, Any]:
    """A proof as a self-contained JSON value: all that :func:`verify_bundle` or any other verifier needs."""
    return {
        "format": FORMAT,
        "entry": to_body(proof.entry),
        "leaf": proof.leaf,
        "index": proof.index,
        "size": proof.head.size,
        "path": list(proof.path),
        "head": head_document(proof.head),
        "public_key": proof.head.key,
    }


def verify_bundle(value: Any, public_key: str | None = None) -> str | None:
    """Check a proof file by itself: None when it holds, else what does not (a message id).

    ``public_key`` (hex) is the key one trusts; without it the file's own key is taken, which proves no more than that
    the file agrees with itself: compare that key with the published one.
    """
    wrong = N_("This is no proof of this ledger's format.")
    try:
        head, entry = value["head"], from_body(value["entry"])
        signed_head = read_head(head, value["public_key"])
        proof = Proof(entry, value["leaf"], value["index"], tuple(value["path"]), signed_head)
        # the rebuilt body must be the given one to the letter: nothing may ride along unhashed
        if value["format"] != FORMAT or value["size"] != head["size"] or to_body(entry) != value["entry"]:
            return wrong
        return verify(proof, public_key or signed_head.key)
    except (KeyError, TypeError, ValueError, AttributeError):
        return wrong


def grown(value: Any, old: Head, new: Head) -> str | None:
    """Check a consistency document between two heads one trusts to be signed; None when it holds, else what does not.

    Every step must begin with the head at which the last one ended; a year begins with an entry that names the final
    head of the year before.
    """
    try:
        here = old
        for step in value["steps"]:
            if "entry" in step:
                fault, here = _next_year(step["entry"], here, new.key)
            else:
                begin, end = read_head(step["old"]), read_head(step["new"])
                path = [bytes.fromhex(item) for item in step["path"]]
                roots = bytes.fromhex(begin.root), bytes.fromhex(end.root)
                fits = begin == here and begin.origin == end.origin and end.key == new.key and signed(end)
                held = fits and merkle.verify_consistency(begin.size, end.size, *roots, path)
                fault, here = None if held else N_("The ledger was rewritten: it does not contain the older head."), end
            if fault:
                return fault
        return None if here == new else N_("The proof ends at another head than the newest one.")
    except (KeyError, TypeError, ValueError, AttributeError):
        return N_("This is no proof of this ledger's format.")


def _next_year(document: Any, last: Head, key: str) -> tuple[str | None, Head]:
    """The head of the year that an opening entry begins, and what is wrong with it."""
    fault = verify_bundle(document, key)
    head = read_head(document["head"])
    if fault is None and (document["index"] != 0 or not opens_after(from_body(document["entry"]), last)):
        fault = N_("The year does not begin with the final head of the year before.")
    return fault, head
