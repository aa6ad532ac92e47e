"""``thanglong index``: check, compute and question a composite index, from a study (JSON) and a panel (CSV or
Parquet)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thanglong.cli import output
from thanglong.cli.options import Json

if TYPE_CHECKING:
    from thanglong.cli.index_tables import Table
    from thanglong.domains.index.types import Study
    from thanglong.solve.composite.types import Panel

app = typer.Typer(no_args_is_help=True, help="Composite indices: from raw figures to ranks, and how firm they are.")

File = Annotated[str, typer.Argument(metavar="FILE", help="Study in JSON, or the key of one that comes along.")]
PanelFile = Annotated[Path | None, typer.Option("--panel", help="CSV or Parquet; default: the file the study names.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for tables (CSV, Parquet, JSON) and pictures (SVG).")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same draws.")]
Time = Annotated[float | None, typer.Option("--time", help="Time whose ranks are questioned; default: the newest.")]


@contextmanager
def _plainly() -> Iterator[None]:
    """Errors of the engine as one sentence and exit code 2."""
    from thanglong.solve.composite import CompositeError

    try:
        yield
    except CompositeError as error:
        output.say(str(error), error=True)
        raise typer.Exit(2) from None


def _read(file: str, panel: Path | None) -> "tuple[Study, Panel]":
    from thanglong.domains.index import service

    study = service.study(file)
    named = study.panel.get("file")
    if panel is None and named is None:
        raise typer.BadParameter("the study names no panel: give one", param_hint="--panel")
    return study, service.panel(study, panel or Path(file).parent / str(named))


def _write(tables: "Sequence[Table]", pictures: Sequence[Path], out: Path | None) -> list[str]:
    from thanglong.cli import index_tables

    if out is None:
        return []
    return [str(path) for table in tables for path in index_tables.write(table, out)] + [str(path) for path in pictures]


def _show(table: "Table", limit: int = 20) -> None:
    """The first rows as aligned text."""
    rows = table.rows()

    def text(value: Any) -> str:
        return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)

    cells = [list(table.columns), *[[text(v) for v in row.values()] for row in rows[:limit]]]
    widths = [max(len(line[j]) for line in cells) for j in range(len(cells[0]))]
    for line in cells:
        output.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    if len(rows) > limit:
        output.say(f"… and {len(rows) - limit} more rows: --out writes them all")


def _tenths(say: Callable[[str], None], what: str) -> Callable[[int, int], None]:
    """Progress in tenths, so that a log of a long run stays short."""
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done * 10 // total > told:
            told = done * 10 // total
            say(f"{done:,} of {total:,} {what}")

    return progress


@app.command("list")
def list_studies(as_json: Json = False) -> None:
    """List the studies that come with the platform."""
    from thanglong.domains.index import service

    rows = [
        {"key": s.key, "title": s.title, "status": s.status, "indicators": len(s.framework.indicators)}
        for s in service.studies()
    ]
    if as_json:
        output.as_json_text(rows)
        return
    for row in rows:
        output.say(f"{row['key']:<18} {row['status']:<10} {row['indicators']:>3} indicators  {row['title']}")


@app.command()
def check(file: File, panel: PanelFile = None, as_json: Json = False, out: Out = None) -> None:
    """Check a study and, with a panel, its data: what is missing, empty or implausible."""
    from thanglong.cli import index_tables
    from thanglong.domains.index import service

    with _plainly():
        study = service.study(file)
        found = service.check(study, _read(file, panel)[1]) if panel or study.panel.get("file") else []
    rows = index_tables.findings(found)
    bad = any(finding.level == "error" for finding in found)
    if out is not None and rows:
        names = ("level", "rule", "unit", "time", "text")
        index_tables.write(index_tables.Table("findings", {n: [r[n] for r in rows] for n in names}), out)
    if as_json:
        output.as_json_text({"study": study.key, "ok": not bad, "findings": rows})
    else:
        for finding in found:
            where = f"{finding.unit}: " if finding.unit else ""
            output.say(f"{'✗' if finding.level == 'error' else '!'} {where}{finding.text}")
        output.say(f"{study.title}: {len(study.framework.indicators)} indicators, {len(found)} findings")
    raise typer.Exit(1 if bad else 0)


@app.command()
def compute(file: File, panel: PanelFile = None, as_json: Json = False, out: Out = None) -> None:
    """Compute the index: scores and ranks, strengths and weaknesses, weights and their influence."""
    from thanglong.cli import index_pictures, index_tables
    from thanglong.domains.index import service

    with _plainly(), output.steps("Index") as say:
        study, data = _read(file, panel)
        say(f"{len(data.units)} rows, {len(study.framework.indicators)} indicators")
        result = service.compute(study, data)
        scores, pictures = index_tables.scores(result), []
        tables = [scores, index_tables.ranks(result), index_tables.indicators(result), index_tables.framework(result)]
        if out is not None:
            say("tables and pictures")
            several = len(study.framework.indicators) > 2
            if several:
                tables.append(index_tables.best_and_worst(study, result))
                lines = tables[-1].rows()
                units = list(dict.fromkeys(line["unit"] for line in lines))[: index_pictures.MOST]
                pictures += [index_pictures.strengths_and_weaknesses(unit, lines, out) for unit in units]
            pictures.append(index_pictures.scores_bars(result, out))
        files = _write(tables, pictures, out)
    if as_json:
        output.as_json_text({"study": study.key, "scores": scores.rows(), "files": files})
        return
    _show(scores)


@app.command()
def uncertainty(
    file: File,
    panel: PanelFile = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Number of variants.")] = 10_000,
    seed: Seed = 1,
    time: Time = None,
    replay: Annotated[str, typer.Option("--replay", help="Bring back one draw from its line.")] = "",
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Vary what the study names and show how far each rank moves; `--replay LINE` rebuilds any single draw."""
    from thanglong.cli import index_pictures, index_tables
    from thanglong.domains.index import service

    with _plainly():
        study, data = _read(file, panel)
        if replay:
            _replay(study, data, replay, time, as_json)
            return
        with output.steps("Uncertainty") as say:
            found = service.uncertainty(study, data, draws, seed, time, _tenths(say, "draws"))
            table = index_tables.intervals(found)
            files = _write([table], [index_pictures.rank_intervals(found, out)] if out else [], out)
    reasons = sorted(set(found.failed.values()))
    if as_json:
        answer = {"study": study.key, "draws": draws, "seed": seed, "failed": len(found.failed), "reasons": reasons}
        output.as_json_text(answer | {"first_line": found.line(0), "units": table.rows(), "files": files})
        return
    _show(table)
    output.say(f"{draws} draws, {len(found.failed)} failed. Any draw comes back with: --replay '{found.line(0)}'")
    for reason in reasons:
        output.say(f"  failed: {reason}")


