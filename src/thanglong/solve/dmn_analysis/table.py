"""Completeness, overlap and reach of a decision table, each finding with an example input.

What counts as a mistake follows the hit policy (DMN 1.5, 8.2.10): under U no two rules may meet, under A they may
when they say the same, under F a rule that earlier ones cover never speaks, under P one that weightier ones cover
never does. A gap is reported unless the table has default outputs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from thanglong.kit.errors import N_
from thanglong.solve.dmn_analysis import boxes
from thanglong.solve.dmn_analysis.axis import Axis
from thanglong.solve.dmn_analysis.boxes import Box, Search, Undecided
from thanglong.solve.dmn_analysis.findings import Finding, Level, Table
from thanglong.solve.dmn_analysis.literals import NotDecided
from thanglong.solve.dmn_analysis.words import Either, Name, Said, interval

MOST = 20
"""Most findings of one code in one table."""

REASONS = {
    "expression": N_("the test is worked out from other values when the table is used"),
    "value": N_("values of this kind have no place on a line"),
    "order": N_("texts are compared by order"),
    "zone": N_("its time has a zone or an offset"),
}

SAME_QUESTION = N_("Columns “%(a)s” and “%(b)s” ask for the same value; gaps and overlaps are not decided.")
OVERLAP = N_("Rules %(a)s and %(b)s both apply when %(where)s; only one may.")
CONFLICT = N_("Rules %(a)s and %(b)s both apply when %(where)s, and say different things.")
PERHAPS = N_("Rules %(a)s and %(b)s both apply when %(where)s; whether they agree is only known then.")
NO_WEIGHT = N_("Rules %(a)s and %(b)s both apply when %(where)s, and weigh the same.")
TWICE = N_("Rules %(a)s and %(b)s are the same (%(where)s).")
COUNTED_TWICE = N_("Rules %(a)s and %(b)s are the same (%(where)s), so the result counts it twice.")
EARLIER = N_("Rule %(n)s never speaks: earlier rules cover all of it.")
ENTANGLED = N_("Whether rules from %(n)s on ever speak is not decided: the table is too entangled.")
WEIGHTIER = N_("Rule %(n)s never speaks: weightier rules cover all of it.")


def analyse(table: Table) -> list[Finding]:
    """Everything found in a table, the gravest first; empty when it is sound."""
    return sorted(_Work(table).findings(), key=lambda found: ("error", "warning", "note").index(found.level))


class _Work:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.axes = [
            Axis.over(column.kind, [row.tests[place] for row in table.rows], column.allowed)
            for place, column in enumerate(table.columns)
        ]
        self.space: Box = tuple(axis.full for axis in self.axes)
        self.unknown: dict[int, list[tuple[int, str]]] = {}
        self.widest = [self._box(number) for number in range(len(table.rows))]
        # rules whose every test is a set, and that can match at all
        self.sure = [number for number, box in enumerate(self.widest) if number not in self.unknown and all(box)]

    def _box(self, number: int) -> Box:
        """The rule's cells; a column that is not decided counts as whole."""
        found = []
        for place, axis in enumerate(self.axes):
            try:
                found.append(axis.cells(self.table.rows[number].tests[place]))
            except NotDecided as problem:
                self.unknown.setdefault(number, []).append((place, problem.reason))
                found.append(axis.full)
        return tuple(found)

    def findings(self) -> Iterator[Finding]:
        if not self.table.columns or not self.table.rows:
            return
        yield from self._not_decided()
        yield from self._never()
        same = self._same_question()
        if same is not None:
            yield self._found("undecided", "note", same)
            return
        partners = boxes.partners([self.widest[number] for number in self.sure])
        yield from self._meetings(partners)
        yield from self._masked()
        if not self.table.default:
            yield from self._gaps(apart=not self.unknown and not any(partners))

    def _found(
        self, code: str, level: Level, said: Said, rules: tuple[int, ...] = (), box: Box | None = None
    ) -> Finding:
        line = self.table.rows[rules[0] - 1].line if rules else self.table.line
        example = self._example(box) if box is not None else {}
        return Finding(code, level, said, line, rules, example, self.table.name)

    def _example(self, box: Box) -> dict[str, Any]:
        pairs = zip(self.table.columns, self.axes, box, strict=True)
        return {column.name: axis.example(cells) for column, axis, cells in pairs}

    def _where(self, box: Box) -> Said:
        """A box in words: only the columns that matter."""
        parts = []
        for column, axis, cells in zip(self.table.columns, self.axes, box, strict=True):
            if not axis.is_any(cells):
                parts.append((column, _set(axis, cells)))
        if not parts:
            return Said(N_("any input"))
        said: Any = None
        for column, words in parts:
            one = Said(N_("%(input)s is %(words)s"), {"input": Name(column.name), "words": words})
            said = one if said is None else Said(N_("%(first)s and %(second)s"), {"first": said, "second": one})
        return said  # type: ignore[no-any-return]

    def _not_decided(self) -> Iterator[Finding]:
        for number, parts in list(self.unknown.items())[:MOST]:
            place, reason = parts[0]
            params = {"n": number + 1, "input": Name(self.table.columns[place].name), "why": Said(REASONS[reason])}
            said = Said(N_("Rule %(n)s is not looked at in column “%(input)s”, because %(why)s."), params)
            yield self._found("undecided", "note", said, (number + 1,))

    def _never(self) -> Iterator[Finding]:
        for number, box in enumerate(self.widest):
            if not all(box):
                column = self.table.columns[box.index(0)]
                said = Said(
                    N_("Rule %(n)s never applies: no value of “%(input)s” passes its test."),
                    {"n": number + 1, "input": Name(column.name)},
                )
                yield self._found("never", "warning", said, (number + 1,))

    def _same_question(self) -> Said | None:
        asked: dict[str, str] = {}
        for column in self.table.columns:
            text = column.expression.strip()
            if text and text in asked:
                return Said(SAME_QUESTION, {"a": Name(asked[text]), "b": Name(column.name)})
            asked[text] = column.name
        return None

    def _meetings(self, partners: Sequence[int]) -> Iterator[Finding]:
        """Pairs that meet, judged by the hit policy."""
        told = 0
        for index, mask in enumerate(partners):
            for other in boxes.bits(mask >> (index + 1) << (index + 1)):
                first, second = self.sure[index], self.sure[other]
                judged = self._judged(first, second)
                if judged is None:
                    continue
                shared = boxes.meet(self.widest[first], self.widest[second])
                assert shared is not None
                code, level, text = judged
                said = Said(text, {"a": first + 1, "b": second + 1, "where": self._where(shared)})
                yield self._found(code, level, said, (first + 1, second + 1), shared)
                told += 1
                if told >= MOST:
                    return

    def _judged(self, first: int, second: int) -> tuple[str, Level, str] | None:
        policy = self.table.policy[:1]
        a, b = self.table.rows[first], self.table.rows[second]
        fixed = None not in a.outputs and None not in b.outputs
        same = fixed and tuple(a.outputs) == tuple(b.outputs)
        if policy == "U":
            return "overlap", "error", OVERLAP
        if policy == "A" and not same:
            return ("conflict", "error", CONFLICT) if fixed else ("undecided", "note", PERHAPS)
        if policy == "P" and not same and a.rank is not None and a.rank == b.rank:
            return "conflict", "error", NO_WEIGHT
        if same and self.widest[first] == self.widest[second]:
            return "twice", "warning", COUNTED_TWICE if policy in "CRO" else TWICE
        return None

    def _masked(self) -> Iterator[Finding]:
        if self.table.policy[:1] not in "FP":
            return
        told, left = 0, boxes.BUDGET
        for number in self.sure:
            before = [self.widest[other] for other in self.sure if self._outweighs(other, number)]
            search = Search(self.widest[number], before, budget=left)
            try:
                covered = bool(before) and search.hole() is None
            except Undecided:
                yield self._found("undecided", "note", Said(ENTANGLED, {"n": number + 1}), (number + 1,))
                return
            left -= search.spent if before else 0
            if covered:
                told += 1
                said = Said(EARLIER if self.table.policy[:1] == "F" else WEIGHTIER, {"n": number + 1})
                yield self._found("masked", "warning", said, (number + 1,), self.widest[number])
                if told >= MOST:
                    return

    def _outweighs(self, other: int, number: int) -> bool:
        if self.table.policy[:1] == "F":
            return other < number
        mine, theirs = self.table.rows[number].rank, self.table.rows[other].rank
        return mine is not None and theirs is not None and theirs < mine

    def _gaps(self, *, apart: bool) -> Iterator[Finding]:
        rules = [box for box in self.widest if all(box)]
        try:
            for count, hole in enumerate(Search(self.space, rules, apart).holes()):
                if count >= MOST:
                    return
                said = Said(N_("No rule applies when %(where)s."), {"where": self._where(hole)})
                yield self._found("gap", "warning", said, (), hole)
        except Undecided:
            said = Said(N_("Whether there are more gaps is not decided: the table is too entangled."))
            yield self._found("undecided", "note", said)


def _set(axis: Axis, cells: int) -> Any:
    """A set of cells in words, or what is left out of it when that is shorter."""
    inside, outside = axis.spans(cells), axis.spans(axis.full & ~cells)
    if len(outside) < len(inside) and all(span[0] != "other" for span in outside):
        return Said(N_("anything but %(x)s"), {"x": Either([_span(span) for span in outside])})
    return Either([_span(span) for span in inside])


def _span(span: tuple[str, Any, bool, Any, bool]) -> Any:
    kind, low, low_closed, high, high_closed = span
    if kind == "null":
        return None
    if kind == "other":
        return Said(N_("another text"))
    if kind == "any":
        return Said(N_("anything"))
    return interval(low, low_closed, high, high_closed)
