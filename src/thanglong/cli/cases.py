"""``thanglong cases``: moving running cases to a new version of their type, and what is due for erasure."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, DryRun, Json

app = typer.Typer(no_args_is_help=True, help="Cases: new versions of their rules, and how long they are kept.")


@app.command()
def migrate(
    type_key: Annotated[str, typer.Argument(metavar="TYPE", help="Key of the case type, for example requests.report.")],
    version: Annotated[int, typer.Option("--from", help="Version whose running cases are moved.")],
    to: Annotated[int, typer.Option("--to", help="Version they are moved to.")],
    plan: Annotated[Path, typer.Option("--map", exists=True, dir_okay=False, help="JSON file with the map.")],
    dry_run: DryRun = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Move the running cases of one version of a type to another, state by state, as a map says."""
    prepare_environment(data)
    setup()
    from thanglong.core.cases import service
    from thanglong.kit.errors import Invalid, NotFound
    from thanglong.kit.ports import SYSTEM

    try:
        read = service.read_map(json.loads(plan.read_text(encoding="utf-8")))
        report = service.migrate_cases(SYSTEM, type_key, version, to, read, dry_run=dry_run)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--map") from None
    except Invalid as error:
        texts = [fault.text % dict(fault.params) for fault in error.faults]
        raise typer.BadParameter("; ".join(texts), param_hint="--map") from None
    except NotFound:
        raise typer.BadParameter(f"there is no version {version} or {to} of {type_key!r}", param_hint="TYPE") from None
    _show(report, as_json)
    raise typer.Exit(1 if report.refused else 0)


def _show(report: "object", as_json: bool) -> None:
    from thanglong.core.cases.service import MigrationReport

    assert isinstance(report, MigrationReport)
    moved = [{"from": source, "to": target, "cases": n} for (source, target), n in report.moved.items()]
    refused: list[dict[str, Any]] = [
        {"state": state, "why": why, "cases": n, "examples": report.examples[state, why]}
        for (state, why), n in report.refused.items()
    ]
    if as_json:
        output.as_json_text({
            "type": report.type, "from": report.version, "to": report.to, "dry_run": report.dry_run, "moved": moved,
            "refused": refused, "kept": report.kept,
        })  # fmt: skip
        return
    verb = "would move" if report.dry_run else "moved"
    for line in moved:
        output.say(f"{line['from']} -> {line['to']}: {line['cases']} {verb}")
    for each in refused:
        output.say(
            f"{each['state']}: {each['cases']} stay, because {each['why']} ({', '.join(each['examples'])})", error=True
        )
    if report.kept:
        output.say(f"{report.kept} stay where they are, as the map says")
    output.say(f"{sum(report.moved.values())} {verb}, {sum(report.refused.values())} refused")


@app.command()
def retention(data: Data = Path("data"), as_json: Json = False) -> None:
    """Tell what is due for erasure now, and what a legal hold keeps; nothing is changed."""
    prepare_environment(data)
    setup()
    from thanglong.core.cases import service

    found = service.expired()
    if as_json:
        output.as_json_text(asdict(found))
        return
    output.say(
        f"Personal data of {found.personal} cases and {found.files} files of {found.cases_with_files} cases are due."
    )
    output.say(f"{found.held} cases are kept by a legal hold.")
