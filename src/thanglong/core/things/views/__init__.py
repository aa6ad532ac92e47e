"""The pages of the city database in the centre."""

from thanglong.core.things.views.asking import ask
from thanglong.core.things.views.browsing import attributes, entities, entity, types
from thanglong.core.things.views.exchange import change_context, contexts, registrations, subscriptions

__all__ = [
    "ask", "attributes", "change_context", "contexts", "entities", "entity", "registrations", "subscriptions", "types",
]  # fmt: skip
