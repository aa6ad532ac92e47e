"""Other systems: they sign people in here (OpenID Connect) or act as machines (OAuth 2 client credentials).

Access tokens are rows of the same table as access keys and go through the same check on every path.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.crypto import constant_time_compare

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import repository, rules
from thanglong.core.people.repository import clients as rows
from thanglong.core.people.service.access import access, root
from thanglong.core.people.service.accounts import ref
from thanglong.core.people.service.factors import own_id
from thanglong.core.people.types import (
    ACTIONS,
    IDENTITY_SCOPES,
    SCOPES,
    TOKEN_COUNTS_FOR,
    TOKENS_A_MINUTE,
    Client,
    Grant,
    NewAccount,
    OAuthFault,
    Token,
)
from thanglong.kit import clock, peers
from thanglong.kit.errors import N_, Conflict, Denied, Fault, Invalid, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM, Actor


def add_client(
    actor: Actor,
    name: str,
    scopes: Iterable[str] = (),
    redirects: Iterable[str] = (),
    *,
    public: bool = False,
    unit: UUID | None = None,
    types: Iterable[str] = (),
) -> tuple[str, Client]:
    """Enter another system: its secret (shown once; empty for a public one) and what is known of it.

    Needs ``tokens.manage`` in the whole city. The machine acts with the rights of whoever enters it, cut down to
    ``scopes`` (scopes of keys, or names of actions), below ``unit``, for ``types`` of things. Invalid lists all faults.
    """
    access.require(actor, "tokens.manage", root())
    owner, back, wanted = own_id(actor), tuple(redirects), frozenset(scopes)
    given = Client(new_id(), name, owner, public, back, wanted, unit, frozenset(types), clock.now())
    made, secret = _checked(given), "" if public else rules.new_secret()
    with repository.atomic():
        rows.add(made, rules.secret_digest(secret) if secret else "")
        ledger.append(actor, "client.added", _ref(made.id), unit=unit, facts=_facts(made))
    return secret, made


def _checked(given: Client) -> Client:
    """The same, tidied up; Invalid with all that is wrong."""
    back = tuple(item.strip() for item in given.redirects if item.strip())
    name, faults = given.name.strip(), []
    if not name or len(name) > 80:
        faults.append(Fault("name", N_("Say in a few words which system it is.")))
    if not given.scopes <= set(SCOPES) | set(ACTIONS):
        faults.append(Fault("scopes", N_("Choose what the key may do.")))
    if not all(_sound(item) for item in back):
        text = N_("Return addresses begin with https:// (or http://localhost) and have no part after a #.")
        faults.append(Fault("redirects", text))
    if given.public and not back:
        faults.append(Fault("public", N_("A system without a secret can only sign people in: give a return address.")))
    if not given.public and not back and not given.scopes:
        faults.append(Fault("scopes", N_("Give a return address, or choose what the system may do.")))
    if faults:
        raise Invalid(faults)
    return replace(given, name=name, redirects=back)


_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PLAIN = re.compile(r"[!-~]{1,500}")


def _sound(address: str) -> bool:
    """An address for exact comparison: visible ASCII, a plain host (it enters the content policy), no fragment."""
    if not _PLAIN.fullmatch(address):
        return False
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    return (parts.scheme == "https" or local) and bool(_HOST.fullmatch(parts.netloc)) and "#" not in address


def _ref(client: UUID) -> ObjectRef:
    return ObjectRef("client", str(client))


def _facts(item: Client) -> dict[str, object]:
    return {"scopes": sorted(item.scopes), "types": sorted(item.types), "public": item.public}


def clients(actor: Actor) -> list[Client]:
    """All other systems that are not withdrawn; needs ``tokens.manage`` in the whole city."""
    access.require(actor, "tokens.manage", root())
    return rows.living()


def client(actor: Actor, client_id: UUID) -> Client:
    """One of them; NotFound. Needs ``tokens.manage`` in the whole city."""
    access.require(actor, "tokens.manage", root())
    found = rows.by_id(client_id)
    if found is None:
        raise NotFound()
    return found[0]


def change_client(
    actor: Actor,
    client_id: UUID,
    name: str,
    scopes: Iterable[str],
    redirects: Iterable[str],
    *,
    unit: UUID | None = None,
    types: Iterable[str] = (),
) -> Client:
    """Change what another system may do. What it was given before no longer counts: it asks for new tokens.

    Needs ``tokens.manage`` in the whole city; NotFound, or Invalid with all faults.
    """
    before = client(actor, client_id)
    wished = replace(
        before, name=name, scopes=frozenset(scopes), redirects=tuple(redirects), unit=unit, types=frozenset(types)
    )
    after = _checked(wished)
    if after != before:
        with repository.atomic():
            rows.change(after, clock.now())
            repository.bump()
            facts = _facts(after) | {"name": after.name, "redirects": list(after.redirects)}
            ledger.append(actor, "client.changed", _ref(client_id), unit=unit, facts=facts)
        access.renew()
    return after


def new_client_secret(actor: Actor, client_id: UUID) -> str:
    """Give another system a new secret (shown once). The old one and all its tokens stop counting at once.

    Needs ``tokens.manage`` in the whole city; NotFound, or Conflict for a system that keeps no secret.
    """
    if client(actor, client_id).public:
        raise Conflict(N_("This system keeps no secret: there is none to change."))
    secret = rules.new_secret()
    with repository.atomic():
        rows.new_secret(client_id, rules.secret_digest(secret), clock.now())
        repository.bump()
        ledger.append(actor, "client.secret_changed", _ref(client_id))
    access.renew()
    return secret


def revoke_client(actor: Actor, client_id: UUID) -> None:
    """Withdraw another system with all its tokens; bites on the next request. Needs ``tokens.manage`` in the city."""
    access.require(actor, "tokens.manage", root())
    with repository.atomic():
        if not rows.revoke(client_id, clock.now()):
            raise NotFound()
        repository.bump()
        ledger.append(actor, "client.revoked", _ref(client_id))
    access.renew()


def known_client(client_id: str) -> Client:
    """A client by the id it names; OAuthFault for an unknown one."""
    return _by_text(client_id)[0]


def _by_text(client_id: str) -> tuple[Client, str]:
    try:
        found = rows.by_id(UUID(client_id))
    except ValueError:
        found = None
    if found is None:
        raise OAuthFault("invalid_client", 401)
    return found


def authenticated_client(client_id: str, secret: str, address: str = "") -> Client:
    """A client that proved itself by its secret, or a public one that named itself; OAuthFault otherwise.

    Wrong tries are counted for the client and the address, and answered shortly after too many. The right secret is
    never kept out: 256 random bits are not guessed, and a stranger must not be able to stop a system of the city.
    """
    try:
        found, digest = _by_text(client_id)
        if not digest or constant_time_compare(digest, rules.secret_digest(secret)):
            return found
    except OAuthFault:
        client_id = ""  # one count for all unknown names
    key, now = rules.throttle_key("client", client_id, peers.counted(address)), clock.now()
    if rules.locked(repository.throttle(key), now):
        raise OAuthFault("temporarily_unavailable", 429)
    with repository.atomic():
        before = repository.throttle(key, lock=True)
        repository.save_throttle(key, rules.failed(before, now, rules.CLIENT_FAILURES, rules.CLIENT_LOCK))
    raise OAuthFault("invalid_client", 401)


def machine_token(client: Client, scopes: Iterable[str] = ()) -> tuple[str, Token]:
    """An access token for a machine (client credentials): all its scopes, or the part it asks for."""
    wanted = frozenset(scopes) or client.scopes
    if client.public:
        raise OAuthFault("unauthorized_client", 400)
    if not client.scopes or not wanted <= client.scopes:
        raise OAuthFault("invalid_scope", 400)
    if rows.tokens_since(client.id, clock.now() - timedelta(minutes=1)) >= TOKENS_A_MINUTE:
        raise OAuthFault("temporarily_unavailable", 429)
    return _issue(client, client.account, wanted)


def authorize(actor: Actor, wish: Grant) -> str:
    """An authorization code for the official who agreed; the client and its return address were checked before."""
    own_id(actor)
    code = secrets.token_urlsafe(32)
    with repository.atomic():
        rows.add_code(rules.secret_digest(code), wish)
        facts = {"client": str(wish.client), "scopes": sorted(wish.scopes)}
        ledger.append(actor, "client.signed_in", ref(wish.account), facts=facts)
    return code


def redeem(client: Client, code: str, redirect: str, verifier: str) -> tuple[str, Token, Grant]:
    """The access token of a code, once; OAuthFault otherwise.

    A code that comes twice withdraws the first token; one that comes with a wrong address or verifier, or from
    another system, is used up.
    """
    digest, now = rules.secret_digest(code), clock.now()
    with repository.atomic():
        found = rows.code(digest)
        used = found is not None and found[1] is not None
        if found is not None and found[2] is not None and repository.revoke_token(found[2], now):
            repository.bump()
            ledger.append(SYSTEM, "token.revoked", ObjectRef("token", str(found[2])), facts={"code": "used twice"})
        if found is None or used:
            wish = None
        else:
            fits = _fits(found[0], client, redirect, verifier) and repository.active(found[0].account)
            wish = found[0] if fits else None
            if not fits:
                rows.use_code(digest, None, now)
        if wish is not None:
            allowed = (wish.scopes & client.scopes) | (wish.scopes & IDENTITY_SCOPES)
            secret, token = _issue(client, wish.account, allowed)
            rows.use_code(digest, token.id, now)
    access.renew()
    if wish is None:
        raise OAuthFault("invalid_grant", 400)
    return secret, token, wish


VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, section 4.1."""


