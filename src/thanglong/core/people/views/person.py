"""One person: roles, leave and who stands in, looking after the account; roles; staff lists; one-time links."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import service
from thanglong.core.people.types import ACTIONS, PURPOSES, AccountInfo, Role
from thanglong.core.people.views.common import actor_of, add_faults, role_name, told, unit_name
from thanglong.core.people.views.forms import EditRole, FirstPassword, Leave, StaffList
from thanglong.kit import clock, registry
from thanglong.kit.errors import N_, Denied, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def _seen(actor: Actor, account_id: UUID) -> AccountInfo:
    """The account, for oneself or whoever sees people where the person works; NotFound otherwise."""
    if actor.kind == "person" and actor.id == account_id:
        return service.account(account_id)
    service.access.require(actor, "people.view")
    units = [item.unit for item in service.history(account_id)]
    if any(service.access.allowed(actor, "people.view", unit) for unit in units) or _over(actor, account_id):
        return service.account(account_id)
    raise NotFound()


def _over(actor: Actor, account_id: UUID) -> bool:
    try:
        service.require_over(actor, account_id)
    except (Denied, NotFound):
        return False
    return True


@never_cache
@require_safe
def person(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The page."""
    return page(request, account_id)


def _leave_form(data: Any, account_id: UUID) -> Leave:
    units = {item.unit for item in service.memberships(account_id)}
    around = {item.account.id: item.account.display_name for item in service.members_of(units)}
    around.pop(account_id, None)
    return Leave(data, people=[(str(key), name) for key, name in around.items()], initial={"first_day": clock.today()})


def page(
    request: HttpRequest, account_id: UUID, *, form: Leave | None = None, link: str = "", status: int = 200
) -> HttpResponse:
    """The page, with a form as it came back or a fresh one-time link."""
    actor = actor_of(request)
    found = _seen(actor, account_id)
    own = actor.id == account_id
    grants = [service.access.allowed(actor, "people.grant", item.unit) for item in service.memberships(account_id)]
    may_leave = own or (bool(grants) and all(grants))
    absences = service.absences([account_id])
    ids = {item.account for item in absences} | {item.deputy for item in absences if item.deputy}
    names = {key: item.display_name for key, item in service.accounts(ids).items()}
    context = {
        "person": found,
        "held": [told(item) for item in service.history(account_id)],
        "leave": [
            {
                "id": item.id,
                "first": item.first_day,
                "last": item.last_day,
                "who": names.get(item.account, ""),
                "deputy": names.get(item.deputy, "") if item.deputy else "",
                "stands_in": item.deputy == account_id,
                "may_end": may_leave and item.account == account_id,
            }
            for item in absences
        ],
        "form": form or (_leave_form(None, account_id) if may_leave else None),
        "over": _over(actor, account_id),
        "may_grant": any(grants),
        "link": link,
    }
    return render(request, "people/person.html", context, status=status)


