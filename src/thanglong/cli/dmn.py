"""``thanglong dmn``: check, run and test decision models (DMN), and measure the engine on a conformance suite.

Needs no installation and no data folder; everything is imported when a command runs.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thanglong.cli import output
from thanglong.cli.options import Json
from thanglong.kit.errors import N_

if TYPE_CHECKING:
    from thanglong.cli.dmn_files import Loaded

app = typer.Typer(no_args_is_help=True, help="Decision models: check, run, test.")

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .dmn file, DMN 1.1 to 1.5.")]
LanguageOption = Annotated[str, typer.Option("--language", help="vi or en: the language of sentences.")]


def _load(file: Path) -> "Loaded":
    from thanglong.cli.dmn_files import load
    from thanglong.formats.dmn import DmnFault

    try:
        return load(file)
    except DmnFault as fault:
        output.say(f"{file}:{fault.line}: {fault.reason}" if fault.line else f"{file}: {fault.reason}", error=True)
        raise typer.Exit(2) from None


@app.command()
def check(
    file: FileArgument,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    language: LanguageOption = "en",
    as_json: Json = False,
) -> None:
    """Find what is wrong with a model: references, types, expressions, gaps and overlaps of its tables.

    Ends with 1 when there is an error, with 2 when the file cannot be read. Models it imports are looked for beside it.
    """
    from thanglong.cli import dmn_files
    from thanglong.formats.dmn import DmnFault
    from thanglong.solve.dmn_analysis import to_plain

    try:
        loaded = dmn_files.load(file)
        findings = dmn_files.findings(loaded)
    except DmnFault as fault:
        if as_json:
            problem = {"code": "file", "level": "error", "line": fault.line, "text": fault.reason}
            output.as_json_text({"ok": False, "errors": 1, "warnings": 0, "findings": [problem]})
        else:
            output.say(f"{file}:{fault.line}: error: {fault.reason}", error=True)
        raise typer.Exit(2) from None
    speech = dmn_files.speech(language, loaded.document.words())
    counts = {level: sum(found.level == level for found in findings) for level in ("error", "warning", "note")}
    bad = counts["error"] + (counts["warning"] if strict else 0)
    if as_json:
        rows = [
            {
                "code": found.code, "level": found.level, "line": found.line, "where": found.where,
                "text": speech.say(found.said), "rules": list(found.rules), "example": to_plain(dict(found.example)),
            }
            for found in findings
        ]  # fmt: skip
        output.as_json_text({"ok": not bad, "errors": counts["error"], "warnings": counts["warning"], "findings": rows})
        raise typer.Exit(1 if bad else 0)
    for found in findings:
        output.say(f"{file}:{found.line}: {found.level}: {speech.say(found.said)}")
        if found.example:
            example = ", ".join(f"{name} = {speech.value(value)}" for name, value in found.example.items())
            output.say(f"    {speech.translate(N_('for example'))}: {example}")
    output.say(f"{counts['error']} errors, {counts['warning']} warnings, {counts['note']} notes")
    raise typer.Exit(1 if bad else 0)


@app.command()
def run(
    file: FileArgument,
    inputs: Annotated[
        str, typer.Option("--input", help='JSON: {"Age": 20}, or @FILE, or - for standard input.')
    ] = "{}",
    decision: Annotated[str, typer.Option("--decision", help="A decision or service; all final ones without it.")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Say which inputs and rules led to the result.")] = False,
    language: LanguageOption = "en",
    as_json: Json = False,
) -> None:
    """Make a decision. Dates, times and durations are given as text, as the model's types say."""
    from thanglong.cli import dmn_files
    from thanglong.solve.dmn_analysis import NotThatKind, sentences, to_plain

    loaded = _load(file)
    speech = dmn_files.speech(language, loaded.document.words())
    try:
        given = dmn_files.read_inputs(loaded, _json(inputs))
        results = dmn_files.decide(loaded, decision, given, explain=explain)
    except NotThatKind as problem:
        output.say(speech.say(problem.said), error=True)
        raise typer.Exit(2) from None
    except LookupError:
        known = ", ".join((*loaded.model.decisions(), *loaded.model.services()))
        output.say(f"the model has no decision “{decision}”; it has: {known}", error=True)
        raise typer.Exit(2) from None
    if as_json:
        rows = [
            {
                "decision": each.name,
                "value": to_plain(each.value),
                "diagnostics": [{"code": d.code, "text": d.text, "where": d.where} for d in each.diagnostics],
            }
            | ({"steps": [step.plain() for step in each.steps], "sentences": list(sentences(each.steps, speech))}
               if explain else {})
            for each in results
        ]  # fmt: skip
        output.as_json_text({"model": loaded.model.definitions.name, "results": rows})
        return
    for each in results:
        output.say(f"{each.name}: {json.dumps(to_plain(each.value), ensure_ascii=False)}")
        for line in sentences(each.steps, speech) if explain else ():
            output.say(f"  {line}")
        for note in each.diagnostics:
            output.say(f"  {note.where}: {note.text} ({', '.join(note.facts)})", error=True)


