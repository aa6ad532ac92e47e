"""A decision requirements diagram as numbers and paths for SVG, in text (templates must not localise coordinates)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thanglong.formats.dmn import Diagram, Shape

LETTER = 7.1
"""Mean width of a letter at 13 px, in pixels."""
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape: its outline as a path, its name in lines, and where it leads."""

    kind: str
    path: str
    x: str
    lines: tuple[tuple[str, str], ...]
    name: str
    href: str
    fired: bool
    divider: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """A requirement: its line, and its label with a place."""

    kind: str
    path: str
    label: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A diagram ready to be drawn."""

    box: str
    width: int
    height: int
    shapes: tuple[Drawn, ...]
    wires: tuple[Wire, ...]


def picture(diagram: Diagram, names: Mapping[str, str], anchors: Mapping[str, str], made: Sequence[str]) -> Picture:
    """The diagram with translated ``names`` and links to ``anchors`` by element id; ``made`` are ids of what was
    decided just now."""
    left, top, width, height = diagram.box()
    behind = sorted(diagram.shapes, key=lambda shape: shape.kind not in ("service", "group"))
    return Picture(
        f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}",
        round(width),
        round(height),
        tuple(_drawn(shape, names.get(shape.id, shape.name), anchors.get(shape.id, ""), made) for shape in behind),
        tuple(
            Wire(
                edge.kind,
                "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in edge.points),
                edge.label,
                f"{sum(x for x, _ in edge.points) / len(edge.points) + 6:.1f}",
                f"{sum(y for _, y in edge.points) / len(edge.points):.1f}",
            )
            for edge in diagram.edges
        ),
    )


def _drawn(shape: Shape, name: str, href: str, made: Sequence[str]) -> Drawn:
    lines = wrapped(name, shape.width - 16)
    middle = shape.y + (18 if shape.kind in ("service", "group") else shape.height / 2 + 4.5 - 8.5 * (len(lines) - 1))
    divider = f"M{shape.x:.1f} {shape.divider:.1f} h{shape.width:.1f}" if shape.divider is not None else ""
    return Drawn(
        shape.kind, outline(shape), f"{shape.x + shape.width / 2:.1f}",
        tuple((f"{middle + 17 * place:.1f}", text) for place, text in enumerate(lines)),
        name, href, shape.id in made, divider,
    )  # fmt: skip


def outline(shape: Shape) -> str:
    """The outline that DMN gives each kind of element (DMN 1.5, 6.2)."""
    x, y, w, h = shape.x, shape.y, shape.width, shape.height
    if shape.kind == "input":
        return _rounded(x, y, w, h, h / 2)
    if shape.kind in ("service", "group"):
        return _rounded(x, y, w, h, 16)
    if shape.kind == "knowledge":
        cut = min(14.0, h / 3)
        right, under = f"h{w - cut:.1f} v{h - cut:.1f}", f"h{cut - w:.1f} v{cut - h:.1f}"
        return f"M{x + cut:.1f} {y:.1f} {right} l{-cut:.1f} {cut:.1f} {under} Z"
    if shape.kind == "source":
        wave = min(10.0, h / 5)
        low = y + h - wave
        crest = f"Q{x + 3 * w / 4:.1f} {low - 2 * wave:.1f} {x + w / 2:.1f} {low:.1f} T{x:.1f} {low:.1f}"
        return f"M{x:.1f} {y:.1f} h{w:.1f} V{low:.1f} {crest} Z"
    if shape.kind == "note":
        return f"M{x + 14:.1f} {y:.1f} H{x:.1f} v{h:.1f} H{x + 14:.1f}"
    return f"M{x:.1f} {y:.1f} h{w:.1f} v{h:.1f} h{-w:.1f} Z"


def _rounded(x: float, y: float, w: float, h: float, r: float) -> str:
    r = min(r, w / 2, h / 2)
    arc = f"a{r:.1f} {r:.1f} 0 0 1"
    return (
        f"M{x + r:.1f} {y:.1f} h{w - 2 * r:.1f} {arc} {r:.1f} {r:.1f} v{h - 2 * r:.1f} {arc} {-r:.1f} {r:.1f} "
        f"h{2 * r - w:.1f} {arc} {-r:.1f} {-r:.1f} v{2 * r - h:.1f} {arc} {r:.1f} {-r:.1f} Z"
    )


def wrapped(text: str, width: float) -> list[str]:
    """The text in lines that fit, the last one cut when there are too many."""
    most = max(int(width / LETTER), 4)
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + " …"]
    return [line if len(line) <= most + 2 else line[:most] + "…" for line in lines]
