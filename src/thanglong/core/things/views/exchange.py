"""How other systems take part: who is told of changes, which sources hold things elsewhere, which names are used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from thanglong.core.things import service
from thanglong.core.things.service import contexts as kept
from thanglong.core.things.service import registrations as sources
from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Health, KeptContext, Pass, Subscription
from thanglong.core.things.views.common import actor_of, tabs, title_of
from thanglong.kit import clock
from thanglong.kit.errors import N_, Invalid, NotFound, Unavailable
from thanglong.kit.ports import Actor, require

PAGE = 50
MODES = {
    "inclusive": N_("also asked"),
    "exclusive": N_("holds it alone"),
    "redirect": N_("everything is sent there"),
    "auxiliary": N_("fills gaps"),
}
"""What the modes of a registration mean for a question."""
KEPT = {
    kept.HOSTED: N_("kept here"),
    kept.CACHED: N_("fetched from elsewhere"),
    kept.IMPLICIT: N_("came with a request"),
}
"""How a @context came here."""


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One subscription as its page shows it: what it is about, where it goes, how it fares."""

    name: str
    about: str
    to: str
    health: Health
    last: datetime | None
    sent: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One registration as its page shows it: who offers what, how asking it fares."""

    name: str
    to: str
    offers: str
    mode: str
    health: Health
    succeeded: datetime | None
    failed_at: datetime | None
    sent: int
    failed: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One @context as its page shows it."""

    item: KeptContext
    name: str
    how: str
    stale: bool
    fetched: bool


def _viewer(request: HttpRequest) -> Actor:
    """Who asks, when they may read closed types; Denied or NotSignedIn."""
    actor = actor_of(request)
    require(actor, service.VIEW)
    return actor


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Who is told of changes, and whether it arrives."""
    actor = _viewer(request)
    found = subscribing.listing(actor)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_subscription_row(item) for item in page],
        "total": len(found),
        "troubled": sum(subscribing.health(item).kind == "bad" for item in found),
        "tabs": tabs(actor, "subscriptions"),
    }
    return render(request, "things/subscriptions.html", context)


def _subscription_row(item: Subscription) -> SubscriptionRow:
    definition, state = item.definition, item.state
    kinds = [title_of(selector["type"]) for selector in definition.get("entities") or ()]
    about = [*dict.fromkeys(kinds), *definition.get("watchedAttributes", ())]
    return SubscriptionRow(
        definition.get("subscriptionName") or definition.get("description") or item.id,
        ", ".join(about),
        subscribing.place(definition),
        subscribing.health(item),
        _moment(state.get("last")),
        state.get("sent", 0),
        state.get("failed", 0),
        state.get("waiting", 0),
    )


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


@require_safe
def registrations(request: HttpRequest) -> HttpResponse:
    """Which other brokers hold things, what they offer, and how asking them fares."""
    actor = _viewer(request)
    found = sources.registrations(service.pass_of(actor))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_source_row(item) for item in page],
        "total": len(found),
        "troubled": sum(_source_health(item).kind == "bad" for item in found),
        "tabs": tabs(actor, "registrations"),
    }
    return render(request, "things/registrations.html", context)


def _source_row(item: Mapping[str, Any]) -> SourceRow:
    address, interval = urlsplit(item["endpoint"]), item.get("managementInterval") or item.get("observationInterval")
    host = f"{address.hostname}:{address.port}" if address.port else str(address.hostname)
    return SourceRow(
        item.get("registrationName") or item.get("contextSourceAlias") or item["id"],
        f"{address.scheme}://{host}{address.path}",
        _offers(item),
        gettext(MODES[item.get("mode", "inclusive")]),
        _source_health(item),
        _moment(item.get("lastSuccess")),
        _moment(item.get("lastFailure")),
        item.get("timesSent", 0),
        item.get("timesFailed", 0),
        _moment((interval or {}).get("startAt")),
        _moment(item.get("expiresAt") or (interval or {}).get("endAt")),
    )


def _source_health(item: Mapping[str, Any]) -> Health:
    if item.get("status") == "failed":
        return Health("bad", N_("it does not answer"))
    return Health("ok", N_("it answers")) if "lastSuccess" in item else Health("idle", N_("not asked yet"))


def _offers(item: Mapping[str, Any]) -> str:
    """What a source offers, in words: types or ids, and the attributes when not all."""
    parts = []
    for info in item.get("information", ()):
        whose = []
        for entity in info.get("entities", ()):
            named = entity.get("id") or entity.get("idPattern")
            whose += [named] if named else [title_of(kind) for kind in entity.get("type", ())]
        names = [*info.get("propertyNames", ()), *info.get("relationshipNames", ())]
        text = ", ".join(dict.fromkeys(whose)) or gettext("everything")
        parts.append(f"{text}: {', '.join(names)}" if names else text)
    return "; ".join(parts)


@require_safe
def contexts(request: HttpRequest) -> HttpResponse:
    """The @context documents kept here: whence, how old, how much used."""
    return _contexts(request, _viewer(request))


def _contexts(request: HttpRequest, actor: Actor, error: str = "", status: int = 200) -> HttpResponse:
    found = sorted(kept.kept(), key=lambda item: (-item.hits, item.created))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_context_row(item) for item in page],
        "total": len(found),
        "may_change": service.pass_of(actor).write,
        "error": error,
        "tabs": tabs(actor, "contexts"),
    }
    return render(request, "things/contexts.html", context, status=status)


def _context_row(item: KeptContext) -> ContextRow:
    stale = item.expires is not None and item.expires <= clock.now()
    return ContextRow(
        item, item.url or f"{kept.PATH}{item.id}", gettext(KEPT[item.kind]), stale, item.kind == kept.CACHED
    )


@require_POST
def change_context(request: HttpRequest, id: str) -> HttpResponse:
    """Delete a @context, or with ``do=reload`` fetch it anew; what went wrong is told on the page."""
    who: Pass = service.pass_of(actor_of(request))
    service.require_write(who)
    try:
        (kept.reload if request.POST.get("do") == "reload" else kept.drop)(who, id)
    except NotFound:
        pass  # somebody else deleted it a moment ago: what was wanted is true
    except (Invalid, Unavailable) as error:
        return _contexts(request, who.actor, gettext(error.text) % error.params, error.status)
    return redirect("things:contexts")
