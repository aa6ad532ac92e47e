"""Subscriptions made at context sources on behalf of those made here: which belongs to which (clause 5.8.1.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thanglong.kit import ports
from thanglong.kit.documents import Document, Progress

KIND = "remote_subscription"


@dataclass(frozen=True, slots=True)
class Remote:
    """A subscription at a source.

    ``id`` is its id there, ``source`` the registration (kept form) it was made for, ``copy`` what was sent last (kept
    form), ``state``: "sending" until the source has it, "there", or "refused"; ``counts`` of notifications passed on.
    """

    tenant: str
    id: str
    subscription: str
    source: Mapping[str, Any]
    copy: Mapping[str, Any]
    state: str
    counts: Mapping[str, Any] = field(default_factory=dict)


def _of(document: Document) -> Remote:
    body = document.body
    return Remote(
        document.tenant,
        document.id,
        body["subscription"],
        body["source"],
        body["copy"],
        body["state"],
        document.state,
    )


def keep(remote: Remote, *, create: bool = False) -> None:
    """Keep one, new or changed."""
    body = {
        "subscription": remote.subscription,
        "source": dict(remote.source),
        "copy": dict(remote.copy),
        "state": remote.state,
    }
    ports.plugged.things.put_document(remote.tenant, KIND, remote.id, body, create=create)


def drop(remote: Remote) -> None:
    """Forget one."""
    ports.plugged.things.drop_document(remote.tenant, KIND, remote.id)


def everything(tenant: str | None = None) -> list[Remote]:
    """All there are (of a tenant)."""
    return [_of(document) for document in ports.plugged.things.documents(KIND, tenant)]


def find(id: str) -> Remote | None:
    """The one of an id, whatever its tenant."""
    found = ports.plugged.things.documents(KIND, None, [id])
    return _of(found[0]) if found else None


def note(remote: Remote, counts: Mapping[str, Any]) -> None:
    """Remember how passing its notifications on went."""
    ports.plugged.things.note(KIND, [Progress(remote.tenant, remote.id, None, counts)])
