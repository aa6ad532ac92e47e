"""The ledger's public pages: what stands in it, and how anybody checks it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.core.ledger import rules, service
from thanglong.core.ledger.types import Entry
from thanglong.kit.errors import N_, Invalid, NotFound

SHOWN = 15
TWO_SIZES = N_("Give the sizes of two heads as whole numbers: old and new.")


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The newest head, how to check, and the newest entries; ``?entry=`` jumps to one."""
    wanted = "".join(c for c in request.GET.get("entry", "") if c.isdigit())[:18]
    if wanted:
        return HttpResponseRedirect(reverse("ledger:entry", args=[int(wanted)]))
    before = request.GET.get("before", "")
    items = service.latest(SHOWN + 1, int(before) if before.isdigit() and len(before) < 19 else None)
    return render(
        request,
        "ledger/overview.html",
        {
            "head": service.head(),
            "key": service.public_key(),
            "lines": [service.tell(item) for item in items[:SHOWN]],
            "older": items[SHOWN - 1].id if len(items) > SHOWN else None,
            "first": not before,
            "missed": bool(request.GET.get("entry")),
            "years": service.years(),
            "stamp": service.newest_stamp(),
            "address": request.build_absolute_uri("/").rstrip("/"),
        },
    )


@require_safe
def head(request: HttpRequest) -> JsonResponse:
    """The newest head as JSON: what a witness keeps."""
    newest = service.head()
    if newest is None:
        raise NotFound(service.EMPTY)
    return JsonResponse(service.head_document(newest))


@require_safe
def consistency(request: HttpRequest) -> JsonResponse:
    """The proof that the ledger under the head of ``?new`` leaves grew out of that under the head of ``?old`` leaves.

    ``?year`` names the year of both (the newest when left out), ``?old_year`` an earlier one for the old head.
    """
    old, new, year, old_year = _asked(request)
    if old is None or new is None:
        raise Invalid(TWO_SIZES)
    return JsonResponse(service.consistency(old, new, year, old_year))


def _asked(request: HttpRequest) -> tuple[int | None, ...]:
    """The whole numbers ``old``, ``new``, ``year`` and ``old_year`` of a query; None for one that is not given."""
    given = [request.GET.get(name, "").strip() for name in ("old", "new", "year", "old_year")]
    if any(text and not (text.isdecimal() and len(text) < 19) for text in given):
        raise Invalid(TWO_SIZES)
    return tuple(int(text) if text else None for text in given)


@require_safe
def growth(request: HttpRequest) -> HttpResponse:
    """Does the ledger of today contain the head that somebody kept? In plain words, for any two heads."""
    newest = service.head()
    context: dict[str, Any] = {"head": newest, "heads": service.heads(20), "given": request.GET, "fault": ""}
    if request.GET and newest is not None:
        try:
            old, new, year, old_year = _asked(request)
            if old is None:
                raise Invalid(TWO_SIZES)
            target = (new or newest.size, year or newest.year)
            proof = service.consistency(old, *target, old_year or target[1])
            context |= {"proof": proof, "old": rules.read_head(proof["old"]), "new": rules.read_head(proof["new"])}
            fault = rules.grown(proof, context["old"], context["new"])
            context["broken"] = gettext(fault) if fault else ""
            context["query"] = request.GET.urlencode()
        except (Invalid, NotFound) as error:
            context["fault"] = gettext(error.text)
    return render(request, "ledger/growth.html", context)


@require_safe
def checkpoint(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """The newest head as a signed note (C2SP tlog-checkpoint)."""
    answer = HttpResponse(service.published(year, "checkpoint"), content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def tile(request: HttpRequest, year: int, name: str) -> HttpResponse:
    """A tile of hashes or a bundle of entries (C2SP tlog-tiles): never changes once it is there."""
    answer = HttpResponse(service.published(year, f"tile/{name}"), content_type="application/octet-stream")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@require_safe
def newest_tile(request: HttpRequest, name: str) -> HttpResponse:
    """A tile of the newest year; where it stands changes with the year, so only the target may be kept."""
    head = service.head()
    if head is None:
        raise NotFound(service.EMPTY)
    answer = HttpResponseRedirect(reverse("ledger:tile", args=[head.year, name]))
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry in plain sentences, with its proof."""
    proof = service.prove(entry_id)
    fault = service.verify(proof)
    told = service.tell(proof.entry)
    context = {
        "proof": proof,
        "line": told,
        "fault": gettext(fault) if fault else "",
        "facts": shown(proof.entry),
        "object_kind": gettext(service.kinds.get(told.object.kind) or told.object.kind),
        "hidden": len(proof.entry.commitments),
        "story": [service.tell(item) for item in service.entries(proof.entry.object)],
        "page_url": request.build_absolute_uri(reverse("ledger:entry", args=[entry_id])),
    }
    return render(request, "ledger/entry.html", context)


@require_safe
def entry_json(request: HttpRequest, entry_id: int) -> JsonResponse:
    """The proof as a file that can be checked anywhere."""
    return JsonResponse(service.export_proof(entry_id), json_dumps_params={"ensure_ascii": False})


# words for the names of facts that modules write often; others are shown as they are
LABELS = {
    "actions": N_("actions"),
    "category": N_("category"),
    "expires": N_("valid until"),
    "from": N_("from"),
    "kind": N_("kind"),
    "name": N_("name"),
    "number": N_("number"),
    "reason": N_("reason"),
    "role": N_("role"),
    "scopes": N_("scopes"),
    "state": N_("state"),
    "to": N_("to"),
    "type": N_("type"),
    "unit": N_("unit"),
}


def shown(entry: Entry) -> list[tuple[str, str]]:
    """The public values of an entry as pairs for reading."""
    pairs = [(key, value) for key, value in sorted(entry.facts.items()) if value not in (None, "", [], {})]
    return [
        (gettext(LABELS[key]) if key in LABELS else key.replace("_", " "), _text(key, value)) for key, value in pairs
    ]


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_text(key, item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(name, item)}" for name, item in sorted(value.items()))
    return service.named(key, value) if isinstance(value, str) else str(value)
