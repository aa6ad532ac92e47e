"""The query builder: from the entries of its form to the request it makes, and what is wrong with which entry."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, urlencode

from thanglong.formats.ngsild import query as language
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.stores.things.terms import checked_pattern

OPERATORS = {
    "is": N_("is"),
    "not": N_("is not"),
    "more": N_("is more than"),
    "least": N_("is at least"),
    "less": N_("is less than"),
    "most": N_("is at most"),
    "between": N_("lies between"),
    "among": N_("is one of"),
    "contains": N_("contains"),
    "pattern": N_("fits the pattern"),
    "exists": N_("is known"),
    "missing": N_("is not known"),
}
"""What a condition can say, and in which words."""
SIGNS = {"is": "==", "not": "!=", "more": ">", "least": ">=", "less": "<", "most": "<="}
PAGE, PAST_PAGE, PAST_LAST, METRES = 50, 20, 10, 500
MOST_ROWS, MOST_VALUE, MOST_OFFSET, MOST_METRES = 12, 500, 1_000_000, 1_000_000.0
MOST_ADDRESS = 4000
"""Signs of an address that people can still copy; a longer request is sent with a body."""
ENTITIES, TEMPORAL = "/ngsi-ld/v1/entities", "/ngsi-ld/v1/temporal/entities"
ASK, ASK_PAST = "/ngsi-ld/v1/entityOperations/query", "/ngsi-ld/v1/temporal/entityOperations/query"


@dataclass(frozen=True, slots=True)
class Row:
    """One condition of the form: attribute, operator (a key of OPERATORS), value as typed."""

    attribute: str = ""
    operator: str = "is"
    value: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """The entries of the form as they were typed."""

    kind: str = ""
    rows: Sequence[Row] = ()
    more: str = ""
    place: str = ""
    lon: str = ""
    lat: str = ""
    metres: str = ""
    unit: str = ""
    parts: str = ""
    names: Sequence[str] = ()
    order: str = ""
    down: bool = False
    past: bool = False
    since: str = ""
    until: str = ""
    last: str = ""
    format: str = ""
    view: str = "table"
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for: NGSI-LD parameters, without those that have a fault, and the faults by entry."""

    parameters: Mapping[str, str]
    past: bool
    faults: Sequence[Fault] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Call:
    """The request as a program would send it."""

    method: str
    address: str
    body: str = ""

    def curl(self, host: str, key: bool) -> str:
        """The same as a command line; ``key``: with a place for an access key."""
        parts = ["curl", *(["-H", "Authorization: Bearer KEY"] if key else [])]
        if self.body:
            parts += ["-H", "Content-Type: application/json", "-d", self.body]
        return shlex.join([*parts, f"{host}{self.address}"])


def wish_of(given: Mapping[str, Sequence[str]]) -> Wish:
    """The form's entries from the query of the page's address."""

    def one(key: str) -> str:
        return (given.get(key) or [""])[-1].strip()[:MOST_VALUE]

    columns = [list(given.get(key) or ())[:MOST_ROWS] for key in ("attribute", "operator", "value")]
    triples = zip_longest(*columns, fillvalue="")
    rows = [Row(a.strip()[:200], o if o in OPERATORS else "is", v.strip()[:MOST_VALUE]) for a, o, v in triples]
    offset = one("offset")
    return Wish(
        kind=one("type"),
        rows=[row for row in rows if row.attribute],
        more=(given.get("more") or [""])[-1].strip()[:4000],
        place=one("place"),
        lon=one("lon"),
        lat=one("lat"),
        metres=one("metres") or str(METRES),
        unit=one("unit"),
        parts=one("parts"),
        names=[name for name in given.get("name") or () if name][:100],
        order=one("order"),
        down=one("down") == "1",
        past=one("past") == "1",
        since=one("since"),
        until=one("until"),
        last=one("last") or str(PAST_LAST),
        format=one("format"),
        view=one("view") or "table",
        offset=min(int(offset), MOST_OFFSET) if offset.isascii() and offset.isdigit() else 0,
    )


