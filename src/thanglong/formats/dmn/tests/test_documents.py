"""DMN files come out as they went in; hostile ones are refused with line and reason."""

import contextlib
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.formats import dmn
from thanglong.formats.dmn import reader
from thanglong.formats.dmn.model import COMMENT, NAMESPACES, Element

SPACE = {version: uri for uri, version in NAMESPACES.items()}
HEAD = f'<definitions xmlns="{SPACE["1.5"]}" name="m" namespace="urn:m"'


def canonical(data: bytes) -> str:
    return ET.canonicalize(data.decode("utf-8"), with_comments=True)


def test_every_model_of_the_conformance_suite_survives(shared_data: Path) -> None:
    files = sorted((shared_data / "services" / "dmn_tck").rglob("*.dmn"))
    assert len(files) >= 85
    for path in files:
        data = path.read_bytes()
        again = dmn.write(dmn.read(data))
        assert canonical(again) == ET.canonicalize(from_file=io.BytesIO(data), with_comments=True), path.name
        assert dmn.read(again) == dmn.read(dmn.write(dmn.read(again)))


def test_every_model_changes_version_and_returns(shared_data: Path) -> None:
    for path in sorted((shared_data / "services" / "dmn_tck").rglob("*.dmn")):
        document = dmn.read(path.read_bytes())
        for version in ("1.4", "1.3", "1.2"):
            try:
                older, notes = dmn.convert(document, version)
            except dmn.DmnFault as fault:
                assert fault.line > 0 and "exists since DMN" in fault.reason
                continue
            assert not notes
            older = dmn.read(dmn.write(older))
            assert older.version == version
            back, _ = dmn.convert(older, "1.5")
            assert canonical(dmn.write(back)) == canonical(dmn.write(document)), (path.name, version)


def test_what_a_modeller_keeps_is_kept() -> None:
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- before --><dmn:definitions xmlns:dmn="{SPACE["1.3"]}" xmlns:x="urn:x" xmlns="urn:own" name="Phí" namespace="urn:m"
 id="_1" x:colour="red &quot;&amp;&lt;&#10;"  exporter="E">
  <dmn:description>a &lt; b &amp;&amp; c &gt; d</dmn:description>
  <dmn:extensionElements><x:thing xmlns:y="urn:y" y:z="1"><own/>tail</x:thing><!-- inside --></dmn:extensionElements>
  <dmn:decision id="d" name="D"><dmn:literalExpression><dmn:text><![CDATA[if a < 1 then "x" else "y"]]></dmn:text></dmn:literalExpression></dmn:decision>
