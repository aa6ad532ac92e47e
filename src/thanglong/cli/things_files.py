"""``thanglong things import`` and ``export``: entities from and into files."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup

FORMATS = {
    ".json": "ngsild",
    ".jsonld": "ngsild",
    ".ndjson": "ngsild",
    ".jsonl": "ngsild",
    ".geojson": "geojson",
    ".csv": "csv",
}
SHOWN_FAULTS = 20

Data = Annotated[Path, typer.Option("--data", help="Data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Format = Annotated[str, typer.Option("--format", help="ngsild, geojson or csv; without it by the file's ending.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Tenant; the city without it.")]


class _Counted:
    """A text file that tells how many characters were read."""

    def __init__(self, inner: TextIO, done: Callable[[int], None]) -> None:
        self._inner, self._done = inner, done

    def read(self, size: int) -> str:
        text = self._inner.read(size)
        self._done(len(text))
        return text

    def __iter__(self) -> Iterator[str]:
        for line in self._inner:
            self._done(len(line))
            yield line


def _format(path: Path, given: str) -> str:
    found = given or FORMATS.get(path.suffix.lower(), "")
    if found not in ("ngsild", "geojson", "csv"):
        output.say("Say what kind of file it is: --format ngsild, geojson or csv.", error=True)
        raise typer.Exit(2)
    return found


def _who(tenant: str) -> Any:
    from thanglong.core.things import service
    from thanglong.core.things.types import Pass
    from thanglong.kit.ports import SYSTEM

    if tenant and not service.has_tenant(tenant):
        service.open_tenant(tenant)
    return Pass(SYSTEM, True, True, tenant)


def _rows(file: Any, kind: str, type_name: str, mapping: Path | None) -> Iterator[Any]:
    import json

    from thanglong.formats import entity_files as files

    if kind == "geojson":
        return files.read_geojson(file, type_name)
    if kind == "ngsild":
        return files.read_ngsild(file)
    if mapping is None:
        raise files.BadFile("a CSV needs a mapping file: --mapping FILE (docs/do/import-things.md)")
    try:
        content = json.loads(mapping.read_text("utf-8-sig"))
    except ValueError as error:
        raise files.BadFile(f"the mapping file is not JSON: {error}") from error
    return files.read_csv(file, files.mapping_of(content))


def import_file(
    file: Annotated[Path, typer.Argument(help="File of entities.", exists=True, dir_okay=False)],
    kind: Format = "",
    type_name: Annotated[str, typer.Option("--type", help="Type of features that name none (GeoJSON).")] = "",
    mapping: Annotated[Path | None, typer.Option(help="Mapping file (CSV): which column is what.")] = None,
    mode: Annotated[str, typer.Option(help="upsert (beside what is there), create (only new), replace.")] = "upsert",
    context: Annotated[str, typer.Option(help="Address of the @context the names of the file belong to.")] = "",
    errors: Annotated[Path | None, typer.Option(help="Write every row that was refused here, with the reason.")] = None,
    tenant: Tenant = "",
    data: Data = Path("data"),
    as_json: AsJson = False,
) -> None:
    """Read entities from a file (NGSI-LD, GeoJSON, CSV): good rows are kept, bad ones listed (exit code 1)."""
    form = _format(file, kind)
    if mode not in ("upsert", "create", "replace"):
        output.say("The mode is upsert, create or replace.", error=True)
        raise typer.Exit(2)
    prepare_environment(data)
    setup()
    from thanglong.core.things.service import contexts, importing
    from thanglong.formats.entity_files import BadFile
    from thanglong.kit.errors import ThangLongError

    written = made = bad = 0
    shown: list[tuple[int, str]] = []
    try:
        names = contexts.vocabulary(context or None)
        with (
            _faults(errors) as tell,
            file.open(encoding="utf-8-sig", newline="") as inner,
            output.progress(file.name, file.stat().st_size, quiet=as_json) as done,
        ):
            rows = _rows(_Counted(inner, done), form, type_name, mapping)
            for lot in importing.take_in(_who(tenant), rows, mode, names):  # type: ignore[arg-type]
                written, made, bad = written + lot.written, made + lot.made, bad + len(lot.faults)
                shown += lot.faults[: SHOWN_FAULTS - len(shown)]
                tell(lot.faults)
    except (BadFile, ThangLongError, UnicodeDecodeError) as error:
        output.say(f"{file}: {error}" + (f" ({written} entities were written before)" if written else ""), error=True)
        raise typer.Exit(2) from error
    _told(as_json, written, made, bad, shown)
    if bad:
        raise typer.Exit(1)


@contextmanager
def _faults(path: Path | None) -> Iterator[Callable[[Any], None]]:
    """Where refused rows go: a file of lines ``number<tab>reason``, or nowhere."""
    if path is None:
        yield lambda faults: None
        return
    with path.open("w", encoding="utf-8") as file:
        yield lambda faults: file.writelines(f"{number}\t{fault}\n" for number, fault in faults)


def _told(as_json: bool, written: int, made: int, bad: int, shown: list[tuple[int, str]]) -> None:
    if as_json:
        faults = [{"row": number, "fault": fault} for number, fault in shown]
        output.as_json_text({"written": written, "made": made, "refused": bad, "faults": faults})
        return
    for number, fault in shown:
        output.say(f"row {number}: {fault}", error=True)
    if bad > len(shown):
        output.say(f"… and {bad - len(shown)} more; --errors FILE lists all.", error=True)
    output.say(f"{written} entities written, {made} of them new; {bad} rows refused.")


def export_file(
    file: Annotated[Path | None, typer.Argument(help="File to write; without it to standard output.")] = None,
    kind: Format = "",
    types: Annotated[list[str] | None, typer.Option("--type", help="Only this type; may stand often.")] = None,
    context: Annotated[str, typer.Option(help="Address of the @context whose names to write.")] = "",
    tenant: Tenant = "",
    data: Data = Path("data"),
) -> None:
    """Write entities into a file: NGSI-LD (as import reads it), GeoJSON, or CSV of one type's bare values."""
    form = _format(file, kind) if file is not None else kind or "ngsild"
    prepare_environment(data)
    setup()
    from thanglong.core.things import service
    from thanglong.core.things.service import contexts, importing
    from thanglong.formats import entity_files as files
    from thanglong.kit.errors import ThangLongError

    if form == "csv" and len(types or ()) != 1:
        output.say("A CSV holds entities of one type: name it with --type.", error=True)
        raise typer.Exit(2)
    try:
        names, who = contexts.vocabulary(context or None), _who(tenant)
        kinds = [names.expand_name(name) for name in types or ()]
        entities = importing.give_out(who, kinds, names)
        with file.open("w", encoding="utf-8", newline="") if file is not None else _standard() as out:
            if form == "csv":
                columns = [names.compact_name(name) for name in service.attributes(who, kinds[0])]
                count = files.write_csv(entities, out, columns)
            else:
                count = (files.write_geojson if form == "geojson" else files.write_ngsild)(entities, out)
    except ThangLongError as error:
        output.say(str(error), error=True)
        raise typer.Exit(2) from error
    output.say(f"{count} entities written.", error=True)


@contextmanager
def _standard() -> Iterator[TextIO]:
    yield sys.stdout
    sys.stdout.flush()
