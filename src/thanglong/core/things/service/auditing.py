"""Administrative writes of clients (subscriptions, registrations, contexts) enter the ledger; device data does not.

A city database served alone for other software (``THANGLONG_THINGS_ALONE``) has no ledger.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction

from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things.types import Asker, Pass


@contextmanager
def audited(asker: Asker, verb: str, kind: str, id: str, facts: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Write down ``verb`` on the object ``kind``, ``id`` around a write of the things store: no entry when it raises.

    ``facts`` are shown to everybody: no addresses with passwords, no receiver information.
    """
    if settings.THINGS_ALONE:
        yield
        return
    from thanglong.core.ledger import service as ledger

    actor = asker.actor if isinstance(asker, Pass) else asker
    with transaction.atomic():
        ledger.append(actor, verb, ObjectRef(kind, id), facts=facts)
        yield
