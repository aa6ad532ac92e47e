"""Guessing, routing, masking and photos: pure decisions."""

import io
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from thanglong.domains.requests.rules import CATEGORIES, FAMILIES, category, coarse_place, mask, read, settle
from thanglong.domains.requests.rules.photos import prepare
from thanglong.domains.requests.rules.publish import coarse_address, subject
from thanglong.domains.requests.service.routing import asked
from thanglong.domains.requests.types import Route, RouteFacts
from thanglong.kit.errors import Invalid, TooLarge
from thanglong.kit.text import fold
from thanglong.solve.matching import bits_apart, metres, photo_hash

# people's words, half of them without marks, and the category a clerk would choose
SAID = [
    ("Nắp hố ga vỡ một góc, bà con cắm cành cây làm dấu, tối đi xe máy dễ sa bánh", "manhole"),
    ("den ngo 32 khong sang 3 dem nay roi", "streetlight"),
    ("Bóng đèn cháy từ hôm qua, cả ngõ tối om", "streetlight"),
    ("rac chat dong o dau ngo boc mui kinh khung", "waste"),
    ("Xe rác không thu gom ba ngày nay", "waste"),
    ("Quán nhậu hát karaoke đến 1h sáng không ngủ được", "noise"),
    ("loa keo am i ca dem", "noise"),
    ("đèn tín hiệu ngã tư Kim Mã không sáng", "signal"),
    ("den xanh do nga tu bi hong", "signal"),
    ("ô tô đỗ kín ngõ chắn lối đi", "parking"),
    ("xe o to do truoc cong nha toi ca ngay", "parking"),
    ("Đường nhiều ổ gà dễ gây tai nạn", "pothole"),
    ("mat duong lun sut, xoc lam", "pothole"),
    ("nuoc ngap den dau goi moi khi mua", "flood"),
    ("Miệng cống tắc, nước dâng vào nhà", "flood"),
    ("cây xà cừ nghiêng sắp đổ", "tree"),
    ("canh cay gay treo lung lang", "tree"),
    ("búi dây cáp quang võng xuống đường", "cable"),
    ("day dien ho, tu dien mo cua", "power"),
    ("mất nước từ sáng, nước máy yếu", "water"),
    ("ong nuoc vo chay lenh lang", "water"),
    ("hàng quán bày bàn ghế kín vỉa hè", "encroachment"),
    ("gach via he bong het", "pavement"),
    ("biển báo bị cây che, vạch sơn mờ", "sign"),
    ("xe buyt 09 bo ben khong don khach", "bus"),
    ("hàng xóm xây nhà không phép, cơi nới", "construction"),
    ("dan quang cao khoan cat be tong day tuong", "advert"),
    ("quán ăn mất vệ sinh, bị ngộ độc", "food"),
    ("chó thả rông không rọ mõm", "animal"),
    ("xích đu sân chơi gãy", "park"),
    ("mùi hôi từ mương bẩn, nước thải đen ngòm", "dirt"),
    ("The street light in front of my house is dark", "streetlight"),
    ("There is a big pothole in the road", "pothole"),
    ("garbage not collected for a week", "waste"),
]


@pytest.mark.parametrize(("text", "wanted"), SAID)
def test_a_text_is_understood_with_and_without_marks(text: str, wanted: str) -> None:
    for form in (text, fold(text)):
        guesses = read(form).guesses
        assert guesses, form
        assert wanted in {guess.category for guess in guesses[:2]}, (form, guesses)
    assert read(text).guesses[0].category == wanted


def test_a_guess_names_the_writers_own_words() -> None:
    guess = read("Nắp hố ga VỠ toác, dễ sa bánh").guesses[0]
    assert guess.category == "manhole"
    assert "nắp hố ga" in guess.words
    assert guess.confidence > 0.6


