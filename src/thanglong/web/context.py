"""What every template may know of the frame: the rooms' navigation, the theme, the language, who is signed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from thanglong.kit import clock, registry
from thanglong.kit.ports import ANONYMOUS, Actor, plugged
from thanglong.web import assets, city

THEME_COOKIE = "thanglong_theme"
THEMES = ("light", "dark")
FONTS = tuple(f"fonts/be-vietnam-pro-{subset}-400-normal.woff2" for subset in ("latin", "vietnamese"))


@dataclass(frozen=True, slots=True)
class Door:
    """One entry of a room's navigation, translated and resolved."""

    url: str
    title: str
    icon: str
    current: bool


class Frame:
    """Lazy facts for templates; nothing is computed that a page does not show."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def actor(self) -> Actor:
        actor: Actor = getattr(self.request, "actor", ANONYMOUS)
        return actor

    @property
    def preloads(self) -> list[str]:
        """Addresses of the fonts that every page needs at once; none before the front end is built."""
        built = assets.manifest()
        return [assets.url(name) for name in FONTS if name in built]

    @property
    def signed_in(self) -> bool:
        return self.actor.id is not None

    @cached_property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @property
    def language(self) -> str:
        return get_language() or "vi"

    @property
    def other_language(self) -> str:
        return "en" if self.language == "vi" else "vi"

    @property
    def other_language_url(self) -> str:
        query = self.request.GET.copy()
        query["lang"] = self.other_language
        return f"{self.request.path}?{query.urlencode()}"

    @property
    def now(self) -> Any:
        return clock.now()

    @property
    def speed(self) -> float:
        return clock.speed()

    @cached_property
    def city(self) -> str:
        return city.name()

    @cached_property
    def unit(self) -> str:
        return city.unit_name(self.actor.unit) if self.actor.unit else ""

    def may(self, action: str) -> bool:
        """True when the asker may do ``action`` somewhere."""
        return not action or bool(plugged.access.reach(self.actor, action))

    @cached_property
    def portal(self) -> list[Door]:
        return list(self._doors("portal"))

    @cached_property
    def desk(self) -> list[Door]:
        return list(self._doors("desk"))

    @cached_property
    def centre(self) -> list[Door]:
        return list(self._doors("centre"))

    @cached_property
    def rooms(self) -> list[Door]:
        """The first door of each officials' room the asker may enter."""
        first = ((self.desk, gettext("Desk")), (self.centre, gettext("Centre")))
        return [Door(doors[0].url, title, doors[0].icon, False) for doors, title in first if doors and self.signed_in]

    def _doors(self, room: str) -> Iterable[Door]:
        pages = sorted((page for page in registry.pages if page.room == room), key=lambda page: page.order)
        addresses = [(page, _address(page.url)) for page in pages if self.may(page.action)]
        here = self.request.path
        matching = [address for _, address in addresses if address and here.startswith(address)]
        current = max(matching, key=len, default="")
        for page, address in addresses:
            if address:
                yield Door(address, gettext(page.title), page.icon, address == current and address != "/")


def _address(name: str) -> str:
    """A URL name's address; a page whose module brings no such name is left out rather than breaking the frame."""
    try:
        return name if name.startswith("/") else reverse(name)
    except NoReverseMatch:
        return ""


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor: ``frame`` in every template."""
    return {"frame": Frame(request)}
