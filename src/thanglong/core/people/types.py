"""The nouns of people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from thanglong.kit.errors import N_, Denied, Fault, TooMany

# In a membership: the city as a whole, whichever unit that is (the first administrator is made before there are units).
CITY = UUID(int=0)


class Kind(StrEnum):
    """Why somebody holds a role: their post, lent by another unit for a while, or standing in for somebody."""

    POST = "post"
    SECONDMENT = "secondment"
    DEPUTY = "deputy"


KIND_NAMES: Mapping[str, str] = {
    Kind.POST: N_("regular post"),
    Kind.SECONDMENT: N_("secondment"),
    Kind.DEPUTY: N_("deputy"),
}

# Every action there is, with its name for people. A role may hold only these.
ACTIONS: Mapping[str, str] = {
    "cases.view": N_("see cases"),
    "cases.act": N_("work on cases"),
    "cases.assign": N_("assign cases"),
    "cases.transfer": N_("transfer cases"),
    "cases.reopen": N_("reopen cases"),
    "centre.view": N_("see the operations centre"),
    "ledger.read": N_("read the ledger"),
    "ledger.erase": N_("erase personal values from the ledger"),
    "measures.view": N_("see measures"),
    "measures.manage": N_("manage measures"),
    "people.view": N_("see people"),
    "people.grant": N_("grant roles"),
    "people.manage": N_("manage accounts"),
    "places.view": N_("see units"),
    "places.manage": N_("manage units"),
    "requests.moderate": N_("moderate reports"),
    "system.manage": N_("look after the installation"),
    "things.view": N_("see things on the map"),
    "things.write": N_("change things on the map"),
    "tokens.manage": N_("manage access keys"),
}

CODE_COUNTS_FOR = timedelta(minutes=1)
TOKEN_COUNTS_FOR = timedelta(hours=1)
TOKENS_A_MINUTE = 60
"""How many access tokens another system may be given within a minute."""
# What another system may learn of who signs in.
IDENTITY_SCOPES = frozenset({"openid", "profile", "email"})

# What a stand-in does not get: the right to pass rights on, and the keys of the house.
WITHHELD = frozenset({"people.grant", "people.manage", "system.manage", "tokens.manage"})

# What the scopes of an access key let through; the key's owner must hold the action as well.
SCOPES: Mapping[str, frozenset[str]] = {
    "cases:read": frozenset({"cases.view"}),
    "cases:write": frozenset({"cases.view", "cases.act", "cases.assign", "cases.transfer", "cases.reopen"}),
    "ledger:read": frozenset({"ledger.read"}),
    "measures:read": frozenset({"measures.view"}),
    "people:read": frozenset({"people.view"}),
    "places:read": frozenset({"places.view"}),
    "places:write": frozenset({"places.view", "places.manage"}),
    "requests:write": frozenset({"cases.view", "cases.act", "requests.moderate"}),
    "things:read": frozenset({"things.view", "centre.view"}),
    "things:write": frozenset({"things.view", "things.write"}),
}
SCOPE_NAMES: Mapping[str, str] = {
    "cases:read": N_("read cases"),
    "cases:write": N_("work on cases"),
    "ledger:read": N_("read the ledger"),
    "measures:read": N_("read measures"),
    "people:read": N_("read people"),
    "places:read": N_("read units"),
    "places:write": N_("change units"),
    "requests:write": N_("send and moderate reports"),
    "things:read": N_("read things on the map"),
    "things:write": N_("change things on the map"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """A set of actions with a name in both languages; ``rank`` sorts, highest first.

    Whoever holds a role with ``second_factor`` must sign in with one, and set one up at the next sign-in.
    """

    key: str
    name_vi: str
    name_en: str
    actions: frozenset[str]
    rank: int = 0
    second_factor: bool = False


_VIEW = frozenset({"cases.view", "centre.view", "measures.view", "people.view", "places.view", "things.view"})
_OFFICER = frozenset({"cases.view", "cases.act", "places.view", "things.view"})
_HEAD = _OFFICER | {
    "cases.assign",
    "cases.transfer",
    "cases.reopen",
    "measures.view",
    "people.view",
    "people.grant",
    "people.manage",
    "requests.moderate",
}

# The roles every installation starts with; rows of the role table override and add to them.
BUILTIN: tuple[Role, ...] = (
    Role("city_admin", "Quản trị thành phố", "City administrator", frozenset(ACTIONS), 100),
    Role("city_leader", "Lãnh đạo thành phố", "City leader", _VIEW, 90),
    Role("unit_head", "Thủ trưởng đơn vị", "Head of unit", _HEAD, 80),
    Role("officer", "Cán bộ", "Officer", _OFFICER, 50),
    Role(
        "operator",
        "Trực điều hành",
        "Operator",
        frozenset({"centre.view", "places.view", "things.view", "things.write"}),
        60,
    ),
    Role("auditor", "Kiểm toán", "Auditor", frozenset({"ledger.read", "people.view"}), 40),
    Role("viewer", "Người xem", "Viewer", frozenset({"places.view", "things.view", "measures.view"}), 10),
)


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as others may see it."""

    id: UUID
    username: str
    display_name: str
    email: str = ""
    phone: str = ""
    is_active: bool = True
    language: str = "vi"
    citizen: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """``account`` holds ``role`` in ``unit`` and below, from the first to the last day (None: open).

    ``releases``: a full-time secondment, during which regular posts rest. ``standing_in_for`` names the official on
    leave from whose membership this one is derived: it carries their work, but no administration (``WITHHELD``).
    """

    id: UUID
    account: UUID
    role: str
    unit: UUID
    valid_from: date
    valid_to: date | None
    kind: Kind
    granted_by: UUID | None = None
    releases: bool = False
    standing_in_for: UUID | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it holds on ``day``; both days are included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a unit: account and the membership by which they are there."""

    account: AccountInfo
    membership: Membership
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """An access key of an API client: what is known of it after it was shown once."""

    id: UUID
    account: UUID
    name: str
    scopes: frozenset[str]
    unit: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    types: frozenset[str] = frozenset()
    client: UUID | None = None

    def alive(self, now: datetime) -> bool:
        """Whether it may be used at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Absence:
    """Leave of ``account``, both days included; ``deputy`` stands in for them meanwhile."""

    id: UUID
    account: UUID
    first_day: date
    last_day: date
    deputy: UUID | None = None
    entered_by: UUID | None = None
    cancelled_at: datetime | None = None


