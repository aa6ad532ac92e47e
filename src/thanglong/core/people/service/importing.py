"""Staff lists: read, shown before anything is done, and brought in as often as one likes with the same result."""

import csv
import io
import re
from datetime import date, datetime
from uuid import UUID

from thanglong.core.people import repository, rules
from thanglong.core.people.service.access import access
from thanglong.core.people.service.accounts import create_account
from thanglong.core.people.service.grants import grant, grantable
from thanglong.core.people.service.links import make_link
from thanglong.core.people.types import CITY, Kind, Membership, StaffRow
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ports import Actor

COLUMNS = {
    "username": ("username", "tên đăng nhập", "ten dang nhap", "tai khoan", "tài khoản"),
    "display_name": ("display_name", "name", "họ và tên", "ho va ten", "họ tên"),
    "role": ("role", "vai trò", "vai tro"),
    "unit": ("unit", "đơn vị", "don vi", "mã đơn vị", "ma don vi"),
    "email": ("email", "e-mail", "thư điện tử"),
    "phone": ("phone", "điện thoại", "dien thoai"),
    "valid_from": ("valid_from", "from", "từ ngày", "tu ngay"),
    "valid_to": ("valid_to", "to", "đến ngày", "den ngay"),
}
NEEDED = ("username", "display_name", "role", "unit")
MOST_ROWS = 20_000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?")


def read_staff(actor: Actor, content: bytes) -> list[StaffRow]:
    """What each line of a CSV would do: ``new`` account, new ``role``, nothing (``same``), or its faults.

    Columns by their English or Vietnamese names: user name, full name, role (key or name), unit (code or name), and
    optionally e-mail, phone, first and last day. Comma, semicolon or tab; UTF-8. Needs ``people.manage``.
    """
    access.require(actor, "people.manage")
    lines, header = _lines(content)
    known, seen, found = _Known(actor), dict[tuple[str, str, UUID | None], int](), []
    for number, cells in lines:
        values = {key: cells[at].strip() if at < len(cells) else "" for key, at in header.items()}
        row = known.row(number, values)
        mark = (row.username, row.role, row.unit)
        if mark in seen and not row.faults:
            row = _with(row, Fault("username", N_("The same as line %(line)s."), {"line": seen[mark]}))
        seen.setdefault(mark, number)
        found.append(row)
    return found


def import_staff(actor: Actor, content: bytes) -> tuple[list[StaffRow], dict[str, str]]:
    """Do what :func:`read_staff` says for every line without a fault: the lines, and set-up links by user name.

    All or nothing in the store; lines with faults are left out. The same list again does nothing.
    """
    found = read_staff(actor, content)
    links: dict[str, str] = {}
    with repository.atomic():
        for row in found:
            if row.faults or row.does == "same" or row.unit is None:
                continue
            account = repository.by_username(row.username)
            if account is None:
                made = create_account(
                    actor, row.username, row.display_name, email=row.email, phone=row.phone, unit=row.unit
                )
                links[row.username] = make_link(actor, made.id)
                account = repository.row(made.id)
            grant(actor, account.id, row.role, row.unit, row.valid_from, row.valid_to)
    return found, links


def _lines(content: bytes) -> tuple[list[tuple[int, list[str]]], dict[str, int]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid([Fault("file", N_("Save the list as CSV in UTF-8 and try again."))]) from None
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark, strict=True))
    except csv.Error as error:
        raise Invalid([Fault("file", N_("This is no CSV list: %(why)s."), {"why": str(error)})]) from None
    names = [cell.strip().casefold() for cell in rows[0]] if rows else []
    header = {key: at for key, words in COLUMNS.items() for at, name in enumerate(names) if name in words}
    if missing := [key for key in NEEDED if key not in header]:
        text = N_("The first line must name the columns; missing: %(columns)s.")
        raise Invalid([Fault("file", text, {"columns": ", ".join(missing)})])
    lines = [(number, cells) for number, cells in enumerate(rows[1:], 2) if any(cell.strip() for cell in cells)]
    if len(lines) > MOST_ROWS:
        raise Invalid([Fault("file", N_("At most %(most)s lines at once."), {"most": MOST_ROWS})])
    return lines, header


def _with(row: StaffRow, fault: Fault) -> StaffRow:
    return StaffRow(row.line, row.username, row.display_name, row.role, row.unit, "", (*row.faults, fault))


class _Known:
    """What lines are checked against, read once."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.reach = access.reach(actor, "people.manage")
        roles = grantable(actor)
        self.roles = {name.casefold(): role.key for role in roles for name in (role.key, role.name_vi, role.name_en)}
        self.names: dict[str, list[UUID]] = {}
        for unit in places.units():
            for name in {unit.code, unit.name.casefold()}:
                self.names.setdefault(name, []).append(unit.id)

    def row(self, number: int, values: dict[str, str]) -> StaffRow:
        """One line."""
        faults: list[Fault] = []
        name = values["username"].lower()
        if not _NAME.fullmatch(name):
            faults.append(Fault("username", N_("Use letters, digits, dots and hyphens only.")))
        if not values["display_name"]:
            faults.append(Fault("display_name", N_("Enter the person's name.")))
        role = self.roles.get(values["role"].casefold(), "")
        if not role:
            faults.append(
                Fault("role", N_("You cannot give the role %(role)s, or there is none."), {"role": values["role"]})
            )
        unit = self._unit(values["unit"], faults)
        first = _day(values.get("valid_from", ""), "valid_from", faults)
        last = _day(values.get("valid_to", ""), "valid_to", faults)
        does = "" if faults or unit is None else self._does(name, role, unit, first, last, faults)
        return StaffRow(
            number, name, values["display_name"], role or values["role"], unit, "" if faults else does, tuple(faults),
            values.get("email", ""), values.get("phone", ""), first, last,
        )  # fmt: skip

    def _unit(self, text: str, faults: list[Fault]) -> UUID | None:
        found = [item for item in self.names.get(text.casefold(), []) if item in self.reach]
        if len(found) == 1:
            return found[0]
        why = N_("Several of your units are called %(unit)s: give the code.") if found else (
            N_("%(unit)s is none of your units."))  # fmt: skip
        faults.append(Fault("unit", why, {"unit": text}))
        return None

    def _does(
        self, name: str, role: str, unit: UUID, first: date | None, last: date | None, faults: list[Fault]
    ) -> str:
        today = clock.today()
        account = repository.by_username(name)
        if account is not None and not account.is_active:
            faults.append(Fault("username", N_("This account is closed. Reopen it first.")))
            return ""
        held = repository.memberships(account.id) if account else ()
        begin = first or today
        wanted = Membership(CITY, CITY, role, unit, begin, last, Kind.POST)
        if rules.overlap(held, wanted) is not None:
            return "same"
        if begin < today:
            faults.append(Fault("valid_from", N_("The first day lies in the past: rights are not given backwards.")))
        if last is not None and last < begin:
            faults.append(Fault("valid_to", N_("The last day lies before the first one.")))
        return "role" if account else "new"


def _day(text: str, field: str, faults: list[Fault]) -> date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    faults.append(Fault(field, N_("Write the day as 2026-07-31 or 31/07/2026.")))
    return None
