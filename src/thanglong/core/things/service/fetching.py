"""@context documents from elsewhere: from the network, or in closed networks from the files of a map."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from thanglong.core.things.types import ContextNotAvailable
from thanglong.kit.errors import N_, Invalid

LEAST, USUAL, MOST = timedelta(minutes=1), timedelta(days=1), timedelta(days=30)
"""How long a fetched document is kept: at least, where nothing is said, at most."""
MOST_BYTES = 4 << 20
TIMEOUT = 10.0


def member(document: Any, url: str) -> Any:
    if not isinstance(document, Mapping) or "@context" not in document:
        raise Invalid(N_("What lies at %(url)s is not a JSON-LD @context."), url=url)
    return document["@context"]


@lru_cache(maxsize=4)
def _map_of(path: str) -> dict[str, Any]:
    """The map of addresses to files for closed networks, files read; Invalid says what is wrong with it."""
    try:
        entries = orjson.loads(Path(path).read_bytes())
        if not isinstance(entries, dict):
            raise ValueError("it must be an object of addresses and files")
        return {url: orjson.loads((Path(path).parent / file).read_bytes()) for url, file in entries.items()}
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(
            N_("The context map %(path)s cannot be used: %(reason)s"), path=path, reason=str(error)
        ) from error


def check_map() -> None:
    """Invalid when the context map of the settings cannot be used."""
    if settings.THINGS_CONTEXT_MAP:
        _map_of(settings.THINGS_CONTEXT_MAP)


def mapped(url: str) -> Any:
    return _map_of(settings.THINGS_CONTEXT_MAP).get(url) if settings.THINGS_CONTEXT_MAP else None


def download(url: str) -> tuple[Any, timedelta]:
    """A document from the network (or the map) and how long it may be kept."""
    import httpx

    if (document := mapped(url)) is not None:
        return document, MOST
    if urlsplit(url).scheme not in ("http", "https"):
        raise ContextNotAvailable(N_("There is no @context at %(url)s"), url=url)
    try:
        with httpx.stream(
            "GET", url, headers={"accept": "application/ld+json, application/json;q=0.9, */*;q=0.1"},
            timeout=TIMEOUT, follow_redirects=True,
        ) as answer:  # fmt: skip
            answer.raise_for_status()
            pieces, size = [], 0
            for piece in answer.iter_bytes():
                size += len(piece)
                if size > MOST_BYTES:
                    raise ContextNotAvailable(N_("The @context at %(url)s is too large."), url=url)
                pieces.append(piece)
            lives = _lifetime(answer.headers.get("cache-control", ""))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise ContextNotAvailable(N_("The @context at %(url)s cannot be fetched."), url=url) from error
    try:
        return orjson.loads(b"".join(pieces)), lives
    except orjson.JSONDecodeError as error:
        raise Invalid(N_("What lies at %(url)s is not a JSON-LD @context."), url=url) from error


def _lifetime(cache_control: str) -> timedelta:
    words = [word.strip().lower() for word in cache_control.split(",")]
    for word in words:
        if word in ("no-store", "no-cache"):
            return LEAST
        name, _, seconds = word.partition("=")
        if name == "max-age" and seconds.isdigit():
            return min(timedelta(seconds=min(int(seconds), 10**9)), MOST)
    return USUAL
