"""Routing: 500 moving units to one call, tables, ways, reachable streets and new weights, on Edmonton, Auckland and the
centre of Hà Nội, against scipy's and (where installed) igraph's Dijkstra on the same edge-expanded graph, same run.

Answers are compared before anything is timed. CPU time on one core; ``--quick`` asks a tenth of the questions,
``--http`` only those over HTTP. Needs ../shared/data/roads; a network that is not there is left out and said so.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "roads"
QUICK = "--quick" in sys.argv
UNITS, CALLS = 500, 200 if QUICK else 2000


def result(metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None) -> None:
    line = {"area": "routing", "metric": metric, "value": round(value, 4), "unit": unit, "versus": versus,
            "ratio": None if ratio is None else round(ratio, 2)}  # fmt: skip
    print("RESULT " + json.dumps(line), flush=True)


def timed(ask: Callable[[Any], object], questions: Any) -> np.ndarray:
    """CPU milliseconds of each question."""
    ask(questions[0])
    spent = []
    for question in questions:
        begun = time.process_time()
        ask(question)
        spent.append((time.process_time() - begun) * 1000)
    return np.array(spent)


def jemss(city: str) -> Any:
    """A JEMSS network as one of our own; its siren times become speeds, so both sides weigh the same milliseconds."""
    from thanglong.formats import jemss_roads
    from thanglong.solve.routing.network import EVERYONE, Network

    read = jemss_roads.read(SHARED / "jemss" / city / "roads.zip")
    low, high = np.minimum(read.tail, read.head), np.maximum(read.tail, read.head)
    code = low * len(read.lon) + high
    _, first, street = np.unique(code, return_index=True, return_inverse=True)
    m = len(first)
    ahead = read.tail == read.tail[first][street]
    forward, backward = np.zeros(m, np.uint8), np.zeros(m, np.uint8)
    forward[street[ahead]], backward[street[~ahead]] = EVERYONE, EVERYONE
    length, ms = read.metres[first], read.siren_ms[first]
    zero = np.zeros(m, dtype=np.int64)
    return Network(
        read.lon, read.lat, np.zeros(len(read.lon), bool), read.tail[first], read.head[first], length, zero + 4,
        np.maximum(length * 3600 / ms, 3.0), zero, zero, zero > 0, forward, backward, np.zeros(m + 1, np.int64),
        np.empty(0), np.empty(0), ("",),
    )  # fmt: skip


def hanoi() -> Any:
    from thanglong.domains.roads.rules.importing import network_of
    from thanglong.formats import osm

    file = SHARED / "hanoi-central-2026-04-11.osm.pbf"
    begun = time.process_time()
    network, _ = network_of(osm.read(file), file.name, lambda step: None)
    result("hanoi: import", time.process_time() - begun, "CPU s")
    return network


def run(city: str, network: Any) -> None:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    from thanglong.solve.routing import hierarchy as cch
    from thanglong.solve.routing.compiled import CLOSED
    from thanglong.solve.routing.engine import Engine
    from thanglong.solve.routing.weights import PROFILES

    begun = time.process_time()
    engine = Engine(network)
    made = time.process_time() - begun
    begun = time.process_time()
    engine = Engine(network)
    made = min(made, time.process_time() - begun)
    turns, size = engine.turns, len(engine.turns.arc)
    print(f"\n{city}: {len(network.lon):,} junctions, {engine.arcs.size:,} arcs, {len(turns.source):,} turns, "
          f"{engine.hierarchy.edges:,} edges after contraction, tree {engine.hierarchy.depth.max()} deep")  # fmt: skip
    result(f"{city}: order and build", made, "CPU s")
    car = PROFILES["car"]
    view = engine.view(car)
    r = np.random.default_rng(7)

    def weights(step: int) -> None:
        share = np.full(engine.arcs.size, 0.5 + 0.01 * (step % 50))
        engine.view(car, share)

    spent = timed(weights, list(range(20)))
    result(f"{city}: all weights new and in use", float(np.median(spent)), "ms")

    cost = view.metric.turn_ms.astype(np.int64) + view.metric.node_ms[turns.target]
    good = cost < CLOSED
    graph = coo_matrix((cost[good].astype(float), (turns.source[good], turns.target[good])), (size, size)).tocsr()
    back = graph.T.tocsr()
    drivable = np.flatnonzero((engine.arcs.access & car.bit) > 0)
    units, calls = r.choice(drivable, UNITS), r.choice(drivable, CALLS)
    # the answers first: 40 calls, every unit, and the whole way of 200 pairs
    pinned = cch.pin(engine.hierarchy, units)
    wrong = 0
    for call in calls[:40].tolist():
        right = dijkstra(back, indices=call)[units]
        ours = pinned.times_to(view.metric, [call])[0].astype(float)
        wrong += int((np.where(ours >= CLOSED, np.inf, ours) != right).sum())
    print(f"{city}: {wrong} of {40 * UNITS:,} times differ from scipy's Dijkstra")
    if wrong:
        raise SystemExit("answers differ: nothing is timed")

    ours = timed(lambda call: cch.pin(engine.hierarchy, units).times_to(view.metric, [call]), calls.tolist())
    theirs = float(np.median(timed(lambda call: dijkstra(back, indices=call)[units], calls[:30].tolist())))
    result(f"{city}: 500 moving units to 1 call, median", float(np.median(ours)), "ms", "scipy dijkstra",
           theirs / float(np.median(ours)))  # fmt: skip
    result(f"{city}: 500 moving units to 1 call, p99", float(np.percentile(ours, 99)), "ms")
    try:
        import igraph
    except ImportError:
        print("igraph is not installed: left out")
    else:
        other = igraph.Graph(
            n=size, edges=np.column_stack([turns.source[good], turns.target[good]]).tolist(), directed=True
        )
        listed = cost[good].tolist()
        named = np.unique(units).tolist()
        slow = float(
            np.median(
                timed(
                    lambda call: other.distances(source=[call], target=named, weights=listed, mode="in"),
                    calls[:10].tolist(),
                )
            )
        )
        result(f"{city}: 500 units to 1 call by igraph", slow, "ms", "ours", slow / float(np.median(ours)))
    dispatched(city, engine, view, units, calls.tolist(), lambda call: dijkstra(back, indices=call)[units])
    pairs = list(zip(r.choice(drivable, CALLS).tolist(), calls.tolist(), strict=True))
    result(f"{city}: one time", float(np.median(timed(lambda p: view.metric.between(*p), pairs))), "ms")
    result(f"{city}: one way, unpacked", float(np.median(timed(lambda p: view.metric.way(*p), pairs))), "ms")
    many = cch.pin(engine.hierarchy, r.choice(drivable, 1000))
    starts = r.choice(drivable, 1000)
    spent = timed(lambda _: many.times_from(view.metric, starts), [0])
    result(f"{city}: table 1000 x 1000", float(spent[0]) / 1000, "CPU s")
    place = engine.places([float(network.lon.mean())], [float(np.median(network.lat))], car, 50_000)
    spent = timed(lambda _: engine.reachable(view, place, 480_000), list(range(20)))
    result(f"{city}: reachable in 8 min, times", float(np.median(spent)), "ms")
    arc, share, _ = engine.reachable(view, place, 480_000)
    spent = timed(lambda _: engine.area(arc, share), list(range(5)))
    result(f"{city}: reachable in 8 min, area of {len(arc)} arcs", float(np.median(spent)), "ms")


def dispatched(city: str, engine: Any, view: Any, units: Any, calls: list[int], slowly: Callable[[int], Any]) -> None:
    """The best five of 500 units that move, and units for an alarm of three needs, by the times of this network; the
    reference finds times by scipy's Dijkstra, sorts in plain Python and tries every choice that can be best."""
    from thanglong.solve import dispatch
    from thanglong.solve.routing import hierarchy as cch
    from thanglong.solve.routing.compiled import CLOSED

    r = np.random.default_rng(11)
    turnout, free_in = r.choice([0.0, 1.0], UNITS), r.choice([0.0, 0.0, 4.0], UNITS)
    skills, duty = r.integers(0, 8, UNITS), r.random(UNITS) < 0.9
    needs = [1, 2, 4]
    alarm = dispatch.Alarm(np.array(needs), np.ones(3, np.int64), np.full(3, np.inf))

    def minutes(call: int) -> Any:
        ms = cch.pin(engine.hierarchy, units).times_to(view.metric, [call])[0]
        return np.where(ms >= CLOSED, np.inf, ms / 60_000)

    def chosen(call: int) -> tuple[list[int], float]:
        now = dispatch.Units(minutes(call), free_in, turnout, skills, duty, np.zeros(UNITS))
        ranking = dispatch.rank(now, 2)
        sendable = np.where(duty & (free_in == 0), ranking.arrives, np.inf)
        return ranking.chosen.tolist(), dispatch.fill_needs(alarm, skills, sendable).cost

    def plainly(call: int) -> tuple[list[int], float]:
        arrives = (slowly(call) / 60_000 + turnout).tolist()
        free = [i for i in range(UNITS) if duty[i] and not free_in[i] and arrives[i] < np.inf]
        order = sorted(free, key=lambda i: (arrives[i], i))
        best = [i for i in order if not 2 & ~int(skills[i])][:5]
        # a need takes one of its three nearest units, for the other two needs can hold only two of them
        near = [[i for i in order if not need & ~int(skills[i])][:3] for need in needs]
        costs = [sum(arrives[i] for i in three) for three in itertools.product(*near) if len(set(three)) == 3]
        return best, min(costs)

    wrong = 0
    for call in calls[:40]:
        (ours, cost), (right, least) = chosen(call), plainly(call)
        wrong += ours != right or abs(cost - least) > 1e-9
    print(f"{city}: {wrong} of 40 calls are dispatched otherwise than by the reference")
    if wrong:
        raise SystemExit("answers differ: nothing is timed")
    spent = timed(chosen, calls)
    theirs = float(np.median(timed(plainly, calls[:30])))
    result(f"{city}: rank 500 moving units and fill 3 needs, median", float(np.median(spent)), "ms",
           "scipy dijkstra, plain Python", theirs / float(np.median(spent)))  # fmt: skip
    result(f"{city}: rank 500 moving units and fill 3 needs, p99", float(np.percentile(spent, 99)), "ms")


