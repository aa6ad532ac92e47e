"""Entry point. Commands import what they need when they run, so that the command line itself starts at once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import (
    cases,
    checks,
    dmn,
    emergency,
    index,
    ledger,
    operations,
    output,
    people,
    places,
    roads,
    things,
)
from thanglong.cli.env import prepare_environment
from thanglong.cli.options import Data, Json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Thăng Long: one platform on which a city government runs its whole city.",
)
app.add_typer(ledger.app, name="ledger")
app.add_typer(cases.app, name="cases")
app.add_typer(people.app, name="people")
app.add_typer(places.app, name="places")
app.add_typer(roads.app, name="roads")
app.add_typer(things.app, name="things")
app.add_typer(index.app, name="index")
app.add_typer(dmn.app, name="dmn")
app.add_typer(emergency.app, name="emergency")
operations.register(app)


def default_data() -> Path:
    return Path(os.environ.get("THANGLONG_DATA", "data"))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="The one public port.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    city: Annotated[str, typer.Option(help="City or province of the demo.")] = "Hà Nội",
    seed: Annotated[int, typer.Option(help="Same seed, same city.")] = 2026,
    scale: Annotated[float, typer.Option(help="Size of the demo against a city of ten million.")] = 0.01,
    speed: Annotated[float, typer.Option(help="City seconds that pass in one second.")] = 1.0,
    empty: Annotated[bool, typer.Option("--empty", help="Start without a demo city, for real use.")] = False,
    data: Data = Path("data"),
) -> None:
    """Start the platform; on an empty data folder make a living demo city first."""
    from thanglong.cli import up as command

    if not 0 < scale <= 3:
        raise typer.BadParameter("choose a scale above 0 and up to 3", param_hint="--scale")
    if not 0 < speed <= 3600:
        raise typer.BadParameter("choose a speed above 0 and up to 3600", param_hint="--speed")
    folder = data if data != Path("data") else default_data()
    options = command.Options(host, port, city, seed, scale, speed, empty, folder.resolve())
    raise typer.Exit(command.run(options))


@app.command(hidden=True)
def prepare(
    city: str = "Hà Nội", seed: int = 2026, scale: float = 0.01, empty: bool = False, data: Data = Path("data")
) -> None:
    """Migrate and, on an empty folder, make the demo city (a step of ``up``)."""
    prepare_environment(data)
    from thanglong.cli import prepare as command

    raise typer.Exit(command.run(city, seed, scale, empty))


@app.command()
def worker(data: Data = Path("data")) -> None:
    """Run the worker process alone: tasks, deadlines, the demo's running day."""
    prepare_environment(data)
    from thanglong.cli import processes

    processes.run_worker()


@app.command()
def web(
    listen: Annotated[str, typer.Option(help="host:port or unix:/path/to/socket")] = "127.0.0.1:8081",
    data: Data = Path("data"),
) -> None:
    """Run the web process alone: pages and forms."""
    prepare_environment(data)
    from thanglong.cli import processes

    processes.run_web(listen)


@app.command()
def live(
    port: int = 8080,
    host: str = "127.0.0.1",
    web_socket: Annotated[str, typer.Option(help="Unix socket of the web process to pass pages on to.")] = "",
    data: Data = Path("data"),
) -> None:
    """Run the live process alone: the public port, things, server-sent events."""
    prepare_environment(data)
    if web_socket:
        os.environ["THANGLONG_WEB_SOCKET"] = web_socket
    from thanglong.cli import processes

    processes.run_live(host, port)


@app.command()
def doctor(
    port: Annotated[int, typer.Option(help="Port to check.")] = 8080,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Check this machine and installation; says for each finding what to do."""
    prepare_environment(data)
    findings = checks.all_checks(data.resolve(), port)
    output.show_findings(findings, as_json)
    raise typer.Exit(0 if all(finding.level != "bad" for finding in findings) else 1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def manage(context: typer.Context) -> None:
    """Run a Django management command, for example ``thanglong manage migrate``."""
    prepare_environment(default_data())
    from thanglong.cli.env import setup

    setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["thanglong manage", *context.args])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Both databases, slow and browser tests too.")] = False,
    store: Annotated[str, typer.Option(help="sqlite or postgres")] = "sqlite",
) -> None:
    """Run the tests (in a clone); further arguments go to pytest."""
    from thanglong.cli import develop

    raise typer.Exit(develop.test(context.args, everything, store))


@app.command()
def lint(fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired.")] = False) -> None:
    """Check format, style, types and the floors of the house (in a clone)."""
    from thanglong.cli import develop

    raise typer.Exit(develop.lint(fix))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context, area: Annotated[str, typer.Argument(help="A file in bench/, or 'list'.")]) -> None:
    """Run a benchmark (in a clone); it ends with one RESULT line per figure."""
    from thanglong.cli import develop

    raise typer.Exit(develop.bench(area, context.args))


def run() -> None:
    """The ``thanglong`` script."""
    from thanglong.kit.errors import ThangLongError

    try:
        app(prog_name="thanglong")
    except ThangLongError as error:
        output.say(str(error), error=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
