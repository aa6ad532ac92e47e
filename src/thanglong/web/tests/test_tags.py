"""The template language: what each tag writes, in both languages, and that nothing gets through unescaped."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from thanglong.kit import clock
from thanglong.web import graphics, words

NOW = datetime(2026, 11, 19, 10, 4, tzinfo=UTC)  # 17:04 in the city, a Thursday


@pytest.fixture(autouse=True)
def _moment() -> Iterator[None]:
    with clock.use(clock.Frozen(NOW)), translation.override("vi"):
        yield


def drawn(source: str, /, **context: Any) -> str:
    return Template(source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("value", "digits", "vi", "en"),
    [
        (1234567, None, "1.234.567", "1,234,567"),
        (91.44, None, "91,4", "91.4"),
        (91.0, None, "91", "91"),
        (91.0, 1, "91,0", "91.0"),
        (-0.04, None, "0,0", "0.0"),
        (None, None, "–", "–"),
    ],
)
def test_numbers(value: float | None, digits: int | None, vi: str, en: str) -> None:
    assert words.number(value, digits) == vi
    with translation.override("en"):
        assert words.number(value, digits) == en


@pytest.mark.parametrize(
    ("distance", "vi", "en"),
    [
        (timedelta(seconds=20), "vừa xong", "just now"),
        (timedelta(minutes=1), "1 phút trước", "1 minute ago"),
        (timedelta(hours=3), "3 giờ trước", "3 hours ago"),
        (timedelta(hours=-2, minutes=-1), "2 giờ nữa", "in 2 hours"),
        (timedelta(hours=22), "hôm qua 19:04", "yesterday 19:04"),
        (timedelta(days=-1), "ngày mai 17:04", "tomorrow 17:04"),
        (timedelta(days=3), "3 ngày trước", "3 days ago"),
        (timedelta(days=40), "10/10", "10/10"),
        (timedelta(days=400), "15/10/2025", "15/10/2025"),
    ],
)
def test_relative_times(distance: timedelta, vi: str, en: str) -> None:
    assert words.relative(NOW - distance) == vi
    with translation.override("en"):
        assert words.relative(NOW - distance) == en


@given(st.timedeltas(min_value=timedelta(days=-900), max_value=timedelta(days=900)))
def test_every_moment_has_words(distance: timedelta) -> None:
    with clock.use(clock.Frozen(NOW)), translation.override("vi"):
        assert words.relative(NOW + distance)
        assert words.span(distance, parts=2)


def test_times_carry_the_absolute_form() -> None:
    html = drawn("{{ at|ago }}", at=NOW - timedelta(minutes=5))
    assert html == (
        '<time datetime="2026-11-19T09:59:00+00:00" title="16:59, Thứ Năm 19/11/2026" data-ago>5 phút trước</time>'
    )
    assert "17:04</time>" in drawn("{{ at|clock }}", at=NOW)
    assert "17:04 18/11</time>" in drawn("{{ at|clock }}", at=NOW - timedelta(days=1))
    assert drawn("{{ at|ago }}{{ at|clock }}{{ at|day }}", at=None) == ""


def test_days() -> None:
    assert drawn("{{ d|day }}", d=date(2026, 11, 19)) == "19/11/2026"
    assert drawn("{{ d|day:'long' }}", d=date(2026, 11, 19)) == "Thứ Năm 19/11/2026"
    assert drawn("{{ d|day:'short' }}", d=date(2026, 11, 19)) == "19/11"


def test_hash_in_fours_and_initials() -> None:
    assert drawn("{{ 'abcdef0123'|hash4 }}") == "abcd ef01 23"
    assert drawn("{{ 'Đỗ Minh Hạnh'|initials }}") == "MH"
    assert drawn("{{ ''|initials }}") == ""


def test_icons() -> None:
    assert 'aria-hidden="true"' in drawn('{% icon "flag" %}')
    assert "#i-flag" in drawn('{% icon "flag" "s" %}') and 'class="i s"' in drawn('{% icon "flag" "s" %}')
    assert 'role="img" aria-label="a&quot;b"' in drawn('{% icon "flag" "" label %}', label='a"b')


@pytest.mark.parametrize(
    ("opened", "due", "closed", "paused", "state", "text"),
    [
        (-24, 20, None, False, "", "Còn 20 giờ"),
        (-24, 4, None, False, "soon", "Còn 4 giờ"),
        (-24, -25, None, False, "late", "Quá 1 ngày"),
        (-24, 20, None, True, "paused", "Đồng hồ dừng"),
        (-24, 20, -2, False, "done", "Xong đúng hạn"),
        (-48, -24, -20, False, "late", "Xong, trễ 4 giờ"),
    ],
)
def test_deadlines(opened: int, due: int, closed: int | None, paused: bool, state: str, text: str) -> None:
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else NOW + timedelta(hours=hours)

    told = graphics.deadline(at(opened), at(due), NOW, at(closed), paused=paused)
    assert (told["state"], told["words"]) == (state, text)
    assert 0 <= float(told["share"]) <= 1
    html = drawn(
        "{% deadline opened due closed=closed paused=paused %}",
        opened=at(opened),
        due=at(due),
        closed=at(closed),
        paused=paused,
    )
    assert text in html and 'style="--p:' in html


def test_no_deadline() -> None:
    assert "Không có hạn" in drawn("{% deadline opened None %}", opened=NOW)


def test_states_always_have_a_shape() -> None:
    assert drawn('{% state_tag "ok" "Xong" "check" %}').startswith('<span class="tag ok"><svg')
    assert '<span class="dot bad"></span>' in drawn('{% state_tag "bad" text %}', text="<b>")
    assert "&lt;b&gt;" in drawn('{% state_tag "bad" text %}', text="<b>")


def test_proof_leads_to_the_ledger() -> None:
    html = drawn("{% proof entry %}", entry=1234)
    assert 'href="/ledger/entry/1234/"' in html and "số 1.234" in html
    assert drawn("{% proof entry %}", entry=None) == ""


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=30))
def test_sparks_stay_in_their_box(values: list[float | None]) -> None:
    import re

    svg = str(graphics.spark(values, 5.0))
    if len([value for value in values if value is not None]) < 2:
        assert svg == ""
        return
    for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", svg):
        assert 0 <= float(y) <= 32


def test_sparks_take_what_templates_give() -> None:
    assert drawn("{% spark tile.series tile.target %}", tile={"series": [1, 2, 3]}).startswith("<svg")
    assert drawn("{% spark tile.series tile.target %}", tile={}) == ""


def test_island_properties_cannot_leave_their_script() -> None:
    html = drawn('{% island "map" props "tall" label %}', props={"t": "</script><b>&"}, label="Bản đồ")
    assert html.count("</script>") == 1 and "\\u003C/script\\u003E" in html
    assert 'class="island tall"' in html and 'aria-label="Bản đồ"' in html


class SampleForm(forms.Form):
    name = forms.CharField(label="Tên", help_text="Như trên giấy tờ")
    note = forms.CharField(required=False)
    agree = forms.BooleanField(label="Đồng ý")
    size = forms.ChoiceField(choices=[("s", "Nhỏ"), ("l", "Lớn")], widget=forms.RadioSelect)


def test_fields_are_tied_to_help_and_error() -> None:
    form = SampleForm({})
    html = drawn("{% field form.name %}", form=form)
    assert html.index("<label") < html.index('class="help"') < html.index("<input") < html.index("error-text")
    assert 'aria-describedby="id_name_help id_name_error"' in html and 'aria-invalid="true"' in html
    assert "(không bắt buộc)" in drawn("{% field form.note %}", form=form)
    assert 'class="check"' in drawn("{% field form.agree %}", form=form)
    radios = drawn("{% field form.size %}", form=form)
    assert radios.startswith("<fieldset") and radios.count('class="choice"') == 2


def test_query_strings() -> None:
    request = RequestFactory().get("/list/", {"state": "late", "page": "3"})
    assert drawn("{% query_string state='new' page=None %}", request=request) == "?state=new"
    assert drawn("{% query_string state=None page='' %}", request=request) == "/list/"


def test_empty_says_what_next() -> None:
    html = drawn('{% empty "Hết việc" "Nghỉ tay" "done" %}')
    assert 'class="empty"' in html and "Hết việc" in html and "Nghỉ tay" in html


def test_marks_have_a_shape_and_a_colour() -> None:
    assert 'class="num-dot mark-bad"' in drawn('{% mark "rain" "triangle" "urgent" %}')
    assert 'class="num-dot mark-ok"' in drawn('{% mark "park" "square" %}')
