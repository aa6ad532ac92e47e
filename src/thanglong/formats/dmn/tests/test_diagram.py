"""Diagrams as drawn, and laid out where none is drawn."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.formats import dmn
from thanglong.formats.dmn.diagram import Shape

SPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model(needs: list[tuple[int, int]], count: int, inputs: int = 0) -> dmn.Document:
    parts = [f'<inputData id="n{n}" name="Input {n}"/>' for n in range(inputs)]
    for n in range(inputs, count):
        inner = "".join(
            f'<informationRequirement id="r{n}_{m}"><required{"Input" if m < inputs else "Decision"} href="#n{m}"/>'
            "</informationRequirement>"
            for m, user in needs
            if user == n
        )
        parts.append(f'<decision id="n{n}" name="Decision {n}">{inner}</decision>')
    text = f'<definitions xmlns="{SPACE}" name="m" namespace="urn:m">{"".join(parts)}</definitions>'
    return dmn.read(text.encode())


def overlap(a: Shape, b: Shape) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 14), st.data())
def test_a_layout_shows_every_node_and_requirement_without_collision(count: int, data: st.DataObject) -> None:
    inputs = data.draw(st.integers(0, count))
    pairs = [(m, n) for n in range(inputs, count) for m in range(n)]
    needs = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    diagram = dmn.layout(model(needs, count, inputs))
    assert len(diagram.shapes) == count and len(diagram.edges) == len(needs)
    by_id = {shape.id: shape for shape in diagram.shapes}
    assert not [1 for a in by_id.values() for b in by_id.values() if a.id < b.id and overlap(a, b)]
    assert all(by_id[edge.source].y > by_id[edge.target].y for edge in diagram.edges)


def test_a_cycle_is_still_drawn() -> None:
    diagram = dmn.layout(model([(0, 1), (1, 0)], 2))
    assert len(diagram.shapes) == 2 and len(diagram.edges) == 2


def test_diagrams_of_the_conformance_suite(shared_data: Path) -> None:
    drawn = 0
    for path in sorted((shared_data / "services" / "dmn_tck").rglob("*.dmn")):
        for diagram in dmn.diagrams(dmn.read(path.read_bytes())):
            drawn += diagram.drawn
            left, top, width, height = diagram.box()
            assert width > 0 and height > 0
            assert all(left <= shape.x and top <= shape.y for shape in diagram.shapes)
    assert drawn >= 20


def test_a_drawn_diagram_is_read_with_its_edges_and_labels() -> None:
    text = f"""<definitions xmlns="{SPACE}" name="m" namespace="urn:m" xmlns:d="https://www.omg.org/spec/DMN/20230324/DMNDI/"
 xmlns:c="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:i="http://www.omg.org/spec/DMN/20180521/DI/">
<inputData id="a" name="A"/><decision id="b" name="B"><informationRequirement id="r"><requiredInput href="#a"/>
</informationRequirement></decision><d:DMNDI><d:DMNDiagram name="page"><d:DMNShape dmnElementRef="a">
<c:Bounds x="10" y="110.5" width="100" height="50"/></d:DMNShape><d:DMNShape dmnElementRef="b">
<c:Bounds x="10" y="10" width="100" height="50"/></d:DMNShape><d:DMNEdge dmnElementRef="r"><i:waypoint x="60" y="110"/>
<i:waypoint x="60" y="60"/><d:DMNLabel><d:Text> why </d:Text></d:DMNLabel></d:DMNEdge></d:DMNDiagram></d:DMNDI></definitions>"""
    (diagram,) = dmn.diagrams(dmn.read(text.encode()))
    assert diagram.drawn and diagram.name == "page"
    assert [(shape.kind, shape.name, shape.y) for shape in diagram.shapes] == [
        ("input", "A", 110.5),
        ("decision", "B", 10),
    ]
    assert diagram.edges == (dmn.Edge("information", "a", "b", ((60, 110), (60, 60)), "why"),)