</dmn:definitions>
<!-- after -->"""
    document = dmn.read(text.encode())
    assert document.version == "1.3" and document.name == "Phí" and document.namespace == "urn:m"
    assert document.before == (" before ",) and document.after == (" after ",)
    again = dmn.write(document)
    assert canonical(again) == canonical(text.encode())
    assert dmn.read(again).root.attributes["{urn:x}colour"] == 'red "&<\n'
    decision = document.root.first("decision")
    assert decision is not None and decision.line == 6


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ('<!DOCTYPE d [<!ENTITY a "b">]>\n' + HEAD + ">&a;</definitions>", "DOCTYPE", 1),
        ('\n<!DOCTYPE d SYSTEM "file:///etc/passwd">' + HEAD + "/>", "DOCTYPE", 2),
        (HEAD + ">\n&a;</definitions>", "undefined entity", 2),
        (HEAD + ">\n<decision></definitions>", "mismatched tag", 2),
        (HEAD + ">\n<x:a/></definitions>", "unbound prefix", 2),
        (HEAD + ' name="n"/>', "duplicate attribute", 1),
        ("<definitions/>", "not DMN definitions", 1),
        (f'<x xmlns="{SPACE["1.5"]}"/>', "not DMN definitions", 1),
        ("", "no element found", 1),
        (HEAD + ">\n\x01</definitions>", "not well-formed", 2),
        (HEAD + ">" + "\n<context>" * 300 + "</context>" * 300 + "</definitions>", "nested deeper", 201),
    ],
)
def test_hostile_files_are_refused_with_line_and_reason(text: str, reason: str, line: int) -> None:
    with pytest.raises(dmn.DmnFault, match=reason) as caught:
        dmn.read(text.encode())
    assert caught.value.line == line


def test_a_billion_laughs_costs_nothing() -> None:
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{bomb}]>{HEAD} a="&l11;">&l11;</definitions>'
    with pytest.raises(dmn.DmnFault, match="DOCTYPE"):
        dmn.read(text.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings_are_read(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>{HEAD}><description>é</description></definitions>'
    document = dmn.read(text.encode(encoding))
    assert document.root.children[0].text == "é"


@pytest.mark.parametrize("encoding", ["utf-7", "no-such", "gb2312", "rot13", "base64"])
def test_strange_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(dmn.DmnFault):
        dmn.read(f'<?xml version="1.0" encoding="{encoding}"?>{HEAD}/>'.encode())


def test_size_and_number_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LIMIT", 200)
    with pytest.raises(dmn.DmnFault, match="larger than"):
        dmn.read(HEAD.encode() + b" " * 200 + b"/>")
    monkeypatch.undo()
    monkeypatch.setattr(reader, "NODES", 20)
    with pytest.raises(dmn.DmnFault, match="more than 20"):
        dmn.read((HEAD + ">" + "<decision/>" * 30 + "</definitions>").encode())


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(dmn.DmnFault):
        dmn.parse_tree(data)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    good = (
        HEAD
        + '><decision id="d" name="D"><literalExpression><text>1</text></literalExpression></decision></definitions>'
    ).encode()
    at = data.draw(st.integers(0, len(good)))
    damaged = good[:at] + data.draw(st.binary(max_size=6)) + good[data.draw(st.integers(at, len(good))) :]
    with contextlib.suppress(dmn.DmnFault):
        dmn.read(damaged)


_NAMES = st.sampled_from(["decision", "text", "a", "Tên-1"])
_TEXT = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cs",), exclude_characters="\ufffe\uffff"), max_size=12
)
_SPACES = st.sampled_from(["", "urn:a", "urn:b"])


def _elements() -> st.SearchStrategy[Element]:
    keys = st.builds(lambda space, name: f"{{{space}}}{name}" if space else name, _SPACES, _NAMES)

    def made(
        name: str, space: str, attributes: dict[str, str], text: str, children: list[Element], tail: str
    ) -> Element:
        return Element(name, space, attributes, text, tuple(children), tail)

    leaf = st.builds(made, _NAMES, _SPACES, st.dictionaries(keys, _TEXT, max_size=3), _TEXT, st.just([]), _TEXT)
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            made, _NAMES, _SPACES, st.dictionaries(keys, _TEXT, max_size=3), _TEXT, st.lists(inner, max_size=3), _TEXT
        ),
        max_leaves=12,
    )


def _bare(element: Element) -> Element:
    """Without what only a file gives: lines, prefixes, declarations."""
    children = tuple(_bare(child) for child in element.children)
    return Element(element.name, element.namespace, dict(element.attributes), element.text, children, element.tail)


@settings(max_examples=200)
@given(_elements())
def test_a_tree_made_by_a_program_is_written_and_read_back(root: Element) -> None:
    root = Element(root.name, root.namespace, root.attributes, root.text, root.children)
    document = dmn.Document("1.5", root)
    assert _bare(dmn.parse_tree(dmn.write(document))) == _bare(root)


def test_version_one_names_its_types_otherwise() -> None:
    text = f"""<definitions xmlns="{SPACE["1.1"]}" xmlns:feel="http://www.omg.org/spec/FEEL/20140401" name="m"
 namespace="urn:m" expressionLanguage="http://www.omg.org/spec/FEEL/20140401"><decision id="d" name="D">
 <variable name="D" typeRef="feel:dayTimeDuration"/><decisionTable preferedOrientation="Rule-as-Row">
 <input id="i"><inputExpression typeRef="feel:string"><text>a</text></inputExpression></input></decisionTable>
 </decision></definitions>"""
    document = dmn.read(text.encode())
    newer, notes = dmn.convert(document, "1.5")
    assert not notes
    decision = newer.root.first("decision")
    assert decision is not None
    variable, table = decision.first("variable"), decision.first("decisionTable")
    assert variable is not None and variable.get("typeRef") == "days and time duration"
    assert table is not None and table.get("preferredOrientation") == "Rule-as-Row"
    assert newer.root.get("expressionLanguage") == "https://www.omg.org/spec/DMN/20230324/FEEL/"
    back, _ = dmn.convert(newer, "1.1")
    assert canonical(dmn.write(back)) == canonical(text.encode())


def test_what_a_version_cannot_say_is_refused_with_its_line() -> None:
    text = HEAD + '>\n<decision id="d" name="D">\n<conditional/></decision></definitions>'
    with pytest.raises(dmn.DmnFault, match="exists since DMN 1.4") as caught:
        dmn.convert(dmn.read(text.encode()), "1.3")
    assert caught.value.line == 3
    with pytest.raises(dmn.DmnFault, match="not known"):
        dmn.convert(dmn.read(text.encode()), "2.0")


def test_comments_stand_in_the_tree_under_their_own_name() -> None:
    root = dmn.parse_tree(b"<a>x<!--c-->y<b/>z</a>")
    assert [child.name for child in root.children] == [COMMENT, "b"]
    assert (root.text, root.children[0].text, root.children[0].tail, root.children[1].tail) == ("x", "c", "y", "z")
