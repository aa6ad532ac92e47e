"""Names for generated streets: well-known Vietnamese street names, and alleys numbered off the street they leave."""

import numpy as np
from numpy.typing import NDArray

from thanglong.solve.city import Floats, Ints

FAMOUS = """
Hai Bà Trưng, Bà Triệu, Lý Nam Đế, Ngô Quyền, Đinh Tiên Hoàng, Lê Hoàn, Lý Thái Tổ, Lý Thường Kiệt, Lý Nhân
Tông, Trần Nhân Tông, Trần Hưng Đạo, Trần Quang Khải, Trần Nhật Duật, Trần Khánh Dư, Trần Quốc Toản, Phạm Ngũ
Lão, Yết Kiêu, Dã Tượng, Chu Văn An, Hồ Quý Ly, Lê Lợi, Nguyễn Trãi, Lê Thánh Tông, Lương Thế Vinh, Mạc Đĩnh
Chi, Nguyễn Bỉnh Khiêm, Phùng Khắc Khoan, Lê Quý Đôn, Ngô Thì Nhậm, Quang Trung, Ngọc Hân, Bùi Thị Xuân, Trần
Quang Diệu, Hoàng Diệu, Nguyễn Tri Phương, Phan Đình Phùng, Hoàng Hoa Thám, Nguyễn Du, Hồ Xuân Hương, Đoàn Thị
Điểm, Cao Bá Quát, Nguyễn Công Trứ, Bà Huyện Thanh Quan, Nguyễn Đình Chiểu, Nguyễn Khuyến, Tú Xương, Phan Bội
Châu, Phan Chu Trinh, Huỳnh Thúc Kháng, Nguyễn Thái Học, Phạm Hồng Thái, Lê Hồng Phong, Trần Phú, Nguyễn Thị
Minh Khai, Hoàng Văn Thụ, Nguyễn Văn Cừ, Hà Huy Tập, Ngô Gia Tự, Lý Tự Trọng, Kim Đồng, Võ Thị Sáu, Nguyễn Viết
Xuân, Phan Đình Giót, Bế Văn Đàn, Tô Vĩnh Diện, La Văn Cầu, Cù Chính Lan, Nguyễn Văn Trỗi, Tôn Đức Thắng, Phạm
Văn Đồng, Trường Chinh, Lê Duẩn, Võ Nguyên Giáp, Nguyễn Chí Thanh, Văn Tiến Dũng, Hoàng Văn Thái, Lê Trọng Tấn,
Vương Thừa Vũ, Chu Huy Mân, Nam Cao, Ngô Tất Tố, Vũ Trọng Phụng, Nguyễn Tuân, Xuân Diệu, Huy Cận, Tố Hữu, Chế
Lan Viên, Nguyễn Huy Tưởng, Tô Ngọc Vân, Bùi Xuân Phái, Nguyễn Phan Chánh, Văn Cao, Trịnh Công Sơn, Đặng Thai
Mai, Hoàng Ngân, Trần Đại Nghĩa, Tạ Quang Bửu, Lê Văn Thiêm, Nguyễn Xiển, Tôn Thất Tùng, Đặng Văn Ngữ, Hồ Đắc
Di, Phạm Ngọc Thạch, Lương Đình Của, Phan Kế Bính, Đào Duy Anh, Trần Huy Liệu, Nguyễn Khang, Dương Quảng Hàm,
Nguyễn Văn Huyên, Nguyễn Khánh Toàn, Trần Đăng Ninh, Lê Đức Thọ, Xuân Thủy, Trần Duy Hưng, Trần Quốc Hoàn,
Nguyễn Cơ Thạch, Hàm Nghi, Duy Tân, Tôn Thất Thuyết, Thành Thái, Phan Văn Trường, Phùng Chí Kiên, Hoàng Sâm,
Nghĩa Tân, Tô Hiệu, Nguyễn Phong Sắc, Trần Tử Bình, Điện Biên Phủ, Bạch Đằng, Chi Lăng, Đống Đa, Ngọc Hồi, Hàm
Tử, Chương Dương, Vạn Kiếp, Vạn Xuân, Đông Kinh, Cách Mạng Tháng Tám, Giải Phóng, Độc Lập, Thống Nhất, Hòa Bình,
Thanh Niên, Nam Kỳ Khởi Nghĩa, Ba Tháng Hai, Lạc Long Quân, Âu Cơ, Hùng Vương, An Dương Vương, Thánh Gióng, Sơn
Tinh, Phù Đổng, Cổ Loa, Hoa Lư, Tây Hồ, Hoa Lâm, Sài Đồng, Thạch Bàn, Cự Khối, Kim Giang, Khương Đình, Khương
Trung, Định Công, Giáp Bát, Tân Mai, Trương Định, Bạch Mai, Đại La, Minh Khai, Lạc Trung, Thanh Nhàn, Lò Đúc,
Hàng Chuối, Hàng Bông, Hàng Gai, Hàng Đào, Hàng Ngang, Hàng Mã, Hàng Đường, Hàng Bạc, Hàng Bồ, Hàng Buồm, Hàng
Chiếu, Hàng Điếu, Hàng Quạt, Hàng Trống, Thuốc Bắc, Lãn Ông, Lương Văn Can, Đinh Liệt, Tạ Hiện, Mã Mây, Cầu Gỗ,
Chợ Gạo, Ô Quan Chưởng, Cửa Bắc, Quán Thánh, Đội Cấn, Ngọc Hà, Vĩnh Phúc, Liễu Giai, Vạn Bảo, Vạn Phúc, Giang
Văn Minh, Kim Mã, Núi Trúc, Giảng Võ, Cát Linh, Hào Nam, Yên Lãng, Thái Hà, Chùa Bộc, Chùa Láng, Pháo Đài Láng,
Nguyên Hồng, Vũ Ngọc Phan, Trung Hòa, Trung Kính, Yên Hòa, Vũ Phạm Hàm, Nguyễn Thị Định, Nguyễn Ngọc Vũ, Quan
Nhân, Nhân Hòa, Cự Lộc, Chính Kinh, Thượng Đình, Lê Trọng Nghĩa, Nguyễn Huệ, Lê Lai, Phan Huy Chú, Phan Huy Ích,
Ngô Sĩ Liên, Lê Văn Hưu, Lương Ngọc Quyến, Đề Thám, Nguyễn Thiện Thuật, Trần Bình Trọng, Lê Phụng Hiểu, Tô Hiến
Thành, Lý Đạo Thành, Nguyễn Biểu, Đặng Dung, Đặng Tất, Nguyễn Cảnh Chân, Lê Trực, Tôn Thất Đàm, Ông Ích Khiêm,
Nguyễn Hữu Huân, Nguyễn Trung Trực, Trương Hán Siêu, Nguyễn Gia Thiều, Lê Ngọc Hân, Phù Đổng Thiên Vương, Triệu
Việt Vương, Mai Hắc Đế, Phùng Hưng, Khúc Hạo, Khúc Thừa Dụ, Dương Đình Nghệ, Vạn Hạnh, Huyền Quang, Tuệ Tĩnh,
Hải Thượng Lãn Ông, Nguyễn Thiếp, Nguyễn Siêu, Nguyễn Quý Đức, Tân Ấp, Hoa Bằng, Mễ Trì, Đỗ Đức Dục, Miếu Đầm,
Đồng Me, Châu Văn Liêm, Phú Đô, Lê Quang Đạo, Cương Kiên, Đại Mỗ
"""
STREETS = tuple(
    # the guild streets belong to the old quarter alone, which is smaller than the network's grain
    name
    for name in dict.fromkeys(" ".join(name.split()) for name in FAMOUS.split(","))
    if not name.startswith("Hàng ")
)
ALLEY_M = 600.0
PART_M = 6000.0


