"""Decision requirements diagrams: read from DMNDI, or laid out when a model carries none.

Coordinates are pixels, x to the right, y downwards, as in DMNDI (DMN 1.5, clause 13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from thanglong.formats.dmn.model import Document, Element

KINDS = {
    "decision": "decision",
    "inputData": "input",
    "businessKnowledgeModel": "knowledge",
    "knowledgeSource": "source",
    "decisionService": "service",
    "textAnnotation": "note",
    "group": "group",
}
_LINKS = {
    "informationRequirement": "information",
    "knowledgeRequirement": "knowledge",
    "authorityRequirement": "authority",
    "association": "association",
}
_SIZES = {"knowledge": (150.0, 54.0), "input": (150.0, 50.0), "source": (150.0, 60.0), "note": (160.0, 60.0)}
_SIZE = (160.0, 64.0)
_GAP_X, _GAP_Y, _MARGIN = 36.0, 62.0, 12.0
_SWEEPS = 8

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A node: ``kind`` decision, input, knowledge (BKM), source, service, note or group; ``divider`` is the height of a
    decision service's line between its output and its encapsulated decisions."""

    id: str
    kind: str
    name: str
    x: float
    y: float
    width: float
    height: float
    divider: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A requirement from ``source`` to ``target``: ``kind`` information (arrow), knowledge (dashed), authority (dot
    at the end) or association (dotted)."""

    kind: str
    source: str
    target: str
    points: tuple[Point, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Shapes and edges of one page; ``drawn`` is False when the layout is ours."""

    name: str
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]
    drawn: bool = True

    def box(self, margin: float = _MARGIN) -> tuple[float, float, float, float]:
        """Left, top, width and height of everything drawn, with a margin."""
        xs = [x for s in self.shapes for x in (s.x, s.x + s.width)] + [p[0] for e in self.edges for p in e.points]
        ys = [y for s in self.shapes for y in (s.y, s.y + s.height)] + [p[1] for e in self.edges for p in e.points]
        if not xs:
            return 0.0, 0.0, 2 * margin, 2 * margin
        left, top = min(xs) - margin, min(ys) - margin
        return left, top, max(xs) + margin - left, max(ys) + margin - top


@dataclass(frozen=True, slots=True)
class _Link:
    kind: str
    source: str
    target: str
    id: str


def diagrams(document: Document) -> list[Diagram]:
    """Every diagram that the document carries; one laid out by :func:`layout` when it carries none that shows a
    node."""
    nodes, links = _graph(document)
    found = [_read(page, nodes, links) for page in document.root.walk() if page.name == "DMNDiagram"]
    return [diagram for diagram in found if diagram.shapes] or [layout(document)]


def _graph(document: Document) -> tuple[dict[str, Shape], list[_Link]]:
    """The model's nodes by id (without places), and its requirements."""
    nodes: dict[str, Shape] = {}
    links = []
    for element in document.root.walk():
        if element.namespace != document.root.namespace:
            continue
        own = element.get("id") or ""
        if element.name in KINDS and own:
            text = element.first("text") if element.name == "textAnnotation" else None
            name = (text.text if text is not None else element.get("name")) or ""
            kind = KINDS[element.name]
            nodes[own] = Shape(own, kind, name.strip(), 0, 0, *_SIZES.get(kind, _SIZE))
        links += _links(element, own)
    known = [link for link in links if link.source in nodes and link.target in nodes]
    return nodes, known


def _links(element: Element, own: str) -> list[_Link]:
    if element.name == "association":
        ends = [_href(element.first(end)) for end in ("sourceRef", "targetRef")]
        return [_Link("association", ends[0], ends[1], own)]
    return [
        _Link(_LINKS[need.name], _href(child), own, need.get("id") or "")
        for need in element.all("informationRequirement", "knowledgeRequirement", "authorityRequirement")
        for child in need.children
        if child.name.startswith("required")
    ]


def _href(element: Element | None) -> str:
    """The id that a reference names; another file's name before the ``#`` is left out."""
    return (element.get("href") or "").rpartition("#")[2] if element is not None else ""


def _number(element: Element, name: str) -> float:
    try:
        value = float(element.get(name) or 0)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e7 else 0.0


def _read(page: Element, nodes: Mapping[str, Shape], links: Sequence[_Link]) -> Diagram:
    by_id = {link.id: link for link in links if link.id}
    shapes, edges = [], []
    for element in page.all("DMNShape"):
        node, bounds = nodes.get(_reference(element)), element.first("Bounds")
        if node is None or bounds is None:
            continue
        x, y, width, height = (_number(bounds, name) for name in ("x", "y", "width", "height"))
        line = element.first("DMNDecisionServiceDividerLine")
        ends = [_number(point, "y") for point in line.all("waypoint")] if line is not None else []
        shapes.append(
            replace(node, x=x, y=y, width=max(width, 1), height=max(height, 1), divider=ends[0] if ends else None)
        )
    for element in page.all("DMNEdge"):
        points = tuple((_number(point, "x"), _number(point, "y")) for point in element.all("waypoint"))
        link = by_id.get(_reference(element))
        if link is not None and len(points) >= 2:
            edges.append(Edge(link.kind, link.source, link.target, points, _label(element)))
    return Diagram(page.get("name") or "", tuple(shapes), tuple(edges))


