"""Which sources a request concerns, and the way it must not go: back to who has handled it already."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from thanglong.core.things.types import Pass
from thanglong.formats.ngsild.sources import Information, Source, Wanted, matching, via
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.surfaces.asgi import Handler, Request
from thanglong.surfaces.ngsild.answers import Problem
from thanglong.surfaces.ngsild.identity import alias


@dataclass(slots=True)
class Work:
    """One distributed operation: the request, who asks, in which words, and the sources of the tenant."""

    request: Request
    handler: Handler
    who: Pass
    names: Vocabulary
    sources: Sequence[Source]
    query: list[tuple[str, str]]
    """What is asked, as parameters of an address, whether it came in the address or in a body."""
    url: list[tuple[str, str]]
    """The parameters of the address."""
    raw: bytes = b""
    passed: list[str] = field(init=False)
    """Who has handled the request already."""

    def __post_init__(self) -> None:
        self.passed = via(self.request.headers.get("via", ""))

    @property
    def tenant(self) -> str:
        return self.who.tenant

    @property
    def given(self) -> dict[str, str]:
        """What is asked, without empty parameters."""
        return {key: value for key, value in self.query if value}

    def open(self, source: Source) -> bool:
        """Whether a source has not handled the request already."""
        return not source.alias or source.alias not in self.passed

    def present(self, wanted: Wanted) -> list[tuple[Source, list[Information]]]:
        """The sources of the present that match, with their matching parts."""
        return [
            (source, infos)
            for source in self.sources
            if not source.temporal and self.open(source) and (infos := matching(source, wanted))
        ]

    def check_loop(self, sources: Sequence[Source]) -> None:
        """Problem 508 when the request comes round: it went through this tenant of this broker before."""
        own = {alias(self.tenant), *(source.host_alias for source in sources if source.host_alias)}
        if not own.isdisjoint(self.passed):
            raise Problem(
                508, "LoopDetected", "this request came through here before; see the registrations on its way"
            )