def asked(wish: Wish, outline: Mapping[str, Any] | None = None) -> Asked:
    """The request a form states; ``outline`` is the geometry of the unit chosen as the area."""
    found: dict[str, str] = {"type": wish.kind}
    faults: list[Fault] = []
    _conditions(wish, found, faults)
    _area(wish, outline, found, faults)
    names = ",".join(wish.names)
    if names and wish.parts == "only":
        found["pick"] = f"id,type,{names}"
    elif names and wish.parts == "without":
        found["omit"] = names
    if wish.past:
        _times(wish, found, faults)
    elif wish.order:
        _order(wish, found, faults)
    if wish.format in ("simplified", "concise") and not (wish.past and wish.format == "concise"):
        found["format"] = "temporalValues" if wish.past else wish.format
    found["limit"] = str(PAST_PAGE if wish.past else PAGE)
    if wish.offset:
        found["offset"] = str(wish.offset)
    # what sources elsewhere hold is asked by the interface alone, not by the page
    found |= {"count": "true", "local": "true"}
    return Asked(found, wish.past, faults)


def term(row: Row) -> str:
    """The condition as ``q`` writes it; Invalid when it cannot be."""
    name = row.attribute
    if row.operator in ("exists", "missing"):
        return name if row.operator == "exists" else f"!{name}"
    if not row.value:
        raise Invalid(N_("Write a value to compare with."))
    if row.operator in ("contains", "pattern"):
        pattern = row.value if row.operator == "pattern" else f"(?i){re.escape(row.value)}"
        checked_pattern(pattern)
        return f"{name}~={json.dumps(pattern, ensure_ascii=False)}"
    if row.operator == "between":
        low, dots, high = row.value.partition("..")
        if not dots or not low.strip() or not high.strip():
            raise Invalid(N_("Write two values with two dots between them, such as 10..20."))
        return f"{name}=={literal(low)}..{literal(high)}"
    if row.operator == "among":
        values = [part for part in row.value.split(",") if part.strip()]
        return f"{name}=={','.join(literal(part) for part in values)}"
    return f"{name}{SIGNS[row.operator]}{literal(row.value)}"


def literal(text: str) -> str:
    """A value as ``q`` writes it: numbers, truth values and moments bare, texts in quotes."""
    text = text.strip()
    if text in ("true", "false") or language.NUMBER.match(text) or language.MOMENT.match(text):
        return text
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text
    return json.dumps(text, ensure_ascii=False)


def _conditions(wish: Wish, found: dict[str, str], faults: list[Fault]) -> None:
    terms = []
    for number, row in enumerate(wish.rows):
        try:
            text = term(row)
            language.condition(text)
            terms.append(text)
        except Invalid as error:
            faults += [Fault(f"row{number}", fault.text, fault.params) for fault in error.faults]
    if wish.more:
        try:
            language.condition(wish.more)
            terms.append(f"({wish.more})" if terms and "|" in wish.more else wish.more)
        except Invalid as error:
            faults += [Fault("more", fault.text, fault.params) for fault in error.faults]
    if terms:
        found["q"] = ";".join(terms)


def _number(text: str, most: float, least: float | None = None) -> float | None:
    """A number as people type it, with a comma or a point; None when it is none or out of range."""
    plain = text.replace(",", ".")
    if not language.NUMBER.match(plain):
        return None
    value = float(plain)
    return value if (-most if least is None else least) <= value <= most else None


