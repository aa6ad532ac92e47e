"""Log lines: JSON for machines, one readable line on a terminal; with the request they belong to, without people.

An actor appears as a keyed hash that changes with the installation's secret, an address of the platform as its route,
and whatever looks like a secret link, an e-mail address or a telephone number in a message is struck out.
"""

import hashlib
import hmac
import json
import logging
import re
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from thanglong.kit import clock


@dataclass(slots=True)
class Context:
    """The request a line belongs to; the middleware fills it in."""

    id: str = ""
    actor: str = ""
    route: str = ""


current: ContextVar[Context | None] = ContextVar("current", default=None)
STRUCK = "…"
_SECRETS = (
    (re.compile(r"(/my/[^/\s\"']+/)[^/\s\"']+"), rf"\1{STRUCK}"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), STRUCK),
    (re.compile(r"(?<![\w.:-])(?:\+84|0)[35789][\d .]{7,10}\d(?![\w-])"), STRUCK),
    (re.compile(r"(?i)(bearer |token=|password=|key=)[^\s&\"']+"), rf"\1{STRUCK}"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{STRUCK}@"),
)


def strike(text: str) -> str:
    """A text without what looks like a secret or a person's address.

    >>> strike("sent to an@example.vn, see /my/PA-1/s3cret/")
    'sent to …, see /my/PA-1/…/'
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def hashed(actor_id: object) -> str:
    """An actor for the log: the same within an installation, meaningless outside of it."""
    if actor_id is None:
        return ""
    key = hashlib.sha256(b"thanglong log actor" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, str(actor_id).encode(), hashlib.sha256).hexdigest()[:12]


FACTS = ("method", "status", "ms", "queries")


class _Lines(logging.Formatter):
    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        context = current.get() or Context()
        found: dict[str, Any] = {
            "at": clock.System().now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": _process(),
            "logger": record.name,
            "message": strike(self._message(record)),
            "request": context.id,
            "actor": context.actor,
            "route": context.route,
        }
        found |= {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
        if record.exc_info:
            found["error"] = strike(self.formatException(record.exc_info))
        return {key: value for key, value in found.items() if value not in ("", None)}

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        # Django names the whole path of a request that went wrong; the route says as much and betrays nobody
        if record.name == "django.request" and hasattr(record, "request"):
            route = getattr(getattr(record.request, "resolver_match", None), "route", None)
            return f"answered {getattr(record, 'status_code', 500)} at {route if route is not None else 'no route'}"
        return record.getMessage()


def _process() -> str:
    for name in ("live", "web", "worker"):
        if name in sys.argv[1:2]:
            return name
    return "cli"


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.facts(record), ensure_ascii=False, default=str)


class PlainLines(_Lines):
    """One line for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        more = " ".join(f"{key}={facts[key]}" for key in ("route", *FACTS, "actor", "request") if key in facts)
        line = (
            f"{facts['at'][11:23]} {facts['level']:<7} {facts['process']:<6} {facts.get('message', '')} {more}".rstrip()
        )
        return f"{line}\n{facts['error']}" if "error" in facts else line


class OnlyFailures(logging.Filter):
    """Keeps Django's line about an answer only when an exception stands behind it; the middleware tells the rest."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


def formatter(wish: str = "") -> logging.Formatter:
    """The formatter of the setting ``THANGLONG_LOG_FORMAT``: json, plain, or (empty) by whether a person looks on."""
    if wish not in ("json", "plain"):
        wish = "plain" if sys.stderr.isatty() else "json"
    return PlainLines() if wish == "plain" else JsonLines()
