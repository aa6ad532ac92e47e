"""Access keys of API clients: shown once, kept as a digest."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import repository, rules
from thanglong.core.people.service.access import access
from thanglong.core.people.types import SCOPES, Token, TooManyTokens
from thanglong.kit import clock
from thanglong.kit.errors import N_, Denied, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

MOST = 20
_TOUCH = timedelta(minutes=1)


def issue_token(
    actor: Actor, name: str, scopes: Iterable[str], unit: UUID | None = None, expires: datetime | None = None
) -> tuple[str, Token]:
    """Make an access key for oneself: its text (shown once, never kept) and what is known of it.

    It can do what its owner can, within ``scopes`` and below ``unit``, until ``expires``. Invalid lists every fault.
    """
    if actor.kind != "person" or actor.id is None:
        raise NotSignedIn() if actor.kind == "citizen" else Denied()
    now, wanted = clock.now(), frozenset(scopes)
    faults = []
    if not name.strip() or len(name) > 80:
        faults.append(Fault("name", N_("Say in a few words what the key is for.")))
    if not wanted or not wanted <= set(SCOPES):
        faults.append(Fault("scopes", N_("Choose what the key may do.")))
    if expires is not None and expires <= now:
        faults.append(Fault("expires", N_("This day is already over.")))
    if faults:
        raise Invalid(faults)
    if len(repository.tokens_of(actor.id)) >= MOST:
        raise TooManyTokens()
    secret = rules.new_secret()
    token = Token(new_id(), actor.id, name.strip(), wanted, unit, now, expires)
    with repository.atomic():
        repository.add_token(token, rules.secret_digest(secret))
        ledger.append(
            actor,
            "token.issued",
            ObjectRef("token", str(token.id)),
            unit=unit,
            facts={"scopes": sorted(wanted), "expires": expires.isoformat() if expires else None},
        )
    return secret, token


def tokens(actor: Actor) -> list[Token]:
    """One's own access keys that are not withdrawn, newest first."""
    if actor.kind != "person" or actor.id is None:
        raise NotSignedIn()
    return repository.tokens_of(actor.id)


def revoke_token(actor: Actor, token_id: UUID) -> None:
    """Withdraw one's own key, or anybody's with ``tokens.manage``; bites on the next request. NotFound otherwise."""
    token = repository.token_by_id(token_id)
    mine = token is not None and actor.kind == "person" and token.account == actor.id
    if token is None or not (mine or access.allowed(actor, "tokens.manage")):
        raise NotFound()
    with repository.atomic():
        if repository.revoke_token(token_id, clock.now()):
            repository.bump()
            ledger.append(actor, "token.revoked", ObjectRef("token", str(token_id)), unit=token.unit)
    access.renew()


def actor_of_token(secret: str) -> Actor:
    """The client behind an access key; NotSignedIn when it is unknown, withdrawn or over."""
    now = clock.now()
    token = repository.token_by_digest(rules.secret_digest(secret)) if secret.startswith(rules.TOKEN_PREFIX) else None
    if token is None or not token.alive(now) or not repository.active(token.account):
        raise NotSignedIn(N_("This access key is not valid, or no longer. Ask its owner for a new one."))
    if token.last_used_at is None or now - token.last_used_at > _TOUCH:
        repository.touch_token(token.id, now)
    return Actor("client", token.id, token.name, unit=token.unit, role="client", scopes=token.scopes, types=token.types)
