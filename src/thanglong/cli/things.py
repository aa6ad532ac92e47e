"""``thanglong things``: the closed days of the city database."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output, things_files
from thanglong.cli.env import prepare_environment, setup

app = typer.Typer(no_args_is_help=True, help="The city database: a broker alone, closed days.")

app.command("import")(things_files.import_file)
app.command("export")(things_files.export_file)

Data = Annotated[Path, typer.Option("--data", help="Data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def _ready(data: Path) -> None:
    prepare_environment(data)
    setup()


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 1026,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    memory: Annotated[bool, typer.Option("--memory", help="Keep everything in memory, gone at the end.")] = False,
    context_map: Annotated[
        Path | None, typer.Option("--context-map", help="JSON file: address of a @context to a file to read instead.")
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Everyone may do everything; no access keys.")] = False,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="A tenant to make; may stand often.")] = None,
    data: Data = Path("data"),
) -> None:
    """Run the city database alone: the NGSI-LD interface on one port, empty at first, without pages."""
    from thanglong.cli import broker

    raise typer.Exit(broker.run(broker.Serving(host, port, memory, context_map, no_auth, tuple(tenant or ()), data)))


@app.command("close-days")
def close_days(
    hot: Annotated[int, typer.Option("--hot", help="Days that stay in the store; without it the setting.")] = 0,
    data: Data = Path("data"),
    as_json: AsJson = False,
) -> None:
    """Close the days that are old enough into Parquet files now; the worker does it by itself."""
    _ready(data)
    from django.conf import settings

    from thanglong.core.things import service

    closed = service.close_days(hot or settings.THINGS_HOT_DAYS or 1, settings.THINGS_KEEP_DAYS, most=10_000)
    if as_json:
        output.as_json_text([asdict(file) for file in closed])
        return
    for file in closed:
        output.say(f"{file.day}  {file.rows} rows, {file.size} bytes, ledger entry {file.entry}, {file.name}")
    output.say(f"{len(closed)} days closed.")


@app.command("verify-days")
def verify_days(
    content: Annotated[bool, typer.Option("--content", help="Read every row as well.")] = False,
    data: Data = Path("data"),
    as_json: AsJson = False,
) -> None:
    """Compare every day file with what the ledger says about it; exit code 1 when one is missing or was changed."""
    _ready(data)
    from thanglong.core.things import service
    from thanglong.kit import ports

    faults = service.verify_days(content=content)
    days = ports.plugged.things.days()
    rows, size = service.closed(days)
    if as_json:
        output.as_json_text({"days": len(days), "rows": rows, "bytes": size, "faults": [asdict(one) for one in faults]})
    else:
        for fault in faults:
            output.say(f"{fault.day}: {fault.text}", error=True)
        wrong = f"{len(faults)} faults." if faults else "all as they were closed."
        output.say(f"{len(days)} days, {rows} rows, {size} bytes: {wrong}")
    if faults:
        raise typer.Exit(1)