def _fits(wish: Grant, client: Client, redirect: str, verifier: str) -> bool:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return (
        bool(VERIFIER.fullmatch(verifier))
        and wish.client == client.id
        and wish.redirect == redirect
        and clock.now() < wish.expires_at
        and constant_time_compare(challenge, wish.challenge)
    )


def _issue(client: Client, account: UUID, scopes: frozenset[str]) -> tuple[str, Token]:
    secret, now = rules.new_secret(), clock.now()
    token = Token(
        new_id(), account, client.name, scopes, client.unit, now, now + TOKEN_COUNTS_FOR, types=client.types,
        client=client.id,
    )  # fmt: skip
    with repository.atomic():
        repository.add_token(token, rules.secret_digest(secret))
        facts = {"scopes": sorted(scopes), "client": str(client.id)}
        ledger.append(
            Actor("client", client.id, client.name), "token.issued", ObjectRef("token", str(token.id)),
            unit=client.unit, facts=facts,
        )  # fmt: skip
    return secret, token


def revoke_secret(client: Client, secret: str) -> None:
    """A client gives one of its own tokens back (RFC 7009); others and unknown ones are passed over."""
    found = repository.token_by_digest(rules.secret_digest(secret))
    if found is None or found.client != client.id:
        return
    with repository.atomic():
        if repository.revoke_token(found.id, clock.now()):
            repository.bump()
            ledger.append(Actor("client", client.id, client.name), "token.revoked", ObjectRef("token", str(found.id)))
    access.renew()


