from hypothesis import given
from hypothesis import strategies as st

from thanglong.kit.text import fold, slug, sort_key, spelled, tone_style

VOWELS = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
words = st.text(alphabet=VOWELS + "bcdđghklmnpqrstvx ", max_size=20)


def test_both_tone_placements_are_one_word() -> None:
    for old, new in (("Hòa", "Hoà"), ("Khỏe", "Khoẻ"), ("Thủy", "Thuỷ"), ("Thúy", "Thuý")):
        assert spelled(old) == spelled(new)
        assert tone_style(new) == old
        assert tone_style(old, new=True) == new
    for same in ("Quý", "Hoàng", "Toán", "Thuyền", "Loan", "Hồ Tây", "Bia", "Oanh"):
        assert tone_style(same) == same
        assert tone_style(same, new=True) == same


def test_keys() -> None:
    assert fold("Phường Đống Đa") == "phuong dong da"
    assert fold("  Văn Miếu - Quốc Tử Giám ") == "van mieu quoc tu giam"
    assert slug("Cửa Nam") == "cua-nam"
    assert spelled("CỬA  NAM") == spelled("cửa nam")
    assert spelled("cửa") != spelled("cừa")
    assert spelled("đa") != spelled("da")
    assert spelled("Hoàn Kiếm").startswith(spelled("hoà")), "a beginning finds the whole"


def test_the_order_of_the_alphabet() -> None:
    names = [
        "Đa Sĩ",
        "Dương Nội",
        "Ba Vì",
        "Bà Rịa",
        "Bả",
        "Bã",
        "Bá",
        "Bạ",
        "Băng",
        "Bâng",
        "An",
        "Ô Chợ Dừa",
        "Ơ",
        "Ở",
        "Phường 10",
        "Phường 2",
    ]
    expected = ["An", "Ba Vì", "Bà Rịa", "Bả", "Bã", "Bá", "Bạ", "Băng", "Bâng", "Dương Nội", "Đa Sĩ", "Ô Chợ Dừa", "Ơ", "Ở", "Phường 2", "Phường 10"]  # fmt: skip
    ordered = sorted(names, key=sort_key)
    assert ordered.index("Dương Nội") < ordered.index("Đa Sĩ")
    assert ordered.index("Phường 2") < ordered.index("Phường 10")
    single = [name for name in ordered if name in ("Bả", "Bã", "Bá", "Bạ")]
    assert single == ["Bả", "Bã", "Bá", "Bạ"]
    assert ordered.index("Băng") < ordered.index("Bâng")
    assert set(ordered) == set(expected)


@given(words)
def test_keys_are_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text) == fold(text.upper())
    assert spelled(tone_style(text)) == spelled(text)
    assert spelled(tone_style(text, new=True)) == spelled(text)
    assert fold(text).isascii()
    assert sort_key(text) == sort_key(text)