def name_streets(
    xy: Floats, u: Ints, v: Ints, kind: Ints, given: Ints, names: list[str], rng: np.random.Generator
) -> tuple[tuple[str, ...], Ints]:
    """All names and the name index of each edge; ``given`` are indices already known (-1: to be named).

    Edges that continue each other straight on form one street. Long streets get famous names, each used again only
    in another part of the city; short ones are alleys ("Ngõ 46 Kim Mã") of the street they leave.
    """
    chain = _chains(xy, u, v, kind, given)
    length = np.hypot(*(xy[u] - xy[v]).T)
    total = np.bincount(chain, weights=length)
    all_names = list(names)
    index = {name: i for i, name in enumerate(all_names)}
    answer = given.copy()
    fresh = np.unique(chain[given < 0])
    long_first = fresh[np.argsort(-total[fresh], kind="stable")]
    first_edge = np.full(len(total), -1, dtype=np.int64)
    first_edge[chain[::-1]] = np.arange(len(chain))[::-1]
    deck = _Deck(rng, {names[i] for i in np.unique(given[given >= 0])})
    named = np.full(len(total), -1, dtype=np.int64)
    for c in long_first[total[long_first] >= ALLEY_M].tolist():
        name = deck.draw(xy[u[first_edge[c]]])
        named[c] = index.setdefault(name, len(all_names))
        if named[c] == len(all_names):
            all_names.append(name)
    todo = answer < 0
    answer[todo] = named[chain[todo]]
    _alleys(u, v, chain, answer, all_names, rng)
    return tuple(all_names), answer


