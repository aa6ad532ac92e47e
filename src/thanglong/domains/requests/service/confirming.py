"""Confirming an e-mail address or a phone by a six-digit code: no account, no puzzle, few tries."""

import re
import secrets
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, override

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Contact
from thanglong.domains.requests.repository import codes, reports
from thanglong.domains.requests.types import CODE_MINUTES
from thanglong.kit import clock, peers, ports
from thanglong.kit.errors import N_, Fault, Invalid, TooMany
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor, Outgoing

MAX_TRIES = 5
PER_ADDRESS_HOUR, PER_CLIENT_HOUR = 5, 30
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"(?:\+?84|0)\d{9}")
Purpose = Literal["reporter", "follower"]


def contact_of(text: str, language: str, name: str = "", account: UUID | None = None) -> Contact | None:
    """The contact in a text: an e-mail address, a Vietnamese phone number, or nothing; Invalid when it is neither."""
    text = text.strip()
    if not text:
        return Contact(name=name[:200], language=language, account=account) if name or account else None
    if _EMAIL.fullmatch(text) and len(text) <= 254:
        return Contact(name=name[:200], email=text, language=language, account=account)
    digits = re.sub(r"[ .\-()]", "", text)
    if _PHONE.fullmatch(digits):
        digits = "0" + digits.removeprefix("+").removeprefix("84") if not digits.startswith("0") else digits
        return Contact(name=name[:200], phone=digits, language=language, account=account)
    raise Invalid([Fault("contact", N_("This is neither an e-mail address nor a phone number (10 digits)."))])


def _digest(code: UUID, digits: str) -> str:
    return salted_hmac(f"requests.code.{code}", digits, algorithm="sha256").hexdigest()


def request_code(case: UUID, purpose: Purpose, contact: Contact, *, client: str = "", follower: str = "") -> UUID:
    """Send a code to the contact and give its id. Raises TooMany for an address or a client that asks too often."""
    now = clock.now()
    address = contact.email or contact.phone
    hour = now - timedelta(hours=1)
    mark = salted_hmac("requests.client", peers.counted(client), algorithm="sha256").hexdigest() if client else ""
    if codes.sent_since(hour, address=address) >= PER_ADDRESS_HOUR or (
        mark and codes.sent_since(hour, client=mark) >= PER_CLIENT_HOUR
    ):
        raise TooMany(N_("Too many codes were sent already. Please wait an hour, or go on without."))
    digits, code = f"{secrets.randbelow(1_000_000):06d}", new_id()
    channel: Literal["email", "sms"] = "email" if contact.email else "sms"
    codes.insert(
        {
            "id": code, "case": case, "purpose": purpose, "channel": channel, "address": address,
            "language": contact.language, "follower": follower, "digest": _digest(code, digits), "client": mark,
            "at": now, "expires_at": now + timedelta(minutes=CODE_MINUTES),
        }
    )  # fmt: skip
    with override(contact.language):
        subject = gettext("Your code: %(code)s") % {"code": digits}
        text = gettext(
            "%(code)s is your code. It is good for %(minutes)s minutes. Nobody from the city will ask for it."
        )
        text = text % {"code": digits, "minutes": CODE_MINUTES}
    ports.plugged.sender.send(Outgoing(channel, address, subject if channel == "email" else "", text))
    return code


def check_code(actor: Actor, code: UUID, digits: str) -> UUID:
    """Confirm with the six digits; the case's id. Invalid when they are wrong, over their time, or tried too often."""
    now = clock.now()
    row = codes.take_try(code, now, MAX_TRIES)
    if row is None:
        raise Invalid([Fault("code", N_("This code is no longer good. Please ask for a new one."))])
    given = re.sub(r"\D", "", digits)
    if not constant_time_compare(row["digest"], _digest(code, given)):
        raise Invalid([Fault("code", N_("The code is not right. Please look again."))])
    if not codes.done(code, now):
        raise Invalid([Fault("code", N_("This code is no longer good. Please ask for a new one."))])
    case: UUID = row["case"]
    if row["purpose"] == "follower":
        cases.confirm_follower(row["follower"])
        reports.update(case, {"followers": cases.public_case(case).followers})
    else:
        address = {"email": row["address"]} if row["channel"] == "email" else {"phone": row["address"]}
        cases.confirm_reporter(actor, case, Contact(language=row["language"], confirmed=True, **address))
    return case
