"""Registries that ``apps.py`` of each module fills: what the frame shows without knowing who brings it.

A registry refuses a second entry of the same key and is frozen after start; a test makes a fresh one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from thanglong.kit.reorganising import Follower

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}
        self._frozen = False

    def add(self, key: str, item: T) -> T:
        """Enter ``item`` under ``key``; ValueError when the key is taken, RuntimeError after :meth:`freeze`."""
        if self._frozen:
            raise RuntimeError(f"the {self.kind} registry is frozen; register {key!r} in apps.py")
        if key in self._items:
            raise ValueError(f"{self.kind} {key!r} is registered twice")
        self._items[key] = item
        return item

    def freeze(self) -> None:
        self._frozen = True

    def get(self, key: str) -> T | None:
        return self._items.get(key)

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterable[tuple[str, T]]:
        return self._items.items()


@dataclass(frozen=True, slots=True)
class Page:
    """An entry of a room's navigation. ``room`` is portal, desk or centre; ``url`` a URL name; ``title`` a message id.

    ``action`` is the permission without which the entry is hidden (empty: everyone); ``order`` sorts, lowest first.
    """

    room: str
    url: str
    title: str
    icon: str
    order: int = 100
    action: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the centre's live map, drawn from things of the named NGSI-LD types.

    ``state`` names the attribute whose value decides the mark; ``states`` maps its values to
    ``normal | notice | urgent | silent`` (other values: normal). ``shape`` is the glyph's shape:
    circle, square, triangle or diamond. ``title`` is a message id; ``url`` an alternative GeoJSON source. ``line``
    names a GeoProperty that holds a line: it is drawn in the state's colour, and marks stand only where a thing is
    not normal. ``tiles``: the layer is not things but streets in vector tiles at this address, by their ``state``;
    ``ways``: where questions for ways and reach are asked from the map.
    """

    key: str
    domain: str
    title: str
    icon: str
    types: tuple[str, ...] = ()
    state: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    shape: str = "circle"
    order: int = 100
    shown: bool = True
    action: str = "things.view"
    minzoom: float = 0
    url: str = ""
    line: str = ""
    tiles: str = ""
    ways: str = ""


@dataclass(frozen=True, slots=True)
class TileLayer:
    """A layer of the base map's vector tiles.

    ``features(west, south, east, north, zoom)`` yields ``(geometry, properties, id)`` with a shapely geometry in
    degrees; ``version()`` changes whenever the answer may change, and is part of the tile's ETag.
    """

    key: str
    features: Callable[[float, float, float, float, int], Iterable[tuple[Any, Mapping[str, Any], int]]]
    version: Callable[[], str]
    minzoom: int = 0
    maxzoom: int = 22


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at the foot of the centre and on the portal's home.

    ``read()`` gives ``{"value", "unit", "of", "note", "state", "series"}`` (all but value optional).
    """

    room: str
    title: str
    icon: str
    read: Callable[[], Mapping[str, Any]]
    url: str = ""
    order: int = 100


@dataclass(frozen=True, slots=True)
class Alarms:
    """A source of alarms for the centre's right column.

    ``read(actor)`` gives dicts ``{"key", "text", "place": [lon, lat] | None, "since": datetime,
    "level": "notice|urgent", "action_text", "action_url"}``: a sentence with a place, a since-when and one action.
    """

    read: Callable[[Any], Iterable[Mapping[str, Any]]]
    order: int = 100


@dataclass(frozen=True, slots=True)
class Health:
    """A part of ``/healthz``: ``check()`` returns None when well, else the reason in English."""

    check: Callable[[], str | None]
    process: str = "web"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of the running installation, for metrics and the administrator's page.

    ``read()`` gives numbers by the value of the one label ``label`` (empty label: one number under the empty text);
    ``about`` says in English what it counts, with its unit.
    """

    about: str
    read: Callable[[], Mapping[str, float]]
    label: str = ""


@dataclass(frozen=True, slots=True)
class DemoStep:
    """A module's part in the demo city, run in ``order`` by ``thanglong up`` on an empty data folder.

    ``build(city, report)`` fills the stores from ``city`` (see ``domains/demo``); ``tick(city, since, until)`` lives on
    from one moment of city time to the next, called by the worker about once a second.
    """

    build: Callable[[Any, Callable[[str], None]], None] | None = None
    tick: Callable[[Any, Any, Any], None] | None = None
    order: int = 100


@dataclass(frozen=True, slots=True)
class Searcher:
    """A source of the one search line.

    ``find(actor, text, limit)`` yields dicts ``{"title", "meta", "url", "icon"}`` (title and url required), best first;
    ``title`` names the group as a message id.
    """

    title: str
    find: Callable[[Any, str, int], Iterable[Mapping[str, Any]]]
    order: int = 100


OwnRecords = Callable[[Any], Mapping[str, str]]
"""What a module keeps of the person who asks: the subject under which looks at it are on record, and its name."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A source of what happens around a place, for the portal's home.

    ``find(lon, lat, radius_m, limit)`` yields dicts of ``title, meta, url, icon, lon, lat, state, shape``
    (title, lon and lat required; state and shape as in :class:`Layer`), the most useful first; ``kind`` is the filter
    chip's message id.
    """

    kind: str
    find: Callable[[float, float, float, int], Iterable[Mapping[str, Any]]]
    order: int = 100


pages: Registry[Page] = Registry("page")
layers: Registry[Layer] = Registry("map layer")
tile_layers: Registry[TileLayer] = Registry("tile layer")
tiles: Registry[Tile] = Registry("tile")
alarms: Registry[Alarms] = Registry("alarm source")
health: Registry[Health] = Registry("health check")
searchers: Registry[Searcher] = Registry("search source")
nearby: Registry[Nearby] = Registry("nearby source")
demo: Registry[DemoStep] = Registry("demo step")
gauges: Registry[Gauge] = Registry("gauge")
own_records: Registry[OwnRecords] = Registry("source of own records")
followers: Registry[Follower] = Registry("follower of a reorganisation")

ALL: tuple[Registry[Any], ...] = (
    pages, layers, tile_layers, tiles, alarms, health, searchers, nearby, demo, gauges, own_records,
    followers,
)  # fmt: skip
