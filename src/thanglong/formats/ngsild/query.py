"""The query languages of the standard: ``q`` (clause 4.9), geo-queries (4.10), types (4.17), scopes (4.19)."""

import math
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import orjson

from thanglong.formats.ngsild.entities import GEOMETRIES, checked_time, positions
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Condition, Linked, Term

OPERATOR = re.compile(r"!~=|~=|==|!=|>=|<=|>|<")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
PATH = re.compile(r"(?P<name>[^\[\]]+?)(?:\[(?P<inner>[^\[\]]+)\])?\Z")
RELATIONS = frozenset(["within", "intersects", "contains", "disjoint", "equals", "overlaps"])
MOST_TERMS = 100
LEGIBLE = "!$'()*,-./:;=?@[]_~|"
"""What may stand in an address's query as it is."""
TYPES_BEFORE = re.compile(r"([^{}\[\]:]+):(?!//)")
SCOPE = re.compile(r"(/([^/#+,;|()\s]+|\+))+(/#)?\Z|/#\Z")


def condition(text: str, names: Vocabulary = CORE, expanded: Collection[str] = ()) -> Condition:
    """The condition a ``q`` parameter states; Invalid when it cannot be read.

    ``expanded`` are the attributes (kept names) whose values are names under the client's @context (expandValues).
    """
    if len(text) > 8000:
        raise _unreadable(text)
    parser = _Parser(text, names, expanded)
    found = parser.either()
    if parser.at != len(text):
        raise _unreadable(text[parser.at :])
    return found


def link_depth(condition: Condition | None) -> int:
    """How many Relationships a condition follows."""
    if isinstance(condition, Linked):
        return 1 + link_depth(condition.part)
    if isinstance(condition, (AllOf, AnyOf)):
        return max((link_depth(part) for part in condition.parts), default=0)
    return 0


def attributes_in(condition: Condition | None) -> set[str]:
    """The paths a condition asks for."""
    if isinstance(condition, (AllOf, AnyOf)):
        return {name for part in condition.parts for name in attributes_in(part)}
    return {condition.attribute} if condition is not None else set()


def _unreadable(text: str) -> Invalid:
    return Invalid(N_("The query cannot be read at “%(text)s”."), text=text[:60] or "…")


class _Parser:
    """Recursive descent: ``|`` binds weaker than ``;`` (or ``&``), parentheses group."""

    def __init__(self, text: str, names: Vocabulary, expanded: Collection[str]) -> None:
        self.text, self.names, self.expanded = text, names, expanded
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

    def term(self) -> Condition:
        raw = self._span().strip()
        negated = raw.startswith("!") and not OPERATOR.match(raw)
        body = raw[1:] if negated else raw
        match = OPERATOR.search(body)
        if match is None:
            return self._on(body, "missing" if negated else "exists", "")
        if negated or not body[: match.start()]:
            raise _unreadable(raw)
        rest = body[match.end() :].strip()
        if not rest:
            raise _unreadable(raw)
        return self._on(body[: match.start()].strip(), match[0], rest)

    def _on(self, attribute: str, operator: str, value: str) -> Condition:
        """A term on a path, which may lead to linked entities: ``locatedAt{City:name}``."""
        name, brace, inner = attribute.partition("{")
        if not brace:
            return Term(path(attribute, self.names), operator, self._compared(attribute, operator, value))
        if not inner.endswith("}") or not name:
            raise _unreadable(attribute)
        inner = inner[:-1]
        match = TYPES_BEFORE.match(inner)
        kinds = match[1].split(",") if match else []
        rest = inner[match.end() :] if match else inner
        part = self._on(rest, operator, value)
        return Linked(self.names.expand_name(name), part, [self.names.expand_name(kind) for kind in kinds])

    def _compared(self, attribute: str, operator: str, text: str) -> Any:
        if operator in ("exists", "missing"):
            return None
        if operator in ("~=", "!~="):
            return _unquoted(text)
        found = _value(text, operator)
        if self.expanded and self.names.expand_name(re.split(r"[.\[]", attribute, maxsplit=1)[0]) in self.expanded:
            return self._names_of(found)
        return found

    def _names_of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._names_of(item) for item in value]
        return self.names.expand_name(value) if isinstance(value, str) else value

    def _span(self) -> str:
        """The text of one term, up to a logical operator or closing parenthesis outside quotes and brackets."""
        start, quoted, opened, braces = self.at, False, 0, 0
        pattern = False
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == '"' and self.text[self.at - 1 : self.at] != "\\":
                quoted = not quoted
            elif not quoted:
                braces += (sign == "{") - (sign == "}") if not pattern else 0
                pattern = pattern or self.text.startswith("~=", self.at)
                if braces:
                    self.at += 1
                    continue
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