def _replay(study: "Study", data: "Panel", line: str, time: float | None, as_json: bool) -> None:
    from thanglong.cli import index_tables
    from thanglong.domains.index import service

    draw = service.replay(study, data, line, time)
    table = index_tables.Table("draw", {"unit": draw.units, "rank": draw.ranks, "score": draw.scores})
    if as_json:
        answer = {"line": draw.line, "options": draw.options, "weights": draw.weights, "failure": draw.failure}
        output.as_json_text(answer | {"units": table.rows()})
        return
    for address, value in draw.options.items():
        output.say(f"{address} = {value}")
    _show(table)
    if draw.failure:
        output.say(f"this draw failed: {draw.failure}", error=True)


@app.command()
def sensitivity(
    file: File,
    panel: PanelFile = None,
    runs: Annotated[int, typer.Option("--runs", min=2, help="Base size n; n (factors + 2) variants are run.")] = 1024,
    seed: Seed = 1,
    time: Time = None,
    outcome: Annotated[str, typer.Option("--outcome", help="rank_change, rank:UNIT or score:UNIT")] = "rank_change",
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Say which of the study's choices move the ranks: Sobol indices with bootstrap intervals."""
    from thanglong.cli import index_pictures, index_tables
    from thanglong.domains.index import service

    with _plainly(), output.steps("Sensitivity") as say:
        study, data = _read(file, panel)
        found = service.sensitivity(study, data, runs, seed, outcome, time, _tenths(say, "runs"))
        table = index_tables.indices(found)
        files = _write([table], [index_pictures.sensitivity_bars(found, out)] if out else [], out)
    if as_json:
        answer = {"study": study.key, "n": runs, "seed": seed, "outcome": outcome, "failed": len(found.failed)}
        output.as_json_text(answer | {"factors": table.rows(), "first_line": found.line(0), "files": files})
        return
    _show(table)
    output.say(f"{len(found.y)} runs, {len(found.failed)} failed, variance of the outcome {found.sobol.variance:.4g}")


@app.command()
def compare(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE FILE…", help="Two studies or more; the first is the base.")
    ],
    panel: PanelFile = None,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Compare the ranks of the same units under several studies."""
    from thanglong.cli import index_tables
    from thanglong.domains.index import service

    if len(files) < 2:
        raise typer.BadParameter("name two studies or more", param_hint="FILE")
    with _plainly():
        base, data = _read(files[0], panel)
        found = service.compare([base, *(service.study(name) for name in files[1:])], data)
        table = index_tables.comparison(found)
        written = _write([table], [], out)
    summary = [
        {"variant": v, "mean_change": float(m), "spearman": float(s)}
        for v, m, s in zip(found.variants, found.mean_change, found.spearman, strict=True)
    ]
    if as_json:
        output.as_json_text({"variants": summary, "units": table.rows(), "files": written})
        return
    _show(table)
    for row in summary[1:]:
        output.say(f"{row['variant']}: ranks move by {row['mean_change']:.2f} places, Spearman {row['spearman']:.3f}")
