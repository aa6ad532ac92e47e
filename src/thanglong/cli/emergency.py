"""``thanglong emergency``: recorded runs again, simulated days, where ambulances should stand."""

from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output

app = typer.Typer(no_args_is_help=True, help="Ambulances: replay recorded runs, simulate days, plan where they stand.")
FolderArgument = Annotated[
    Path, typer.Argument(help="Folder in the layout of ELASPY: an area, and runs/ with runs.json.")
]
UnitsOption = Annotated[int, typer.Option(help="How many ambulances.", min=1, max=1000)]
CallsOption = Annotated[int, typer.Option(help="Calls of a simulated day-book.", min=1, max=5_000_000)]
BetweenOption = Annotated[float, typer.Option(help="Mean minutes between calls.", min=0.01)]
TargetOption = Annotated[float, typer.Option(help="Late after so many minutes.", min=0.1)]
BusyOption = Annotated[float, typer.Option(help="Busy fraction q of the cover models.", min=0.0, max=0.99)]
SeedsOption = Annotated[int, typer.Option(help="How many day-books are judged.", min=2, max=1000)]
SeedOption = Annotated[int, typer.Option(help="The first judged seed; tuning uses others.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the picture.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


@app.callback()
def emergency() -> None:
    """Ambulances: replay recorded runs, simulate days, plan where they stand."""


@app.command()
def replay(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Play recorded runs again and compare: same ambulance and same response time for every call, same movements.

    Ends with 1 when a run differs from its record, with 2 when a file cannot be read.
    """
    from thanglong.cli import emergency_runs
    from thanglong.formats.elaspy import Unreadable

    try:
        played = list(emergency_runs.replay(folder))
    except Unreadable as error:
        output.say(f"{error}", error=True)
        raise typer.Exit(2) from None
    if as_json:
        output.as_json_text({"runs": [one.told() for one in played]})
    else:
        for one in played:
            output.say(one.sentence())
    raise typer.Exit(0 if all(one.same for one in played) else 1)


@app.command()
def simulate(
    folder: FolderArgument,
    units: UnitsOption = 20,
    policy: Annotated[str, typer.Option(help="home: back to the own base; cover: where most cover is won.")] = "home",
    stand: Annotated[str, typer.Option(help="Units at each base, comma separated; empty: greedy.")] = "",
    calls: CallsOption = 150_000,
    between: BetweenOption = 7.75,
    target: TargetOption = 12.0,
    busy: BusyOption = 0.3,
    seeds: SeedsOption = 10,
    seed: SeedOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Simulate days of calls in an area: late share, percentiles, driving, with 95 % intervals over seeds."""
    from thanglong.cli import emergency_plans as plans
    from thanglong.formats.elaspy import Unreadable

    try:
        study = plans.study(folder, units, calls, between, target, busy)
        told = plans.judge(study, plans.standing(study, stand), policy, range(seed, seed + seeds))
    except (Unreadable, ValueError) as error:
        output.say(f"{error}", error=True)
        raise typer.Exit(2) from None
    if as_json:
        output.as_json_text(told)
    else:
        output.say(plans.sentence(told))


@app.command()
def plan(
    folder: FolderArgument,
    units: UnitsOption = 20,
    calls: CallsOption = 150_000,
    between: BetweenOption = 7.75,
    target: TargetOption = 12.0,
    busy: BusyOption = 0.3,
    seeds: SeedsOption = 10,
    seed: SeedOption = 1000,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where ambulances should stand: the proven optimum of the cover model, the placing tuned on simulated days, and
    both against sending idle units about, on seeds none of them saw."""
    from thanglong.cli import emergency_plans as plans
    from thanglong.formats.elaspy import Unreadable

    try:
        study = plans.study(folder, units, calls, between, target, busy)
        with output.steps("Planning") as step:
            told = plans.plan(study, range(seed, seed + seeds), step)
    except (Unreadable, ValueError) as error:
        output.say(f"{error}", error=True)
        raise typer.Exit(2) from None
    if out:
        output.say(f"Picture: {plans.picture(told, out)}", error=True)
    if as_json:
        output.as_json_text(told)
    else:
        for row in told["placings"]:
            output.say(plans.sentence(row))
