"""The demo city's officials: a head and officers for every ward and office, leaders, operators, auditors, one admin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import numpy as np
from django.contrib.auth.hashers import make_password

from thanglong.core.people import service
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import LOCAL_KINDS, Unit, UnitKind
from thanglong.kit.ids import seeded_id
from thanglong.kit.text import fold
from thanglong.solve.city import City

PASSWORD = "thanglong-demo"  # noqa: S105  printed by `thanglong up`, for demo cities only
HOME_WARD = "Cửa Nam"  # where the demo's head of ward and officer work, if the city has it

# Family names with how common they are; given names of people now between 25 and 60.
FAMILY = "Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương Đinh Trịnh Đoàn Mai Lương Tạ Lý Chu Cao Hà Lưu Tô"
PER_MILLE = (384, 110, 95, 70, 51, 45, 39, 21, 20, 14, 13, 13, 10, 10, 8, 8, 7, 6, 6, 5, 5, 5, 5, 4, 4)
MIDDLE_F = "Thị Thị Thu Thanh Minh Ngọc Phương Hồng Bích Kim Khánh Thùy Diệu Mai"
GIVEN_F = (
    "An Anh Bình Chi Dung Duyên Giang Hà Hạnh Hằng Hiền Hoa Hoài Hồng Huệ Hương Huyền Lan Liên Linh Loan Ly Mai My Nga "
    "Ngân Ngọc Nguyệt Nhung Oanh Phương Quyên Quỳnh Tâm Thảo Thanh Thu Thúy Thủy Thư Trang Trinh Tuyết Vân Xuân Yến"
)
MIDDLE_M = "Văn Văn Đức Minh Quang Hữu Công Xuân Thanh Ngọc Tuấn Đình Quốc Anh Mạnh"
GIVEN_M = (
    "An Anh Bách Bảo Bình Chiến Cường Dũng Duy Đạt Đông Đức Giang Hải Hào Hiếu Hòa Hoàng Hùng Hưng Huy Khang Khánh "
    "Khoa Kiên Lâm Linh Long Lộc Mạnh Minh Nam Nghĩa Phong Phúc Quân Quang Quý Sơn Tài Thái Thắng Thành Thịnh Tiến "
    "Toàn Trung Tuấn Tùng Việt Vinh"
)
_SHARES = np.cumsum(PER_MILLE) / sum(PER_MILLE)


@dataclass(slots=True)
class Makers:
    """Makes accounts with names and user names that do not repeat."""

    seed: int
    rng: np.random.Generator
    password: str
    taken: set[str] = field(default_factory=set)

    def name(self) -> str:
        """A full name: family, middle, given."""
        family = FAMILY.split()[int(np.searchsorted(_SHARES, self.rng.random(), side="right"))]
        middle, given = (MIDDLE_F, GIVEN_F) if self.rng.random() < 0.52 else (MIDDLE_M, GIVEN_M)
        return f"{family} {self._one(middle)} {self._one(given)}"

    def _one(self, names: str) -> str:
        words = names.split()
        return words[int(self.rng.integers(len(words)))]

    def username(self, name: str, unit: Unit) -> str:
        """As offices do it: given name and initials, then the unit: ``lannt.cuanam``."""
        *before, given = fold(name).split()
        base = f"{given}{''.join(word[0] for word in before)}.{fold(unit.short_name).replace(' ', '')[:24]}"
        chosen, number = base, 1
        while chosen in self.taken:
            number += 1
            chosen = f"{base}{number}"
        return chosen

    def account(self, role: str, unit: Unit, username: str = "", since: date | None = None) -> NewAccount:
        """An account with one post."""
        name = self.name()
        username = username or self.username(name, unit)
        self.taken.add(username)
        account = seeded_id(self.seed, "account", username)
        post = NewMembership(
            seeded_id(self.seed, "membership", username), account, role, unit.id, since or unit.valid_from
        )
        return NewAccount(
            account, username, name, f"{username}@example.vn", password=self.password, memberships=(post,)
        )


def build(city: City, report: Callable[[str], None]) -> None:
    """Fill the city's offices with people; the password is hashed once and shared by all of them."""
    day = city.now.date()
    makers = Makers(city.seed, city.rng("people"), make_password(PASSWORD))
    makers.taken |= {"admin", "lanhdao", "truongphuong", "canbo", "dieuhanh", "kiemtoan"}
    rows = [*_city_hall(makers, places.city(day)), *_units(makers, city, day)]
    service.bulk_load(rows)
    staff: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in rows:
        for post in row.memberships:
            staff.setdefault(post.unit, []).append((row.id, post.role))
    city.shared["people"] = staff
    report(f"{len(rows)} officials in {len(staff)} units")


def _city_hall(makers: Makers, root: Unit) -> Iterator[NewAccount]:
    for role, first, more in (
        ("city_admin", "admin", 0),
        ("city_leader", "lanhdao", 4),
        ("operator", "dieuhanh", 7),
        ("auditor", "kiemtoan", 2),
        ("viewer", "", 3),
    ):
        if first:
            yield makers.account(role, root, first)
        for _ in range(more):
            yield makers.account(role, root)


def _units(makers: Makers, city: City, day: date) -> Iterator[NewAccount]:
    local = sorted(places.units(kinds=LOCAL_KINDS, on=day), key=lambda unit: unit.code)
    offices = sorted(places.units(kinds={UnitKind.OFFICE}, on=day), key=lambda unit: unit.code)
    home = next((unit for unit in local if unit.short_name == HOME_WARD), None) or max(
        local, key=lambda unit: (unit.kind is UnitKind.WARD, unit.population or 0), default=None
    )
    for unit in [*local, *offices]:
        at_home = home is not None and unit.id == home.id
        yield makers.account("unit_head", unit, "truongphuong" if at_home else "")
        size = 2 + round(3 * min(1.0, (unit.population or 60_000) / 120_000)) + int(makers.rng.integers(2))
        for number in range(size):
            yield makers.account("officer", unit, "canbo" if at_home and number == 0 else "")
