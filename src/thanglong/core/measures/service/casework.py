"""The measures every kind of case has: first answer, in time, opened again, satisfaction, received."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal
from uuid import UUID

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import CaseFacts
from thanglong.core.measures import rules
from thanglong.core.measures.types import Input, Measure, PeriodKind, Records, Value, Window
from thanglong.kit import clock
from thanglong.kit.errors import N_

By = Literal["opened_at", "responded_at", "closed_at"]
HOUR = timedelta(hours=1)


def _share(case: CaseFacts, counted: float) -> bool:
    return counted > 0


def _make(
    key: str,
    types: tuple[str, ...],
    by: By,
    read: Callable[[CaseFacts], float | None],
    period: PeriodKind,
    *,
    scale: float = 1.0,
    adds: bool = False,
    good: Callable[[CaseFacts, float], bool] | None = None,
    **fields: object,
) -> Measure:
    """A measure over cases: ``read`` gives what a case counts (None: it does not count)."""

    def counted(unit: UUID, start: date) -> Iterable[tuple[CaseFacts, float]]:
        begin, end = rules.start_of(start), rules.start_of(rules.following(start, period))
        for case in cases.facts(types, by, begin, end, [unit]):
            value = read(case)
            if value is not None:
                yield case, value

    def compute(window: Window) -> Iterable[Value]:
        found = cases.facts(types, by, window.start, window.end, window.units)

        def cell(case: CaseFacts) -> tuple[UUID, date]:
            moment = getattr(case, by)
            return case.unit, rules.period_of(clock.day_of(moment), period)

        for (unit, start), group in groupby(found, key=cell):
            pairs = [(case, value) for case in group if (value := read(case)) is not None]
            if not pairs:
                continue
            total, n = sum(value for _, value in pairs), len(pairs)
            figure = float(n) if adds else scale * total / n
            lines = [str(case.id) for case, _ in pairs]
            yield Value(unit, start, figure, n, None if adds else total, None if adds else float(n), lines)

    def inputs(unit: UUID, start: date) -> Sequence[Input]:
        return [
            Input(
                id=str(case.id), title=f"{case.number} {case.subject}", at=getattr(case, by), counted=value,
                good=good(case, value) if good else None, url=f"/desk/cases/{case.number}/",
                ledger_entry=case.ledger_entry,
            )
            for case, value in counted(unit, start)
        ]  # fmt: skip

    def read_all(start: datetime, end: datetime, units: Iterable[UUID] | None) -> Iterable[CaseFacts]:
        return cases.facts(types, by, start, end, units)

    records = Records(f"{','.join(types)}:{by}", read_all, lambda case: getattr(case, by))
    return Measure(
        records=records, counts=read, key=key, compute=compute, inputs=inputs, period=period, scale=scale,
        total="sum" if adds else "ratio",
        case_types=types, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def _hours(case: CaseFacts) -> float | None:
    return None if case.responded_at is None else (case.responded_at - case.opened_at) / HOUR


def case_measures(
    prefix: str,
    types: Sequence[str],
    *,
    domain: str,
    titles: dict[str, str] | None = None,
    targets: dict[str, float] | None = None,
    period: PeriodKind = "month",
    public: bool = True,
) -> list[Measure]:
    """Five measures over cases of ``types``: ``<prefix>.response in_time reopened satisfaction received``.

    ``titles`` and ``targets`` override by the part after the dot. Register what you want of them.
    """
    named, aims, kinds = titles or {}, targets or {}, tuple(types)
    return [
        _make(
            f"{prefix}.in_time", kinds, "closed_at", lambda case: float(case.in_time), period, scale=100.0, good=_share,
            title=named.get("in_time", N_("Finished in time")), unit="%", direction=1, target=aims.get("in_time", 95.0),
            about=N_("Of 100 cases finished in the period, how many were finished before the promised moment."),
            formula=N_("cases finished in time ÷ cases finished"), numerator=N_("finished in time"),
            denominator=N_("finished"), icon="done", order=10, domain=domain, public=public,
        ),
        _make(
            f"{prefix}.response", kinds, "responded_at", _hours, period,
            title=named.get("response", N_("First answer")),
            unit="h", direction=-1, target=aims.get("response", 8.0),
            about=N_("How many hours people waited, on average, until somebody of the unit took up their case."),
            formula=N_("hours until the first answer ÷ cases answered"), numerator=N_("hours waited"),
            denominator=N_("answered"), icon="clock", order=20,
            good=lambda case, value: value <= aims.get("response", 8.0),
            domain=domain, public=public,
        ),
        _make(
            f"{prefix}.satisfaction", kinds, "closed_at",
            lambda case: None if case.rating is None else float(case.rating), period,
            title=named.get("satisfaction", N_("Satisfaction")), unit=N_("of 5"), direction=1,
            target=aims.get("satisfaction", 4.0), decimals=2, least=5,
            about=N_("What people gave who were asked after the end of their case, from 1 to 5."),
            formula=N_("sum of ratings ÷ ratings given"), numerator=N_("sum of ratings"), denominator=N_("ratings"),
            icon="star", order=30, good=lambda case, value: value >= 4, domain=domain, public=public,
        ),
        _make(
            f"{prefix}.reopened", kinds, "closed_at", lambda case: float(case.reopened > 0), period, scale=100.0,
            good=lambda case, value: value == 0, title=named.get("reopened", N_("Opened again")), unit="%",
            direction=-1,
            target=aims.get("reopened", 5.0),
            about=N_("Of 100 cases finished in the period, how many had to be opened again because it was not right."),
            formula=N_("cases opened again ÷ cases finished"), numerator=N_("opened again"), denominator=N_("finished"),
            icon="undo", order=40, domain=domain, public=public,
        ),
        _make(
            f"{prefix}.received", kinds, "opened_at", lambda case: 1.0, period, adds=True,
            title=named.get("received", N_("Received")), unit=N_("cases"), direction=1, decimals=0,
            about=N_("How many cases came in."), formula=N_("count of cases opened"), icon="inbox", order=50,
            domain=domain, public=public,
        ),
    ]  # fmt: skip
