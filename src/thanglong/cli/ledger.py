"""``thanglong ledger``: heads, proofs, bundles for auditors, a check of everything, a witness for others' ledgers."""

import json
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, Json

app = typer.Typer(no_args_is_help=True, help="What happened, provable.")


def _ready(data: Path) -> None:
    prepare_environment(data)
    setup()


@app.command()
def head(data: Data = Path("data"), as_json: Json = False) -> None:
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
    as_json: Json = False,
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
        str,
        typer.Argument(
            help="A proof from `ledger prove --json` (- for standard input), a bundle from `ledger export`, a folder "
            "of tiles; empty: the whole ledger of this installation."
        ),
    ] = "",
    key: Annotated[str, typer.Option(help="The public key you trust, in hex.")] = "",
    kept: Annotated[list[Path] | None, typer.Option(help="A file of heads that were kept; may be given often.")] = None,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Check a proof, a bundle, or every entry, node and signed head of this installation."""
    document: dict[str, object]
    if file and file != "-" and (Path(file).is_dir() or zipfile.is_zipfile(file)):
        document = _verify_bundle(file, key, kept or [])
    elif file:
        document = _verify_proof(file, key)
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


def _verify_proof(file: str, key: str) -> dict[str, object]:
    from thanglong.core.ledger import rules

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        fault = rules.verify_bundle(json.loads(text), key or None)
    except OSError as error:
        fault = f"{file} cannot be read: {error.strerror}"
    except ValueError as error:
        fault = f"this is not a proof: {error}"
    return {"ok": fault is None, "fault": fault}


def _verify_bundle(file: str, key: str, kept: list[Path]) -> dict[str, object]:
    from concurrent.futures import ProcessPoolExecutor

    from thanglong.formats import tlog_verify

    try:
        heads = [head for path in kept for head in tlog_verify.heads_in(path.read_bytes())]
        with output.steps("Checking the bundle"), ProcessPoolExecutor() as pool:
            faults, entries, count = tlog_verify.verify(file, key, heads, pool.map)
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        return {"ok": False, "fault": f"this is no bundle that can be read: {error}"}
    told = [f"{item.year}, leaf {item.first} to {item.last}: {item.kind}: {item.text}" for item in faults]
    fault = "; ".join(told[:5]) or None
    return {"ok": not faults, "fault": fault, "faults": told[:1000], "entries": entries, "heads": count}


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The bundle to be written (zip).")],
    since: Annotated[str, typer.Option("--from", help="First day, such as 2026-01-31.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    ref: Annotated[str, typer.Option(help="Only entries about one object: KIND:ID, such as case:UUID.")] = "",
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Write entries with all that proves them into one file that is checked without the platform."""
    _ready(data)
    from thanglong.core.ledger import service
    from thanglong.core.ledger.types import ObjectRef, Wanted

    kind, _, key = ref.partition(":")
    if ref and not key:
        raise typer.BadParameter("write KIND:ID, such as case:0198c0de-…", param_hint="--ref")
    begin, end = _day(since, "--from"), _day(until, "--to")
    wanted = Wanted(begin, end + timedelta(days=1) if end else None, ObjectRef(kind, key) if ref else None)
    if not file.parent.is_dir():
        raise typer.BadParameter(f"the folder {file.parent} does not exist", param_hint="FILE")
    with typer.progressbar(length=100, label="Writing the bundle", file=sys.stderr) as bar:
        done = 0

        def progress(written: int, total: int) -> None:
            nonlocal done
            bar.update(100 * written // total - done)
            done = 100 * written // total

        count = service.export(file, wanted, progress)
    size = file.stat().st_size
    if as_json:
        output.as_json_text({"file": str(file), "entries": count, "bytes": size})
        return
    output.say(f"{count} entries in {file} ({size:,} bytes). To check it: thanglong ledger verify {file}")


def _day(text: str, option: str) -> datetime | None:
    from thanglong.kit import clock

    try:
        return datetime.combine(date.fromisoformat(text), time.min, clock.zone()) if text else None
    except ValueError:
        raise typer.BadParameter("write a day as 2026-01-31", param_hint=option) from None


@app.command()
def witness(
    address: Annotated[str, typer.Argument(help="The installation that is watched, such as https://city.example")],
    keep: Annotated[Path, typer.Option(help="Folder in which the heads are kept.")],
    key: Annotated[str, typer.Option(help="Its public key in hex; without it the first one seen is trusted.")] = "",
    sign: Annotated[Path | None, typer.Option(help="File with your own key: sign each kept head (made anew).")] = None,
    as_json: Json = False,
) -> None:
    """Keep the newest head of another installation's ledger; exit code 1 and a loud word when history was rewritten."""
    from thanglong.cli import ledger_witness

    seen = ledger_witness.visit(address.rstrip("/"), keep, key, sign)
    head = seen.head
    if as_json:
        output.as_json_text({"ok": seen.fault is None, "fault": seen.fault, "year": head.year, "size": head.size})
    elif seen.fault:
        output.say(f"FORKED! {seen.fault}", error=True)
        output.say(f"The evidence is kept in {keep}. Tell the public: show both heads.", error=True)
    else:
        news = "kept" if seen.new else "nothing new"
        output.say(f"{head.year}: {head.size} entries, in agreement with everything kept before ({news}).")
    raise typer.Exit(1 if seen.fault else 0)
