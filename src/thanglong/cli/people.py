"""``thanglong people``: staff lists in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, DryRun, Json

app = typer.Typer(no_args_is_help=True, help="Accounts and roles.")


@app.callback()
def people() -> None:
    """Accounts and roles."""


DOES = {
    "new": "a new account with this role",
    "role": "the role for an account that is there",
    "same": "nothing: it is so already",
}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="Staff list, CSV in UTF-8.")],
    dry_run: DryRun = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Bring in a staff list: accounts and roles; lines with faults are left out. New people get a one-time link."""
    prepare_environment(data)
    setup()
    from django.conf import settings

    from thanglong.core.people import service
    from thanglong.kit.errors import Invalid
    from thanglong.kit.ports import SYSTEM

    content, links = file.read_bytes(), dict[str, str]()
    try:
        if dry_run:
            rows = service.read_staff(SYSTEM, content)
        else:
            rows, links = service.import_staff(SYSTEM, content)
    except Invalid as error:
        raise typer.BadParameter("; ".join(_texts(error.faults)), param_hint="FILE") from None
    found = [
        {
            "line": row.line, "username": row.username, "display_name": row.display_name, "role": row.role,
            "does": row.does, "faults": _texts(row.faults),
            "link": f"{settings.PUBLIC_URL}{links[row.username]}" if row.username in links else "",
        }
        for row in rows
    ]  # fmt: skip
    bad = sum(bool(row["faults"]) for row in found)
    if as_json:
        output.as_json_text({"dry_run": dry_run, "lines": len(found), "bad": bad, "rows": found})
    else:
        _show(found, bad, dry_run)
    raise typer.Exit(1 if bad else 0)


def _texts(faults: Any) -> list[str]:
    return [fault.text % dict(fault.params) if fault.params else fault.text for fault in faults]


def _show(rows: list[dict[str, Any]], bad: int, dry_run: bool) -> None:
    for row in rows:
        for text in row["faults"]:
            output.say(f"line {row['line']} ({row['username']}): {text}", error=True)
        if not row["faults"]:
            output.say(f"line {row['line']} ({row['username']}): {DOES[row['does']]}")
        if row["link"]:
            output.say(f"  to choose a password, once, within a week: {row['link']}")
    verb = "would be left out" if dry_run else "left out"
    output.say(f"{len(rows)} lines, {bad} {verb}")