def path(text: str, names: Vocabulary = CORE) -> str:
    """The index path of an attribute path: ``a.b[c.d]`` becomes ``a.b[c][d]``; ``[*]`` (any language) is left out."""
    match = PATH.match(text)
    if match is None:
        raise _unreadable(text)
    name = match["name"]
    whole = "://" in name or name.startswith("urn:")
    outer = [names.expand_name(part) for part in ([name] if whole else name.split("."))]
    inside = match["inner"] or ""
    inner = "" if inside in ("", "*") else "".join(f"[{part}]" for part in inside.split("."))
    return ".".join(outer) + inner


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(orjson.loads(text))
        except orjson.JSONDecodeError:
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
    text = text.strip()
    if not text:
        raise _unreadable(text)
    if text[0] == '"':
        if len(text) < 2 or text[-1] != '"':
            raise _unreadable(text)
        return _unquoted(text)
    if '"' in text:
        raise _unreadable(text)
    if text in ("true", "false"):
        return text == "true"
    if NUMBER.match(text):
        return float(text) if any(sign in text for sign in ".eE") else int(text)
    if MOMENT.match(text):
        return datetime.fromisoformat(checked_time(text, "q"))
    return text


def area(georel: str, geometry: str, coordinates: str, attribute: str = "location", names: Vocabulary = CORE) -> Area:
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
        return Area("near", found, names.expand_name(attribute), least, most)
    if relation not in RELATIONS or modifiers:
        raise Invalid(N_("%(relation)s is not a spatial relation we know."), relation=georel[:60])
    return Area(relation, found, names.expand_name(attribute))


def _distances(modifiers: list[str]) -> tuple[float | None, float | None]:
    found: dict[str, float] = {}
    for modifier in modifiers:
        key, sign, value = modifier.partition("==")
        if sign and key in ("maxDistance", "minDistance") and NUMBER.match(value) and 0 < float(value) < math.inf:
            found[key] = float(value)
    if len(modifiers) != 1 or not found:
        raise Invalid(N_("near needs ;maxDistance==metres or ;minDistance==metres."))
    return found.get("minDistance"), found.get("maxDistance")


def types(text: str, names: Vocabulary = CORE) -> tuple[list[str], Condition | None]:
    """What a type selection names: the types, one of which an entity must have, and what else must hold of its types.

    ``A,B`` and ``A|B`` are alternatives, ``(A;B)`` is both; ``*`` any.
    """
    if text.strip() == "*":
        return [], None
    reader = _Choices(text)
    found = reader.either(0)
    kinds = list(dict.fromkeys(reader.words))
    kept = {kind: names.expand_name(kind) for kind in kinds}
    named = list(dict.fromkeys(kept.values()))
    simple = ";" not in text
    return named, None if simple else _condition_of(found, lambda word: Term("@type", "==", kept[word]))


def scopes(text: str) -> Condition:
    """The condition a scope query states: ``/A/B``, ``/A/#`` and what is below, ``/+/B``, ``,`` or, ``(…;…)`` both."""
    return _condition_of(_Choices(text).either(0), _scope)


def _scope(word: str) -> Condition:
    name = word if word.startswith("/") else f"/{word}"
    if not SCOPE.match(name):
        raise _unreadable(word)
    if name == "/#":
        return Term("scope", "exists")
    below = name.endswith("/#")
    plain = name.removesuffix("/#")
    if not below and "+" not in name:
        return Term("scope", "==", plain)
    levels = "/".join("[^/]+" if level == "+" else re.escape(level) for level in plain.split("/"))
    return Term("scope", "~=", f"^{levels}{'(/|$)' if below else '$'}")


Choice = tuple[str, list[Any]] | str


def _condition_of(choice: Choice, term: Callable[[str], Condition]) -> Condition:
    if isinstance(choice, str):
        return term(choice)
    operator, parts = choice
    found = [_condition_of(part, term) for part in parts]
    return AllOf(found) if operator == ";" else AnyOf(found)


class _Choices:
    """Words joined by ``,`` or ``|`` (or) and ``;`` (and), with parentheses."""

    def __init__(self, text: str) -> None:
        if len(text) > 8000:
            raise _unreadable(text)
        self._parts = [part for part in re.split(r"([,|;()])", text.strip()) if part.strip()]
        self._at = 0
        self.words: list[str] = []

    def _next(self) -> str:
        return self._parts[self._at].strip() if self._at < len(self._parts) else ""

    def either(self, depth: int) -> Choice:
        parts = [self._every(depth)]
        while self._next() in (",", "|"):
            self._at += 1
            parts.append(self._every(depth))
        if depth == 0 and self._next():
            raise _unreadable(self._next())
        return parts[0] if len(parts) == 1 else (",", parts)

    def _every(self, depth: int) -> Choice:
        parts = [self._one(depth)]
        while self._next() == ";":
            self._at += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else (";", parts)

    def _one(self, depth: int) -> Choice:
        word = self._next()
        self._at += 1
        if word == "(" and depth < 20:
            found = self.either(depth + 1)
            if self._next() != ")":
                raise _unreadable(self._next())
            self._at += 1
            return found
        if word in ("", "(", ")", ",", "|", ";") or len(self.words) >= MOST_TERMS:
            raise _unreadable(word)
        self.words.append(word)
        return word