def _reference(element: Element) -> str:
    """The id of the drawn element; its name may carry a prefix."""
    return (element.get("dmnElementRef") or "").rpartition(":")[2]


def _label(element: Element) -> str:
    label = element.first("DMNLabel")
    text = label.first("Text") if label is not None else None
    return text.text.strip() if text is not None else ""


def layout(document: Document) -> Diagram:
    """The model's requirements drawn in layers: what is needed stands below what needs it.

    Layers by longest path; order within a layer by medians of the neighbours (Sugiyama, Tagawa, Toda 1981); a cycle,
    which DMN forbids, is cut where it is met.
    """
    nodes, links = _graph(document)
    nodes = {key: node for key, node in nodes.items() if node.kind not in ("service", "group")}
    links = [link for link in links if link.source in nodes and link.target in nodes]
    levels = _levels(nodes, links)
    rows: list[list[str]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for key in nodes:
        rows[levels[key]].append(key)
    _order(rows, links)
    placed = _place(rows, nodes)
    edges = [
        Edge(link.kind, link.source, link.target, _joined(placed[link.source], placed[link.target])) for link in links
    ]
    return Diagram(document.name, tuple(placed.values()), tuple(edges), drawn=False)


def _levels(nodes: Mapping[str, Shape], links: Sequence[_Link]) -> dict[str, int]:
    """Row from the top: 0 for what nothing needs. Input data stand on the lowest row of all."""
    users: dict[str, list[str]] = {key: [] for key in nodes}
    for link in links:
        users[link.source].append(link.target)
    levels: dict[str, int] = {}
    for start in nodes:
        stack = [start]
        busy: set[str] = set()
        while stack:
            key = stack[-1]
            busy.add(key)
            waiting = [user for user in users[key] if user not in levels and user not in busy]
            if waiting and key not in levels:
                stack.extend(waiting)
                continue
            stack.pop()
            levels.setdefault(key, max((levels.get(user, -1) + 1 for user in users[key]), default=0))
    lowest = max(levels.values(), default=0)
    return {key: lowest if nodes[key].kind == "input" and users[key] else level for key, level in levels.items()}


def _order(rows: Sequence[list[str]], links: Sequence[_Link]) -> None:
    near: dict[str, list[str]] = {}
    for link in links:
        near.setdefault(link.source, []).append(link.target)
        near.setdefault(link.target, []).append(link.source)
    for sweep in range(_SWEEPS):
        place = {key: index / max(len(row), 1) for row in rows for index, key in enumerate(row)}
        for row in rows[:: -1 if sweep % 2 else 1]:
            weight = {}
            for key in row:
                around = sorted(place[other] for other in near.get(key, ()))
                weight[key] = around[len(around) // 2] if around else place[key]
            row.sort(key=weight.__getitem__)
            place |= {key: index / max(len(row), 1) for index, key in enumerate(row)}


def _place(rows: Sequence[Sequence[str]], nodes: Mapping[str, Shape]) -> dict[str, Shape]:
    widths = [sum(nodes[key].width for key in row) + _GAP_X * (len(row) - 1) for row in rows]
    widest = max(widths, default=0.0)
    placed: dict[str, Shape] = {}
    y = _MARGIN
    for row, width in zip(rows, widths, strict=True):
        x = _MARGIN + (widest - width) / 2
        tall = max((nodes[key].height for key in row), default=0.0)
        for key in row:
            node = nodes[key]
            placed[key] = replace(node, x=x, y=y + (tall - node.height) / 2)
            x += node.width + _GAP_X
        y += tall + _GAP_Y
    return placed


def _joined(source: Shape, target: Shape) -> tuple[Point, ...]:
    """A straight line between the facing sides."""
    across = (source.x + source.width / 2, target.x + target.width / 2)
    if source.y > target.y + target.height:
        return (across[0], source.y), (across[1], target.y + target.height)
    if target.y > source.y + source.height:
        return (across[0], source.y + source.height), (across[1], target.y)
    middle = (source.y + source.height / 2, target.y + target.height / 2)
    if source.x < target.x:
        return (source.x + source.width, middle[0]), (target.x, middle[1])
    return (source.x, middle[0]), (target.x + target.width, middle[1])
