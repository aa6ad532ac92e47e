"""Entities put together from several brokers, in the representation the client asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thanglong.formats.ngsild import shown as forms
from thanglong.formats.ngsild.merging import without_system
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import GEO_JSON, JSON, LD_JSON, Header, accepted, send
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.parameters import Options, options


@dataclass(frozen=True, slots=True)
class Shape:
    """Media type, format and words of an answer; entities come normalised, with all times, in the client's words."""

    kind: str
    chosen: Options
    names: Vocabulary
    geometry: str

    @classmethod
    def of(cls, work: Work) -> "Shape":
        """What a request asks for; Problem 406 or 400 when it asks for what there is not."""
        given = work.given
        kind = accepted(work.request, (JSON, LD_JSON, GEO_JSON))
        return cls(kind, options(given), work.names, given.get("geometryProperty", "location"))

    def _shown(self, entity: dict[str, Any]) -> dict[str, Any]:
        raw = entity.get(self.geometry)
        if not self.chosen.system:
            entity = without_system(entity)
        form = forms.FORMS.get(self.chosen.format, dict)
        return forms.feature(entity, raw, form) if self.kind == GEO_JSON else form(entity)

    async def send_one(self, request: Request, entity: dict[str, Any], headers: Sequence[Header]) -> None:
        """Answer with one entity."""
        await send(request, self.kind, self._shown(entity), headers, names=self.names)

    async def send_many(self, request: Request, entities: Sequence[dict[str, Any]], headers: Sequence[Header]) -> None:
        """Answer with a list, or a collection of features."""
        shown = [self._shown(entity) for entity in entities]
        if self.kind == GEO_JSON:
            collection = {"type": "FeatureCollection", "features": shown}
            await send(request, self.kind, collection, headers, names=self.names)
            return
        await send(request, self.kind, shown, headers, names=self.names)
