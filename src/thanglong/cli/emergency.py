"""``thanglong emergency``: recorded runs again, simulated days, where ambulances should stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thanglong.cli import output

if TYPE_CHECKING:
    from thanglong.solve.simulation import Limits

app = typer.Typer(no_args_is_help=True, help="Ambulances: replay recorded runs, simulate days, plan where they stand.")
FolderArgument = Annotated[
    Path,
    typer.Argument(help="Folder in the layout of ELASPY (an area, and runs/ with runs.json) or of JEMSS (roads.zip)."),
]
RunsArgument = Annotated[
    Path, typer.Argument(help="Folder in the layout of ELASPY: an area, and runs/ with runs.json.")
]
UnitsOption = Annotated[int, typer.Option(help="How many ambulances.", min=1, max=1000)]
CallsOption = Annotated[int, typer.Option(help="Calls of a simulated day-book.", min=1, max=5_000_000)]
BetweenOption = Annotated[
    float | None, typer.Option(help="Mean minutes between calls; else the area's own, or 7.75.", min=0.01)
]
TargetOption = Annotated[
    float | None, typer.Option(help="Late after so many minutes; else the area's own norms, or 12.", min=0.1)
]
BusyOption = Annotated[float, typer.Option(help="Busy fraction q of the cover models.", min=0.0, max=0.99)]
SeedsOption = Annotated[int, typer.Option(help="How many day-books are judged.", min=2, max=1000)]
SeedOption = Annotated[int, typer.Option(help="The first judged seed; tuning uses others.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the pictures (SVG).")]
MovesOption = Annotated[int, typer.Option(help="How often a waiting crew may be moved in 12 hours.", min=0, max=100)]
RestOption = Annotated[float, typer.Option(help="Minutes a crew must have waited before it is moved.", min=0.0)]
FurthestOption = Annotated[float, typer.Option(help="Minutes of the longest move; 0: any.", min=0.0)]
DrivingOption = Annotated[
    float | None,
    typer.Option(help="Hours a day all units together may drive without a patient (policy worth).", min=0.1),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be read or does not fit together ends with 2 and a sentence; a long first start is told."""
    from thanglong.kit.errors import Invalid
    from thanglong.solve import simulation

    if not simulation.ready():
        output.say("Compiling the simulation, once after an installation: about half a minute.", error=True)
    try:
        yield
    except (ValueError, Invalid) as error:  # Unreadable and Impossible are ValueErrors
        output.say(f"{error}", error=True)
        raise typer.Exit(2) from None


@app.callback()
def emergency() -> None:
    """Ambulances: replay recorded runs, simulate days, plan where they stand."""


@app.command()
def replay(folder: RunsArgument, out: OutOption = None, as_json: JsonOption = False) -> None:
    """Play recorded runs again and compare: same ambulance and same response time for every call, same movements.

    Ends with 1 when a run differs from its record, with 2 when a file cannot be read.
    """
    from thanglong.cli import emergency_runs

    with _refusals(), output.steps("Playing") as step:
        played = []
        for one in emergency_runs.replay(folder):
            played.append(one)
            step(f"{one.name}: {len(one.outcome.unit)} calls")
    if out:
        from thanglong.cli import emergency_pictures as drawn

        for one in played:
            path = drawn.response_times(one.outcome.response, emergency_runs.NORM, out / one.name)
            output.say(f"Picture: {path}", error=True)
    if as_json:
        output.as_json_text({"runs": [one.told() for one in played]})
    else:
        for one in played:
            output.say(one.sentence())
    raise typer.Exit(0 if all(one.same for one in played) else 1)


def _limits(moves: int, rest: float, furthest: float) -> "Limits":
    from thanglong.solve.simulation import Limits

    return Limits(most=moves, rest=rest, furthest=furthest or float("inf"))


@app.command()
def simulate(
    folder: FolderArgument,
    units: UnitsOption = 20,
    policy: Annotated[
        str,
        typer.Option(
            help="home: back to the own base; cover: where most cover is won (DMEXCLP); table: compliance table; "
            "assign: the table held by moving waiting units; worth: trained on simulated days, moves waiting units."
        ),
    ] = "home",
    stand: Annotated[str, typer.Option(help="Units at each base, comma separated; empty: greedy.")] = "",
    calls: CallsOption = 150_000,
    between: BetweenOption = None,
    target: TargetOption = None,
    busy: BusyOption = 0.3,
    moves: MovesOption = 4,
    rest: RestOption = 20.0,
    furthest: FurthestOption = 0.0,
    driving: DrivingOption = None,
    seeds: SeedsOption = 10,
    seed: SeedOption = 1000,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate days of calls in an area: late share, percentiles, driving and moves, with 95 % intervals over seeds."""
    from thanglong.cli import emergency_areas as areas
    from thanglong.cli import emergency_plans as plans

    with _refusals():
        study = areas.study(folder, units, calls, between, target, busy)
        count = areas.standing(study, stand)
        with output.steps("Simulating") as step:
            told, rule = plans.simulate(
                study, count, policy, _limits(moves, rest, furthest), driving, range(seed, seed + seeds), step
            )
    if out:
        from thanglong.cli import emergency_pictures as drawn

        minutes, _, late = plans.responses(study, count, rule, seed)
        norm = float(study.ground.norms[0])
        weights = study.demand.weights / study.demand.weights.sum()
        pictures = [
            drawn.response_times(minutes, norm, out), drawn.late_map(study.ground.land, late, weights, count, out)
        ]  # fmt: skip
        output.say(f"Pictures: {', '.join(str(one) for one in pictures)}", error=True)
    if as_json:
        output.as_json_text(told)
    else:
        output.say(plans.sentence(told))


@app.command()
def plan(
    folder: FolderArgument,
    units: UnitsOption = 20,
    policies: Annotated[
        str, typer.Option(help="Policies compared, comma separated: cover, table, assign, worth.")
    ] = "cover,worth",
    calls: CallsOption = 150_000,
    between: BetweenOption = None,
    target: TargetOption = None,
    busy: BusyOption = 0.3,
    moves: MovesOption = 4,
    rest: RestOption = 20.0,
    furthest: FurthestOption = 0.0,
    driving: DrivingOption = None,
    seeds: SeedsOption = 10,
    seed: SeedOption = 1000,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where ambulances should stand: the proven optimum of the cover model, the placing tuned on simulated days, and
    policies that send waiting units about, on seeds none of them saw."""
    from thanglong.cli import emergency_areas as areas
    from thanglong.cli import emergency_plans as plans

    with _refusals():
        study = areas.study(folder, units, calls, between, target, busy)
        kinds = [kind.strip() for kind in policies.split(",") if kind.strip()]
        with output.steps("Planning") as step:
            told = plans.plan(study, _limits(moves, rest, furthest), driving, kinds, range(seed, seed + seeds), step)
    if out:
        from thanglong.cli import emergency_pictures as drawn

        pictures = [drawn.late_shares(told["placings"], out), drawn.driving(told["placings"], out)]
        output.say(f"Pictures: {', '.join(str(one) for one in pictures)}", error=True)
    if as_json:
        output.as_json_text(told)
    else:
        for row in told["placings"]:
            output.say(plans.sentence(row))