def over_http(network: Any) -> None:
    """The same question through the whole platform: HTTP, permission, JSON, snapping, database; first through the view
    in this process, then from another process over a socket through the two that serve."""
    data = tempfile.mkdtemp(prefix="thanglong-bench-")
    os.environ |= {"THANGLONG_DATA": data, "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import RequestFactory

    from thanglong.domains.roads import service
    from thanglong.domains.roads.service import routing
    from thanglong.domains.roads.views import api
    from thanglong.kit.ports import SYSTEM
    from thanglong.site import compose
    from thanglong.solve.routing.network import to_roads

    compose.plug()
    call_command("migrate", verbosity=0)
    service.replace(SYSTEM, to_roads(network), network, "bench")
    r = np.random.default_rng(3)
    inside = r.integers(0, len(network.lon), (CALLS // 4, UNITS + 1))
    factory = RequestFactory()
    bodies = []
    for row in inside:
        points = np.column_stack([network.lon[row], network.lat[row]]).round(6).tolist()
        bodies.append(json.dumps({"from": points[:-1], "to": points[-1:], "vehicle": "siren"}))
    answers = []

    def ask(body: str) -> None:
        request = factory.post("/api/roads/nearest?most=5", body, content_type="application/json")
        request.actor = SYSTEM  # type: ignore[attr-defined]
        answers.append(api.nearest(request).content)

    routing.ready(600)
    spent = timed(ask, bodies)
    result("hanoi: nearest 5 of 500 by HTTP view with database, median", float(np.median(spent)), "ms")
    result("hanoi: nearest 5 of 500 by HTTP view with database, p99", float(np.percentile(spent, 99)), "ms")
    over_a_socket(Path(data), bodies, answers[1:])


def over_a_socket(data: Path, bodies: list[str], answers: list[bytes]) -> None:
    """A signed-in operator asks one question after the other over one connection; wall time as the client sees it."""
    from _load import drive

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    inner = str(data / "web.sock")
    command = [sys.executable, "-P", "-m", "thanglong.cli.main"]
    # each in a session of its own: they have children, and all of them have to end
    servers = [
        subprocess.Popen([*command, *rest, "--data", str(data)], start_new_session=True)
        for rest in (["web", "--listen", f"unix:{inner}"], ["live", "--port", str(port), "--web-socket", inner])
    ]
    try:
        cookie = signed_in()
        head = (
            "POST /api/roads/nearest?most=5 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Cookie: {cookie}; thanglong_csrf={'x' * 32}\r\nX-CSRFToken: {'x' * 32}\r\nContent-Length: "
        )
        requests = [f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies]
        wait_for(port, requests[0])
        first = drive(port, iter(requests[1:2]), 1)
        if first.last != answers[1]:
            raise SystemExit("the server answers otherwise than the view")
        begun = used(servers)
        run = drive(port, iter(requests), 1)
        if run.statuses != {200: len(requests)}:
            raise SystemExit(f"the server answered {run.statuses}")
        spent = (used(servers) - begun) / len(requests) * 1000
        print(f"load of the machine: {os.getloadavg()[0]:.1f}")
        result("hanoi: nearest 5 of 500 over a socket, wall, median", run.at(0.5), "ms")
        result("hanoi: nearest 5 of 500 over a socket, wall, p99", run.at(0.99), "ms")
        result("hanoi: nearest 5 of 500 over a socket, CPU of the servers", spent, "ms")
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
        for server in servers:
            server.wait(30)


def signed_in() -> str:
    """The cookie of an operator of the centre, made for this run."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from thanglong.core.people import service as people
    from thanglong.core.people.types import NewAccount, NewMembership
    from thanglong.core.places import service as places
    from thanglong.core.places.types import NewState, NewUnit, UnitKind
    from thanglong.kit.ids import new_id
    from thanglong.kit.ports import SYSTEM

    since = date(2025, 7, 1)
    city = NewUnit(new_id(), [NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", since, lon=105.85, lat=21.02)])
    places.bulk_load(SYSTEM, [city])
    id = new_id()
    post = NewMembership(new_id(), id, "operator", city.id, since)
    people.bulk_load([NewAccount(id, "operator", "operator", memberships=(post,))])
    client = Client()
    client.force_login(get_user_model().objects.get(pk=id), backend="thanglong.core.people.backend.AccountBackend")
    return f"thanglong_session={client.cookies['thanglong_session'].value}"


def wait_for(port: int, question: bytes) -> None:
    """Ask until the platform answers: it starts, loads the compiled loops and puts the streets in order."""
    from _load import drive

    for _ in range(600):
        try:
            if drive(port, iter([question]), 1).statuses == {200: 1}:
                return
        except (OSError, SystemExit):
            pass
        time.sleep(0.2)
    raise SystemExit("the platform did not answer within two minutes")


def used(servers: list[subprocess.Popen[bytes]]) -> float:
    """CPU seconds of some process groups so far."""
    groups, ticks = {server.pid for server in servers}, 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) in groups:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    print(f"{CALLS} calls, {UNITS} units, one core, CPU time")
    if "--http" in sys.argv:
        over_http(hanoi())
        return
    for city in ("edmonton", "auckland"):
        if (SHARED / "jemss" / city / "roads.zip").is_file():
            run(city, jemss(city))
        else:
            print(f"{city}: needs ../shared/data/roads/jemss, left out")
    if (SHARED / "hanoi-central-2026-04-11.osm.pbf").is_file():
        network = hanoi()
        run("hanoi", network)
        over_http(network)
    else:
        print("hanoi: needs ../shared/data/roads, left out")


if __name__ == "__main__":
    main()
