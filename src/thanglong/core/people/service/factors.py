"""Second factors: codes of an app, recovery codes; who needs one, and help for who lost theirs."""

import base64
import hashlib
import secrets
from urllib.parse import quote
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from thanglong.core.ledger import service as ledger
from thanglong.core.people import repository, rules
from thanglong.core.people.repository import factors as rows
from thanglong.core.people.repository import sessions
from thanglong.core.people.service.access import access
from thanglong.core.people.service.accounts import ref, require_over
from thanglong.core.people.types import CodeWrong, Factor, FactorKind
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM, Actor

MOST_PASSKEYS = 10


def own_id(actor: Actor) -> UUID:
    """The account of the official who asks; NotSignedIn or Denied for everybody else."""
    if actor.kind != "person" or actor.id is None:
        raise NotSignedIn() if actor.kind == "citizen" else Denied()
    return actor.id


def factors(account: UUID) -> list[Factor]:
    """The second factors of an account, oldest first."""
    return rows.of(account)


def has_factor(account: UUID) -> bool:
    """Whether signing in asks for a second factor: recovery codes alone are none."""
    return any(item.kind is not FactorKind.RECOVERY for item in rows.of(account))


def requires_factor(account: UUID) -> bool:
    """Whether a role that the account holds today demands a second factor."""
    known, today = access.snapshot(), clock.today()
    held = known.of(account)
    return any(
        item.valid_on(today) and item.role in known.roles and known.roles[item.role].second_factor for item in held
    )


def _vault() -> Fernet:
    # the key lies in the data folder's keys, not in the database: a stolen dump alone gives no codes
    digest = hashlib.sha256(f"thanglong.factors:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def new_totp_secret() -> str:
    """A fresh secret in base32, to be shown as a picture and confirmed with a first code."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp_address(username: str, secret: str, issuer: str) -> str:
    """The address in the picture that an app scans."""
    label = quote(f"{issuer}:{username}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}&digits=6&period=30"


def _secret(text: str) -> bytes:
    try:
        return base64.b32decode(text)
    except ValueError:
        raise Invalid(N_("Begin again: the picture is no longer valid.")) from None


def add_totp(actor: Actor, secret: str, code: str) -> list[str]:
    """Set up codes from an app for oneself, proved by a first ``code``; recovery codes where there were none yet.

    CodeWrong for a wrong code, Conflict when an app is set up already.
    """
    account, now = own_id(actor), clock.now()
    step = rules.totp_step(_secret(secret), rules.plain_code(code), now, 0)
    if step is None:
        raise CodeWrong()
    with repository.atomic():
        repository.lock_accounts([account])
        if rows.rows(account, FactorKind.TOTP):
            raise Conflict(N_("An app is set up already. Remove it first."))
        data = {"secret": _vault().encrypt(secret.encode()).decode()}
        rows.add(new_id(), account, FactorKind.TOTP, "", data, now, step=step)
        ledger.append(actor, "factor.added", ref(account), facts={"kind": "totp"})
        return [] if rows.rows(account, FactorKind.RECOVERY) else _fresh_codes(actor, account)


def new_recovery_codes(actor: Actor) -> list[str]:
    """Ten fresh recovery codes, shown once; the old ones no longer count. Needs a second factor first."""
    account = own_id(actor)
    if not has_factor(account):
        raise Conflict(N_("Set up an app or a passkey first."))
    with repository.atomic():
        repository.lock_accounts([account])
        return _fresh_codes(actor, account)


def _fresh_codes(actor: Actor, account: UUID) -> list[str]:
    codes = rules.recovery_codes()
    rows.remove(account, kind=FactorKind.RECOVERY)
    data = {"digests": [_digest(account, code) for code in codes]}
    rows.add(new_id(), account, FactorKind.RECOVERY, "", data, clock.now())
    ledger.append(actor, "factor.added", ref(account), facts={"kind": "recovery"})
    return codes


def _digest(account: UUID, code: str) -> str:
    return salted_hmac("thanglong.recovery", f"{account}:{rules.plain_code(code)}", algorithm="sha256").hexdigest()


def remove_factor(actor: Actor, factor_id: UUID) -> None:
    """Remove one of one's own; with the last one the recovery codes go too. Conflict when a role demands one."""
    account = own_id(actor)
    with repository.atomic():
        repository.lock_accounts([account])
        found = rows.of(account)
        item = next((one for one in found if one.id == factor_id), None)
        if item is None:
            raise NotFound()
        left = [one for one in found if one.kind is not FactorKind.RECOVERY and one.id != factor_id]
        if not left and item.kind is not FactorKind.RECOVERY and requires_factor(account):
            raise Conflict(N_("Your role needs a second factor: set up another one before you remove this one."))
        rows.remove(account, factor_id=factor_id)
        if not left:
            rows.remove(account, kind=FactorKind.RECOVERY)
        ledger.append(actor, "factor.removed", ref(account), facts={"kind": str(item.kind)})


def reset_factors(actor: Actor, account_id: UUID) -> None:
    """Help somebody who lost theirs: remove all and end their sessions. Needs to look after the account."""
    require_over(actor, account_id)
    with repository.atomic():
        rows.remove(account_id)
        sessions.end_all(account_id)
        ledger.append(actor, "factor.reset", ref(account_id))


def check_code(account: UUID, code: str) -> FactorKind:
    """Use up a code of the app or a recovery code; which it was. CodeWrong, one answer for wrong, used and paused.

    Tries are counted for the account: six, then a pause that doubles. Whoever gets here knows the password.
    """
    key, now = rules.throttle_key("factor", str(account)), clock.now()
    if rules.locked(repository.throttle(key), now):
        raise CodeWrong()
    with repository.atomic():
        kind = _use(account, rules.plain_code(code))
        if kind is not None:
            repository.clear_throttle([key])
            if kind is FactorKind.RECOVERY:
                ledger.append(SYSTEM, "factor.recovery_used", ref(account))
            return kind
        before = repository.throttle(key, lock=True)
        after = rules.failed(before, now, rules.FACTOR_FAILURES, rules.PAIR_LOCK)
        repository.save_throttle(key, after)
        if after.locks > before.locks:
            ledger.append(SYSTEM, "account.locked", ref(account), facts={"whole_account": True, "second_factor": True})
    raise CodeWrong()


def _use(account: UUID, code: str) -> FactorKind | None:
    now = clock.now()
    for row in rows.rows(account, FactorKind.TOTP):
        try:
            secret = base64.b32decode(_vault().decrypt(row.data["secret"].encode()))
        except InvalidToken:
            continue
        step = rules.totp_step(secret, code, now, row.step)
        if step is not None and rows.advance(row.id, step, now):
            return FactorKind.TOTP
    digest = _digest(account, code)
    for row in rows.rows(account, FactorKind.RECOVERY, lock=True):
        left = [one for one in row.data["digests"] if not constant_time_compare(one, digest)]
        if len(left) < len(row.data["digests"]):
            rows.keep_digests(row.id, left, now)
            return FactorKind.RECOVERY
    return None
