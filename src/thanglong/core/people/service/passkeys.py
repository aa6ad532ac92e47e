"""Passkeys (WebAuthn), with the library that stands under django-allauth's: registering and signing in."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from fido2.cose import ES256, RS256, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from thanglong.core.ledger import service as ledger
from thanglong.core.people import models, repository
from thanglong.core.people.repository import factors as rows
from thanglong.core.people.service.accounts import ref
from thanglong.core.people.service.factors import MOST_PASSKEYS, _fresh_codes, own_id
from thanglong.core.people.types import CodeWrong, FactorKind
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Invalid
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

State = Mapping[str, Any]
_ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)


def _server(origin: str) -> Fido2Server:
    host = urlsplit(origin).hostname or "localhost"
    server = Fido2Server(PublicKeyCredentialRpEntity(id=host, name="Thăng Long"), verify_origin=lambda o: o == origin)
    server.timeout = 120_000  # type: ignore[assignment]
    return server


def _credential(row: models.Factor) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(row.data["credential"]))


def begin_registration(actor: Actor, origin: str) -> tuple[dict[str, Any], State]:
    """What the browser is asked to make a passkey of (``publicKey`` options), and the state to keep meanwhile."""
    account = own_id(actor)
    row = repository.row(account)
    known = [_credential(item) for item in rows.rows(account, FactorKind.PASSKEY)]
    if len(known) >= MOST_PASSKEYS:
        raise Conflict(N_("You have ten passkeys. Remove one you no longer use."))
    user = PublicKeyCredentialUserEntity(id=account.bytes, name=row.username, display_name=row.display_name)
    options, state = _server(origin).register_begin(
        user, known, resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return cast(dict[str, Any], dict(options)["publicKey"]), cast(State, state)


def finish_registration(actor: Actor, origin: str, state: State, answer: Mapping[str, Any], name: str) -> list[str]:
    """Keep the passkey that the browser made; recovery codes where there were none. Invalid when it is not sound."""
    account = own_id(actor)
    try:
        made = _server(origin).register_complete(dict(state), RegistrationResponse.from_dict(dict(answer)))
        credential = made.credential_data
        if credential is None:
            raise ValueError("no credential")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Invalid(N_("The passkey could not be set up. Please try once more.")) from error
    handle = websafe_encode(credential.credential_id)
    with repository.atomic():
        repository.lock_accounts([account])
        if rows.by_handle(handle) is not None:
            raise Conflict(N_("This passkey is set up already."))
        data = {"credential": websafe_encode(credential)}
        rows.add(
            new_id(), account, FactorKind.PASSKEY, name.strip()[:80], data, clock.now(), handle=handle,
            step=made.counter,
        )  # fmt: skip
        ledger.append(actor, "factor.added", ref(account), facts={"kind": "passkey"})
        return [] if rows.rows(account, FactorKind.RECOVERY) else _fresh_codes(actor, account)


def begin_sign_in(origin: str, account: UUID | None = None) -> tuple[dict[str, Any], State]:
    """What the browser is asked to sign; without ``account`` any passkey of this site will do."""
    known = [_credential(item) for item in rows.rows(account, FactorKind.PASSKEY)] if account else None
    options, state = _server(origin).authenticate_begin(known, user_verification=UserVerificationRequirement.REQUIRED)
    return cast(dict[str, Any], dict(options)["publicKey"]), cast(State, state)


def finish_sign_in(origin: str, state: State, answer: Mapping[str, Any], account: UUID | None = None) -> UUID:
    """The account whose passkey signed; CodeWrong for everything else. The person proved themselves to their device.

    A signature counter that goes backwards is a copied key: refused, and written into the ledger.
    """
    try:
        response = AuthenticationResponse.from_dict(dict(answer))
        row = rows.by_handle(websafe_encode(response.raw_id))
        if row is None or (account is not None and row.account_id != account) or not repository.active(row.account_id):
            raise ValueError("no such passkey")
        _server(origin).authenticate_complete(dict(state), [_credential(row)], response)
        counter = response.response.authenticator_data.counter
    except Exception as error:  # the library raises many kinds for what a stranger may send
        raise CodeWrong() from error
    if counter and counter <= row.step:
        with repository.atomic():
            ledger.append(Actor("system", label="Thăng Long"), "factor.copied", ref(row.account_id))
        raise CodeWrong()
    rows.counted(row.id, counter, clock.now())
    return row.account_id
