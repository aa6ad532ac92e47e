"""The verbs: list and read studies, read panels, check, compute, vary, compare."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from thanglong.domains.index import rules
from thanglong.domains.index.types import Finding, Study
from thanglong.formats import index_framework
from thanglong.kit.errors import Fault, Invalid, NotFound
from thanglong.solve import composite
from thanglong.solve.composite.attribution import Sensitivity
from thanglong.solve.composite.report import Comparison
from thanglong.solve.composite.types import Panel


@cache
def _shipped() -> Mapping[str, Study]:
    folder = resources.files("thanglong.domains.index").joinpath("frameworks")
    found = {}
    for item in folder.iterdir():
        if item.name.endswith(".json"):
            study = rules.study_of(json.loads(item.read_text(encoding="utf-8")))
            found[study.key] = study
    return dict(sorted(found.items()))


def studies() -> list[Study]:
    """The studies that come with the platform, by key."""
    return list(_shipped().values())


def study(name: str) -> Study:
    """A study by its key, or from a JSON file. :class:`NotFound`, or :class:`Invalid` with every fault."""
    if name in _shipped():
        return _shipped()[name]
    path = Path(name)
    if not path.is_file():
        raise NotFound(f"no study {name!r}: give a JSON file, or one of {', '.join(_shipped())}".replace("%", "%%"))
    try:
        return rules.study_of(index_framework.read_study(path))
    except (ValueError, UnicodeError) as error:
        if isinstance(error, composite.CompositeError):
            raise
        raise Invalid([Fault(path.name, f"not JSON: {error}".replace("%", "%%"))]) from None


def panel(of: Study, path: Path) -> Panel:
    """The panel of a study from a CSV or Parquet file; :class:`Invalid` says what does not fit."""
    if not path.is_file():
        raise NotFound(f"no file {path.name}".replace("%", "%%"))
    try:
        return rules.panel_of(index_framework.read_panel(path, of.panel))
    except (ValueError, UnicodeError) as error:
        raise Invalid([Fault(path.name, str(error).replace("%", "%%"))]) from None


def check(of: Study, data: Panel) -> list[Finding]:
    """Findings on the data, worst first."""
    return sorted(rules.check(of, data), key=lambda finding: (finding.level != "error", finding.rule, finding.unit))


def compute(of: Study, data: Panel) -> composite.Result:
    """The index of a study."""
    return composite.compute(data, of.framework, of.pipeline)


Progress = Callable[[int, int], None]


def uncertainty(
    of: Study, data: Panel, draws: int, seed: int, time: float | None = None, progress: Progress | None = None
) -> composite.Uncertainty:
    """Ranks under the study's factors; ``progress`` hears of draws done and all."""
    factors = _factors(of)
    return composite.uncertainty(data, of.framework, of.pipeline, factors, draws, seed, time=time, progress=progress)


def sensitivity(
    of: Study, data: Panel, n: int, seed: int, outcome: str = "rank_change", time: float | None = None,
    progress: Progress | None = None,
) -> Sensitivity:  # fmt: skip
    """Sobol indices of the study's factors; ``progress`` hears of runs done and all."""
    return composite.sensitivity(
        data, of.framework, of.pipeline, _factors(of), n, seed, outcome=outcome, time=time, progress=progress
    )


def replay(of: Study, data: Panel, line: str, time: float | None = None) -> Any:
    """One draw of the study brought back from its line."""
    return composite.replay(line, data, of.framework, of.pipeline, _factors(of), time)


def compare(variants: Sequence[Study], data: Panel) -> Comparison:
    """The same panel under several studies; the first is the base."""
    return composite.compare({s.key: compute(s, data) for s in variants})


def _factors(of: Study) -> Any:
    if not of.factors:
        raise Invalid([Fault("/factors", "the study names nothing to vary")])
    return of.factors
