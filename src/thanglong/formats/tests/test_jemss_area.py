"""JEMSS areas: title lines, times in days, laws written as sums, a raster written byte by byte."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from thanglong.formats import jemss_area
from thanglong.kit.errors import Invalid

CALLS = """<genConfig><sim><callDistributions>
<interarrivalTime seed="1">Exponential(1/(8*24))</interarrivalTime>
<priority seed="2">Categorical([0.75, 0, 0.25])</priority>
<dispatchDelay seed="3">Normal(40/60/60/24,0)</dispatchDelay>
<onSceneDuration seed="4">Exponential(12/60/24)</onSceneDuration>
<transport seed="5">Bernoulli(0.75)</transport>
<handoverDuration seed="6">{handover}</handoverDuration>
</callDistributions></sim></genConfig>"""


def tiff(rows: list[list[float]]) -> bytes:
    """A GeoTIFF of 64-bit numbers, a strip a row, cells of 0.1 degree from 105 E, 21 N."""
    height, width = len(rows), len(rows[0])
    numbers = b"".join(struct.pack(f"<{width}d", *row) for row in rows)
    strips = [8 + 8 * width * row for row in range(height)]
    table_at = 8 + len(numbers)
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 64), (259, 3, 1, 1)]
    more_at = table_at + 2 + 12 * 7 + 4
    more = (
        struct.pack(f"<{height}I", *strips) + struct.pack("<3d", 0.1, 0.1, 0) + struct.pack("<6d", 0, 0, 0, 105, 21, 0)
    )
    tags += [(273, 4, height, more_at), (33550, 12, 3, more_at + 4 * height), (33922, 12, 6, more_at + 4 * height + 24)]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\0\0\0\0"
    return b"II*\0" + struct.pack("<I", table_at) + numbers + table + more


@pytest.fixture
def area(tmp_path: Path) -> Path:
    (tmp_path / "stations.csv").write_text("stations,,,\nindex,x,y,capacity\n1,105.1,20.9,5\n2,105.2,20.8,5\n")
    (tmp_path / "hospitals.csv").write_text("hospitals,,\nindex,x,y,name\n1,105.15,20.85,A\n")
    (tmp_path / "priorities.csv").write_text(
        "priorities,3,,\npriority,name,targetResponseTime\n1,h,0.005\n2,m,0.005\n3,l,0.01\n"
    )
    (tmp_path / "ambulances.csv").write_text("ambulances\nindex,stationIndex,class\n1,2,1\n2,2,1\n3,1,1\n")
    (tmp_path / "calls_test.xml").write_text(CALLS.format(handover="Weibull(2.5, 34.3/60/24)"))
    (tmp_path / "population").mkdir()
    with zipfile.ZipFile(tmp_path / "population" / "p.zip", "w") as file:
        file.writestr("p.tif", tiff([[0.0, 2.0], [float("nan"), 3.0], [-1e300, 0.0]]))
    return tmp_path


def test_an_area_is_read_in_minutes_and_degrees(area: Path) -> None:
    read = jemss_area.read(area)
    assert read.stations.tolist() == [[105.1, 20.9], [105.2, 20.8]]
    assert read.stand == (1, 2)
    assert read.between == pytest.approx(7.5)
    assert read.on_scene == pytest.approx(12.0)
    assert read.delay == pytest.approx(2 / 3)
    assert read.handover == (2.5, pytest.approx(34.3))
    assert read.norms == pytest.approx((7.2, 7.2, 14.4))
    assert read.priorities == (0.75, 0.0, 0.25)
    assert read.carried == 0.75
    assert read.cells == pytest.approx(np.array([[105.15, 20.95, 2.0], [105.15, 20.85, 3.0]]))
    (area / "calls_test.xml").write_text(CALLS.format(handover="Exponential(12/60/24)"))
    assert jemss_area.read(area).handover == (1.0, pytest.approx(12.0))


@pytest.mark.parametrize(("name", "content"), [
    ("stations.csv", "stations\nindex,lon\n1,2\n"), ("calls_test.xml", "<genConfig/>"),
    ("calls_test.xml", CALLS.format(handover="Weibull(__import__('os'), 1)")),
    ("priorities.csv", "priority,targetResponseTime\n1,soon\n"),
])  # fmt: skip
def test_a_fault_names_its_file(area: Path, name: str, content: str) -> None:
    (area / name).write_text(content)
    with pytest.raises(Invalid, match=name):
        jemss_area.read(area)
    (area / "population" / "p.zip").write_bytes(b"no archive")
    (area / name).unlink()
    with pytest.raises(Invalid):
        jemss_area.read(area)
