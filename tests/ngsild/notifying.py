"""A process that notifies, to be killed: ``python notifying.py STORE``. Says ``ready`` once it does."""

import os
import sys
import threading
from pathlib import Path

os.environ.update(DJANGO_SETTINGS_MODULE="thanglong.site.settings", THANGLONG_THINGS_ALONE="1")

import django

django.setup()

from thanglong.kit import ports  # noqa: E402
from thanglong.stores.postgres.things import PostgresThings  # noqa: E402
from thanglong.stores.sqlite.things import SqliteThings  # noqa: E402
from thanglong.surfaces.ngsild.notify import Notifier  # noqa: E402

where = sys.argv[1]
ports.plug(things=PostgresThings(where) if where.startswith("postgres") else SqliteThings(Path(where)))
Notifier().start()
print("ready", flush=True)
threading.Event().wait()