def test_other_marks_are_another_word() -> None:
    assert not read("cấy lúa, đến chợ, đen thui").guesses


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Nhà số 5 đang cháy, khói đen", "114"),
        ("co mui gas trong ngo", "114"),
        ("có người bị thương nằm giữa đường", "115"),
        ("hai nhóm đánh nhau có hung khí", "113"),
        ("ổ gà sâu dễ gây tai nạn", None),
        ("bóng đèn cháy", None),
        ("đổ trộm phế thải", None),
        ("pho Tran Hung Dao den khong sang", None),
        ("risk of accident at night", None),
    ],
)
def test_an_emergency_is_told_to_call(text: str, number: str | None) -> None:
    stopper = read(text).stopper
    assert (stopper.number if stopper else None) == number


def test_danger_makes_it_urgent() -> None:
    assert read("hố sâu giữa đường, rất nguy hiểm, sa bánh").urgent
    assert not read("đèn ngõ không sáng").urgent


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    assert all(0 < guess.confidence <= 1 and category(guess.category) for guess in reading.guesses)
    assert sum(guess.confidence for guess in reading.guesses) <= 1.0


def test_the_catalogue_is_whole() -> None:
    assert 20 <= len(CATEGORIES) <= 24
    assert len({item.key for item in CATEGORIES}) == len(CATEGORIES)
    assert {item.family for item in CATEGORIES} == set(FAMILIES)
    assert len(FAMILIES) == 8
    for item in CATEGORIES:
        assert item.hours > 0
        assert item.urgent_hours <= item.hours
        assert 20 <= item.radius <= 200
        assert item.words or item.key == "other"
        for question in item.questions:
            assert bool(question.values) == question.datatype.endswith("list")


OFFICES = {code: uuid4() for code in sorted({item.owner for item in CATEGORIES} - {"ward"})}
CITY = uuid4()
facts = st.builds(
    RouteFacts,
    category=st.sampled_from([item.key for item in CATEGORIES] + ["unheard-of"]),
    unit=st.one_of(st.none(), st.uuids()),
    unit_kind=st.sampled_from(["ward", "commune", "special_zone", ""]),
    owner_unit=st.one_of(st.none(), st.uuids()),
    hour=st.integers(0, 23),
    urgent=st.booleans(),
)


def routed(where: RouteFacts, offices: dict[str, UUID]) -> Route:
    said = asked(where)
    assert not said.problems or where.category == "unheard-of"
    return settle(where, said.value, said.rules[0], offices, CITY)


@given(facts, st.sets(st.sampled_from(sorted(OFFICES))))
def test_every_report_has_exactly_one_owner(where: RouteFacts, absent: set[str]) -> None:
    offices = {code: unit for code, unit in OFFICES.items() if code not in absent}
    found = routed(where, offices)
    assert isinstance(found.unit, UUID)
    assert found == routed(where, offices)
    if found.rule.startswith("office-"):
        assert found.unit == offices[found.rule.removeprefix("office-")]
    if found.rule in ("place", "night-danger", "commune-roads"):
        assert found.unit == (where.unit or CITY)
    if found.rule == "keeper":
        assert found.unit == where.owner_unit and where.category in ("streetlight", "signal")


def test_every_owner_of_a_category_has_a_rule() -> None:
    for item in CATEGORIES:
        where = RouteFacts(item.key, uuid4(), "ward", None, 12, False)
        assert routed(where, OFFICES).unit == (where.unit if item.owner == "ward" else OFFICES[item.owner]), item.key


def test_the_keeper_of_the_thing_comes_first_and_night_danger_goes_to_the_ward() -> None:
    ward, keeper = uuid4(), uuid4()
    lamp = RouteFacts("streetlight", ward, "ward", keeper, 12, False)
    assert routed(lamp, OFFICES).unit == keeper
    assert routed(RouteFacts("streetlight", ward, "ward", None, 12, False), OFFICES).unit == OFFICES["lighting"]
    for hour in (22, 23, 0, 3, 4):
        assert routed(RouteFacts("tree", ward, "ward", None, hour, True), OFFICES).unit == ward
    for hour in (5, 12, 21):
        assert routed(RouteFacts("tree", ward, "ward", None, hour, True), OFFICES).unit == OFFICES["trees"]


