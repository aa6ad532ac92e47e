"""``thanglong places reorganise`` and ``undo``: a reform of units from a file."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, Json


def reorganise(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON file of the act.")],
    outlines: Annotated[
        Path | None, typer.Option("--outlines", exists=True, dir_okay=False, help="GeoJSON of the new units.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only list what would happen and every problem.")] = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Decide a reform of units; a file with problems changes nothing."""
    prepare_environment(data)
    setup()
    from thanglong.core.places import service
    from thanglong.kit.errors import Invalid
    from thanglong.kit.ports import SYSTEM

    try:
        with output.steps(f"Reading {file.name}"):
            plan = service.read_reorganisation(file.read_bytes(), file.name)
            if outlines is not None:
                plan = service.with_outlines(plan, service.read_units(outlines))
            view = service.preview(SYSTEM, plan)
    except Invalid as error:
        for fault in error.faults:
            output.say(fault.text % dict(fault.params), error=True)
        raise typer.Exit(1) from None
    answer: dict[str, Any] = {
        "ok": view.ok,
        "effective_on": plan.act.effective_on.isoformat(),
        "closed": len(view.closed),
        "founded": len(view.founded),
        "divided": view.divided,
        "affected": {line.key: line.count for line in view.affected},
        "problems": [{"text": str(problem), "warning": problem.warning} for problem in view.problems],
        "id": None,
        "state": None,
    }
    if view.ok and not preview:
        reform = service.decide(SYSTEM, service.draft(SYSTEM, plan).id, version=1)
        answer |= {"id": str(reform.id), "state": reform.state.value}
    _tell(answer, as_json)
    raise typer.Exit(0 if view.ok else 1)


def _tell(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.as_json_text(answer)
        return
    for problem in answer["problems"]:
        output.say(problem["text"], error=True)
    output.say(
        f"{answer['closed']} units end, {answer['founded']} are founded, {answer['divided']} are divided,"
        f" effective on {answer['effective_on']}."
    )
    for key, count in answer["affected"].items():
        output.say(f"  {key}: {count}")
    if answer["id"]:
        output.say(f"{answer['state']}: {answer['id']}")
    else:
        output.say("Nothing was changed.")


def undo(
    reform: Annotated[UUID, typer.Argument(help="Id of the reorganisation.")],
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Take a decision back before its day of effect."""
    prepare_environment(data)
    setup()
    from thanglong.core.places import service
    from thanglong.kit.errors import Conflict, NotFound
    from thanglong.kit.ports import SYSTEM

    try:
        done = service.undo(SYSTEM, reform, version=service.reorganisation(SYSTEM, reform).version)
    except (Conflict, NotFound) as error:
        output.say(str(error), error=True)
        raise typer.Exit(1) from None
    if as_json:
        output.as_json_text({"id": str(done.id), "state": done.state.value})
    else:
        output.say(f"{done.title} was undone: the units are as they were.")
