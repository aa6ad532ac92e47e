"""``thanglong places``: administrative units in and out."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output, places_reform
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, DryRun, Json

app = typer.Typer(no_args_is_help=True, help="Administrative units, boundaries, addresses.")
app.command("reorganise")(places_reform.reorganise)
app.command("undo")(places_reform.undo)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or GeoJSON file.")],
    dry_run: DryRun = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Import units or boundaries; a file with problems changes nothing."""
    prepare_environment(data)
    setup()
    from thanglong.core.places import service
    from thanglong.kit.ports import SYSTEM

    with output.steps(f"Reading {file.name}"):
        report = service.import_units(SYSTEM, service.read_units(file), dry_run=dry_run)
    if as_json:
        problems = [
            {"line": problem.line, "text": str(problem), "warning": problem.warning} for problem in report.problems
        ]
        output.as_json_text({**asdict(report), "problems": problems, "ok": report.ok, "dry_run": dry_run})
    else:
        for problem in report.problems:
            output.say(f"line {problem.line}: {problem}", error=True)
        verb = "would be" if dry_run else "were"
        if not report.ok:
            output.say(f"{len(report.problems)} problems; nothing was changed.", error=True)
        else:
            output.say(
                f"{report.created} units {verb} created, {report.changed} changed, {report.unchanged} left as they are."
            )
    raise typer.Exit(0 if report.ok else 1)