def account_of_token(secret: str) -> tuple[UUID, frozenset[str]]:
    """Whose identity an access token tells, and its scopes; Denied when it is no sign-in's token."""
    found = repository.token_by_digest(rules.secret_digest(secret))
    if found is None or not found.alive(clock.now()) or "openid" not in found.scopes:
        raise Denied()
    if not repository.active(found.account):
        raise Denied()
    return found.account, found.scopes


def account_of_identity(issuer: str, subject: str) -> UUID | None:
    """The open account of an outside identity, or None."""
    return rows.account_of(issuer, subject)


def link_identity(actor: Actor, issuer: str, subject: str) -> None:
    """Note that the official who has just signed in is this person at an outside provider. Once for each identity."""
    account = own_id(actor)
    with repository.atomic():
        if rows.known_identity(issuer, subject):
            return
        rows.add_identity(new_id(), account, issuer, subject, clock.now())
        ledger.append(actor, "account.identity_linked", ref(account), facts={"issuer": issuer})


def citizen_of_identity(issuer: str, subject: str, name: str) -> UUID:
    """The account of a citizen, made at the first sign-in through the issuer of the settings; no role."""
    if (found := rows.account_of(issuer, subject)) is not None:
        return found
    if rows.known_identity(issuer, subject):
        raise Denied()
    digest = hashlib.sha256(f"{issuer}\x1f{subject}".encode()).hexdigest()[:24]
    made = NewAccount(new_id(), f"citizen-{digest}", name.strip()[:120] or "—", citizen=True)
    with repository.atomic():
        repository.add_accounts([made], clock.now())
        rows.add_identity(new_id(), made.id, issuer, subject, clock.now())
        private = {"display_name": made.display_name, "subject": subject}
        ledger.append(SYSTEM, "account.created", ref(made.id), facts={"citizen": True}, private=private)
    return made.id


def forget_old_codes() -> int:
    """Drop codes, links and tokens of other systems that have been over for a day; how many."""
    return rows.prune(clock.now() - timedelta(days=1))
