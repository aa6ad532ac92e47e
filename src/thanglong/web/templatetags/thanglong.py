"""The template language of the house: icons, times, numbers, deadlines, proofs, islands, fields. Built in."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.http import HttpRequest
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from thanglong.kit import clock
from thanglong.web import assets, graphics, words

register = template.Library()

_JSON = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.simple_tag
def asset(name: str) -> str:
    """The content-hash address of a static file or of a built script or style sheet."""
    return assets.url(name)


@register.simple_tag
def icon(name: str, kind: str = "", label: str = "") -> SafeString:
    """A symbol of the sprite; decorative unless ``label`` is given."""
    use = f"{assets.url('img/icons.svg')}#i-{name}"
    shape = f"i {kind}".strip()
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', shape, label, use)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', shape, use)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """A moment told relative to now, the absolute on hover; the browser keeps it fresh."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(),
        words.full(moment),
        words.relative(moment),
    )


@register.filter(name="clock")
def clock_filter(moment: datetime | None) -> SafeString | str:
    """``14:02`` today, with the day before or after."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), words.full(moment), words.stamp(moment)
    )


@register.filter
def day(value: date | datetime | None, form: str = "") -> str:
    """``19/11/2026``; ``"long"`` puts the weekday before it, ``"short"`` leaves this year's number away."""
    if value is None:
        return ""
    return words.day(value, long=form == "long", year=None if form == "short" else True)


@register.filter
def num(value: float | int | None, digits: int | None = None) -> str:
    """A number with the language's separators."""
    return words.number(value, digits)


@register.filter
def hash4(digest: str | None) -> str:
    """A checksum in groups of four, for people who compare."""
    text = digest or ""
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


@register.filter
def initials(name: str | None) -> str:
    """Two letters for an avatar."""
    return words.initials(name or "")


@register.inclusion_tag("web/_deadline.html")
def deadline(
    opened: datetime | None,
    due: datetime | None,
    now: datetime | None = None,
    closed: datetime | None = None,
    paused: bool = False,
    big: bool = False,
) -> Mapping[str, Any]:
    """A bar that fills as time runs, and the word that says how much is left."""
    return graphics.deadline(opened, due, now or clock.now(), closed, paused=paused, big=big)


@register.simple_tag
def state_tag(kind: str, text: str, icon_name: str = "", size: str = "") -> SafeString:
    """A state as a tag: an icon or shape and a word, never colour alone: ok warn bad info idle brand gold action."""
    drawn = icon(icon_name) if icon_name else format_html('<span class="dot {}"></span>', kind)
    return format_html('<span class="{}">{}{}</span>', f"tag {kind} {size}".strip(), drawn, text)


@register.simple_tag
def proof(entry_id: int | None, text: str = "") -> SafeString | str:
    """The gold line: what the ledger holds about this, and the way to its proof. Nothing without an entry."""
    if entry_id is None:
        return ""
    return format_html(
        '<p class="proof">{}<span>{} <a href="/ledger/entry/{}/">{}</a></span></p>',
        icon("seal"),
        text or gettext("Entered in the city's ledger; nobody can change it unseen."),
        entry_id,
        gettext("Check proof no. %(id)s") % {"id": words.number(entry_id)},
    )


@register.simple_tag
def spark(values: Sequence[float | None] | None, target: float | None = None) -> SafeString | str:
    """A small line of the recent past, with its target; decoration beside a number that is told in words."""
    return graphics.spark(values or (), target if isinstance(target, int | float) else None)


@register.simple_tag
def mark(icon_name: str, shape: str = "circle", state: str = "normal") -> SafeString:
    """A map mark as it stands in the list twin: the same shape, colour and symbol as on the map."""
    return graphics.mark(assets.url("img/icons.svg"), icon_name, shape, state)


@register.simple_tag
def island(name: str, props: Mapping[str, Any] | None = None, css: str = "", label: str = "") -> SafeString:
    """A place in the page that a script brings to life; its properties travel as JSON beside it."""
    named = format_html(' role="region" aria-label="{}"', label) if label else ""
    return format_html(
        '<div data-island="{}" class="{}"{}><script type="application/json">{}</script></div>',
        name,
        f"island {css}".strip(),
        named,
        _script_json(props or {}),
    )


@register.filter
def island_props(props: Mapping[str, Any]) -> SafeString:
    """An island's properties as the JSON script that stands in its place (for islands written by hand)."""
    return format_html('<script type="application/json">{}</script>', _script_json(props))


def _script_json(value: Any) -> SafeString:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).translate(_JSON)
    return mark_safe(data)  # noqa: S308 - escaped for a script element


@register.inclusion_tag("web/_field.html")
def field(bound: BoundField, kind: str = "") -> Mapping[str, Any]:
    """A form field: label, help, control, error, in that order, tied together for screen readers."""
    return graphics.field(bound, kind)


@register.simple_tag
def empty(title: str, text: str = "", icon_name: str = "inbox") -> SafeString:
    """What a list says when it has nothing to show."""
    said = format_html("<p>{}</p>", text) if text else ""
    return format_html('<div class="empty">{}<p class="title">{}</p>{}</div>', icon(icon_name), title, said)


@register.simple_tag(takes_context=True)
def query_string(context: template.Context, **changes: Any) -> str:
    """The page's query with some parameters changed; None or an empty text takes one out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.filter
def meter(share: float | None) -> SafeString | str:
    """A bar for a share between 0 and 1."""
    if share is None:
        return ""
    return format_html('<span class="meter" style="--p:{}"></span>', f"{min(max(share, 0), 1):.3f}")


@register.filter
def escaped_json(value: Any) -> SafeString:
    """JSON that is safe inside an attribute."""
    return conditional_escape(json.dumps(value, ensure_ascii=False, default=str))
