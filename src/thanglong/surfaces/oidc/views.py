"""The endpoints. Errors that may not be sent back to a client are shown to the person instead."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import service as people
from thanglong.core.people.types import (
    ACTIONS,
    CODE_COUNTS_FOR,
    IDENTITY_SCOPES,
    SCOPE_NAMES,
    TOKEN_COUNTS_FOR,
    Client,
    Grant,
    OAuthFault,
)
from thanglong.kit import clock, peers
from thanglong.kit.errors import Denied, Invalid, NotSignedIn
from thanglong.kit.ports import Actor
from thanglong.surfaces.oidc import keys
from thanglong.web.middleware import CONTENT_SECURITY_POLICY


def issuer(request: HttpRequest) -> str:
    """The address by which this installation is known."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    """Discovery (RFC 8414)."""
    base = issuer(request)
    return JsonResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oidc/authorize",
            "token_endpoint": f"{base}/oidc/token",
            "userinfo_endpoint": f"{base}/oidc/userinfo",
            "revocation_endpoint": f"{base}/oidc/revoke",
            "jwks_uri": f"{base}/oidc/jwks.json",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": sorted(IDENTITY_SCOPES),
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
        }
    )


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The public key."""
    return JsonResponse({"keys": [keys.public()]})


def _client(given: Any) -> Client:
    """The client and its exact return address; a fault here is shown to the person, never sent anywhere."""
    try:
        client = people.known_client(given.get("client_id", ""))
    except OAuthFault as error:
        raise Invalid(error.text) from None
    if given.get("redirect_uri", "") not in client.redirects:
        raise Invalid(OAuthFault.text)
    return client


def _back(given: Any, base: str, **answer: str) -> HttpResponse:
    if given.get("state"):
        answer["state"] = given["state"]
    address = given["redirect_uri"]
    response = HttpResponse(status=303)
    response["Location"] = f"{address}{'&' if '?' in address else '?'}{urlencode(answer | {'iss': base})}"
    return response


CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url: what S256 gives, never less or more."""
LONGEST_NONCE = 200
JUST_NOW = 60
"""Seconds within which a sign-in answers ``prompt=login``: else the person would be asked in a circle."""


def _fault_of(given: Any, client: Client) -> dict[str, str]:
    """What is wrong with an authorization request, in the words of RFC 6749 and OpenID Connect; empty: nothing."""
    scopes = frozenset(given.get("scope", "").split())
    if any(len(given.getlist(name)) > 1 for name in given):
        return {"error": "invalid_request", "error_description": "a parameter is given twice"}
    if "request" in given:
        return {"error": "request_not_supported"}
    if "request_uri" in given:
        return {"error": "request_uri_not_supported"}
    if given.get("response_type") != "code":
        return {"error": "unsupported_response_type"}
    if given.get("response_mode", "query") != "query":
        return {"error": "invalid_request", "error_description": "the answer comes in the query"}
    if given.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(given.get("code_challenge", "")):
        return {"error": "invalid_request", "error_description": "PKCE with S256 is needed"}
    if len(given.get("nonce", "")) > LONGEST_NONCE or not re.fullmatch(r"[0-9]{1,9}", given.get("max_age", "0")):
        return {"error": "invalid_request"}
    if "openid" not in scopes or not scopes <= IDENTITY_SCOPES | client.scopes:
        return {"error": "invalid_scope"}
    return {}


def _too_old(request: HttpRequest, given: Any) -> bool:
    """Whether the client wants a newer proof of the person than this session has."""
    age = clock.now().timestamp() - request.session.get("fresh", 0)
    asked = int(given["max_age"]) if "max_age" in given else None
    if "login" in given.get("prompt", "").split():
        asked = min(JUST_NOW, JUST_NOW if asked is None else asked)
    return asked is not None and age > max(asked, JUST_NOW)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask the official whether the other system may know who they are; send it a code."""
    given = request.POST if request.method == "POST" else request.GET
    client, base = _client(given), issuer(request)
    if fault := _fault_of(given, client):
        return _back(given, base, **fault)
    silent = given.get("prompt") == "none"
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.kind != "person" or actor.id is None or _too_old(request, given):
        if silent:
            return _back(given, base, error="login_required")
        door = "/me/security/again/" if actor.kind == "person" else "/signin/"
        here = f"{request.path}?{urlencode([pair for pair in given.items() if pair[0] in ASKED])}"
        return HttpResponseRedirect(f"{door}?{urlencode({'next': here})}")
    if request.method != "POST":
        return _back(given, base, error="interaction_required") if silent else _ask(request, client, actor, given)
    if request.POST.get("agree") != "yes":
        return _back(given, base, error="access_denied")
    now = clock.now()
    begun = datetime.fromtimestamp(request.session.get("fresh", now.timestamp()), UTC)
    wish = Grant(
        client.id, actor.id, given["redirect_uri"], given["code_challenge"], given.get("nonce", ""),
        frozenset(given["scope"].split()), begun, now + CODE_COUNTS_FOR,
    )  # fmt: skip
    return _back(given, base, code=people.authorize(actor, wish))


ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age", "response_mode",
    "code_challenge", "code_challenge_method",
)  # fmt: skip
"""Parameters of an authorization request that are carried through sign-in and consent."""