def _area(wish: Wish, outline: Mapping[str, Any] | None, found: dict[str, str], faults: list[Fault]) -> None:
    if wish.place == "near":
        lon, lat, metres = _number(wish.lon, 180), _number(wish.lat, 90), _number(wish.metres, MOST_METRES, 1)
        if lon is None or lat is None:
            faults.append(Fault("place", N_("Tap the map, or write latitude and longitude in degrees.")))
        if metres is None:
            faults.append(Fault("metres", N_("Write a distance from 1 to 1,000,000 metres.")))
        if lon is not None and lat is not None and metres is not None:
            found["georel"] = f"near;maxDistance=={metres:g}" if metres < 1e5 else f"near;maxDistance=={metres:.0f}"
            found["geometry"] = "Point"
            found["coordinates"] = f"[{lon:.6f},{lat:.6f}]"
    elif wish.place == "unit":
        if outline is None:
            faults.append(Fault("unit", N_("Choose a ward or commune.")))
            return
        found["georel"] = "within"
        found["geometry"] = str(outline["type"])
        found["coordinates"] = json.dumps(outline["coordinates"], separators=(",", ":"))


def _order(wish: Wish, found: dict[str, str], faults: list[Fault]) -> None:
    if wish.order == "distance":
        if found.get("geometry") != "Point":
            faults.append(Fault("order", N_("The order by distance needs a place on the map to start from.")))
            return
        found["orderBy"] = f"location;dist-{'desc' if wish.down else 'asc'}"
        found["orderFrom"] = found["coordinates"]
        return
    try:
        language.path(wish.order)
    except Invalid as error:
        faults += [Fault("order", fault.text, fault.params) for fault in error.faults]
        return
    found["orderBy"] = f"{wish.order};desc" if wish.down else wish.order


def _times(wish: Wish, found: dict[str, str], faults: list[Fault]) -> None:
    moments = {}
    for key, text in (("since", wish.since), ("until", wish.until)):
        if not text:
            continue
        try:
            moments[key] = _moment(text)
        except ValueError:
            faults.append(Fault(key, N_("Write a day and a time, such as 2026-11-19T08:00.")))
    since, until = moments.get("since"), moments.get("until")
    if since and until and until <= since:
        faults.append(Fault("until", N_("The end must lie after the beginning.")))
    elif since and until:
        found |= {"timerel": "between", "timeAt": _utc(since), "endTimeAt": _utc(until)}
    elif until:
        found |= {"timerel": "before", "timeAt": _utc(until)}
    else:
        found |= {"timerel": "after", "timeAt": _utc(since or datetime(1970, 1, 1, tzinfo=UTC))}
    last = wish.last
    if not last.isascii() or not last.isdigit() or not 1 <= int(last) <= 1000:
        faults.append(Fault("last", N_("Write a number from 1 to 1,000.")))
    else:
        found["lastN"] = last


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.zone())


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def call_of(one: Asked) -> Call:
    """The request that asks it: by address, or with a body where the address would be too long."""
    text = urlencode(one.parameters, safe=language.LEGIBLE, quote_via=quote)
    if len(text) <= MOST_ADDRESS:
        return Call("GET", f"{TEMPORAL if one.past else ENTITIES}?{text}")
    in_address = {key: value for key, value in one.parameters.items() if key in ("limit", "offset", "count", "format")}
    address = f"{ASK_PAST if one.past else ASK}?{urlencode(in_address)}"
    return Call("POST", address, json.dumps(_body(one.parameters), ensure_ascii=False, separators=(",", ":")))


def _body(given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as a Query (clause 5.2.23)."""
    found: dict[str, Any] = {"type": "Query", "entities": [{"type": given["type"]}], "local": True}
    if "q" in given:
        found["q"] = given["q"]
    for key in ("pick", "omit"):
        if key in given:
            found[key] = given[key].split(",")
    if "georel" in given:
        coordinates = json.loads(given["coordinates"])
        found["geoQ"] = {"georel": given["georel"], "geometry": given["geometry"], "coordinates": coordinates}
    if "orderBy" in given:
        found["ordering"] = {"orderBy": [given["orderBy"]]}
        if "orderFrom" in given:
            found["ordering"] |= {"geometry": "Point", "coordinates": json.loads(given["orderFrom"])}
    times = {key: given[key] for key in ("timerel", "timeAt", "endTimeAt", "lastN") if key in given}
    if "lastN" in times:
        found["temporalQ"] = {**times, "lastN": int(times["lastN"])}
    return found
