"""Signing in through an outside provider: authorization code with PKCE, state and nonce; the ID token is verified."""

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from thanglong.core.people import service as people
from thanglong.kit import clock
from thanglong.kit.errors import N_, Invalid, NotFound, Unavailable

WAITING = "oidc"
LINK_FOR = 600
"""Seconds within which an unknown identity may be linked by signing in with a password."""
LEEWAY = 30
ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]
FAILED = N_("Signing in through the other service did not work. Please begin again.")


class _Stay(HTTPRedirectHandler):
    """A redirect would carry our secret to an address that the provider never named."""

    def redirect_request(self, *arguments: Any, **more: Any) -> None:
        return None


_opener = build_opener(_Stay)


def fetch(address: str, form: dict[str, str] | None = None, basic: str = "") -> dict[str, Any]:
    """A JSON answer of the provider (POST with a form); Unavailable when it does not answer."""
    if urlsplit(address).scheme not in ("https", "http"):
        raise Unavailable()
    headers = {"Accept": "application/json"} | ({"Authorization": f"Basic {basic}"} if basic else {})
    data = urlencode(form).encode() if form is not None else None
    try:
        with _opener.open(Request(address, data, headers), timeout=10) as answer:  # noqa: S310  scheme checked
            found: dict[str, Any] = json.loads(answer.read(1 << 20))
            return found
    except (URLError, ValueError, TimeoutError) as error:
        raise Unavailable() from error


def _provider() -> dict[str, Any]:
    if not settings.OIDC_ISSUER:
        raise NotFound()
    found = fetch(f"{settings.OIDC_ISSUER}/.well-known/openid-configuration")
    if found.get("issuer", "").rstrip("/") != settings.OIDC_ISSUER:
        raise Invalid(FAILED)
    return found


def _return(request: HttpRequest) -> str:
    return f"{settings.PUBLIC_URL or f'{request.scheme}://{request.get_host()}'}/signin/oidc/back/"


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    provider = _provider()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    target = request.GET.get("next", "")  # checked by the sign-in page before anybody is sent there
    request.session[WAITING] = {"state": state, "nonce": nonce, "verifier": verifier, "next": target}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": settings.OIDC_CLIENT, "redirect_uri": _return(request),
        "scope": "openid profile", "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    return HttpResponseRedirect(f"{provider['authorization_endpoint']}?{urlencode(asked)}")


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """The browser comes back: known identities go on; others are linked after the next password."""
    waiting = request.session.pop(WAITING, None)
    if waiting is None or not secrets.compare_digest(request.GET.get("state", ""), waiting["state"]):
        raise Invalid(FAILED)
    if "code" not in request.GET:
        return HttpResponseRedirect("/signin/")
    claims = _claims(request, waiting)
    issuer, subject = settings.OIDC_ISSUER, str(claims["sub"])
    account = people.account_of_identity(issuer, subject)
    if account is None and settings.OIDC_CITIZENS:
        account = people.citizen_of_identity(issuer, subject, str(claims.get("name", "")))
    if account is None:
        known_as = str(claims.get("name") or claims.get("preferred_username") or subject)[:120]
        until = clock.now().timestamp() + LINK_FOR
        request.session["identity"] = {"issuer": issuer, "subject": subject, "name": known_as, "until": until}
        return HttpResponseRedirect(f"/signin/?{urlencode({'next': waiting['next']})}")
    request.session["outside"] = {"account": str(account), "next": waiting["next"], "at": clock.now().timestamp()}
    return HttpResponseRedirect("/signin/outside/")


def _claims(request: HttpRequest, waiting: dict[str, str]) -> dict[str, Any]:
    provider = _provider()
    if request.GET.get("iss", settings.OIDC_ISSUER).rstrip("/") != settings.OIDC_ISSUER:
        raise Invalid(FAILED)
    form = {
        "grant_type": "authorization_code", "code": request.GET["code"], "redirect_uri": _return(request),
        "code_verifier": waiting["verifier"], "client_id": settings.OIDC_CLIENT,
    }  # fmt: skip
    basic = base64.b64encode(f"{settings.OIDC_CLIENT}:{settings.OIDC_SECRET}".encode()).decode()
    answer = fetch(provider["token_endpoint"], form, basic if settings.OIDC_SECRET else "")
    return verified(answer.get("id_token", ""), fetch(provider["jwks_uri"]).get("keys", []), waiting["nonce"])


def verified(token: str, keys: list[dict[str, Any]], nonce: str) -> dict[str, Any]:
    """The claims of an ID token meant for us and this sign-in; Invalid for every other.

    Only public keys meant for signing count, with the algorithm of the key: a token signed with the public key as if
    it were a shared secret, or not at all, is refused.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        fit = [item for item in keys if item.get("kty") != "oct" and item.get("use", "sig") == "sig"]
        key = next(item for item in fit if kid is None or item.get("kid") == kid)
        claims: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(key), algorithms=ALGORITHMS, audience=settings.OIDC_CLIENT,
            options={
                "verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False,
                "require": ["sub", "iss", "exp"],
            },
        )  # fmt: skip
        # the clock is the house's own, which a test or a demo may set
        late = clock.now().timestamp() > float(claims["exp"]) + LEEWAY
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        wrong_party = (several or "azp" in claims) and claims.get("azp") != settings.OIDC_CLIENT
        other = str(claims["iss"]).rstrip("/") != settings.OIDC_ISSUER or claims.get("nonce") != nonce
    except (jwt.PyJWTError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise Invalid(FAILED) from error
    if late or wrong_party or other:
        raise Invalid(FAILED)
    return claims
