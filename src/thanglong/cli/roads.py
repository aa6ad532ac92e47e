"""``thanglong roads``: the road network in."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup

if TYPE_CHECKING:
    from thanglong.domains.roads.types import Imported

app = typer.Typer(no_args_is_help=True, help="The road network: import a map, see what was made of it.")
STEPS = {
    "cut": "cutting ways into stretches",
    "turns": "finding turns",
    "connect": "looking for the largest connected part",
    "order": "ordering streets by importance",
    "keep": "keeping the network",
}
PROBLEMS = {
    "conditional": "ways with conditions other than plain hours; only permanent signs are obeyed: close them by hand",
    "maxspeed_timed": "ways whose maxspeed holds at certain hours; the permanent one is taken",
    "restriction_timed": "turn restrictions that hold at certain hours; left out",
    "reversible": "ways whose direction changes; taken as open both ways",
    "maxspeed": "ways whose maxspeed is not understood; the usual speed of their kind is taken",
    "restriction_unknown": "turn restrictions of an unknown kind; left out",
    "restriction_unplaced": "turn restrictions whose ways do not meet; left out",
    "cut": "ways cut off at the edge of the file; ways near the edge may be longer than in truth",
}


@app.callback()
def roads() -> None:
    """The road network: import a map, see what was made of it."""


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="OpenStreetMap extract (.osm.pbf, .osm).")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be made of the file.")] = False,
    data: Annotated[Path, typer.Option("--data", help="Data folder.")] = Path("data"),
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Import the roads of an OpenStreetMap file in place of the present ones."""
    prepare_environment(data)
    setup()
    from thanglong.domains.roads.service import importing
    from thanglong.kit.errors import Invalid
    from thanglong.kit.ports import SYSTEM

    try:
        with output.steps(f"Importing {file.name}") as step:
            account = importing.import_file(
                SYSTEM, file, dry_run=dry_run, step=lambda name: step(STEPS.get(name, name.replace("read", "objects")))
            )
    except Invalid as problem:
        output.say(str(problem), error=True)
        raise typer.Exit(1) from None
    if as_json:
        output.as_json_text({**asdict(account), "dry_run": dry_run})
    else:
        _tell(account, dry_run)


def _tell(account: "Imported", dry_run: bool) -> None:
    """What was made of the file, for a person."""
    verb = "would be" if dry_run else "were"
    output.say(
        f"{account.ways} ways {verb} made into {account.stretches} stretches between {account.junctions} junctions, "
        f"{account.turns} turns, {account.bridges} on bridges, {account.signals} junctions with lights, "
        f"{account.restrictions} turn restrictions and barriers."
    )
    output.say("Kilometres: " + ", ".join(f"{kind} {km:.1f}" for kind, km in account.kilometres.items()))
    for share in account.vehicles:
        output.say(
            f"{share.vehicle}: {share.kept} of {share.open} directed stretches reach each other ({share.share:.1%}); "
            f"the others, in {max(share.parts - 1, 0)} parts, are not driven."
        )
    for problem in account.problems:
        examples = ", ".join(str(id) for id in problem.examples)
        output.say(f"! {problem.count} {PROBLEMS[problem.kind]}" + (f" (for example {examples})" if examples else ""))
