"""Numbers, moments and spans as people say them, in the active language. Pure functions over the clock; no markup."""

from datetime import date, datetime, timedelta

from django.utils.translation import get_language, gettext, ngettext, pgettext

from thanglong.kit import clock
from thanglong.kit.errors import N_

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def number(value: float | int | None, digits: int | None = None) -> str:
    """``1.234,5`` in Vietnamese, ``1,234.5`` in English; a dash for None.

    Without ``digits`` a float shows at most one decimal and drops a trailing zero.
    """
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if float(value).is_integer() else 1
    text = f"{value:,.{digits}f}"
    if text.strip("-0.,") == "" and text.startswith("-"):
        text = text[1:]
    return text if get_language() == "en" else text.translate(str.maketrans(",.", ".,"))


def time_of_day(moment: datetime) -> str:
    """``14:02`` in the city's zone."""
    return f"{clock.local(moment):%H:%M}"


def day(value: date | datetime, *, long: bool = False, year: bool | None = None) -> str:
    """``19/11``, with the year when it is not this year's; ``long`` puts the weekday before it."""
    local = clock.day_of(value) if isinstance(value, datetime) else value
    with_year = local.year != clock.today().year if year is None else year
    text = f"{local.day}/{local.month}/{local.year}" if with_year else f"{local.day}/{local.month}"
    return f"{gettext(WEEKDAYS[local.weekday()])} {text}" if long else text


def stamp(moment: datetime) -> str:
    """The absolute form: ``14:02`` today, ``14:02 19/11`` this year, else with the year."""
    if clock.day_of(moment) == clock.today():
        return time_of_day(moment)
    return f"{time_of_day(moment)} {day(moment)}"


def full(moment: datetime) -> str:
    """The absolute form with everything, for titles: ``14:02, Thursday 19/11/2026``."""
    return f"{time_of_day(moment)}, {day(moment, long=True, year=True)}"


def span(length: timedelta, *, parts: int = 1) -> str:
    """A length of time in one or two units: ``4 hours 20 minutes``, ``3 days``."""
    seconds = abs(int(length.total_seconds()))
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    said = []
    if days:
        said.append(ngettext("%(n)s day", "%(n)s days", days) % {"n": number(days)})
    if hours and days < 3:
        said.append(ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours})
    if minutes and not days and hours < 10:
        said.append(ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes})
    return " ".join(said[:parts]) or gettext("less than a minute")


def relative(moment: datetime) -> str:
    """``5 minutes ago``, ``in 2 hours``, ``yesterday 14:02``; the date when it is more than a week away."""
    distance = clock.now() - moment
    past = distance >= timedelta(0)
    size = abs(distance)
    if size < timedelta(seconds=45):
        return gettext("just now")
    days = (clock.today() - clock.day_of(moment)).days
    if size < timedelta(hours=20) or not days:
        template = pgettext("time", "%(span)s ago") if past else pgettext("time", "in %(span)s")
        return template % {"span": span(max(size, timedelta(minutes=1)))}
    if days == 1:
        return gettext("yesterday %(time)s") % {"time": time_of_day(moment)}
    if days == -1:
        return gettext("tomorrow %(time)s") % {"time": time_of_day(moment)}
    if size < timedelta(days=7):
        template = pgettext("time", "%(span)s ago") if past else pgettext("time", "in %(span)s")
        return template % {"span": span(timedelta(days=abs(days)))}
    return day(moment)


def initials(name: str) -> str:
    """Two letters of a Vietnamese or Western name: ``Đỗ Minh Hạnh`` gives ``MH`` (middle and given name)."""
    parts = [part for part in name.split() if part[:1].isalpha()]
    return "".join(part[0] for part in parts[-2:]).upper()
