"""What the template tags draw: deadlines, sparklines, fields. Plain values in, template context or SVG out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from thanglong.web import words

SOON = timedelta(hours=8)


def deadline(
    opened: datetime | None,
    due: datetime | None,
    now: datetime,
    closed: datetime | None,
    *,
    paused: bool = False,
    big: bool = False,
) -> Mapping[str, Any]:
    """Share used (0..1), state (``late``, ``soon``, ``paused``, ``done`` or empty) and words of a deadline."""
    base = {"due": due, "opened": opened, "big": big}
    if due is None:
        return {
            **base,
            "share": "0",
            "state": "paused",
            "words": gettext("Clock stopped") if paused else gettext("No deadline"),
            "icon": "",
        }
    end = closed or now
    start = opened or due - timedelta(days=1)
    share = min(max((end - start) / max(due - start, timedelta(seconds=1)), 0.0), 1.0)
    left = due - end
    if closed is not None:
        late = left < timedelta(0)
        text = gettext("Done %(span)s late") % {"span": words.span(left)} if late else gettext("Done in time")
        state, sign = ("late", "diamond") if late else ("done", "check")
    elif left < timedelta(0):
        state, sign, text = "late", "diamond", gettext("%(span)s late") % {"span": words.span(left)}
    elif paused:
        state, sign, text = "paused", "pause", gettext("Clock stopped")
    elif left < SOON:
        state, sign, text = "soon", "alert", gettext("%(span)s left") % {"span": words.span(left, parts=2)}
    else:
        state, sign, text = "", "", gettext("%(span)s left") % {"span": words.span(left)}
    return {**base, "share": f"{share:.3f}", "state": state, "words": text, "icon": sign}


def spark(
    values: Sequence[float | None], target: float | None = None, width: int = 100, height: int = 32
) -> SafeString | str:
    """An SVG line over ``values`` (gaps for None) with an area below and the target as a dashed line."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low = min([*known, *([target] if target is not None else [])])
    high = max([*known, *([target] if target is not None else [])])
    room = high - low or 1

    def y(value: float) -> float:
        return round(3 + (height - 6) * (1 - (value - low) / room), 1)

    step = width / (len(values) - 1)
    points = [(round(i * step, 1), y(value)) for i, value in enumerate(values) if value is not None]
    line = "M" + "L".join(f"{px} {py}" for px, py in points)
    area = f"{line}V{height}H{points[0][0]}Z"
    goal = format_html('<path class="target" d="M0 {}H{}"/>', y(target), width) if target is not None else ""
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="a" d="{}"/>{}<path class="l" d="{}"/></svg>',
        width,
        height,
        area,
        goal,
        line,
    )


MARK_SHAPES = {
    "triangle": ('<path d="M16 2 31 28H1Z" stroke-linejoin="round"/>', 9.5, 13.5, 13),
    "square": ('<rect x="3" y="3" width="26" height="26" rx="6"/>', 7.5, 7.5, 17),
    "diamond": ('<rect x="5.5" y="5.5" width="21" height="21" rx="3" transform="rotate(45 16 16)"/>', 7.5, 7.5, 17),
    "circle": ('<circle cx="16" cy="16" r="13"/>', 7.5, 7.5, 17),
}
MARK_COLOURS = {"square": "ok", "diamond": "gold", "circle": "info", "triangle": "warn"}


def mark(sprite: str, icon: str, shape: str, state: str) -> SafeString:
    """A map mark as SVG: filled shape, symbol in the surface's colour; a state that matters decides the colour."""
    body, x, y, size = MARK_SHAPES.get(shape, MARK_SHAPES["circle"])
    colour = {"urgent": "bad", "notice": "warn", "silent": "idle"}.get(state) or MARK_COLOURS.get(shape, "info")
    return format_html(
        '<svg class="num-dot mark-{}" viewBox="0 0 32 32" aria-hidden="true"><g class="bg">{}</g>'
        '<use href="{}#i-{}" x="{}" y="{}" width="{}" height="{}"/></svg>',
        colour,
        SafeString(body),
        sprite,
        icon,
        x,
        y,
        size,
        size,
    )


def field(bound: BoundField, kind: str = "") -> Mapping[str, Any]:
    """The parts of a form field as the frame shows them."""
    widget = bound.field.widget
    many = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    single = isinstance(widget, forms.CheckboxInput)
    described = [f"{bound.auto_id}_help"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, Any] = {"class": "" if many or single else f"input {kind}".strip()}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    control = "" if many else bound.as_widget(attrs=attributes)
    return {
        "bound": bound,
        "many": many,
        "single": single,
        "control": control,
        "optional": not bound.field.required and not single,
        "choices": list(bound.subwidgets) if many else [],
    }