def test_an_answer_without_a_unit_still_ends_somewhere() -> None:
    nowhere = RouteFacts("noise", None, "", None, 1, False)
    assert settle(nowhere, "office:food", "x", {}, CITY) == Route(CITY, "place")
    assert settle(nowhere, None, "none", {}, CITY) == Route(CITY, "place")
    assert settle(nowhere, "city", "y", {}, CITY) == Route(CITY, "y")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("gọi tôi 0912 345 678 nhé", "345"),
        ("số +84 91.234.5678", "5678"),
        ("CCCD 001099012345", "001099012345"),
        ("CMND 012345678", "012345678"),
        ("thư an.nguyen@vidu.vn", "vidu"),
        ("xe 30A-123.45 đỗ", "123.45"),
        ("biển 29-B1 234.56", "234"),
    ],
)
def test_numbers_of_persons_are_masked(text: str, hidden: str) -> None:
    assert hidden not in mask(text)
    assert "•••" in mask(text)


@pytest.mark.parametrize("text", ["số 28 ngõ 105", "lúc 8:20 ngày 14/7/2026", "sâu 30 cm, dài 12 m", "cột CN-0417"])
def test_what_is_no_personal_number_stays(text: str) -> None:
    assert mask(text) == text


@given(st.floats(105.2, 106.1), st.floats(20.5, 21.4))
def test_the_coarse_place_is_near_and_shared(lon: float, lat: float) -> None:
    x, y = coarse_place(lon, lat)
    assert float(metres(lon, lat, [x], [y])[0]) < 75
    assert coarse_place(x, y) == (x, y)


def test_the_house_number_is_left_out() -> None:
    assert coarse_address("Số 28 ngõ 105 phố Thợ Nhuộm") == "phố Thợ Nhuộm"
    assert coarse_address("phố Thợ Nhuộm") == "phố Thợ Nhuộm"


def test_the_subject_is_one_short_line() -> None:
    assert subject("nắp hố ga vỡ. Gọi 0912345678", "x", "y") == "Nắp hố ga vỡ"
    assert subject("ối", "Đèn hỏng", "phố Huế") == "Đèn hỏng, phố Huế"
    assert len(subject("rất dài " * 40, "x", "y")) <= 90


def _jpeg(size: tuple[int, int] = (900, 600), gps: bool = False, seed: int = 1, quality: int = 85) -> bytes:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 255, (6, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    if gps:
        exif[0x010F] = "Secret camera"
        exif[0x8825] = {1: "N", 2: (21.0, 1.0, 30.0), 3: "E", 4: (105.0, 51.0, 0.0)}
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=quality)
    return out.getvalue()


def test_a_photo_loses_its_metadata_but_gives_its_place_as_a_hint() -> None:
    kept = prepare(_jpeg(gps=True))
    assert kept.lat == pytest.approx(21.025)
    assert kept.lon == pytest.approx(105.85)
    assert b"Secret" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert picture.format == "WEBP"
        assert not picture.getexif()


def test_a_photo_is_shrunk() -> None:
    kept = prepare(_jpeg((3200, 1600)))
    assert (kept.width, kept.height) == (1600, 800)
    with Image.open(io.BytesIO(kept.thumb)) as small:
        assert max(small.size) == 320


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff\xe0" + b"\x00" * 50, _jpeg()[:300]])
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        prepare(content)


def test_a_huge_photo_is_refused() -> None:
    with pytest.raises(TooLarge):
        prepare(b"x" * (21 << 20))


def test_the_same_scene_hashes_near_and_another_far() -> None:
    one, again, other = (
        prepare(_jpeg(seed=s, quality=q, size=z))
        for s, q, z in ((1, 90, (900, 600)), (1, 40, (1200, 800)), (2, 90, (900, 600)))
    )
    near, far = bits_apart(one.hash, [again.hash, other.hash])
    assert near <= 8
    assert far >= 16


def test_the_hash_takes_any_size() -> None:
    for shape in ((32, 32), (33, 57), (480, 640)):
        assert 0 <= photo_hash(np.arange(shape[0] * shape[1], dtype=np.float64).reshape(shape)) < 1 << 64