def _ask(request: HttpRequest, client: Client, actor: Actor, given: Any) -> HttpResponse:
    wanted = sorted(frozenset(given["scope"].split()) - IDENTITY_SCOPES)
    context = {
        "client": client,
        "given": [pair for pair in given.items() if pair[0] in ASKED],
        "name": actor.label,
        "host": urlsplit(given["redirect_uri"]).netloc,
        "rights": [gettext(SCOPE_NAMES.get(key) or ACTIONS[key]) for key in wanted],
    }
    page = render(request, "oidc/authorize.html", context)
    # the answer leads on to the client's own address, which form-action must let through
    parts = urlsplit(given["redirect_uri"])
    policy = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
    page.headers["Content-Security-Policy"] = policy
    return page


def _proved(request: HttpRequest) -> Client:
    """The client behind a request to the token or revocation endpoint; one way of proof at a time (RFC 6749, 2.3)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    name, secret = request.POST.get("client_id", ""), request.POST.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            named, _, given = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise OAuthFault("invalid_client", 401) from None
        if secret or name not in ("", unquote(named)):
            raise OAuthFault("invalid_request", 400)
        name, secret = unquote(named), unquote(given)
    return people.authenticated_client(name, secret, peers.client(request.META))


def _fault(error: OAuthFault) -> HttpResponse:
    response = JsonResponse({"error": error.error}, status=error.status)
    if error.status == 429:
        response["Retry-After"] = "60"
    if error.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="thanglong"'
    return response


@csrf_exempt
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A code, or a machine's own proof, for an access token."""
    try:
        client, kind = _proved(request), request.POST.get("grant_type", "")
        if kind == "client_credentials":
            secret, made = people.machine_token(client, request.POST.get("scope", "").split())
            return JsonResponse(_answer(secret, made.scopes))
        if kind != "authorization_code":
            raise OAuthFault("unsupported_grant_type", 400)
        given = request.POST
        secret, made, wish = people.redeem(
            client, given.get("code", ""), given.get("redirect_uri", ""), given.get("code_verifier", "")
        )
    except OAuthFault as error:
        return _fault(error)
    now = int(clock.now().timestamp())
    claims = _claims(str(wish.account), wish.scopes) | {
        "iss": issuer(request),
        "aud": str(client.id),
        "iat": now,
        "exp": now + 300,
        "auth_time": int(wish.signed_in_at.timestamp()),
    }
    if wish.nonce:
        claims["nonce"] = wish.nonce
    return JsonResponse(_answer(secret, made.scopes) | {"id_token": keys.sign(claims)})


def _answer(secret: str, scopes: frozenset[str]) -> dict[str, Any]:
    seconds = int(TOKEN_COUNTS_FOR.total_seconds())
    return {"access_token": secret, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(sorted(scopes))}


def _claims(account: str, scopes: frozenset[str]) -> dict[str, Any]:
    found = people.account(UUID(account))
    claims: dict[str, Any] = {"sub": account}
    if "profile" in scopes:
        claims |= {"name": found.display_name, "preferred_username": found.username, "locale": found.language}
    if "email" in scopes and found.email:
        claims |= {"email": found.email, "email_verified": False}
    return claims


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """Who an access token speaks for."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    try:
        account, scopes = people.account_of_token(secret.strip() if scheme.lower() == "bearer" else "")
    except (Denied, NotSignedIn):
        response = JsonResponse({"error": "invalid_token"}, status=401)
        response["WWW-Authenticate"] = 'Bearer realm="thanglong", error="invalid_token"'
        return response
    return JsonResponse(_claims(str(account), scopes))


@csrf_exempt
@never_cache
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """A client gives a token back; the answer is the same whether it was one of its own."""
    try:
        people.revoke_secret(_proved(request), request.POST.get("token", ""))
    except OAuthFault as error:
        return _fault(error)
    return HttpResponse()
