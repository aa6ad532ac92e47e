"""``thanglong ledger``: the newest signed head, a proof for one entry, a check of everything."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup

app = typer.Typer(no_args_is_help=True, help="What happened, provable.")

Data = Annotated[Path, typer.Option("--data", help="Data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def _ready(data: Path) -> None:
    prepare_environment(data)
    setup()


@app.command()
def head(data: Data = Path("data"), as_json: AsJson = False) -> None:
    """Seal what is waiting and show the newest signed tree head."""
    _ready(data)
    from thanglong.core.ledger import service

    service.seal()
    newest = service.head()
    if newest is None:
        output.say("The ledger is empty: nothing has happened yet.", error=True)
        raise typer.Exit(1)
    document = service.head_document(newest)
    if as_json:
        output.as_json_text(document)
        return
    output.say(f"{document['size']} entries, sealed {document['at']}")
    output.say(f"root       {document['root']}")
    output.say(f"signature  {document['signature']}")
    output.say(f"key        {document['public_key']}")


@app.command()
def prove(
    entry: Annotated[int, typer.Argument(help="Number of the entry.")],
    data: Data = Path("data"),
    as_json: AsJson = False,
) -> None:
    """Print the inclusion proof of an entry; the JSON form can be checked anywhere with `ledger verify FILE`."""
    _ready(data)
    from thanglong.core.ledger import service

    service.seal()
    document = service.export_proof(entry)
    if as_json:
        output.as_json_text(document)
        return
    output.say(json.dumps(document, ensure_ascii=False, indent=2))


@app.command()
def verify(
    file: Annotated[
        str, typer.Argument(help="A proof from `ledger prove --json`, - for standard input; empty: the whole ledger.")
    ] = "",
    data: Data = Path("data"),
    as_json: AsJson = False,
) -> None:
    """Check a proof, or every entry, node and signed head of this installation."""
    if file:
        from thanglong.core.ledger import rules

        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        try:
            fault = rules.verify_bundle(json.loads(text))
        except ValueError as error:
            fault = f"this is not a proof: {error}"
        document: dict[str, object] = {"ok": fault is None, "fault": fault}
    else:
        _ready(data)
        from thanglong.core.ledger import service

        with output.steps("Checking the ledger"):
            report = service.check()
        document = {"ok": report.ok, "fault": report.fault, "entries": report.entries, "heads": report.heads}
    if as_json:
        output.as_json_text(document)
    elif document["ok"]:
        counts = (
            f": {document['entries']} entries under {document['heads']} signed heads" if "entries" in document else ""
        )
        output.say(f"The proof holds{counts}.")
    else:
        output.say(f"The proof does NOT hold: {document['fault']}", error=True)
    raise typer.Exit(0 if document["ok"] else 1)
