"""The words a request is sent to a source in, and how its answer comes back in the client's (clause 4.3.6.6)."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from thanglong.core.things.service import contexts
from thanglong.formats.ngsild.sources import Source
from thanglong.formats.ngsild.vocabulary import Vocabulary, renamed, renamed_attribute
from thanglong.kit.errors import ThangLongError
from thanglong.surfaces.ngsild.answers import JSON, LD_JSON
from thanglong.surfaces.ngsild.distributed.asks import Ask

log = logging.getLogger(__name__)
LISTS = ("attrs", "pick", "omit", "type", "geoproperty", "geometryProperty", "expandValues")
"""Parameters that list names."""


@dataclass(frozen=True, slots=True)
class Words:
    """The client's words and, where a source has a @context of its own registered (``jsonldContext``), the source's."""

    client: Vocabulary
    source: Vocabulary | None
    kind: str

    @classmethod
    async def of(cls, source: Source, client: Vocabulary) -> "Words":
        """The words for a source; the client's where the source's own cannot be had."""
        url, theirs = source.extra_value("jsonldContext"), None
        if url:
            try:
                theirs = contexts.ready(url) or await asyncio.to_thread(contexts.vocabulary, url)
            except ThangLongError as error:
                log.warning("the @context of context source %s cannot be had: %s", source.id, error)
        return cls(client, theirs, source.extra_value("contentType"))

    @property
    def link(self) -> str:
        """The Link header to send; empty where the core context is enough."""
        names = self.source or self.client
        return "" if names.core else names.link.decode("latin-1")

    def inline(self, ask: Ask) -> bool:
        """Whether a body carries its @context itself."""
        if self.source is not None:
            return False
        return self.kind == LD_JSON or (ask.context is not None and self.kind != JSON)

    def body(self, ask: Ask) -> Any:
        """The body to send."""
        if not self.inline(ask):
            return ask.body
        if isinstance(ask.body, list):
            return [self._with_context(item, ask) for item in ask.body]
        return self._with_context(ask.body, ask)

    def _with_context(self, item: Any, ask: Ask) -> Any:
        context = self.client.given if ask.context is None else ask.context
        return {**item, "@context": context} if isinstance(item, Mapping) else item

    def _outward(self, name: str) -> str:
        assert self.source is not None
        return self.source.compact_name(self.client.expand_name(name))

    def _inward(self, name: str) -> str:
        assert self.source is not None
        return self.client.compact_name(self.source.expand_name(name))

    def outward(self, ask: Ask) -> Ask:
        """A request in the source's words."""
        if self.source is None:
            return ask
        before, mark, attribute = ask.path.partition("/attrs/")
        path = f"{before}{mark}{quote(self._outward(unquote(attribute)), safe=':')}" if attribute else ask.path
        query = [
            (key, ",".join(self._outward(part) for part in value.split(","))) if key in LISTS else (key, value)
            for key, value in ask.query
        ]
        return replace(ask, path=path, query=query, body=self._body_outward(ask.body, bool(attribute)))

    def _body_outward(self, body: Any, fragment: bool) -> Any:
        if isinstance(body, list):
            return [self._body_outward(item, False) for item in body]
        if not isinstance(body, Mapping) or body.get("type") in ("Query", "Subscription"):
            return body
        return renamed_attribute(body, self._outward) if fragment else renamed(body, self._outward)

    def inward(self, content: Any, status: int) -> Any:
        """What a source answered, in the client's words and without @context."""
        if isinstance(content, list):
            return [self.inward(item, status) for item in content]
        if not isinstance(content, Mapping):
            return content
        plain = {key: value for key, value in content.items() if key != "@context"}
        return renamed(plain, self._inward) if self.source is not None and status == 200 else plain