def _json(text: str) -> dict[str, Any]:
    try:
        if text == "-":
            value = json.load(sys.stdin)
        elif text.startswith("@"):
            value = json.loads(Path(text[1:]).read_text(encoding="utf-8"))
        else:
            value = json.loads(text)
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"not JSON: {problem}", param_hint="--input") from None
    if not isinstance(value, dict):
        raise typer.BadParameter('give an object, such as {"Age": 20}', param_hint="--input")
    return value


@app.command()
def convert(
    file: FileArgument,
    to: Annotated[str, typer.Option("--to", help="1.1, 1.2, 1.3, 1.4 or 1.5.")] = "1.5",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output without it.")] = None,
) -> None:
    """Write a model in another version of DMN; refuses what that version cannot say."""
    from thanglong.formats import dmn

    try:
        document, notes = dmn.convert(dmn.read(file.read_bytes()), to)
    except dmn.DmnFault as fault:
        output.say(f"{file}:{fault.line}: {fault.reason}", error=True)
        raise typer.Exit(2) from None
    for note in notes:
        output.say(f"{file}:{note.line}: {note.text}", error=True)
    if out is None:
        sys.stdout.write(dmn.write(document).decode())
    else:
        out.write_bytes(dmn.write(document))


@app.command()
def test(
    file: FileArgument,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Test cases (.xml or .json); without it those beside the model.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the test cases beside a model: NAME.tests.json, and test files of the conformance suite's form that name
    it."""
    from thanglong.cli import dmn_cases

    loaded = _load(file)
    try:
        outcomes = dmn_cases.run(loaded, cases)
    except dmn_cases.Unreadable as problem:
        output.say(str(problem), error=True)
        raise typer.Exit(2) from None
    failed = [each for each in outcomes if each.reason]
    if as_json:
        rows = [{"case": each.name, "passed": not each.reason, "reason": each.reason} for each in outcomes]
        output.as_json_text(
            {"passed": len(outcomes) - len(failed), "failed": len(failed), "total": len(outcomes), "cases": rows}
        )
    else:
        for each in failed:
            output.say(f"{output.MARKS['bad']} {each.name}: {each.reason}")
        output.say(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed, {len(outcomes)} in all")
    if not outcomes and not as_json:
        output.say(f"no test cases beside the model; write {file.stem}.tests.json", error=True)
    raise typer.Exit(0 if outcomes and not failed else 1)


@app.command()
def tck(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Laid out as the DMN TCK.")],
    as_json: Json = False,
) -> None:
    """Run every test case below a folder of the DMN conformance suite."""
    from thanglong.cli import dmn_tck

    raise typer.Exit(dmn_tck.tck(folder, as_json))
