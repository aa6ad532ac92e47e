"""One's own account: capacities, language, password, access keys."""

from datetime import datetime, time
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from thanglong.core.people import repository, service
from thanglong.core.people.types import SCOPE_NAMES, Token
from thanglong.core.people.views.common import add_faults, signed_in, told
from thanglong.core.people.views.forms import NewPassword, NewToken
from thanglong.kit import clock
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import Actor


@never_cache
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """The page."""
    return page(request, signed_in(request))


def page(
    request: HttpRequest,
    actor: Actor,
    *,
    password: NewPassword | None = None,
    token: NewToken | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page with forms as they came back; ``secret`` is a new key's text, shown this once."""
    assert actor.id is not None
    today = clock.today()
    history = service.history(actor.id)
    context = {
        "account": service.account(actor.id),
        "present": [told(item) for item in history if item.valid_on(today)],
        "future": [told(item) for item in history if item.valid_from > today],
        "past": [told(item) for item in history if item.valid_to is not None and item.valid_to < today],
        "tokens": [
            (item, [gettext(SCOPE_NAMES[key]) for key in sorted(item.scopes)]) for item in service.tokens(actor)
        ],
        "password_form": password or NewPassword(prefix="pw"),
        "token_form": token or NewToken(prefix="tk"),
        "secret": secret,
        "languages": settings.LANGUAGES,
        "today": today,
    }
    return render(request, "people/me.html", context, status=status)


def _scopes(token: Token) -> list[str]:
    return [gettext(SCOPE_NAMES[key]) for key in sorted(token.scopes)]


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of all pages and messages."""
    actor = signed_in(request)
    chosen = request.POST.get("language", "")
    service.set_language(actor, chosen)
    request.session["language"] = chosen
    response = HttpResponseRedirect("/me/")
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return response


@sensitive_post_parameters()
@never_cache
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; other sessions end."""
    actor = signed_in(request)
    assert actor.id is not None
    form = NewPassword(request.POST, prefix="pw")
    if form.is_valid():
        try:
            service.set_password(actor, actor.id, form.cleaned_data["password"], current=form.cleaned_data["current"])
        except Invalid as error:
            add_faults(form, error)
        else:
            update_session_auth_hash(request, repository.row(actor.id))
            messages.success(request, gettext("Your password is changed. Other browsers are signed out."))
            return HttpResponseRedirect("/me/")
    return page(request, actor, password=form, status=400)


@never_cache
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Make an access key and show it once, in the answer itself."""
    actor = signed_in(request)
    form = NewToken(request.POST, prefix="tk")
    if form.is_valid():
        day = form.cleaned_data["expires"]
        expires = datetime.combine(day, time.max, clock.zone()) if day else None
        try:
            secret, _ = service.issue_token(
                actor, form.cleaned_data["name"], form.cleaned_data["scopes"], expires=expires
            )
        except Invalid as error:
            add_faults(form, error)
        else:
            return page(request, actor, secret=secret)
    return page(request, actor, token=form, status=400)


@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Withdraw one of one's keys."""
    service.revoke_token(signed_in(request), token_id)
    messages.success(request, gettext("The key is withdrawn."))
    return HttpResponseRedirect("/me/#keys")
