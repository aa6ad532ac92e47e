"""The query languages of the standard: ``q`` (clause 4.9), geo-queries (4.10), type selection (4.17, lists only)."""

import re
from datetime import datetime
from typing import Any

import orjson

from thanglong.formats.ngsild.entities import GEOMETRIES, checked_time, positions
from thanglong.formats.ngsild.terms import short
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Condition, Term

OPERATOR = re.compile(r"!~=|~=|==|!=|>=|<=|>|<")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
PATH = re.compile(r"(?P<name>[^\[\]]+?)(?:\[(?P<inner>[^\[\]]+)\])?\Z")
RELATIONS = frozenset(["within", "intersects", "contains", "disjoint", "equals", "overlaps"])
MOST_TERMS = 100


def condition(text: str) -> Condition:
    """The condition a ``q`` parameter states; Invalid when it cannot be read."""
    if len(text) > 8000:
        raise _unreadable(text)
    parser = _Parser(text)
    found = parser.either()
    if parser.at != len(text):
        raise _unreadable(text[parser.at :])
    return found


def _unreadable(text: str) -> Invalid:
    return Invalid(N_("The query cannot be read at “%(text)s”."), text=text[:60] or "…")


class _Parser:
    """Recursive descent: ``|`` binds weaker than ``;`` (or ``&``), parentheses group."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.terms = 0

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def either(self, depth: int = 0) -> Condition:
        parts = [self.every(depth)]
        while self._next() == "|":
            self.at += 1
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else AnyOf(parts)

    def every(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self._next() in (";", "&"):
            self.at += 2 if self.text.startswith("&&", self.at) else 1
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def one(self, depth: int) -> Condition:
        if self._next() == "(":
            if depth > 20:
                raise _unreadable(self.text[self.at :])
            self.at += 1
            found = self.either(depth + 1)
            if self._next() != ")":
                raise _unreadable(self.text[self.at :])
            self.at += 1
            return found
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise _unreadable(self.text[self.at :])
        return self.term()

    def term(self) -> Term:
        raw = self._span()
        negated = raw.startswith("!") and not OPERATOR.match(raw)
        body = raw[1:] if negated else raw
        match = OPERATOR.search(body)
        if match is None:
            return Term(path(body), "missing" if negated else "exists")
        if negated or not body[: match.start()]:
            raise _unreadable(raw)
        name, operator, rest = path(body[: match.start()]), match[0], body[match.end() :]
        if not rest:
            raise _unreadable(raw)
        if operator in ("~=", "!~="):
            return Term(name, operator, _unquoted(rest))
        return Term(name, operator, _value(rest, operator))

    def _span(self) -> str:
        """The text of one term, up to a logical operator or closing parenthesis outside quotes and brackets."""
        start, quoted, opened = self.at, False, 0
        pattern = False
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == '"' and self.text[self.at - 1 : self.at] != "\\":
                quoted = not quoted
            elif not quoted:
                pattern = pattern or self.text.startswith("~=", self.at)
                if sign in ";&" or (sign == "|" and not opened):
                    break
                if sign in "()" and not pattern:
                    break
                if sign == ")" and pattern and opened == 0:
                    break
                opened += (sign in "([") - (sign in ")]") if pattern else 0
            self.at += 1
        if quoted or self.at == start:
            raise _unreadable(self.text[start:])
        return self.text[start : self.at]


def path(text: str) -> str:
    """The index path of an attribute path: ``a.b[c.d]`` becomes ``a.b[c][d]``; names are shortened."""
    match = PATH.match(text)
    if match is None:
        raise _unreadable(text)
    name = match["name"]
    outer = [short(name)] if "://" in name or name.startswith("urn:") else [short(part) for part in name.split(".")]
    inner = "".join(f"[{part}]" for part in match["inner"].split(".")) if match["inner"] else ""
    return ".".join(outer) + inner


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"')
    return text


def _value(text: str, operator: str) -> Any:
    parts = _split(text, ",")
    if len(parts) > 1:
        if operator not in ("==", "!="):
            raise _unreadable(text)
        return [_one_value(part) for part in parts]
    limits = _split(text, "..")
    if len(limits) == 2:
        if operator not in ("==", "!="):
            raise _unreadable(text)
        return _one_value(limits[0]), _one_value(limits[1])
    return _one_value(text)


def _split(text: str, sign: str) -> list[str]:
    """Split outside quotes."""
    parts, quoted, start, at = [], False, 0, 0
    while at < len(text):
        if text[at] == '"':
            quoted = not quoted
        elif not quoted and text.startswith(sign, at):
            parts.append(text[start:at])
            at += len(sign)
            start = at
            continue
        at += 1
    return [*parts, text[start:]]


def _one_value(text: str) -> Any:
    if not text:
        raise _unreadable(text)
    if text[0] == '"':
        return _unquoted(text)
    if text in ("true", "false"):
        return text == "true"
    if NUMBER.match(text):
        return float(text) if any(sign in text for sign in ".eE") else int(text)
    if MOMENT.match(text):
        return datetime.fromisoformat(checked_time(text, "q"))
    return text


def area(georel: str, geometry: str, coordinates: str, attribute: str = "location") -> Area:
    """The area a geo-query names; Invalid when a part is missing or wrong."""
    relation, *modifiers = georel.split(";")
    if geometry not in GEOMETRIES or geometry == "GeometryCollection":
        raise Invalid(N_("%(geometry)s is not a geometry we know."), geometry=geometry[:60])
    try:
        found = {"type": geometry, "coordinates": orjson.loads(coordinates)}
    except orjson.JSONDecodeError as error:
        raise Invalid(N_("The coordinates are not JSON.")) from error
    positions("coordinates", found)
    if relation == "near":
        least, most = _distances(modifiers)
        return Area("near", found, short(attribute), least, most)
    if relation not in RELATIONS or modifiers:
        raise Invalid(N_("%(relation)s is not a spatial relation we know."), relation=georel[:60])
    return Area(relation, found, short(attribute))


def _distances(modifiers: list[str]) -> tuple[float | None, float | None]:
    found: dict[str, float] = {}
    for modifier in modifiers:
        key, sign, value = modifier.partition("==")
        if sign and key in ("maxDistance", "minDistance") and NUMBER.match(value):
            found[key] = float(value)
    if len(found) != len(modifiers) or not found:
        raise Invalid(N_("near needs ;maxDistance==metres or ;minDistance==metres."))
    return found.get("minDistance"), found.get("maxDistance")


def types(text: str) -> list[str]:
    """The types of a selection ``A,B`` or ``A|B``; Invalid for the parts of the language we do not answer yet."""
    if any(sign in text for sign in ";()"):
        raise Invalid(N_("Types can be listed with commas; combinations of types are not answered yet."))
    return [short(part) for part in re.split(r"[,|]", text) if part]
