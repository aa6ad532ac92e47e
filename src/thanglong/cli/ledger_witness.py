"""``thanglong ledger witness``: keep another's heads and find out when history is rewritten."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thanglong.core.ledger import rules
from thanglong.core.ledger.types import Head
from thanglong.formats import tlog
from thanglong.kit.errors import N_, Invalid, Unavailable
from thanglong.stores.keys import SigningKey

TIMEOUT = 20.0
LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visit found: the head, whether it is new to us, and what is wrong with it (a sentence), if anything."""

    head: Head
    new: bool
    fault: str | None


def visit(address: str, keep: Path, key: str = "", sign: Path | None = None) -> Seen:
    """Fetch the newest checkpoint of the ledger at ``address``, check it against all that is kept in ``keep``, keep it.

    The key is ``key`` (hex) or, on the first visit, the one that the ledger shows: it is kept and held to from then on.
    A head that does not contain the kept one is kept as evidence (``forked-…``), and the kept one stays. With ``sign``
    (a file with our own key, made on first use) the kept checkpoint carries our signature too.
    """
    keep.mkdir(parents=True, exist_ok=True)
    shown = json.loads(fetch(f"{address}/ledger/head.json"))
    trusted = _trusted(keep / "key.txt", key, shown)
    try:
        head = rules.read_head(shown)
    except (KeyError, TypeError, ValueError):
        raise Invalid(N_("%(address)s does not answer with a head of a ledger."), address=address) from None
    if head.key != trusted or not rules.signed(head):
        return _evidence(keep, head, "The head is not signed by the key that was trusted before.")
    kept = newest(keep)
    if kept is not None and (fault := _compare(address, kept, head)):
        return _evidence(keep, head, fault)
    new = kept is None or (kept.year, kept.size) != (head.year, head.size)
    if new:
        (keep / f"{head.year}-{head.size:012d}.json").write_text(json.dumps(rules.head_document(head)) + "\n")
        note = rules.checkpoint(head)
        if sign is not None:
            note = tlog.cosigned(note, "witness", SigningKey(sign), int(head.at.timestamp()))
        (keep / f"{head.year}-{head.size:012d}.note").write_bytes(note)
    return Seen(head, new, None)


def _trusted(path: Path, key: str, shown: Any) -> str:
    if path.is_file():
        kept = path.read_text().strip()
        if key and key != kept:
            raise Invalid(N_("Another key was kept before: look at %(path)s."), path=str(path))
        return kept
    trusted = key or str(shown.get("public_key", "") if isinstance(shown, dict) else "")
    path.write_text(trusted + "\n")
    return trusted


def _compare(address: str, kept: Head, head: Head) -> str | None:
    if (head.year, head.size) < (kept.year, kept.size):
        return f"The ledger is shorter than the head of {kept.size} entries of {kept.year} that was kept: it was cut."
    if (head.year, head.size) == (kept.year, kept.size):
        return None if head.root == kept.root else "The ledger has another past: two heads of one size."
    asked = {"old": kept.size, "old_year": kept.year, "new": head.size, "year": head.year}
    try:
        proof = json.loads(fetch(f"{address}/ledger/consistency.json?{urllib.parse.urlencode(asked)}"))
    except Unavailable:
        return "The ledger gives no proof that it contains the head that was kept."
    return rules.grown(proof, kept, head)


def _evidence(keep: Path, head: Head, fault: str) -> Seen:
    name = f"forked-{head.year}-{head.size:012d}-{head.root[:12]}.json"
    (keep / name).write_text(json.dumps(rules.head_document(head)) + "\n")
    return Seen(head, False, fault)


def newest(keep: Path) -> Head | None:
    """The newest head that is kept."""
    names = sorted(path for path in keep.glob("[0-9]*.json"))
    return rules.read_head(json.loads(names[-1].read_text())) if names else None


def fetch(address: str) -> bytes:
    """A document over http or https; Unavailable when there is none."""
    if not address.startswith(("http://", "https://")):
        raise Invalid(N_("Give the ledger's address with http:// or https://."))
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme is checked above
            content: bytes = answer.read(LARGEST)
            return content
    except OSError as error:
        raise Unavailable(N_("%(address)s does not answer: %(reason)s"), address=address, reason=str(error)) from None