class FactorKind(StrEnum):
    """What proves a person besides their password: a code that changes, a code on paper, a passkey."""

    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor as its owner sees it; ``left`` counts recovery codes that were not used yet."""

    id: UUID
    account: UUID
    kind: FactorKind
    name: str
    created_at: datetime
    used_at: datetime | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Browser:
    """A signed-in browser: a few words on the device, the shortened address, when it was last seen."""

    id: UUID
    account: UUID
    device: str
    address: str
    method: str
    begun_at: datetime
    seen_at: datetime
    here: bool = False


class Purpose(StrEnum):
    """Why somebody reads personal data."""

    HANDLING = "handling"
    SUPERVISION = "supervision"
    COMPLAINT = "complaint"
    EMERGENCY = "emergency"
    REQUEST = "request"
    AUDIT = "audit"


PURPOSES: Mapping[str, str] = {
    Purpose.HANDLING: N_("to handle the case"),
    Purpose.SUPERVISION: N_("to check the work of a unit"),
    Purpose.COMPLAINT: N_("to deal with a complaint"),
    Purpose.EMERGENCY: N_("danger to somebody's life or health"),
    Purpose.REQUEST: N_("the person asked for it"),
    Purpose.AUDIT: N_("an audit or inspection"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """That personal data were read: when, in which capacity (role and unit, not the name), and why."""

    at: datetime
    what: str
    role: str
    unit: UUID | None
    purpose: Purpose
    note: str = ""
    reader: UUID | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Another system: signs people in here, or acts as a machine with the rights of ``account`` cut down."""

    id: UUID
    name: str
    account: UUID
    public: bool
    redirects: tuple[str, ...]
    scopes: frozenset[str]
    unit: UUID | None
    types: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody agreed to when another system asked who they are: becomes a code, then a token."""

    client: UUID
    account: UUID
    redirect: str
    challenge: str
    nonce: str
    scopes: frozenset[str]
    signed_in_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A line of a staff list after reading: what it would do (``new``, ``role``, ``same``) or what is wrong."""

    line: int
    username: str
    display_name: str
    role: str
    unit: UUID | None
    does: str
    faults: tuple[Fault, ...] = ()
    email: str = ""
    phone: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """What is remembered of failed sign-ins under one key: count, moment of the last one, how long it is locked."""

    failures: int = 0
    last: datetime | None = None
    locks: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewMembership:
    """A membership to be loaded in bulk."""

    id: UUID
    account: UUID
    role: str
    unit: UUID
    valid_from: date
    valid_to: date | None = None
    kind: Kind = Kind.POST


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be loaded in bulk; ``password`` is an encoded hash (empty: nobody can sign in with it)."""

    id: UUID
    username: str
    display_name: str
    email: str = ""
    phone: str = ""
    password: str = ""
    language: str = "vi"
    unit: UUID | None = None
    citizen: bool = False
    memberships: tuple[NewMembership, ...] = field(default_factory=tuple)


class SignInFailed(Denied):
    """One answer for a wrong name, a wrong password, a closed account and a lock."""

    code = "sign_in_failed"
    status = 401
    text = N_(
        "That name and password do not match, or signing in is paused for a while. Check both, or try again later."
    )


class CodeWrong(Denied):
    """One answer for a wrong code, a used one, and a pause after many tries."""

    code = "code_wrong"
    status = 401
    text = N_("This code does not count, or tries are paused for a while. Wait for the next code and try again.")


class NotYours(Denied):
    """A grant of something the granter does not hold."""

    code = "not_yours"
    text = N_("You can only pass on what you hold yourself, in your own units and within your own term.")


class OAuthFault(Denied):
    """A refusal in the words of RFC 6749; ``error`` is its code."""

    code = "oauth"
    text = N_("The other system asked in a way that is not allowed.")

    def __init__(self, error: str, status: int) -> None:
        super().__init__()
        self.error = error
        self.status = status


class TooManyTokens(TooMany):
    code = "too_many_tokens"
    text = N_("You have too many access keys. Withdraw one you no longer use.")