class _Deck:
    """Famous names, shuffled; a name comes again only in another part of the city, as far as the list reaches."""

    def __init__(self, rng: np.random.Generator, used: set[str]) -> None:
        order = rng.permutation(len(STREETS)).tolist()
        self.names = [STREETS[i] for i in order if STREETS[i] not in used]
        self.taken: set[tuple[str, int, int]] = set()
        self.next = 0

    def draw(self, spot: Floats) -> str:
        east, north = int(spot[0] // PART_M), int(spot[1] // PART_M)
        name: str = self.names[self.next % len(self.names)]
        for attempt in range(60):
            name = self.names[(self.next + attempt) % len(self.names)]
            if (name, east, north) not in self.taken:
                break
        self.next += 1
        self.taken.update((name, east + i, north + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return name


def _chains(xy: Floats, u: Ints, v: Ints, kind: Ints, given: Ints) -> Ints:
    """A chain number for each edge: at each node the two straightest edges of like class continue each other."""
    parent = list(range(len(u)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    heading = np.arctan2(*(xy[v] - xy[u]).T[::-1])
    ends = np.concatenate([u, v])
    edge = np.concatenate([np.arange(len(u)), np.arange(len(u))])
    away = np.concatenate([heading, heading + np.pi])
    order = np.argsort(ends, kind="stable")
    bounds = np.searchsorted(ends[order], np.arange(len(xy) + 1))
    edge_at, away_at = edge[order].tolist(), away[order].tolist()
    kinds, known = kind.tolist(), given.tolist()
    for n in range(len(xy)):
        here = range(int(bounds[n]), int(bounds[n + 1]))
        pairs = []
        for i in here:
            for j in range(i + 1, int(bounds[n + 1])):
                if kinds[edge_at[i]] == kinds[edge_at[j]] and known[edge_at[i]] == known[edge_at[j]]:
                    bend = abs(abs((away_at[i] - away_at[j] + np.pi) % (2 * np.pi) - np.pi) - np.pi)
                    if bend < 0.6:
                        pairs.append((bend, i, j))
        taken: set[int] = set()
        for _, i, j in sorted(pairs):
            if i not in taken and j not in taken:
                taken.update((i, j))
                parent[root(edge_at[i])] = root(edge_at[j])
    roots: NDArray[np.int64] = np.array([root(i) for i in range(len(u))], dtype=np.int64)
    return np.asarray(np.unique(roots, return_inverse=True)[1], dtype=np.int64)


def _alleys(u: Ints, v: Ints, chain: Ints, answer: Ints, names: list[str], rng: np.random.Generator) -> None:
    """Name the unnamed chains after a named street they touch, growing outwards; what is left stays without name."""
    street = np.full(int(max(u.max(), v.max())) + 1, -1, dtype=np.int64)
    base = answer.copy()
    parents = {i: name.split(" ", 2)[2] if name.startswith("Ngõ ") else name for i, name in enumerate(names)}
    for _ in range(4):
        named = base >= 0
        street[u[named]] = base[named]
        street[v[named]] = base[named]
        todo = np.flatnonzero(base < 0)
        touch = np.maximum(street[u[todo]], street[v[todo]])
        hit = touch >= 0
        if not hit.any():
            break
        number = rng.integers(2, 480, len(todo))
        done: dict[int, int] = {}
        for edge, parent, n in zip(todo[hit].tolist(), touch[hit].tolist(), number[hit].tolist(), strict=True):
            c = int(chain[edge])
            if c not in done:
                done[c] = len(names)
                parents[len(names)] = parents[parent]
                names.append(f"Ngõ {n} {parents[parent]}")
        lookup = np.full(int(chain.max()) + 1, -1, dtype=np.int64)
        lookup[list(done)] = list(done.values())
        base[todo] = lookup[chain[todo]]
    answer[:] = np.where(base >= 0, base, 0)
