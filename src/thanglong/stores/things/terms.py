"""Query terms as SQL over the attribute index: each is a range, used to drive a query or to test one entity."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import AllOf, AnyOf, Condition, Linked, Term
from thanglong.stores.things import rows

Sql = tuple[str, list[Any]]
NOTHING: Sql = ("SELECT 0 AS n WHERE 1 = 0", [])
OF_ENTITY = frozenset(["@type", "createdAt", "modifiedAt"])
"""Attributes that stand for facts of the entity itself and have no rows in the index."""
COMPARE = {"==", "<", "<=", ">", ">="}
META = re.compile(r"[\\.^$*+?{}\[\]|()]")


def marks(values: Sequence[Any]) -> str:
    """One placeholder a value."""
    return ", ".join("?" * len(values))


def checked_pattern(pattern: str) -> str:
    """The pattern, or Invalid when it is not a regular expression or might take for ever on some text."""
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Invalid(N_("This is not a pattern we can search for: %(pattern)s"), pattern=pattern) from error
    if len(pattern) > 500 or _repeats(tree, False) > 4:
        raise Invalid(N_("This pattern is too complex: %(pattern)s"), pattern=pattern)
    return pattern


def _repeats(tree: Any, inside: bool) -> int:
    """Number of unbounded repetitions; a large number when one stands within another or over a choice."""
    found = 0
    for operator, argument in tree:
        if operator in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            _, most, part = argument
            open_ended = most > 20
            found += (100 if inside and open_ended else 1) + _repeats(part, inside or open_ended)
        elif operator is _constants.SUBPATTERN:
            found += _repeats(argument[3], inside)
        elif operator is _constants.BRANCH:
            found += (100 if inside else 0) + sum(_repeats(part, inside) for part in argument[1])
        elif operator in (_constants.ASSERT, _constants.ASSERT_NOT, _constants.GROUPREF, _constants.GROUPREF_EXISTS):
            found += 100
    return found


def literal_prefix(pattern: str) -> str:
    """The text every match begins with: what stands between ``^`` and the first sign with a meaning."""
    if not pattern.startswith("^") or "|" in pattern:
        return ""
    found = META.search(pattern, 1)
    if found is None:
        return pattern[1:]
    end = found.start()
    return pattern[1 : end - 1] if found[0] in "*?{" else pattern[1:end]


def after_prefix(prefix: str) -> str:
    """The least text greater than all texts with this prefix."""
    return prefix + "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Terms:
    """Compiles conditions for one tenant and a set of types (numbers of their names)."""

    tenant: int
    types: Sequence[int]
    name: Callable[[str], int | None]
    regex: str
    """A placeholder-bearing template such as ``{} REGEXP ?``."""
    bare: str = "a.{}"
    """How a column is named where its own index must not be used: a test of one entity goes by the primary key."""

    all_types: Sequence[int] = ()
    """Every type there is: linked entities may have any."""
    entity: str = "x"
    """The alias of the entity that is tested; it has the columns n and id."""

    def test(self, condition: Condition) -> Sql:
        """A boolean expression on the entity ``x``."""
        if isinstance(condition, Term):
            return self._test_term(condition)
        if isinstance(condition, Linked):
            return self._test_linked(condition)
        parts = [self.test(part) for part in condition.parts]
        word = " AND " if isinstance(condition, AllOf) else " OR "
        empty = "1 = 1" if isinstance(condition, AllOf) else "1 = 0"
        return f"({word.join(sql for sql, _ in parts) or empty})", [value for _, values in parts for value in values]

    def drive(self, condition: Condition) -> Sql | None:
        """A select of the numbers ``n`` of all entities that hold, by index ranges; None when no range gives them."""
        if isinstance(condition, AnyOf):
            parts = [self.drive(part) for part in condition.parts]
            if not parts or any(part is None for part in parts):
                return None
            known = [part for part in parts if part is not None]
            return " UNION ".join(sql for sql, _ in known), [value for _, values in known for value in values]
        if isinstance(condition, AllOf):
            return self.drive(condition.parts[0]) if len(condition.parts) == 1 else None
        if isinstance(condition, Linked) or condition.attribute in OF_ENTITY:
            return None
        prefix = condition.operator == "~=" and literal_prefix(str(condition.value))
        if condition.operator not in COMPARE and not prefix:
            return None
        scope, values = self._scope(condition.attribute)
        if not scope:
            return NOTHING
        predicate, more = self._predicate(condition.operator, condition.value, "a.{}")
        return f"SELECT a.n FROM attribute a WHERE {scope} AND {predicate}", [*values, *more]

    def _scope(self, attribute: str) -> Sql:
        number = self.name(attribute)
        if number is None or not self.types:
            return "", []
        sql = f"a.tenant = ? AND a.type IN ({marks(self.types)}) AND a.attr = ?"
        return sql, [self.tenant, *self.types, number]

    def _test_linked(self, condition: Linked) -> Sql:
        """That a Relationship leads to an entity that holds a condition: ``y`` when ``x`` is tested, then ``yy``…"""
        scope, values = self._scope(condition.attribute)
        if not scope:
            return "1 = 0", []
        alias = "y" if self.entity == "x" else f"{self.entity}y"
        kinds = [number for kind in condition.types if (number := self.name(kind)) is not None]
        if condition.types and not kinds:
            return "1 = 0", []
        inner = replace(self, types=kinds or self.all_types, entity=alias)
        test, more = inner.test(condition.part)
        narrow, typed = "", list[Any]()
        if kinds:
            narrow = (
                f" AND EXISTS (SELECT 1 FROM kind k WHERE k.tenant = ? AND k.type IN ({marks(kinds)}) "
                f"AND k.id = {alias}.id)"
            )
            typed = [self.tenant, *kinds]
        found = (
            f"EXISTS (SELECT 1 FROM attribute a JOIN entity {alias} ON {alias}.tenant = ? AND {alias}.id = a.ref "
            f"WHERE {scope} AND a.n = {self.entity}.n AND {alias}.alive = 1{narrow} AND {test})"
        )
        return found, [self.tenant, *values, *typed, *more]

    def _test_entity(self, term: Term) -> Sql:
        """A term on the types of the entity, or on when it was made or changed."""
        if term.attribute == "@type":
            number = self.name(str(term.value))
            sql = f"EXISTS (SELECT 1 FROM kind k WHERE k.tenant = ? AND k.type = ? AND k.id = {self.entity}.id)"
            return sql, [self.tenant, number]
        if term.operator in ("exists", "missing"):
            return "1 = 1" if term.operator == "exists" else "1 = 0", []
        column = "e.created" if term.attribute == "createdAt" else "e.modified"
        plain = {"!=": "=="}.get(term.operator, term.operator)
        found = self._moments(plain, term.value, column)
        if found is None:
            return "1 = 0", []
        sql = f"EXISTS (SELECT 1 FROM entity e WHERE e.n = {self.entity}.n AND {found[0]})"
        return (f"NOT {sql}" if term.operator == "!=" else sql), found[1]

    def _moments(self, operator: str, value: Any, column: str) -> Sql | None:
        """A comparison of a column of microseconds; None when the value is no moment."""
        if isinstance(value, tuple):
            low, high = self._moments(">=", value[0], column), self._moments("<=", value[1], column)
            return None if low is None or high is None else (f"{low[0]} AND {high[0]}", [*low[1], *high[1]])
        if isinstance(value, list):
            parts = [part for item in value if (part := self._moments(operator, item, column)) is not None]
            return (f"({' OR '.join(sql for sql, _ in parts)})", [v for _, vs in parts for v in vs]) if parts else None
        if not isinstance(value, datetime) or operator not in COMPARE:
            return None
        return f"{column} {'=' if operator == '==' else operator} ?", [rows.micros(value)]

    def _test_term(self, term: Term) -> Sql:
        operator = term.operator
        if term.attribute in OF_ENTITY:
            return self._test_entity(term)
        scope, values = self._scope(term.attribute)
        if not scope:
            return ("1 = 1" if operator == "missing" else "1 = 0"), []
        there = f"EXISTS (SELECT 1 FROM attribute a WHERE {scope} AND a.n = {self.entity}.n)"
        if operator == "exists":
            return there, values
        if operator == "missing":
            return f"NOT {there}", values
        negative = operator in ("!=", "!~=")
        plain = {"!=": "==", "!~=": "~="}.get(operator, operator)
        predicate, more = self._predicate(plain, term.value, self.bare)
        found = f"EXISTS (SELECT 1 FROM attribute a WHERE {scope} AND a.n = {self.entity}.n AND {predicate})"
        if negative:
            return f"({there} AND NOT {found})", [*values, *values, *more]
        return found, [*values, *more]

    def _predicate(self, operator: str, value: Any, column: str) -> Sql:
        if operator == "~=":
            return self._pattern(str(value), column.format("text"))
        if operator not in COMPARE:
            raise Invalid(N_("%(operator)s is not an operator we know."), operator=operator)
        if isinstance(value, list):
            parts = [self._predicate(operator, item, column) for item in value] or [("1 = 0", [])]
            return f"({' OR '.join(sql for sql, _ in parts)})", [item for _, more in parts for item in more]
        if isinstance(value, tuple):
            low, high = value
            (left, first), (right, second) = self._predicate(">=", low, column), self._predicate("<=", high, column)
            return f"({left} AND {right})", [*first, *second]
        name, compared = _column(value)
        if operator == "==":
            return f"{column.format(name)} = ?", [compared]
        if isinstance(value, bool):
            return "1 = 0", []  # true and false have no order
        if name == "text":
            # true, false and references stand among the texts, but no text is less or greater than they are
            test = f"({column.format(name)} {operator} ? AND a.ref IS NULL AND a.text NOT IN (?, ?))"
            return test, [compared, rows.TRUE, rows.FALSE]
        return f"{column.format(name)} {operator} ?", [compared]

    def _pattern(self, pattern: str, text: str) -> Sql:
        checked_pattern(pattern)
        prefix = literal_prefix(pattern)
        sql, values = f"a.text IS NOT NULL AND a.ref IS NULL AND {self.regex.format('a.text')}", [pattern]
        if prefix:
            sql, values = f"{text} >= ? AND {text} < ? AND {sql}", [prefix, after_prefix(prefix), pattern]
        return f"({sql})", values


def _column(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "text", rows.TRUE if value else rows.FALSE
    if isinstance(value, (int, float)):
        return "number", value
    if isinstance(value, datetime):
        return "time", rows.micros(value)
    return "text", rows.key_text(str(value))