@never_cache
@require_POST
def leave(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Enter leave."""
    actor = actor_of(request)
    _seen(actor, account_id)
    service.require_leave(actor, account_id)
    form = _leave_form(request.POST, account_id)
    if form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        deputy = UUID(given["deputy"]) if given["deputy"] else None
        try:
            service.enter_absence(actor, account_id, given["first_day"], given["last_day"], deputy)
        except Invalid as error:
            add_faults(form, error)
        else:
            messages.success(request, gettext("The leave is entered."))
            return HttpResponseRedirect(reverse("people:person", args=[account_id]))
    return page(request, account_id, form=form, status=400)


@require_POST
def end_leave(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """End leave, or take it back."""
    ended = service.end_absence(actor_of(request), absence_id)
    messages.success(request, gettext("The leave is ended."))
    return HttpResponseRedirect(reverse("people:person", args=[ended.account]))


@never_cache
@require_POST
def look_after(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Close or reopen the account, sign it out, help with a lost password or second factor."""
    actor = actor_of(request)
    service.require_over(actor, account_id)
    wish = request.POST.get("do", "")
    if wish == "link":
        return page(request, account_id, link=request.build_absolute_uri(service.make_link(actor, account_id)))
    if wish == "sign-out":
        service.end_sessions(actor, account_id)
    elif wish == "reset-factors":
        service.reset_factors(actor, account_id)
    elif wish in ("close", "reopen"):
        service.set_active(actor, account_id, wish == "reopen")
    else:
        raise Invalid(gettext("Choose what should be done."))
    messages.success(request, gettext("Done."))
    return HttpResponseRedirect(reverse("people:person", args=[account_id]))


@never_cache
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """What each role may do, and how many of the people one sees hold it."""
    actor = actor_of(request)
    service.access.require(actor, "people.view")
    reach = service.access.reach(actor, "people.view")
    counts: dict[str, int] = {}
    for item in service.members_of(None if reach.everywhere else reach.units):
        counts[item.role.key] = counts.get(item.role.key, 0) + 1
    rows = [
        {
            "key": role.key,
            "name": role_name(role.key),
            "holders": counts.get(role.key, 0),
            "actions": sorted(gettext(ACTIONS[key]) for key in role.actions if key in ACTIONS),
            "second_factor": role.second_factor,
        }
        for role in service.roles()
    ]
    may_edit = service.access.allowed(actor, "people.manage", service.root())
    return render(request, "people/roles.html", {"rows": rows, "may_edit": may_edit})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, key: str) -> HttpResponse:
    """Change what a role may do."""
    actor = actor_of(request)
    service.access.require(actor, "people.manage", service.root())
    found = next((item for item in service.roles() if item.key == key), None)
    if found is None:
        raise NotFound()
    initial = {"name_vi": found.name_vi, "name_en": found.name_en, "actions": sorted(found.actions)}
    form = EditRole(request.POST or None, initial=initial | {"second_factor": found.second_factor})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wanted = Role(
            key, given["name_vi"], given["name_en"], frozenset(given["actions"]), found.rank, given["second_factor"]
        )
        try:
            service.save_role(actor, wanted)
        except Invalid as error:
            add_faults(form, error)
        else:
            messages.success(request, gettext("The role is saved."))
            return HttpResponseRedirect(reverse("people:roles"))
    status = 400 if request.method == "POST" else 200
    return render(request, "people/role.html", {"form": form, "name": role_name(key)}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """Bring in a staff list: first what it would do, then doing it."""
    actor = actor_of(request)
    service.access.require(actor, "people.manage")
    form = StaffList(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        doing = request.POST.get("do") == "import"
        try:
            content = _content(request)
            links: dict[str, str] = {}
            if doing:
                rows, links = service.import_staff(actor, content)
            else:
                rows = service.read_staff(actor, content)
        except Invalid as error:
            form.is_valid()
            add_faults(form, error)
            status = 400
        else:
            context |= _lines(request, rows, links)
            context |= {"done": doing, "content": signing.dumps(content.decode("utf-8-sig"))}
    return render(request, "people/import.html", context, status=status)


def _content(request: HttpRequest) -> bytes:
    upload = request.FILES.get("file")
    if isinstance(upload, UploadedFile):
        return bytes(upload.read())
    try:
        text: str = signing.loads(request.POST.get("content", ""), max_age=3600)
    except signing.BadSignature:
        raise Invalid([Fault("file", N_("Choose the file once more."))]) from None
    return text.encode()


def _lines(request: HttpRequest, rows: Any, links: dict[str, str]) -> dict[str, Any]:
    words = {
        "new": gettext("a new account with this role"),
        "role": gettext("the role for an account that is there"),
        "same": gettext("nothing: it is so already"),
    }
    shown = [
        {
            "line": row.line,
            "username": row.username,
            "display_name": row.display_name,
            "does": words.get(row.does, ""),
            "faults": [gettext(fault.text) % dict(fault.params) if fault.params else gettext(fault.text)
                       for fault in row.faults],
            "link": request.build_absolute_uri(links[row.username]) if row.username in links else "",
        }
        for row in rows
    ]  # fmt: skip
    bad = sum(bool(row.faults) for row in rows)
    text = gettext("%(lines)s lines, %(bad)s of them with faults.") % {"lines": len(rows), "bad": bad}
    return {"rows": shown, "summary": text, "good": len(rows) > bad}


@never_cache
@require_safe
def readings(request: HttpRequest) -> HttpResponse:
    """Who looked at one's own data."""
    actor = actor_of(request)
    if actor.id is None or actor.kind not in ("person", "citizen"):
        raise NotSignedIn()
    own = {subject: name for source in registry.own_records for subject, name in source(actor).items()}
    rows = [
        {
            "at": item.at,
            "about": own.get(item.subject, ""),
            "role": role_name(item.role) if item.role else gettext("an official"),
            "unit": unit_name(item.unit) if item.unit else "",
            "purpose": gettext(PURPOSES[item.purpose]),
            "note": item.note,
        }
        for item in service.my_readings(actor, list(own))
    ]
    return render(request, "people/readings.html", {"rows": rows})


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password through a one-time link."""
    found = service.account_of_link(secret)
    form = FirstPassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.use_link(secret, form.cleaned_data["password"])
        except Invalid as error:
            add_faults(form, error)
        else:
            return HttpResponseRedirect("/signin/")
    status = 400 if request.method == "POST" else 200
    return render(request, "people/setup.html", {"form": form, "person": found}, status=status)
