"""What OpenStreetMap's tags become: one-ways, access, barriers, turn restrictions, on a map made by hand."""

from pathlib import Path

import pytest

from thanglong.domains.roads.rules.cutting import Findings, assemble, cut
from thanglong.domains.roads.rules.importing import network_of
from thanglong.domains.roads.rules.tags import barred_at, kmh, meaning, restriction
from thanglong.formats import osm
from thanglong.kit.errors import Invalid
from thanglong.solve.routing.network import CAR, EMERGENCY, MOTORBIKE, Network, to_roads

ALL = CAR | MOTORBIKE | EMERGENCY


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"highway": "residential"}, ALL, ALL),
        ({"highway": "primary", "oneway": "yes"}, ALL, 0),
        ({"highway": "primary", "oneway": "-1"}, 0, ALL),
        ({"highway": "primary", "junction": "roundabout"}, ALL, 0),
        ({"highway": "motorway"}, CAR | EMERGENCY, 0),
        ({"highway": "tertiary", "oneway": "yes", "oneway:motorcycle": "no"}, ALL, MOTORBIKE),
        ({"highway": "residential", "motorcar": "no"}, MOTORBIKE | EMERGENCY, MOTORBIKE | EMERGENCY),
        ({"highway": "service", "service": "alley", "motorcar": "no"}, MOTORBIKE, MOTORBIKE),
        ({"highway": "service", "access": "private"}, EMERGENCY, EMERGENCY),
        ({"highway": "service", "access": "no", "motorcycle": "yes"}, MOTORBIKE | EMERGENCY, MOTORBIKE | EMERGENCY),
        ({"highway": "residential", "maxwidth": "1.5"}, MOTORBIKE, MOTORBIKE),
        ({"highway": "residential", "motor_vehicle": "destination"}, ALL, ALL),
        ({"highway": "path", "motorcycle": "yes"}, MOTORBIKE, MOTORBIKE),
        ({"highway": "pedestrian"}, EMERGENCY, EMERGENCY),
    ],
)
def test_who_may_drive_which_way(tags: dict[str, str], forward: int, backward: int) -> None:
    found = meaning(tags, [])
    assert found is not None
    assert (found.forward, found.backward) == (forward, backward)


def test_what_nobody_drives_is_left_out() -> None:
    for tags in (
        {"highway": "steps"},
        {"highway": "footway"},
        {"highway": "construction"},
        {"highway": "service", "area": "yes"},
    ):
        assert meaning(tags, []) is None


def test_speeds() -> None:
    assert [kmh(text) for text in ("50", "30 mph", "walk", "VN:urban", "fast", "2")] == [
        50.0,
        pytest.approx(48.28, abs=0.01),
        7.0,
        50.0,
        None,
        None,
    ]
    problems: list[str] = []
    found = meaning({"highway": "primary", "maxspeed": "sixty"}, problems)
    assert found is not None
    assert (found.speed, problems) == (50, ["maxspeed"])
    slow = meaning({"highway": "primary", "surface": "gravel"}, [])
    assert slow is not None
    assert slow.speed == 20


def test_barriers_and_restrictions() -> None:
    assert barred_at({"barrier": "bollard"}) == CAR | EMERGENCY
    assert barred_at({"barrier": "gate", "access": "private"}) == CAR | MOTORBIKE
    assert barred_at({"barrier": "gate"}) == 0
    assert restriction({"restriction": "no_left_turn", "except": "motorcycle"}) == (False, "left_turn", CAR)
    assert restriction({"restriction": "only_straight_on"}) == (True, "straight_on", CAR | MOTORBIKE)
    assert restriction({"restriction": "no_flying"}) is None


MAP = """<?xml version="1.0"?><osm version="0.6">
{nodes}
<way id="10" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="Phố Một"/></way>
<way id="11" version="1"><nd ref="2"/><nd ref="4"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="bridge" v="yes"/></way>
<way id="12" version="1"><nd ref="5"/><nd ref="3"/><tag k="highway" v="tertiary"/></way>
<way id="13" version="1"><nd ref="6"/><nd ref="7"/><tag k="highway" v="residential"/></way>
<relation id="20" version="1"><member type="way" ref="10" role="from"/><member type="node" ref="2" role="via"/><member type="way" ref="11" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
<relation id="21" version="1"><member type="way" ref="12" role="from"/><member type="way" ref="11" role="via"/><member type="way" ref="10" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_right_turn"/></relation>
<relation id="22" version="1"><member type="way" ref="11" role="from"/><member type="node" ref="5" role="via"/><member type="way" ref="12" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_straight_on"/></relation>
</osm>"""
PLACES = {1: (0, 0), 2: (0.001, 0), 3: (0.002, 0), 4: (0.001, 0.001), 5: (0.002, 0.001), 6: (0.01, 0), 7: (0.011, 0)}


@pytest.fixture
def extract(tmp_path: Path) -> osm.Extract:
    nodes = "\n".join(f'<node id="{i}" version="1" lon="{105.8 + x}" lat="{21 + y}"/>' for i, (x, y) in PLACES.items())
    file = tmp_path / "map.osm"
    file.write_text(MAP.format(nodes=nodes), encoding="utf-8")
    return osm.read(file)


def whole(extract: osm.Extract, findings: Findings) -> Network:
    return assemble(extract, cut(extract, findings), findings)


def test_ways_are_cut_where_they_meet_and_keep_their_bends(extract: osm.Extract) -> None:
    net = whole(extract, Findings())
    assert len(net.u) == 5  # the first way is cut in two
    assert (len(net.lon), len(net.shape_lon)) == (6, 1)
    bent = int(net.bridge.nonzero()[0][0])
    assert net.length[bent] == pytest.approx(111.3 + 103.9, rel=0.01)
    roads = to_roads(net)
    assert len(roads.u) == 6
    assert roads.length.sum() == pytest.approx(net.length.sum(), rel=1e-3)


def test_restrictions_at_nodes_and_over_ways(extract: osm.Extract) -> None:
    findings = Findings()
    net = whole(extract, findings)
    # the first is ambiguous: its way runs on through the node; the others are placed
    assert [len(rule.stretches) for rule in net.restrictions] == [2]
    assert {problem.kind: problem.count for problem in findings.all()} == {"restriction_unplaced": 2}


def test_only_the_largest_part_is_driven_and_the_account_says_so(extract: osm.Extract) -> None:
    net, account = network_of(extract, "map.osm", lambda step: None)
    car = account.vehicles[0]
    # the part far away, and what only the forbidden turn would lead to, are not driven
    assert (car.open, car.kept) == (10, 6)
    assert net.forward[net.way == 13].tolist() == [0]
    assert account.bridges == 1


def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no file"):
        osm.read(tmp_path / "missing.pbf")
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"not a map")
    with pytest.raises(Invalid, match="cannot be read"):
        osm.read(broken)
    empty = tmp_path / "empty.osm"
    empty.write_text('<?xml version="1.0"?><osm version="0.6"></osm>')
    with pytest.raises(Invalid, match="no road"):
        network_of(osm.read(empty), "empty.osm", lambda step: None)
