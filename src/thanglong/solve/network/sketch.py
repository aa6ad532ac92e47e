"""What is drawn by hand before a road network grows: river, lakes, parks, main roads, bridges."""

from dataclasses import dataclass

from thanglong.solve.city import Area


@dataclass(frozen=True, slots=True)
class Line:
    """A main road drawn by hand: its name, class and corner points in degrees."""

    name: str
    kind: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class River:
    """A band of water ``width`` metres wide along ``points``. ``barrier``: only bridges cross it."""

    name: str
    width: float
    points: tuple[tuple[float, float], ...]
    barrier: bool = True


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is drawn by hand; ``bridges`` are (name, lon, lat) of the places where main roads may cross a river."""

    rivers: tuple[River, ...]
    areas: tuple[Area, ...]
    lines: tuple[Line, ...]
    bridges: tuple[tuple[str, float, float], ...]
