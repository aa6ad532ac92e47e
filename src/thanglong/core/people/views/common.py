"""What the pages of people share."""

from uuid import UUID

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext

from thanglong.core.people import service
from thanglong.core.people.types import CITY, KIND_NAMES, Membership
from thanglong.core.places import service as places
from thanglong.kit.errors import Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def signed_in(request: HttpRequest) -> Actor:
    """The official who asks; NotSignedIn for everybody else, access keys included."""
    actor = actor_of(request)
    if actor.kind != "person" or actor.id is None:
        raise NotSignedIn()
    return actor


def own_address(request: HttpRequest, target: str) -> str:
    """``target`` when it leads to this site, else nothing."""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if safe and target.startswith("/") else ""


def unit_name(unit: UUID) -> str:
    """A unit's name as it was last; the city's for the city as a whole."""
    if unit == CITY:
        return gettext("The whole city")
    try:
        return places.full_name(unit)
    except NotFound:
        return str(unit)


def role_name(key: str) -> str:
    """A role's name in the reader's language."""
    return service.role_name(key, get_language() or "vi")


def told(item: Membership) -> dict[str, object]:
    """A membership for showing."""
    return {
        "id": item.id,
        "role": role_name(item.role),
        "role_key": item.role,
        "unit": unit_name(item.unit),
        "kind": gettext(KIND_NAMES[item.kind]) if item.kind != "post" else "",
        "from": item.valid_from,
        "to": item.valid_to,
    }


def add_faults(form: object, error: Invalid) -> None:
    """Show a service's faults beside the fields of a form."""
    for fault in error.faults:
        text = gettext(fault.text) % dict(fault.params) if fault.params else gettext(fault.text)
        fields = getattr(form, "fields")  # noqa: B009  any Django form
        getattr(form, "add_error")(fault.field if fault.field in fields else None, text)  # noqa: B009
